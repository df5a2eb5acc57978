/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKQ_H
#define WORKQ_H
/* workq.h: a bounded queue and the threads that empty it.
 *
 * Promises: workq_push returns false when `depth` jobs wait already (the caller answers "busy"); every pushed job runs
 *           exactly once, also during workq_free, which runs what is queued, joins the threads and returns.
 *           Threads start when needed, up to `threads`, with `stack_bytes` each (0 = the system's default).
 *           With `at_once` only so many jobs run at a time while they get on: more threads than processors only take
 * the processor and its caches from each other.  A job that says it rests is not counted, and when none was begun for
 * `stuck` (they wait for the disk) another thread begins one, so that nothing waits for nothing.
 */
#include "core/base.h"
struct workq;
typedef void work_fn(void *arg);
struct workq_how {
	const char *name;
	size_t threads, depth, stack_bytes;
	size_t at_once; /* 0: as many as there are threads */
	int64_t stuck;  /* microseconds without a job begun after which one more may be; 0: a millisecond */
};
void workq_free(struct workq *q);
struct workq *workq_new(const struct workq_how *how) MADE_BY(workq_free) MUST_USE NONNULL(1);
bool workq_push(struct workq *q, work_fn *fn, void *arg) MUST_USE NONNULL(1, 2);
size_t workq_busy(struct workq *q) NONNULL(1); /* running + queued: for health and metrics */
/* Around a wait in a job, on its thread; on other threads they do nothing. */
void workq_rest(void);
void workq_resume(void);
static inline void workq_drop(struct workq **q)
{
	workq_free(*q);
	*q = NULL;
}
#endif
