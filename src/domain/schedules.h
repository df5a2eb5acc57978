/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SCHEDULES_H
#define SCHEDULES_H
/* schedules.h: runs of tools put off until later: made, listed, shown, cancelled (contract 3.8, 3.11).
 *
 * Promises: what a tool needs is asked for when a run is made, so that its user can still be asked, and again when it
 * runs.  Inputs and outputs are sealed at rest.  Lane POOL.  Running them: scheduler.h.
 */
#include "core/buf.h"
#include "domain/runner.h"
#include "store/store_schedule.h"
struct schedule_ask {
	struct run_ask run; /* lane, park_over and keeper are not looked at */
	int64_t at;
	bool stacktrace;
};
/* As runner_run refuses; *out: id, run_at and status. */
struct err schedules_create(struct ctx *cx, struct engine *en, const struct schedule_ask *ask,
			    struct schedule_row *out) MUST_USE NONNULL(1, 2, 3, 4);
struct err schedules_list(struct ctx *cx, struct engine *en, struct sv project_id, const struct page *page,
			  struct schedule_page *out) MUST_USE NONNULL(1, 2, 4, 5);
struct schedule_try {
	struct schedule_attempt row;
	struct run_done done; /* output and error; in cx->arena */
};
struct schedule_view {
	struct schedule_row row;
	const struct node *input; /* in cx->arena */
	struct schedule_try *tries;
	size_t n;
};
struct err schedules_show(struct ctx *cx, struct engine *en, struct sv project_id, struct sv id,
			  struct schedule_view *out) MUST_USE NONNULL(1, 2, 5); /* E_NOT_FOUND */
/* E_NOT_FOUND; E_CONFLICT: it runs or has run. */
struct err schedules_cancel(struct ctx *cx, struct engine *en, struct sv project_id, struct sv id,
			    const struct actor *by) MUST_USE NONNULL(1, 2, 5);
/* What came of an attempt, as it is kept: its output, or our own error. */
struct err schedules_pack(struct ctx *cx, const struct run_done *d, struct buf *out) MUST_USE NONNULL(1, 2, 3);
/* Job: what ended as long ago as the configuration says. */
struct err schedules_prune(struct ctx *cx, struct engine *en, const struct job_time *until) MUST_USE NONNULL(1, 2);
#endif
