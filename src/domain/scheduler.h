/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SCHEDULER_H
#define SCHEDULER_H
/* scheduler.h: runs what is due (contract 3.11, design 9), on threads of its own.
 *
 * Promises: a run is taken by a claim in the store, so that one engine of a cluster runs it.  That the tool may run is
 *           durable before it is called; a claim that is over, because its engine died or froze, is repeated only when
 *           that mark is missing, and is failed in words else.  What failed and says that it may be tried again is:
 *           SCHEDULE_TRIES attempts in all, as long after each other as the tool asks.
 */
#include "domain/engine.h"
void scheduler_free(struct scheduler *s); /* waits for the runs under way, and begins none */
struct err scheduler_start(struct ctx *cx, struct engine *en, struct scheduler **out) MUST_USE NONNULL(1, 2, 3);
void scheduler_kick(struct engine *en) NONNULL(1); /* something is due now */
/* Job: finds what is due, and claims that are over. */
struct err scheduler_tick(struct ctx *cx, struct engine *en, const struct job_time *until) MUST_USE NONNULL(1, 2);
static inline void scheduler_drop(struct scheduler **s)
{
	scheduler_free(*s);
	*s = NULL;
}
#endif
