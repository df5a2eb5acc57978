/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_H
#define WIRE_H
/* wire.h: OAuth 2.0 on the wire, driven by a definition: what is sent, and what an answer means.
 *
 * Owns:     the template language, request building, answer reading, error tables (RFC 6749, 7009, 7636, 7662, 9207;
 * contract 2.7, 5.4, 5.5). Promises: no state, no store, no clock but cx->now; text results live in cx->arena; every
 * call says in its outcome whether it was sent and what the answer means, so that the caller (domain) can decide.
 * Nothing secret is in an outcome. Needs:    model/pdef.h, net/net.h (opaque here).
 */
#include "core/node.h"
#include "core/secret.h"
#include "model/pdef.h"
#include "model/reason.h"
struct net;
struct wire_client {
	struct net *net;
	const struct pdef *def;
	struct sv client_id;
	const struct secret *client_secret; /* NULL: public */
	struct sv redirect_uri;
	struct sv stored; /* JSON object of kept values, "" = {} */
};

/* ---- the click ---- */
struct wire_authorize {
	struct sv state;
	struct sv verifier; /* PKCE, 43..128; p NULL: none */
	struct sv_list scopes, existing;
};
/* The URL for the 303.  sent: the scopes really asked (ordered union with existing where the definition says so,
 * always_scopes added). */
struct err wire_authorize_url(struct ctx *cx, const struct wire_client *c, const struct wire_authorize *in,
			      struct sv *url, struct sv_list *sent) MUST_USE NONNULL(1, 2, 3, 4, 5);

/* ---- the callback ---- */
struct wire_callback {
	struct sv code, state, iss;
	bool denied;
	const char *error, *cause, *fix; /* cause, fix: in words, NULL: the reason's own */
	struct sv description;           /* redacted, <= 300 bytes */
	struct sv stored;                /* JSON object: values the definition wants kept */
	enum reason reason;              /* of `error` */
};
/* Only state, without needing to know the provider: for finding the flow. */
struct err wire_callback_state(struct ctx *cx, struct sv query, struct sv *state) MUST_USE NONNULL(1, 3);
/* Of the client the definition is used, and the secret, so that no word of the answer shows it. */
struct err wire_callback_read(struct ctx *cx, const struct wire_client *c, struct sv query,
			      struct wire_callback *out) MUST_USE NONNULL(1, 2, 4);

/* ---- calls ---- */
enum wire_fate {
	WIRE_OK,
	WIRE_NOT_SENT,  /* name, connect, TLS, guard: nothing left this machine; nothing is spent */
	WIRE_RETRY,     /* 429 or the error table's `retry`: refused, not spent; retry_after_s */
	WIRE_UNCERTAIN, /* sent, and no usable answer: timeout, reset, 5xx, unreadable 2xx */
	WIRE_DEAD,      /* the provider says the code or refresh token is not good (invalid_grant) */
	WIRE_CONFIG     /* invalid_client, unauthorized_client, invalid_scope, redirect mismatch */
};
struct wire_outcome {
	enum wire_fate fate;
	enum reason reason;
	int status;
	int64_t retry_after_s;
	int64_t took;            /* HTTP status or 0; microseconds */
	char error[64];          /* the provider's error code, if any */
	char description[300];   /* its error_description, redacted */
	char detail[200];        /* of our own: for the timeline */
	char host[128];          /* whom we asked */
	const char *cause, *fix; /* of an error that is known, in words; NULL: the reason's own */
	char asked[400];         /* method, address, parameters; values of the harmless ones only */
	char answered[300];      /* content type, size, names of the members */
	int64_t clock_skew_s;    /* how far the provider's clock is ahead of ours, when it is minutes; else 0 */
};
struct token_set {
	struct secret *access, *refresh,
	    *rest;           /* owned; refresh NULL: none came; rest: the whole answer as JSON (design 6) */
	char token_type[32]; /* "Bearer" when none came */
	struct sv_list scopes;
	bool scope_known;                       /* as granted; false: the provider said nothing */
	int64_t expires_at, refresh_expires_at; /* 0: does not expire / unknown */
	struct sv stored;                       /* JSON object of kept values that are not secret; in the arena */
	struct sv account; /* stable id of the account at the provider, if the answer told; p NULL */
};
void token_set_clear(struct token_set *t) NONNULL(1);
/* Called in the moment of sending; false forbids (deadline of a lease passed). */
struct wire_gate {
	bool (*may_send)(void *arg);
	void *arg;
	int64_t timeout;
};
/* All: an error return only for our own mistakes or memory; else OK and *how tells.  *out is empty unless WIRE_OK. */
struct wire_redeem {
	struct sv code, verifier;
	struct sv_list asked;
	struct wire_gate gate;
};
struct err wire_redeem(struct ctx *cx, const struct wire_client *c, const struct wire_redeem *in, struct token_set *out,
		       struct wire_outcome *how) MUST_USE NONNULL(1, 2, 3, 4, 5);
struct wire_refresh {
	const struct secret *refresh, *access;
	struct sv_list granted;
	struct wire_gate gate;
};
struct err wire_refresh(struct ctx *cx, const struct wire_client *c, const struct wire_refresh *in,
			struct token_set *out, struct wire_outcome *how) MUST_USE NONNULL(1, 2, 3, 4, 5);
/* Swaps a fresh token for the one to keep (definition's `exchange`); on WIRE_OK *set is replaced in place. */
struct err wire_exchange(struct ctx *cx, const struct wire_client *c, struct token_set *set,
			 struct wire_outcome *how) MUST_USE;
/* RFC 7009 or the definition's own form.  A token that the provider does not know any more counts as done, with one
 * exception: WIRE_DEAD, REASON_REVOKED says that it is revoked by the access token, which is over, while a refresh
 * token is held that may live on. */
struct wire_revoke {
	const struct secret *access, *refresh;
};
struct err wire_revoke(struct ctx *cx, const struct wire_client *c, const struct wire_revoke *in,
		       struct wire_outcome *how) MUST_USE;
/* User info as a JSON object text (response_map applied) and the account id; RFC 7662-like introspection updates set;
 * lookups add to stored. */
struct wire_user {
	struct secret *json;
	struct sv account, name, email; /* in the arena; p NULL: not told */
};
void wire_user_clear(struct wire_user *u) NONNULL(1);
struct err wire_user_info(struct ctx *cx, const struct wire_client *c, const struct token_set *set,
			  struct wire_user *out, struct wire_outcome *how) MUST_USE;
struct err wire_introspect(struct ctx *cx, const struct wire_client *c, struct token_set *set,
			   struct wire_outcome *how) MUST_USE;
struct err wire_lookup(struct ctx *cx, const struct wire_client *c, struct token_set *set,
		       struct wire_outcome *how) MUST_USE;
/* Does an endpoint of the provider answer at all (test of the set-up)?  No credentials are sent. */
enum wire_place { WIRE_AUTHORIZE, WIRE_TOKEN };
struct err wire_probe(struct ctx *cx, const struct wire_client *c, enum wire_place place,
		      struct wire_outcome *how) MUST_USE NONNULL(1, 2, 4);
const char *wire_fate_name(enum wire_fate f) RETURNS_NONNULL;
#endif
