/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SCHEDULE_INNER_H
#define STORE_SCHEDULE_INNER_H
/* store_schedule_inner.h: what store_schedule.c and store_schedule_run.c share: the columns and their decoder. */
#include "db/db.h"
#include "store/store_row.h"
#include "store/store_schedule.h"
#define SCHEDULE_COLS SCHEDULE_ROW "input_box"
#define SCHEDULE_LIST SCHEDULE_ROW "NULL" /* a page of inputs may be larger than a request's memory */
#define SCHEDULE_ROW                                                                                                \
	"id, project_id, status, toolkit, tool, version, user_id, by_type, by_id, source, owner, run_at, next_at, " \
	"started_at, finished_at, created_at, updated_at, tries, pinned, stacktrace, "
struct err store_schedule_row(struct ctx *cx, struct db_stmt *q, struct schedule_row *out) MUST_USE NONNULL(1, 2, 3);
#endif
