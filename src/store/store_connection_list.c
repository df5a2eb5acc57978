/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "store/store_connection_inner.h"
#include "store/store_row.h"

struct err store_connection_rows(struct ctx *cx, struct db_stmt *q, size_t most, struct connection_rows *out)
{
	bool more = true;

	out->n = 0;
	out->v = arena_array(cx->arena, most + 1, sizeof *out->v);
	if (out->v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "connections");
	while (out->n < most) {
		TRY(db_next(cx, q, &more));
		if (!more)
			break;
		TRY(store_connection_row(cx, q, &out->v[out->n]));
		out->n++;
	}
	return OK;
}

/* ---- what is shown ---- */
/* All, those of one user, one: each found by an index of its own, so each a statement of its own. */
#define ALL     " AND $2 = '' AND $3 = ''"
#define OF_USER " AND user_id = $2 AND ($3 = '' OR id = $3)"
#define ONE     " AND ($2 = '' OR user_id = $2) AND id = $3"
#define SHOWN(which)                                                                              \
	" FROM connections WHERE project_id = $1 AND status IN ('live', 'dead')" which            \
	" AND ($4 = '' OR provider_id IN"                                                         \
	" (SELECT p.id FROM providers p WHERE p.unique_id = $4 OR p.type_id = $4))"               \
	" AND " STORE_ROW_HAS("user_id",                                                          \
			      "$5") " AND ($6 = '' OR ($6 = 'active') = (status = 'live' AND NOT" \
				    " (token_expires_at > 0 AND token_expires_at <= $7 AND has_refresh = 0)))"
/* What a page skips is read from the index alone: only the rows that are shown are wide ones. */
#define PAGE(which)                                                                 \
	"SELECT " CONNECTION_COLS " FROM connections WHERE id IN (SELECT id" SHOWN( \
	    which) " ORDER BY created_at DESC, id DESC LIMIT $8 OFFSET $9) ORDER BY created_at DESC, id DESC"
static const struct {
	const char *total, *page;
} shown[] = {
	{ "SELECT count(*)" SHOWN(ALL), PAGE(ALL) },
	{ "SELECT count(*)" SHOWN(OF_USER), PAGE(OF_USER) },
	{ "SELECT count(*)" SHOWN(ONE), PAGE(ONE) },
};
static size_t which(const struct connection_query *in) { return in->id.n > 0 ? 2 : in->user_id.n > 0 ? 1 : 0; }
static struct sv or_empty(struct sv v) { return v.p == NULL ? SV("") : v; }
static void bind(struct db_stmt *q, const struct connection_query *in)
{
	db_bind_sv(q, 1, in->project_id);
	db_bind_sv(q, 2, or_empty(in->user_id));
	db_bind_sv(q, 3, or_empty(in->id));
	db_bind_sv(q, 4, or_empty(in->provider));
	db_bind_sv(q, 5, or_empty(in->q));
	db_bind_sv(q, 6, or_empty(in->status));
	db_bind_i64(q, 7, in->now);
}
static struct err total(struct ctx *cx, struct db *db, const struct connection_query *in, int64_t *out)
{
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, db, shown[which(in)].total, &q));
	bind(q, in);
	TRY(db_one(cx, q));
	*out = db_col_i64(q, 0);
	return OK;
}
struct err store_connection_list(struct ctx *cx, struct store *st, const struct connection_query *in,
				 struct connection_rows *out)
{
	CLEANUP(store_read_done) struct reader r = { .st = NULL };
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	*out = (struct connection_rows){ .v = NULL };
	TRY(store_read(cx, st, &r));
	TRY(total(cx, r.db, in, &out->total));
	TRY(db_prepare(cx, r.db, shown[which(in)].page, &q));
	bind(q, in);
	db_bind_i64(q, 8, in->limit);
	db_bind_i64(q, 9, in->offset);
	return store_connection_rows(cx, q, (size_t)in->limit, out);
}

/* ---- what is to be renewed ---- */
/* The words of the WHERE are those of the partial indexes connections_due and connections_end. */
static struct err read_ones(struct ctx *cx, struct db *db, const struct connection_due *in, struct connection_rows *out)
{
	static const char sql[] =
	    "SELECT " CONNECTION_COLS " FROM connections WHERE status = 'live' AND due_at > 0"
	    " AND (last_used_at > refreshed_at OR force_refresh = 1) AND due_at <= $1 AND " CONNECTION_FREE(
		"$1") " AND (due_at, id) > ($2, $3) ORDER BY due_at, id LIMIT $4";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, db, sql, &q));
	db_bind_i64(q, 1, in->now);
	db_bind_i64(q, 2, in->after);
	db_bind_sv(q, 3, or_empty(in->after_id));
	db_bind_i64(q, 4, (int64_t)in->most);
	return store_connection_rows(cx, q, in->most, out);
}
/* An idle grant is renewed in the last quarter of its refresh token's life, but not before refresh_end.  What is over
 * is left to who reads it: only the provider knows whether it meant it. */
static struct err ending_ones(struct ctx *cx, struct db *db, const struct connection_due *in,
			      struct connection_rows *out)
{
	static const char sql[] = "SELECT " CONNECTION_COLS
				  " FROM connections WHERE status = 'live' AND due_at > 0 AND refresh_expires_at > 0"
				  " AND refresh_expires_at <= $1 AND " CONNECTION_FREE(
				      "$2") " AND ($2 - refreshed_at) * 4 >= (refresh_expires_at - refreshed_at) * 3 "
					    "AND refreshed_at < $2 - 15000000 AND refresh_expires_at > $2"
					    " AND (refresh_expires_at, id) > ($3, $4)"
					    " ORDER BY refresh_expires_at, id LIMIT $5";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, db, sql, &q));
	db_bind_i64(q, 1, in->refresh_end);
	db_bind_i64(q, 2, in->now);
	db_bind_i64(q, 3, in->after);
	db_bind_sv(q, 4, or_empty(in->after_id));
	db_bind_i64(q, 5, (int64_t)in->most);
	return store_connection_rows(cx, q, in->most, out);
}
struct err store_connection_due(struct ctx *cx, struct store *st, const struct connection_due *in,
				struct connection_rows *out)
{
	CLEANUP(store_read_done) struct reader r = { .st = NULL };

	*out = (struct connection_rows){ .v = NULL };
	TRY(store_read(cx, st, &r));
	return in->refresh_end == 0 ? read_ones(cx, r.db, in, out) : ending_ones(cx, r.db, in, out);
}

/* ---- how many ---- */
enum { COUNTS_MOST = 4096 };
struct err store_connection_counts(struct ctx *cx, struct store *st, struct connection_counts *out)
{
	static const char sql[] =
	    "SELECT provider_id, status, count(*) FROM connections GROUP BY provider_id, status LIMIT $1";
	CLEANUP(store_read_done) struct reader r = { .st = NULL };
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	bool more = true;

	*out = (struct connection_counts){ .v = arena_array(cx->arena, COUNTS_MOST, sizeof *out->v) };
	if (out->v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "counts");
	TRY(store_read(cx, st, &r));
	TRY(db_prepare(cx, r.db, sql, &q));
	db_bind_i64(q, 1, COUNTS_MOST);
	while (out->n < COUNTS_MOST) {
		TRY(db_next(cx, q, &more));
		if (!more)
			break;
		struct connection_count *c = &out->v[out->n++];
		TRY(store_row_sv(cx, q, 0, &c->provider_id));
		TRY(store_row_sv(cx, q, 1, &c->status));
		c->n = db_col_i64(q, 2);
	}
	return OK;
}
