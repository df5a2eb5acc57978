/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVERVIEW_H
#define OVERVIEW_H
/* overview.h: a project at a glance, for the first page of a dashboard.  Lane POOL. */
#include "domain/engine.h"
#include "domain/settings.h"
#include "store/store_overview.h"
struct overview {
	int64_t count[COUNT__N];
	int64_t providers, tools;
	struct verification verification;
};
struct err overview_of(struct ctx *cx, struct engine *en, struct sv project_id, struct overview *out) MUST_USE
    NONNULL(1, 2, 4);
#endif
