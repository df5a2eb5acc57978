/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKQ_H
#define WORKQ_H
/* workq.h: a bounded queue and the threads that empty it.
 *
 * Promises: workq_push returns false when `depth` jobs wait already (the caller answers "busy"); every pushed job runs
 *           exactly once, also during workq_free, which runs what is queued, joins the threads and returns.
 *           Threads start when needed, up to `threads`, with `stack_bytes` each (0 = the system's default).
 */
#include "core/base.h"
struct workq;
typedef void work_fn(void *arg);
struct workq_how {
	const char *name;
	size_t threads, depth, stack_bytes;
};
void workq_free(struct workq *q);
struct workq *workq_new(const struct workq_how *how) MADE_BY(workq_free) MUST_USE NONNULL(1);
bool workq_push(struct workq *q, work_fn *fn, void *arg) MUST_USE NONNULL(1, 2);
size_t workq_busy(struct workq *q) NONNULL(1); /* running + queued: for health and metrics */
static inline void workq_drop(struct workq **q)
{
	workq_free(*q);
	*q = NULL;
}
#endif
