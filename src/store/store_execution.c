/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_execution.h"
#include "db/db.h"
#include "store/store_event.h"

enum { PRUNE_ROWS = 1000 };

static struct err add_act(struct ctx *cx, struct tx *tx, const void *in_, void *out)
{
	static const char sql[] =
	    "INSERT INTO executions(id, project_id, call_id, type, status, toolkit, tool, version, worker_id, user_id,"
	    " error_kind, tries, started_at, finished_at, created_at)"
	    " VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
	const struct execution_add *in = in_;
	const struct execution_row *r = in->row;
	const struct sv text[] = { r->id,   r->project_id, r->call_id,   r->type,    r->status,    r->toolkit,
				   r->tool, r->version,    r->worker_id, r->user_id, r->error_kind };
	const int64_t number[] = { r->tries, r->started_at, r->finished_at, tx_now(tx) };
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	(void)out;
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	for (size_t i = 0; i < ARRAY_LEN(text); i++)
		db_bind_sv(q, (int)i + 1, text[i].p == NULL ? SV("") : text[i]);
	for (size_t i = 0; i < ARRAY_LEN(number); i++)
		db_bind_i64(q, (int)(ARRAY_LEN(text) + i) + 1, number[i]);
	TRY(db_run(cx, q));
	return store_event_add(cx, tx, in->event);
}
struct act *store_execution_begin(struct ctx *cx, struct store *st, const struct execution_add *in)
{
	return store_act_begin(cx, st, add_act, in);
}
/* Ids begin with the time: the oldest are the first of the primary key, and no index has to be kept for this. */
static struct err prune_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	static const char sql[] =
	    "DELETE FROM executions WHERE id IN (SELECT id FROM"
	    " (SELECT id, created_at FROM executions ORDER BY id LIMIT $1) AS oldest WHERE created_at < $2)";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_i64(q, 1, PRUNE_ROWS);
	db_bind_i64(q, 2, *(const int64_t *)in);
	return db_run_n(cx, q, out);
}
struct err store_execution_prune(struct ctx *cx, struct store *st, int64_t before, int64_t *gone)
{
	return store_act(cx, st, prune_act, &before, gone);
}
