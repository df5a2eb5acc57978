/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UPKEEP_H
#define UPKEEP_H
/* upkeep.h: whose turn a named job is (table leases): with several engines on one store, one of them runs it. */
#include "domain/engine.h"
struct upkeep_turn {
	const char *name;
	int64_t hold; /* how long it may take */
};
struct err upkeep_take(struct ctx *cx, struct engine *en, const struct upkeep_turn *turn, bool *ours) MUST_USE
    NONNULL(1, 2, 3, 4);
struct err upkeep_give(struct ctx *cx, struct engine *en, const struct upkeep_turn *turn) MUST_USE NONNULL(1, 2, 3);
#endif
