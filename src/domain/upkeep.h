/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UPKEEP_H
#define UPKEEP_H
/* upkeep.h: whose turn a named job is (table leases): with several engines on one store, one of them runs it.
 * And how those that tidy up go on. */
#include "domain/engine.h"
struct upkeep_turn {
	const char *name;
	int64_t hold; /* how long it may take */
};
struct err upkeep_take(struct ctx *cx, struct engine *en, const struct upkeep_turn *turn, bool *ours) MUST_USE
    NONNULL(1, 2, 3, 4);
struct err upkeep_give(struct ctx *cx, struct engine *en, const struct upkeep_turn *turn) MUST_USE NONNULL(1, 2, 3);
/* Removes what is older than `kept` (microseconds), batch after batch, as long as the job may go on. */
typedef struct err upkeep_prune_fn(struct ctx *cx, struct store *st, int64_t before, int64_t *gone);
struct err upkeep_prune(struct ctx *cx, struct engine *en, const struct job_time *until, int64_t kept,
			upkeep_prune_fn *batch) MUST_USE NONNULL(1, 2, 3, 5);
#endif
