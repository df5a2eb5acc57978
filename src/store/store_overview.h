/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_OVERVIEW_H
#define STORE_OVERVIEW_H
/* store_overview.h: how many there are of what, in one project: counted over indexes. */
#include "store/store.h"
enum overview_count {
	COUNT_CONNECTIONS_ACTIVE,
	COUNT_CONNECTIONS_EXPIRED,
	COUNT_AUTHORIZATIONS_PENDING,
	COUNT_AUTHORIZATIONS_FAILED,
	COUNT_API_KEYS,
	COUNT_MEMBERS,
	COUNT_WORKERS,
	COUNT_SECRETS,
	COUNT_EXECUTIONS,
	COUNT_EXECUTIONS_FAILED,
	COUNT_ANY_AUTHORIZATION, /* 0 or 1: was ever asked for one */
	COUNT_ANY_EXECUTION,
	COUNT__N
};
/* Failed authorizations and executions: since `since`. */
struct overview_ask {
	struct sv project_id;
	int64_t since;
};
struct err store_overview(struct ctx *cx, struct store *st, const struct overview_ask *in,
			  int64_t out[static COUNT__N]) MUST_USE NONNULL(1, 2, 3);
#endif
