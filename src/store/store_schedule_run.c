/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_event.h"
#include "store/store_schedule_inner.h"

/* A claim ahead of this was written by a clock that was wrong. */
#define CLAIM_MOST HOUR(1)
#define LOST_WORDS "the engine ended while the tool ran: it may have run, so it is not run again"
enum { SWEEP_ROWS = 200 };

static struct err run(struct ctx *cx, struct tx *tx, const char *sql, const int64_t *number, const struct sv *text)
{
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	int at = 0;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	for (; number != NULL && *number >= 0; number++)
		db_bind_i64(q, ++at, *number);
	for (; text->p != NULL; text++)
		db_bind_sv(q, ++at, *text);
	return db_run(cx, q);
}

/* ---- what was tried ---- */
static struct seal_at output_at(struct sv project, struct sv attempt)
{
	return (struct seal_at){ "schedule_attempts.output_box", project, attempt };
}
struct err store_schedule_attempts(struct ctx *cx, struct store *st, struct sv id, struct schedule_attempts *out)
{
	static const char sql[] =
	    "SELECT id, error, started_at, finished_at, success, output_box FROM schedule_attempts"
	    " WHERE schedule_id = $1 ORDER BY n";
	CLEANUP(store_read_done) struct reader r = { .st = NULL };
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	size_t room = 0;
	bool row = false;

	*out = (struct schedule_attempts){ .v = NULL };
	TRY(store_read(cx, st, &r));
	TRY(db_prepare(cx, r.db, sql, &q));
	db_bind_sv(q, 1, id);
	for (;;) {
		TRY(db_next(cx, q, &row));
		if (!row)
			return OK;
		if (out->n == room && (out->v = store_row_room(cx, out->v, &room, sizeof *out->v)) == NULL)
			return fail(cx, E_INTERNAL, "out of memory", "attempts");
		struct schedule_attempt *a = &out->v[out->n];
		*a = (struct schedule_attempt){ .started_at = db_col_i64(q, 2),
						.finished_at = db_col_i64(q, 3),
						.success = db_col_i64(q, 4) != 0 };
		TRY(store_row_sv(cx, q, 0, &a->id));
		TRY(store_row_sv(cx, q, 1, &a->error));
		TRY(store_row_blob(cx, q, 5, &a->output_box));
		out->n++;
	}
}
struct err store_schedule_output(struct ctx *cx, struct store *st, struct sv project, const struct schedule_attempt *a,
				 struct secret **out)
{
	const struct seal_at at = output_at(project, a->id);

	return store_unseal(cx, st, &at, a->output_box, out);
}

/* ---- taking ---- */
struct err store_schedule_due(struct ctx *cx, struct store *st, struct schedule_due *out)
{
	static const char sql[] =
	    "SELECT (SELECT count(*) FROM schedules WHERE status = 'scheduled' AND next_at <= $1),"
	    " (SELECT count(*) FROM schedules WHERE status = 'running' AND (until <= $1 OR until > $2))";
	CLEANUP(store_read_done) struct reader r = { .st = NULL };
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	*out = (struct schedule_due){ .due = 0 };
	TRY(store_read(cx, st, &r));
	TRY(db_prepare(cx, r.db, sql, &q));
	db_bind_i64(q, 1, cx->now);
	db_bind_i64(q, 2, cx->now + CLAIM_MOST);
	TRY(db_one(cx, q));
	*out = (struct schedule_due){ db_col_i64(q, 0), db_col_i64(q, 1) };
	return OK;
}
struct err store_schedule_pick(struct ctx *cx, struct store *st, const struct schedule_pick *in, struct sv *out)
{
	static const char sql[] = "SELECT id, project_id, toolkit, tool, version, pinned FROM schedules"
				  " WHERE status = 'scheduled' AND next_at <= $1 ORDER BY next_at, id";
	CLEANUP(store_read_done) struct reader r = { .st = NULL };
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	bool row = false;

	*out = SV_NONE;
	TRY(store_read(cx, st, &r));
	TRY(db_prepare(cx, r.db, sql, &q));
	db_bind_i64(q, 1, cx->now);
	for (;;) {
		TRY(db_next(cx, q, &row));
		if (!row)
			return OK;
		const struct schedule_due_row due = { db_col_sv(q, 1), db_col_sv(q, 2), db_col_sv(q, 3),
						      db_col_sv(q, 4), db_col_i64(q, 5) != 0 };
		if (in->may(in->arg, &due))
			return store_row_sv(cx, q, 0, out);
	}
}
static struct err due_one(struct ctx *cx, struct tx *tx, struct sv id, struct schedule_claimed *out)
{
	static const char longest[] = "SELECT " SCHEDULE_COLS " FROM schedules"
				      " WHERE status = 'scheduled' AND next_at <= $1 ORDER BY next_at, id LIMIT 1";
	static const char that[] = "SELECT " SCHEDULE_COLS " FROM schedules"
				   " WHERE status = 'scheduled' AND next_at <= $1 AND id = $2";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	*out = (struct schedule_claimed){ .got = false };
	TRY(db_prepare(cx, tx_db(tx), id.n == 0 ? longest : that, &q));
	db_bind_i64(q, 1, tx_now(tx));
	if (id.n > 0)
		db_bind_sv(q, 2, id);
	TRY(db_next(cx, q, &out->got));
	return out->got ? store_schedule_row(cx, q, &out->row) : OK;
}
static struct err take_act(struct ctx *cx, struct tx *tx, const void *in_, void *out_)
{
	static const char claim[] =
	    "UPDATE schedules SET status = 'running', updated_at = $1, until = $2, owner = $3,"
	    " tries = tries + 1, started_at = CASE started_at WHEN 0 THEN $1 ELSE started_at END"
	    " WHERE id = $4";
	static const char attempt[] = "INSERT INTO schedule_attempts(n, started_at, id, schedule_id)"
				      " VALUES($1, $2, $3, $4)";
	const struct schedule_claim *in = in_;
	struct schedule_claimed *out = out_;

	TRY(due_one(cx, tx, in->id, out));
	if (!out->got)
		return OK;
	id_ksuid("tc_", tx_now(tx), out->attempt);
	out->row.tries++;
	out->row.started_at = out->row.started_at == 0 ? tx_now(tx) : out->row.started_at;
	TRY(run(cx, tx, claim, (int64_t[]){ tx_now(tx), tx_now(tx) + in->hold, -1 },
		(struct sv[]){ sv_of(in->owner), out->row.id, SV_NONE }));
	return run(cx, tx, attempt, (int64_t[]){ out->row.tries, tx_now(tx), -1 },
		   (struct sv[]){ sv_of(out->attempt), out->row.id, SV_NONE });
}
struct err store_schedule_take(struct ctx *cx, struct store *st, const struct schedule_claim *in,
			       struct schedule_claimed *out)
{
	return store_act(cx, st, take_act, in, out);
}

/* ---- running ---- */
static struct err sending_act(struct ctx *cx, struct tx *tx, const void *in_, void *out)
{
	static const char hold[] = "UPDATE schedules SET until = $1, version = $2, updated_at = $3"
				   " WHERE id = $4 AND owner = $5 AND status = 'running'";
	static const char sent[] = "UPDATE schedule_attempts SET sent_at = $1 WHERE id = $2";
	const struct schedule_sending *in = in_;
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	int64_t changed = 0;

	(void)out;
	TRY(db_prepare(cx, tx_db(tx), hold, &q));
	db_bind_i64(q, 1, tx_now(tx) + in->hold);
	db_bind_sv(q, 2, in->version);
	db_bind_i64(q, 3, tx_now(tx));
	db_bind_sv(q, 4, in->id);
	db_bind_sv(q, 5, sv_of(in->owner));
	TRY(db_run_n(cx, q, &changed));
	if (changed == 0)
		return (struct err){ E_STALE };
	return run(cx, tx, sent, (int64_t[]){ tx_now(tx), -1 }, (struct sv[]){ in->attempt, SV_NONE });
}
struct err store_schedule_sending(struct ctx *cx, struct store *st, const struct schedule_sending *in)
{
	return store_act(cx, st, sending_act, in, NULL);
}

/* ---- afterwards ---- */
static struct err close_attempt(struct ctx *cx, struct tx *tx, const struct schedule_done *in, int64_t *changed)
{
	static const char sql[] = "UPDATE schedule_attempts SET finished_at = $1, success = $2, output_box = $3,"
				  " error = $4, lost = 0 WHERE id = $5 AND (finished_at = 0 OR lost = 1)";
	const struct seal_at at = output_at(in->of->row.project_id, sv_of(in->of->attempt));
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	struct sv box = SV_NONE;

	if (in->output.p != NULL)
		TRY(store_seal(cx, tx_store(tx), &at, in->output, &box));
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_i64(q, 1, tx_now(tx));
	db_bind_i64(q, 2, in->success);
	db_bind_blob(q, 3, box);
	db_bind_sv(q, 4, in->error.p == NULL ? SV("") : in->error);
	db_bind_sv(q, 5, sv_of(in->of->attempt));
	return db_run_n(cx, q, changed);
}
static struct err finish_act(struct ctx *cx, struct tx *tx, const void *in_, void *out)
{
	static const char sql[] = "UPDATE schedules SET next_at = $1, finished_at = $2, updated_at = $3, status = $4,"
				  " owner = '', until = 0 WHERE id = $5 AND tries = $6";
	const struct schedule_done *in = in_;
	bool again = in->retry_at > 0;
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	int64_t changed = 0;

	(void)out;
	TRY(close_attempt(cx, tx, in, &changed));
	if (changed == 0)
		return OK;
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_i64(q, 1, again ? in->retry_at : in->of->row.next_at);
	db_bind_i64(q, 2, again ? 0 : tx_now(tx));
	db_bind_i64(q, 3, tx_now(tx));
	db_bind_sv(q, 4, again ? SV("scheduled") : in->success ? SV("completed") : SV("failed"));
	db_bind_sv(q, 5, in->of->row.id);
	db_bind_i64(q, 6, in->of->row.tries);
	TRY(db_run(cx, q));
	return store_event_add(cx, tx, in->event);
}
struct err store_schedule_finish(struct ctx *cx, struct store *st, const struct schedule_done *in)
{
	return store_act(cx, st, finish_act, in, NULL);
}
static struct err back_act(struct ctx *cx, struct tx *tx, const void *in_, void *out)
{
	static const char sql[] = "UPDATE schedules SET status = 'scheduled', next_at = $1, updated_at = $2,"
				  " tries = tries - 1, owner = '', until = 0 WHERE id = $3 AND owner = $4";
	static const char gone[] = "DELETE FROM schedule_attempts WHERE id = $1 AND sent_at = 0";
	const struct schedule_back *in = in_;

	(void)out;
	TRY(run(cx, tx, sql, (int64_t[]){ in->next_at, tx_now(tx), -1 },
		(struct sv[]){ in->of->row.id, sv_of(in->owner), SV_NONE }));
	return run(cx, tx, gone, NULL, (struct sv[]){ sv_of(in->of->attempt), SV_NONE });
}
struct err store_schedule_back(struct ctx *cx, struct store *st, const struct schedule_back *in)
{
	return store_act(cx, st, back_act, in, NULL);
}

/* ---- claims that are over ---- */
struct over {
	struct sv id, attempt, project;
	int64_t sent_at;
};
static struct err overdue(struct ctx *cx, struct tx *tx, int64_t at, struct over v[static SWEEP_ROWS], size_t *n)
{
	static const char sql[] = "SELECT s.id, a.id, s.project_id, a.sent_at FROM schedules s JOIN schedule_attempts a"
				  " ON a.schedule_id = s.id AND a.n = s.tries"
				  " WHERE s.status = 'running' AND (s.until <= $1 OR s.until > $2) LIMIT $3";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	bool row = false;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_i64(q, 1, at);
	db_bind_i64(q, 2, tx_now(tx) + CLAIM_MOST);
	db_bind_i64(q, 3, SWEEP_ROWS);
	for (*n = 0;; (*n)++) {
		TRY(db_next(cx, q, &row));
		if (!row)
			return OK;
		TRY(store_row_sv(cx, q, 0, &v[*n].id));
		TRY(store_row_sv(cx, q, 1, &v[*n].attempt));
		TRY(store_row_sv(cx, q, 2, &v[*n].project));
		v[*n].sent_at = db_col_i64(q, 3);
	}
}
static struct err give_up(struct ctx *cx, struct tx *tx, const struct over *o)
{
	static const char failed[] = "UPDATE schedules SET status = 'failed', finished_at = $1, updated_at = $1,"
				     " owner = '', until = 0 WHERE id = $2";
	static const char lost[] = "UPDATE schedule_attempts SET finished_at = $1, lost = 1, error = '" LOST_WORDS "'"
				   " WHERE id = $2";
	const int64_t now[] = { tx_now(tx), -1 };

	TRY(run(cx, tx, failed, now, (struct sv[]){ o->id, SV_NONE }));
	TRY(run(cx, tx, lost, now, (struct sv[]){ o->attempt, SV_NONE }));
	return store_event_add(
	    cx, tx,
	    &(struct event){ .project_id = o->project,
			     .kind = "tool.executed",
			     .by = { .type = "system", .id = "system", .source = "SYSTEM" },
			     .resource_type = "execution",
			     .resource_id = o->id,
			     .outcome = "failed",
			     .data = SV("{\"error_kind\":\"UNKNOWN\",\"say\":\"" LOST_WORDS "\"}") });
}
static struct err due_again(struct ctx *cx, struct tx *tx, const struct over *o)
{
	static const char sql[] = "UPDATE schedules SET next_at = $1, updated_at = $1, status = 'scheduled',"
				  " tries = tries - 1, owner = '', until = 0 WHERE id = $2";
	static const char gone[] = "DELETE FROM schedule_attempts WHERE id = $1";

	TRY(run(cx, tx, sql, (int64_t[]){ tx_now(tx), -1 }, (struct sv[]){ o->id, SV_NONE }));
	return run(cx, tx, gone, NULL, (struct sv[]){ o->attempt, SV_NONE });
}
static struct err sweep_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	const bool *all = in;
	struct over v[SWEEP_ROWS];
	int64_t *n = out;
	size_t found = 0;

	TRY(overdue(cx, tx, *all ? INT64_MAX : tx_now(tx), v, &found));
	for (size_t i = 0; i < found; i++)
		TRY(v[i].sent_at > 0 ? give_up(cx, tx, &v[i]) : due_again(cx, tx, &v[i]));
	*n = (int64_t)found;
	return OK;
}
struct err store_schedule_sweep(struct ctx *cx, struct store *st, bool all, int64_t *n)
{
	*n = 0;
	return store_act(cx, st, sweep_act, &all, n);
}
