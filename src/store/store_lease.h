/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_LEASE_H
#define STORE_LEASE_H
/* store_lease.h: table leases: who runs a named job now (STYLE R16).  A lease that is over may be taken by anybody. */
#include "store/store.h"
/* *got: ours until now + hold (also when it was ours before). */
struct lease_ask {
	const char *name, *owner;
	int64_t hold;
};
struct err store_lease_take(struct ctx *cx, struct store *st, const struct lease_ask *ask, bool *got) MUST_USE
    NONNULL(1, 2, 3, 4);
struct err store_lease_give(struct ctx *cx, struct store *st, const char *name, const char *owner) MUST_USE
    NONNULL(1, 2, 3, 4);
#endif
