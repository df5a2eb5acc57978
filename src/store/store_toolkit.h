/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_TOOLKIT_H
#define STORE_TOOLKIT_H
/* store_toolkit.h: table worker_toolkits: which worker told of a toolkit's name first.  A worker's rows go with it. */
#include "store/store.h"
struct toolkit_claim {
	struct sv project_id, toolkit, worker_id; /* toolkit in lower case; worker_id: of the row */
};
struct toolkit_claims {
	struct toolkit_claim *v;
	size_t n;
};
/* Of all projects, oldest first, in cx->arena. */
struct err store_toolkit_all(struct ctx *cx, struct store *st, struct toolkit_claims *out) MUST_USE NONNULL(1, 2, 3);
/* In this order; what is there already, or of a worker that is gone, is passed over. */
struct toolkit_change {
	struct toolkit_claims add, drop;
};
struct err store_toolkit_change(struct ctx *cx, struct store *st, const struct toolkit_change *in) MUST_USE
    NONNULL(1, 2, 3);
#endif
