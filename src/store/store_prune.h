/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_PRUNE_H
#define STORE_PRUNE_H
/* store_prune.h: rows that are older than they are kept, removed in batches, so that no COMMIT takes long.  A job calls
 * until nothing is gone. */
#include "store/store.h"
struct prune {
	const char *sql; /* static: removes at most $2 rows from before $1 (microseconds), named in this order */
	int64_t before, most;
};
/* *gone: how many rows. */
struct err store_prune(struct ctx *cx, struct store *st, const struct prune *in, int64_t *gone) MUST_USE
    NONNULL(1, 2, 3, 4);
#endif
