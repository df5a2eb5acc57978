/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/text.h"
#include "store/store_event_inner.h"
#include "store/store_row.h"

/* One of several words, separated by commas; none: any. */
#define ONE_OF(column, at) "(" at " = '' OR instr(',' || " at " || ',', ',' || " column " || ',') > 0)"
/* clang-format off: a condition a line */
#define EVENT_FILTER                                                                                                 \
	" FROM events WHERE project_id = $1"                                                                         \
	" AND " ONE_OF("kind", "$2") " AND " ONE_OF(                                                                 \
	    "resource_type",                                                                                         \
	    "$3") " AND ($4 = '' OR resource_id = $4)"                                                               \
		  " AND " ONE_OF("source", "$5") " AND " ONE_OF(                                                     \
		      "principal_type",                                                                              \
		      "$6") " AND ($7 = '' OR principal_id = $7)"                                                    \
			    " AND " ONE_OF("outcome", "$8") " AND ($9 = '' OR authorization_id = $9)"                \
							    " AND ($10 = 0 OR at >= $10) AND ($11 = 0 OR at < $11)"  \
							    " AND ($12 = 0 OR id < $12)"                             \
							    " AND " STORE_ROW_HAS(                                   \
								"kind || ' ' || resource_id || ' ' || principal_id", \
								"$13")
/* clang-format on */
static void bind_filter(struct db_stmt *q, const struct event_filter *f)
{
	const struct sv text[] = { f->project_id,     f->kind,         f->resource_type, f->resource_id,     f->source,
				   f->principal_type, f->principal_id, f->outcome,       f->authorization_id };
	const int64_t number[] = { f->since, f->until, f->before };
	int at = 1;

	for (size_t i = 0; i < ARRAY_LEN(text); i++)
		db_bind_sv(q, at++, text[i].p == NULL ? SV("") : text[i]);
	for (size_t i = 0; i < ARRAY_LEN(number); i++)
		db_bind_i64(q, at++, number[i]);
	db_bind_sv(q, at, f->q.p == NULL ? SV("") : f->q);
}
static struct err total(struct ctx *cx, struct db *db, const struct event_filter *f, int64_t *out)
{
	static const char sql[] = "SELECT count(*)" EVENT_FILTER;
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, db, sql, &q));
	bind_filter(q, f);
	TRY(db_one(cx, q));
	*out = db_col_i64(q, 0);
	return OK;
}
struct err store_event_list(struct ctx *cx, struct store *st, const struct event_filter *f, struct event_list *out)
{
	static const char sql[] = "SELECT " EVENT_COLS EVENT_FILTER " ORDER BY id DESC LIMIT $14 OFFSET $15";
	CLEANUP(store_read_done) struct reader r = { .st = NULL };
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	*out = (struct event_list){ .v = NULL };
	TRY(store_read(cx, st, &r));
	if (!f->uncounted)
		TRY(total(cx, r.db, f, &out->total));
	TRY(db_prepare(cx, r.db, sql, &q));
	bind_filter(q, f);
	db_bind_i64(q, 14, f->limit);
	db_bind_i64(q, 15, f->offset);
	return store_event_rows(cx, q, (size_t)f->limit, out);
}

/* ---- what there is to filter by ---- */
enum { WORDS_MOST = 500 };
static struct err words(struct ctx *cx, struct db *db, const char *sql, struct sv project, struct sv_list *out)
{
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	bool row = false;

	*out = (struct sv_list){ .v = arena_array(cx->arena, WORDS_MOST, sizeof *out->v) };
	if (out->v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "words of events");
	TRY(db_prepare(cx, db, sql, &q));
	db_bind_sv(q, 1, project);
	db_bind_i64(q, 2, WORDS_MOST);
	while (out->n < WORDS_MOST) {
		TRY(db_next(cx, q, &row));
		if (!row)
			break;
		TRY(store_row_sv(cx, q, 0, &out->v[out->n]));
		out->n++;
	}
	return OK;
}
/* Of the newest 20 000: a filter is for what is looked at. */
#define WORDS_OF(column)                                                                                               \
	"SELECT DISTINCT " column " FROM (SELECT " column " FROM events WHERE project_id = $1 ORDER BY id DESC LIMIT " \
	"20000) WHERE " column " <> '' ORDER BY 1 LIMIT $2"
struct err store_event_words(struct ctx *cx, struct store *st, struct sv project, struct event_words *out)
{
	CLEANUP(store_read_done) struct reader r = { .st = NULL };

	TRY(store_read(cx, st, &r));
	TRY(words(cx, r.db, WORDS_OF("kind"), project, &out->kinds));
	TRY(words(cx, r.db, WORDS_OF("resource_type"), project, &out->resource_types));
	TRY(words(cx, r.db, WORDS_OF("source"), project, &out->sources));
	return words(cx, r.db, WORDS_OF("outcome"), project, &out->outcomes);
}
/* ---- names ---- */
struct err store_event_who(struct ctx *cx, struct db *db, struct sv type, struct sv id, struct sv *out)
{
	static const char account[] = "SELECT email FROM accounts WHERE id = $1";
	static const char key[] = "SELECT name FROM api_keys WHERE id = $1";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	bool row = false;

	*out = SV_NONE;
	if (!sv_eqz(type, "account") && !sv_eqz(type, "api_key"))
		return OK;
	TRY(db_prepare(cx, db, sv_eqz(type, "account") ? account : key, &q));
	db_bind_sv(q, 1, id);
	TRY(db_next(cx, q, &row));
	return row ? store_row_sv(cx, q, 0, out) : OK;
}
