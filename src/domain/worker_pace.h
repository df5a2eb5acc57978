/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_PACE_H
#define WORKER_PACE_H
/* worker_pace.h: how often each worker is asked for its tools, and what came of it last; in memory.
 *
 * Owns:     one entry for each worker that was asked, by its row's id.
 * Promises: thread-safe.  A worker nobody has noted anything of is due.  Without memory nothing is noted: it is asked
 * again at once.
 */
#include "core/base.h"
enum { WORKER_PACE_WHY = 240 };
struct worker_paces;
void worker_pace_free(struct worker_paces *p);
struct worker_paces *worker_pace_new(void) MADE_BY(worker_pace_free) MUST_USE;
bool worker_pace_due(struct worker_paces *p, struct sv worker_row) MUST_USE NONNULL(1);
/* It was asked: why is "" or what is wrong.  How often in a row something was wrong. */
int worker_pace_asked(struct worker_paces *p, struct sv worker_row, const char *why) NONNULL(1, 3);
/* What was wrong when it was asked last; "": nothing. */
void worker_pace_why(struct worker_paces *p, struct sv worker_row, char out[static WORKER_PACE_WHY]) NONNULL(1);
/* A pass begins behind the worker that the pass before it came to last: *out is its row's id, "" at first. */
enum { WORKER_PACE_ID = 40 };
void worker_pace_last(struct worker_paces *p, char out[static WORKER_PACE_ID]) NONNULL(1);
void worker_pace_came_to(struct worker_paces *p, struct sv worker_row) NONNULL(1);
/* A pass came to every worker there is: entries of others are dropped. */
void worker_pace_sweep(struct worker_paces *p) NONNULL(1);
#endif
