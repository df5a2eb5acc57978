/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONNECT_INNER_H
#define CONNECT_INNER_H
/* connect_inner.h: what the files connect_*.c share: a visit (flow, authorization, provider as they are now) and the
 * pages it may end on.  Pages are filled from the visit; nothing here writes but the timeline. */
#include "domain/connect.h"
#include "domain/flows.h"
#include "domain/timeline.h"
#include "store/store_connection.h"
extern const int64_t connect_unverified_life; /* 10 minutes (design 8) */
struct visit {
	struct flow f;
	struct authorization a;   /* id empty for a verifier test */
	const struct provider *p; /* NULL: deleted */
	struct revision rev;      /* def NULL for a verifier test */
	bool moved;               /* since rev was written its secret or tokens go to another host (provider_move.h) */
};
struct connect_find {
	enum flow_key by;
	struct sv key;
};
/* E_NOT_FOUND without a cause. */
struct err connect_visit(struct ctx *cx, struct engine *en, const struct connect_find *how, struct visit *out) MUST_USE
    NONNULL(1, 2, 3, 4);
struct actor connect_by(const struct visit *v, const struct browser *br)
    NONNULL(1, 2); /* the end-user in his browser */
bool connect_same_browser(const struct engine *en, const struct flow *f, const struct browser *br) NONNULL(1, 2, 3);
/* What an answer lacks, as lines of the story; in the act that keeps it. */
struct connect_notice {
	const struct visit *v;
	const struct token_set *set;
	const struct wire_outcome *how;
	const struct actor *by;
};
struct err connect_notice_answer(struct ctx *cx, struct tx *tx, const struct connect_notice *in) MUST_USE
    NONNULL(1, 2, 3);
struct timeline connect_line(const struct visit *v, const struct actor *by, const char *step, const char *outcome)
    NONNULL(1, 2, 3, 4);
/* The link of an authorization: {public}/connect/<token>. */
struct err connect_link(struct ctx *cx, struct engine *en, const struct authorization *a, struct sv *url) MUST_USE
    NONNULL(1, 2, 3, 4);
/* The custom verifier's address with the flow's id, or the built-in one's page. */
struct err connect_verifier(struct ctx *cx, struct engine *en, const struct flow *f, struct sv *url) MUST_USE
    NONNULL(1, 2, 3, 4);
/* ---- pages ---- */
void connect_gone(struct next *out) NONNULL(1);
void connect_done(const struct visit *v, struct next *out) NONNULL(1, 2);
/* With the link to try again, when the authorization still lives. */
struct err connect_failed(struct ctx *cx, struct engine *en, const struct visit *v, enum reason why,
			  struct next *out) MUST_USE NONNULL(1, 2, 3, 5);
/* What a flow that is past its start shows now: retry soon, the same 303, done, failed. */
struct err connect_again(struct ctx *cx, struct engine *en, const struct visit *v, struct next *out) MUST_USE
    NONNULL(1, 2, 3, 4);
/* Cookie of another browser: says so, changes nothing. */
struct err connect_foreign(struct ctx *cx, struct engine *en, const struct visit *v, const struct browser *br,
			   struct next *out) MUST_USE NONNULL(1, 2, 3, 4, 5);
/* Why a flow that is `started` or `unverified` cannot go on now (time over, provider gone or changed); REASON_NONE: it
 * can. */
enum reason connect_hindrance(const struct ctx *cx, const struct visit *v) NONNULL(1, 2);
/* ---- ends ---- */
struct connect_end {
	const struct visit *v;
	enum reason reason;
	bool whole; /* the authorization ends, not only this attempt */
	const struct actor *by;
};
/* An act of its own; E_STALE (somebody was faster) is no failure: the caller looks again. */
struct err connect_end(struct ctx *cx, struct engine *en, const struct connect_end *in) MUST_USE NONNULL(1, 2, 3);
/* ---- connect_redeem.c ---- */
struct redeem {
	const struct visit *v;
	const struct wire_callback *cb;
	const struct browser *br;
};
struct err connect_redeem(struct ctx *cx, struct engine *en, const struct redeem *in, struct next *out) MUST_USE
    NONNULL(1, 2, 3, 4);
/* Gives an unverified flow its flow_id; nothing when it has one or has moved on. */
struct err connect_name(struct ctx *cx, struct engine *en, const struct visit *v) MUST_USE NONNULL(1, 2, 3);
/* ---- connect_confirm.c ---- */
enum connect_verdict { VERDICT_YES, VERDICT_NO_FLOW, VERDICT_AGAIN, VERDICT_ENDED, VERDICT_MISMATCH };
struct connect_proof {
	struct sv flow_id, user; /* row id; who came */
	bool is_the_user;        /* the built-in verifier has compared already */
	const struct actor *by;
	const struct pdef
	    *def; /* of the flow's revision: when its tokens are to be renewed; NULL for a verifier test */
};
struct connect_outcome {
	enum connect_verdict verdict;
	enum reason reason;
	struct sv authorization_id, next_uri, connection_id;
	struct flows_ended ended;
};
struct err connect_prove(struct ctx *cx, struct engine *en, const struct connect_proof *in,
			 struct connect_outcome *out) MUST_USE NONNULL(1, 2, 3, 4);
/* Scopes that a connection counts as granted (contract 2.2), by the rules of d; NULL: names compare exactly. */
struct err connect_scopes_of(struct ctx *cx, const struct pdef *d, const struct connection *c,
			     struct sv_list *out) MUST_USE NONNULL(1, 3, 4);
#endif
