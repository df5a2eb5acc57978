/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_EXECUTION_H
#define STORE_EXECUTION_H
/* store_execution.h: table executions: what was run for whom; never its inputs or its result. */
#include "model/event.h"
#include "store/store.h"
struct execution_row {
	struct sv id, project_id, call_id, type, status, toolkit, tool, version, worker_id, user_id, error_kind;
	int64_t tries, started_at, finished_at;
};
struct execution_add {
	const struct execution_row *row;
	const struct event *event;
};
/* As store_act_begin: store_act_end says what came of it. */
struct act *store_execution_begin(struct ctx *cx, struct store *st, const struct execution_add *in) MUST_USE
    NONNULL(1, 2, 3);
/* A batch of those made before `before`; *gone 0: there are none left. */
struct err store_execution_prune(struct ctx *cx, struct store *st, int64_t before, int64_t *gone) MUST_USE
    NONNULL(1, 2, 4);
#endif
