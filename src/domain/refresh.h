/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REFRESH_H
#define REFRESH_H
/* refresh.h: renew a grant exactly once at a time (design 8, Refresh).
 *
 * Owns:     the queue of due refreshes and its threads (at most 32 calls at once per provider), the circuit per provider.
 * Promises: the lease and the mark "sent, generation n" are one commit; only the generation decides who may write; nothing kills a
 *           grant but invalid_grant; every outcome is on the timeline.
 */
#include "domain/engine.h"
struct refresher;
void refresher_free(struct refresher *r);                          /* drains */
struct err refresher_start(struct ctx *cx, struct engine *en, struct refresher **out) MUST_USE NONNULL(1, 2, 3);
void refresh_enqueue(struct engine *en, struct sv project_id, struct sv connection_id) NONNULL(1);    /* INLINE, never blocks; a repeat is a no-op */
enum refreshed { REFRESHED_YES, REFRESHED_OTHER /* somebody else holds the lease */, REFRESHED_DEAD, REFRESHED_LATER /* not reachable now */ };
/* Lane CALL: does one connection now, start to end. */
struct err refresh_now(struct ctx *cx, struct engine *en, struct sv project_id, struct sv connection_id, enum refreshed *out) MUST_USE NONNULL(1, 2, 5);
/* Job: enqueues what is due within the horizon (jittered). */
struct err refresh_scan(struct ctx *cx, struct engine *en, int64_t until) MUST_USE NONNULL(1, 2);
uint64_t refresh_topic(struct sv connection_id);                   /* published when its generation or fate changes */
#endif
