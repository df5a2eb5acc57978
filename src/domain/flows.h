/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLOWS_H
#define FLOWS_H
/* flows.h: how authorizations and their flows end, inside an act (design 8).
 *
 * Promises: when an authorization ends, its other flows end in the same act, and their token sets go to the revoke
 * rule; each end is on the timeline.  Nothing is published before the act is durable: the caller publishes what *ended
 * names.
 */
#include "domain/connect.h"
#include "model/reason.h"
#include "store/store_authorization.h"
#include "store/store_flow.h"
#include "store/store_revocation.h"
struct flows_ended { /* topics to publish */
	uint64_t *topic;
	size_t n, room;
};
struct flows_end {
	const struct authorization *a;
	enum reason reason;      /* REASON_NONE: it succeeded */
	struct sv connection_id; /* when it succeeded */
	struct sv but_flow;      /* this flow is ended by the caller */
	enum discard why;
	const struct actor *by;
};
/* pending -> succeeded | failed; E_STALE when it has ended already. */
struct err flows_end_authorization(struct ctx *cx, struct tx *tx, const struct flows_end *in,
				   struct flows_ended *ended) MUST_USE NONNULL(1, 2, 3, 4);
/* One flow -> failed; its tokens, if it has any, to the revoke rule. */
struct flows_fail {
	const struct flow *flow;
	enum reason reason;
	enum discard why;
	const struct actor *by;
};
struct err flows_end_one(struct ctx *cx, struct tx *tx, const struct flows_fail *in) MUST_USE NONNULL(1, 2, 3);
/* How long after its end an authorization is kept. */
#define AUTHORIZATION_KEPT DAY(90)
void flows_publish(struct engine *en, const struct flows_ended *ended) NONNULL(1, 2);
#endif
