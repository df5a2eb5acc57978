/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/upkeep.h"
#include "domain/job_time.h"
#include "store/store_lease.h"

struct err upkeep_take(struct ctx *cx, struct engine *en, const struct upkeep_turn *turn, bool *ours)
{
	return store_lease_take(cx, en->store, &(struct lease_ask){ turn->name, en->owner, turn->hold }, ours);
}
struct err upkeep_give(struct ctx *cx, struct engine *en, const struct upkeep_turn *turn)
{
	return store_lease_give(cx, en->store, turn->name, en->owner);
}
struct err upkeep_prune(struct ctx *cx, struct engine *en, const struct job_time *until, int64_t kept,
			upkeep_prune_fn *batch)
{
	int64_t gone = 1;

	while (gone > 0 && job_goes_on(until))
		TRY(batch(cx, en->store, clock_now() - kept, &gone));
	return OK;
}
