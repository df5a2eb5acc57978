/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_schedule.h"
#include "store/store_event.h"
#include "store/store_prune.h"
#include "store/store_schedule_inner.h"

enum { PRUNE_ROWS = 500 };

/* ---- rows ---- */
struct err store_schedule_row(struct ctx *cx, struct db_stmt *q, struct schedule_row *out)
{
	struct sv *const text[] = { &out->id,    &out->project_id, &out->status,  &out->toolkit,
				    &out->tool,  &out->version,    &out->user_id, &out->by_type,
				    &out->by_id, &out->source,     &out->owner };
	int64_t *const number[] = { &out->run_at,     &out->next_at,    &out->started_at, &out->finished_at,
				    &out->created_at, &out->updated_at, &out->tries };
	int col = 0;

	*out = (struct schedule_row){ .pinned = false };
	for (size_t i = 0; i < ARRAY_LEN(text); i++)
		TRY(store_row_sv(cx, q, col++, text[i]));
	for (size_t i = 0; i < ARRAY_LEN(number); i++)
		*number[i] = db_col_i64(q, col++);
	out->pinned = db_col_i64(q, col++) != 0;
	out->stacktrace = db_col_i64(q, col++) != 0;
	return store_row_blob(cx, q, col, &out->input_box);
}
static struct seal_at input_of(const struct schedule_row *r)
{
	return (struct seal_at){ "schedules.input_box", r->project_id, r->id };
}

/* ---- making ---- */
static struct err add_act(struct ctx *cx, struct tx *tx, const void *in_, void *out)
{
	static const char sql[] =
	    "INSERT INTO schedules(id, project_id, status, toolkit, tool, version, user_id, by_type, by_id, source,"
	    " pinned, stacktrace, run_at, next_at, created_at, updated_at, input_box)"
	    " VALUES($1, $2, 'scheduled', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13, $13, $14)";
	const struct schedule_new *in = in_;
	const struct schedule_row *r = &in->row;
	const struct sv text[] = { r->id,      r->project_id, r->toolkit, r->tool,  r->version,
				   r->user_id, r->by_type,    r->by_id,   r->source };
	const int64_t number[] = { r->pinned, r->stacktrace, r->run_at, tx_now(tx) };
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	const struct seal_at at = input_of(r);
	struct sv box;

	(void)out;
	TRY(store_seal(cx, tx_store(tx), &at, in->input, &box));
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	for (size_t i = 0; i < ARRAY_LEN(text); i++)
		db_bind_sv(q, (int)i + 1, text[i].p == NULL ? SV("") : text[i]);
	for (size_t i = 0; i < ARRAY_LEN(number); i++)
		db_bind_i64(q, (int)(ARRAY_LEN(text) + i) + 1, number[i]);
	db_bind_blob(q, (int)(ARRAY_LEN(text) + ARRAY_LEN(number)) + 1, box);
	TRY(db_run(cx, q));
	return store_event_add(cx, tx, in->event);
}
struct err store_schedule_add(struct ctx *cx, struct store *st, const struct schedule_new *in)
{
	return store_act(cx, st, add_act, in, NULL);
}

/* ---- reading ---- */
struct err store_schedule_get(struct ctx *cx, struct store *st, struct sv project, struct sv id,
			      struct schedule_row *out)
{
	static const char sql[] = "SELECT " SCHEDULE_COLS " FROM schedules WHERE project_id = $1 AND id = $2";
	CLEANUP(store_read_done) struct reader r = { .st = NULL };
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	*out = (struct schedule_row){ .pinned = false };
	TRY(store_read(cx, st, &r));
	TRY(db_prepare(cx, r.db, sql, &q));
	db_bind_sv(q, 1, project);
	db_bind_sv(q, 2, id);
	TRY(db_one(cx, q));
	return store_schedule_row(cx, q, out);
}
/* Sought by the tool's name, or by whom it runs for. */
#define HAS STORE_ROW_HAS("toolkit || '.' || tool || ' ' || user_id", "$2")
struct err store_schedule_list(struct ctx *cx, struct store *st, struct sv project, const struct page *page,
			       struct schedule_page *out)
{
	static const char sql[] = "SELECT " SCHEDULE_LIST " FROM schedules WHERE project_id = $1 AND " HAS
				  " ORDER BY created_at DESC, id DESC LIMIT $3 OFFSET $4";
	static const char count[] = "SELECT count(*) FROM schedules WHERE project_id = $1 AND " HAS;
	CLEANUP(store_read_done) struct reader r = { .st = NULL };
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	size_t room = 0;
	bool row = false;

	*out = (struct schedule_page){ .v = NULL };
	TRY(store_read(cx, st, &r));
	TRY(store_row_count_of(cx, r.db, count, &(struct row_count){ project, page->q }, &out->total));
	TRY(db_prepare(cx, r.db, sql, &q));
	db_bind_sv(q, 1, project);
	db_bind_sv(q, 2, page->q.p == NULL ? SV("") : page->q);
	db_bind_i64(q, 3, page->limit);
	db_bind_i64(q, 4, page->offset);
	for (;;) {
		TRY(db_next(cx, q, &row));
		if (!row)
			return OK;
		if (out->n == room && (out->v = store_row_room(cx, out->v, &room, sizeof *out->v)) == NULL)
			return fail(cx, E_INTERNAL, "out of memory", "schedules");
		TRY(store_schedule_row(cx, q, &out->v[out->n]));
		out->n++;
	}
}
struct err store_schedule_input(struct ctx *cx, struct store *st, const struct schedule_row *row, struct secret **out)
{
	const struct seal_at at = input_of(row);

	return store_unseal(cx, st, &at, row->input_box, out);
}

/* ---- ending ---- */
static struct err known(struct ctx *cx, struct tx *tx, const struct schedule_end *in)
{
	static const char sql[] = "SELECT 1 FROM schedules WHERE project_id = $1 AND id = $2";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, in->project);
	db_bind_sv(q, 2, in->id);
	return db_one(cx, q);
}
static struct err cancel_act(struct ctx *cx, struct tx *tx, const void *in_, void *out)
{
	static const char sql[] = "UPDATE schedules SET status = 'cancelled', finished_at = $1, updated_at = $1"
				  " WHERE project_id = $2 AND id = $3 AND status = 'scheduled'";
	const struct schedule_end *in = in_;
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	int64_t changed = 0;

	(void)out;
	TRY(known(cx, tx, in));
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_i64(q, 1, tx_now(tx));
	db_bind_sv(q, 2, in->project);
	db_bind_sv(q, 3, in->id);
	TRY(db_run_n(cx, q, &changed));
	return changed == 0 ? (struct err){ E_STALE } : store_event_add(cx, tx, in->event);
}
struct err store_schedule_cancel(struct ctx *cx, struct store *st, const struct schedule_end *in)
{
	return store_act(cx, st, cancel_act, in, NULL);
}
struct err store_schedule_prune(struct ctx *cx, struct store *st, int64_t before, int64_t *n)
{
	static const char sql[] =
	    "DELETE FROM schedules WHERE id IN (SELECT id FROM schedules"
	    " WHERE finished_at > 0 AND finished_at < $1 AND status NOT IN ('scheduled', 'running')"
	    " LIMIT $2)";

	return store_prune(cx, st, &(struct prune){ sql, before, PRUNE_ROWS }, n);
}
