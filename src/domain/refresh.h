/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REFRESH_H
#define REFRESH_H
/* refresh.h: renew a grant exactly once at a time (design 8, Refresh).
 *
 * Owns:     the queue of due refreshes and its threads (at most 32 calls at once per provider), the circuit per
 * provider. Promises: the lease and the mark "sent, generation n" are one commit; only the generation decides who may
 * write; nothing kills a grant but invalid_grant; every outcome is on the timeline. Needs:    one process a store (the
 * folder's lock): leases found at start belong to processes that are gone.
 */
#include "domain/engine.h"
#include "domain/providers.h"
struct refresher;
void refresher_free(struct refresher *r); /* drains */
/* Sets en->refresher itself too, since what it starts needs it. */
struct err refresher_start(struct ctx *cx, struct engine *en, struct refresher **out) MUST_USE NONNULL(1, 2, 3);
void refresh_enqueue(struct engine *en, struct sv project_id, struct sv connection_id)
    NONNULL(1); /* INLINE, never blocks; a repeat is a no-op */
enum refreshed {
	REFRESHED_YES,   /* a fresh pair is live, or nothing had to be done */
	REFRESHED_OTHER, /* somebody else holds the lease */
	REFRESHED_DEAD,  /* no live connection */
	REFRESHED_LATER  /* not now: see next_try_at, refresh_closed_until */
};
/* Lane CALL: does one connection now, start to end. */
struct err refresh_now(struct ctx *cx, struct engine *en, struct sv project_id, struct sv connection_id,
		       enum refreshed *out) MUST_USE NONNULL(1, 2, 5);
/* Job: enqueues what is due (jittered) until `until`. */
struct err refresh_scan(struct ctx *cx, struct engine *en, const struct job_time *until) MUST_USE NONNULL(1, 2);
size_t refresh_waiting(struct engine *en) NONNULL(1); /* queued and running in the background */
/* The engine is to end: pairs that cannot be stored are tried for some seconds more, then given up. */
void refresh_hurry(struct engine *en) NONNULL(1);
uint64_t refresh_topic(struct sv connection_id); /* published when its generation or fate changes */
/* While the circuit is open nobody calls the provider; 0: calls go through. */
int64_t refresh_closed_until(struct engine *en, const struct provider *p) NONNULL(1, 2);
static inline void refresher_drop(struct refresher **r)
{
	refresher_free(*r);
	*r = NULL;
}
#endif
