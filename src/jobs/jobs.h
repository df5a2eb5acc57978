/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JOBS_H
#define JOBS_H
/* jobs.h: timed work, as a table (R16): name, period, budget, function.
 *
 * Promises: every row is idempotent, leased by name in the store, stops itself at its deadline and works in batches; a
 * failed run waits its turn like any other and is logged.  Two threads: what waits on peers (revocations) holds up
 * nothing else; refreshes themselves run on the refresher's own threads.
 */
#include "domain/engine.h"
struct jobs;
void jobs_stop(struct jobs *j); /* ends the threads; the running jobs stop at their next batch; marks of use are written
				   once more */
struct err jobs_start(struct ctx *cx, struct engine *en, struct jobs **out) MUST_USE NONNULL(1, 2, 3);
/* One row now, whatever its turn: "refresh.scan", … E_NOT_FOUND: no such row. */
struct err jobs_run(struct ctx *cx, struct engine *en, const char *name) MUST_USE NONNULL(1, 2, 3);
static inline void jobs_drop(struct jobs **j)
{
	jobs_stop(*j);
	*j = NULL;
}
#endif
