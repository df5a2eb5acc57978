/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_ANSWER_H
#define WIRE_ANSWER_H
/* wire_answer.h: reading answers: JSON or form into a tree, and the tree into a token set.
 *
 * Promises: an answer that is not UTF-8, has a key twice, is nested too deep or has no usable access token is refused;
 * an expiry that makes no sense never costs a token pair: it counts as not said (how->detail tells).  Tokens go
 * straight into secrets; the tree is in cx->arena, which is wiped.
 */
#include "net/net.h"
#include "wire/wire_env.h"
enum { WIRE_MOST_TOKEN = 16384, WIRE_MOST_SCOPES = 512 };
/* *out NULL: unreadable (no error).  type: enum pdef_answer_type. */
struct err wire_answer_tree(struct ctx *cx, struct sv body, struct sv content_type, int type,
			    const struct node **out) MUST_USE NONNULL(1, 5);
struct wire_answer_in {
	const struct net_reply *reply;
	unsigned at; /* enum pdef_at */
	const struct pdef_answer *answer;
	bool refreshing; /* the default of the refresh token's life counts from the consent only */
};
/* A whole reply: how->fate WIRE_OK with *out filled, or what it means instead, with *out empty. */
struct err wire_answer_read(struct ctx *cx, struct wire_env *e, const struct wire_answer_in *in, struct token_set *out,
			    struct wire_outcome *how) MUST_USE NONNULL(1, 2, 3, 4, 5);
/* Scopes as text or list into a list; known false when nothing was said. */
struct err wire_answer_scopes(struct ctx *cx, const struct node *n, int format, struct sv_list *out,
			      bool *known) MUST_USE NONNULL(1, 4, 5);
/* Absolute time of the answer's end of life; 0: never.  note: set when what was said made no sense. */
struct wire_expiry {
	const struct pdef_answer *answer;
	const struct node *tree;
	struct sv expires_in, expires_at, access_token;
};
struct err wire_answer_expiry(struct ctx *cx, const struct wire_expiry *in, int64_t *out, bool *odd) MUST_USE
    NONNULL(1, 2, 3, 4);
#endif
