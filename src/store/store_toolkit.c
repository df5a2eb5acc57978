/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_toolkit.h"
#include "db/db.h"
#include "store/store_row.h"

struct err store_toolkit_all(struct ctx *cx, struct store *st, struct toolkit_claims *out)
{
	static const char sql[] = "SELECT project_id, toolkit, worker_id FROM worker_toolkits ORDER BY id";
	CLEANUP(store_read_done) struct reader r = { .st = NULL };
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	size_t room = 0;
	bool row = false;

	*out = (struct toolkit_claims){ .v = NULL };
	TRY(store_read(cx, st, &r));
	TRY(db_prepare(cx, r.db, sql, &q));
	for (;;) {
		TRY(db_next(cx, q, &row));
		if (!row)
			return OK;
		if (out->n == room && (out->v = store_row_room(cx, out->v, &room, sizeof *out->v)) == NULL)
			return fail(cx, E_INTERNAL, "out of memory", "toolkits");
		struct toolkit_claim *c = &out->v[out->n];
		TRY(store_row_sv(cx, q, 0, &c->project_id));
		TRY(store_row_sv(cx, q, 1, &c->toolkit));
		TRY(store_row_sv(cx, q, 2, &c->worker_id));
		out->n++;
	}
}
static struct err add(struct ctx *cx, struct tx *tx, const struct toolkit_claim *c)
{
	static const char sql[] = "INSERT INTO worker_toolkits(project_id, toolkit, worker_id, created_at)"
				  " SELECT project_id, $1, id, $2 FROM workers WHERE id = $3 ON CONFLICT DO NOTHING";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, c->toolkit);
	db_bind_i64(q, 2, tx_now(tx));
	db_bind_sv(q, 3, c->worker_id);
	return db_run(cx, q);
}
static struct err drop(struct ctx *cx, struct tx *tx, const struct toolkit_claim *c)
{
	static const char sql[] = "DELETE FROM worker_toolkits WHERE worker_id = $1 AND toolkit = $2";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, c->worker_id);
	db_bind_sv(q, 2, c->toolkit);
	return db_run(cx, q);
}
static struct err change_act(struct ctx *cx, struct tx *tx, const void *in_, void *out)
{
	const struct toolkit_change *in = in_;

	(void)out;
	for (size_t i = 0; i < in->drop.n; i++)
		TRY(drop(cx, tx, &in->drop.v[i]));
	for (size_t i = 0; i < in->add.n; i++)
		TRY(add(cx, tx, &in->add.v[i]));
	return OK;
}
struct err store_toolkit_change(struct ctx *cx, struct store *st, const struct toolkit_change *in)
{
	return store_act(cx, st, change_act, in, NULL);
}
