/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_row.h"
#include "core/arena.h"
#include "core/text.h"

struct err store_row_text(struct ctx *cx, struct db_stmt *q, int col, char *dst, size_t cap)
{
	struct sv v = db_col_sv(q, col);

	if (sv_copy(v, dst, cap))
		return OK;
	return fail(cx, E_INTERNAL, "storage error", "column %d has %zu bytes, room for %zu", col, v.n, cap);
}
static struct err keep(struct ctx *cx, struct sv v, struct sv *out)
{
	*out = arena_sv(cx->arena, v);
	return out->p != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "row");
}
struct err store_row_sv(struct ctx *cx, struct db_stmt *q, int col, struct sv *out)
{
	return keep(cx, db_col_sv(q, col), out);
}
struct err store_row_blob(struct ctx *cx, struct db_stmt *q, int col, struct sv *out)
{
	struct sv v = db_col_blob(q, col);

	*out = SV_NONE;
	return v.p == NULL ? OK : keep(cx, v, out);
}
struct err store_row_count(struct ctx *cx, struct db *db, const char *sql, struct sv param, int64_t *out)
{
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	*out = 0;
	TRY(db_prepare(cx, db, sql, &q));
	if (param.p != NULL)
		db_bind_sv(q, 1, param);
	TRY(db_one(cx, q));
	*out = db_col_i64(q, 0);
	return OK;
}

void *store_row_room(struct ctx *cx, const void *rows, size_t *room, size_t size)
{
	size_t had = *room;
	void *more = arena_array(cx->arena, had * 2 + 8, size);

	if (more == NULL)
		return NULL;
	if (had > 0)
		memcpy(more, rows, had * size);
	*room = had * 2 + 8;
	return more;
}
struct err store_row_count_of(struct ctx *cx, struct db *db, const char *sql, const struct row_count *in, int64_t *out)
{
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, db, sql, &q));
	db_bind_sv(q, 1, in->project);
	db_bind_sv(q, 2, in->q.p == NULL ? SV("") : in->q);
	TRY(db_one(cx, q));
	*out = db_col_i64(q, 0);
	return OK;
}
