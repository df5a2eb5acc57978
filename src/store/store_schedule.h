/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SCHEDULE_H
#define STORE_SCHEDULE_H
/* store_schedule.h: tables schedules and schedule_attempts: runs of tools put off until later (contract 3.11).
 *
 * Promises: inputs and outputs are sealed before they are bound.  A run is taken by one owner at a time; that its tool
 * may run is durable before it may (store_schedule_sending), so that a run found without an owner is repeated only when
 * its tool certainly did not run.
 */
#include "core/rnd.h"
#include "model/event.h"
#include "model/person.h"
#include "store/store.h"
enum { SCHEDULE_TRIES = 3 };
struct schedule_row { /* text in cx->arena */
	struct sv id, project_id, status, toolkit, tool, version, user_id, by_type, by_id, source, owner;
	bool pinned;     /* this version and no newer one */
	bool stacktrace; /* whoever asked wants to see it */
	int64_t run_at, next_at, started_at, finished_at, created_at, updated_at, tries; /* 0: not yet */
	struct sv input_box;                                                             /* p NULL in a list */
};
struct schedule_new {
	struct schedule_row row; /* next_at is run_at */
	struct sv input;         /* JSON */
	const struct event *event;
};
struct err store_schedule_add(struct ctx *cx, struct store *st, const struct schedule_new *in) MUST_USE
    NONNULL(1, 2, 3);
struct err store_schedule_get(struct ctx *cx, struct store *st, struct sv project, struct sv id,
			      struct schedule_row *out) MUST_USE NONNULL(1, 2, 5); /* E_NOT_FOUND (no cause recorded) */
struct schedule_page {
	struct schedule_row *v;
	size_t n;
	int64_t total;
};
/* Newest first. */
struct err store_schedule_list(struct ctx *cx, struct store *st, struct sv project, const struct page *page,
			       struct schedule_page *out) MUST_USE NONNULL(1, 2, 4, 5);
struct err store_schedule_input(struct ctx *cx, struct store *st, const struct schedule_row *row,
				struct secret **out) MUST_USE NONNULL(1, 2, 3, 4); /* JSON */
struct schedule_end {
	struct sv project, id;
	const struct event *event;
};
/* E_NOT_FOUND; E_STALE: it runs or has run. */
struct err store_schedule_cancel(struct ctx *cx, struct store *st, const struct schedule_end *in) MUST_USE
    NONNULL(1, 2, 3);
/* What ended before `before`, a batch of it. */
struct err store_schedule_prune(struct ctx *cx, struct store *st, int64_t before, int64_t *n) MUST_USE NONNULL(1, 2, 4);

/* ---- attempts: store_schedule_run.c ---- */
struct schedule_attempt {
	struct sv id, error; /* error: of our own */
	int64_t started_at, finished_at;
	bool success;
	struct sv output_box; /* p NULL: none */
};
struct schedule_attempts {
	struct schedule_attempt *v;
	size_t n;
};
struct err store_schedule_attempts(struct ctx *cx, struct store *st, struct sv id,
				   struct schedule_attempts *out) MUST_USE NONNULL(1, 2, 4);
struct err store_schedule_output(struct ctx *cx, struct store *st, struct sv project, const struct schedule_attempt *a,
				 struct secret **out) MUST_USE NONNULL(1, 2, 4, 5);
/* How many are due now, and how many are owned by somebody who has not been heard of. */
struct schedule_due {
	int64_t due, lost;
};
struct err store_schedule_due(struct ctx *cx, struct store *st, struct schedule_due *out) MUST_USE NONNULL(1, 2, 3);
/* The one that has been due longest of those that `may` lets through: *out is its id, in cx->arena; p NULL: none.  It
 * is another's by the time it is taken, perhaps. */
struct schedule_due_row {
	struct sv project_id, toolkit, tool, version; /* until `may` returns */
	bool pinned;
};
struct schedule_pick {
	bool (*may)(void *arg, const struct schedule_due_row *row);
	void *arg;
};
struct err store_schedule_pick(struct ctx *cx, struct store *st, const struct schedule_pick *in,
			       struct sv *out) MUST_USE NONNULL(1, 2, 3, 4);
struct schedule_claim {
	const char *owner; /* of this claim alone */
	int64_t hold;
	struct sv id; /* p NULL: the one that has been due longest */
};
struct schedule_claimed {
	bool got;
	struct schedule_row row;
	char attempt[ID_TEXT]; /* tc_… */
};
/* got false: it is not due, or not any more. */
struct err store_schedule_take(struct ctx *cx, struct store *st, const struct schedule_claim *in,
			       struct schedule_claimed *out) MUST_USE NONNULL(1, 2, 3, 4);
struct schedule_sending {
	struct sv id, attempt, version;
	const char *owner;
	int64_t hold;
};
/* From here on the tool may have run.  E_STALE: the claim is over, and it may not be run. */
struct err store_schedule_sending(struct ctx *cx, struct store *st, const struct schedule_sending *in) MUST_USE
    NONNULL(1, 2, 3);
struct schedule_done {
	const struct schedule_claimed *of;
	bool success;
	struct sv output, error; /* output: JSON; p NULL: none */
	int64_t retry_at;        /* 0: this was the last attempt */
	const struct event *event;
};
/* Also when the claim was over: an answer that comes late is an answer. */
struct err store_schedule_finish(struct ctx *cx, struct store *st, const struct schedule_done *in) MUST_USE
    NONNULL(1, 2, 3);
struct schedule_back {
	const struct schedule_claimed *of;
	const char *owner;
	int64_t next_at;
};
/* It could not be tried now: as if it had not been taken. */
struct err store_schedule_back(struct ctx *cx, struct store *st, const struct schedule_back *in) MUST_USE
    NONNULL(1, 2, 3);
/* Claims that are over, with `all` every one (nobody else can be alive): what was not sent is due again, what was has
 * failed, since nobody knows whether it ran. */
struct err store_schedule_sweep(struct ctx *cx, struct store *st, bool all, int64_t *n) MUST_USE NONNULL(1, 2, 4);
#endif
