/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JOBS_H
#define JOBS_H
/* jobs.h: timed work, as a table (R16): name, period, budget, function.  Every row is idempotent, leased by name in the store, stops
 * itself at its deadline and works in batches.  One thread; refreshes themselves run on the refresher's own threads. */
#include "domain/engine.h"
struct jobs;
void jobs_stop(struct jobs *j);                                    /* ends the thread; the running job stops at its next batch */
struct err jobs_start(struct ctx *cx, struct engine *en, struct jobs **out) MUST_USE NONNULL(1, 2, 3);
static inline void jobs_drop(struct jobs **j) { jobs_stop(*j); *j = NULL; }
#endif
