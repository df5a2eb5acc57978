/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base.h"
#include "db/db_sqlite.h"
#include <assert.h>
enum { PARAMS_MOST = 64, TRIES = 8 };

static size_t place_of(const char *sql) { return (size_t)((uintptr_t)sql * 0x9E3779B97F4A7C15u >> 40) % CACHE; }
/* One SQL text serves two engines: $1..$n must first appear in order. */
static struct err check_params(struct ctx *cx, struct db_stmt *st)
{
	int n = sqlite3_bind_parameter_count(st->h);

	if (n > PARAMS_MOST)
		return fail(cx, E_INTERNAL, "storage error", "more than %d parameters: %.120s", PARAMS_MOST, st->sql);
	for (int i = 1; i <= n; i++) {
		char want[16];
		const char *have = sqlite3_bind_parameter_name(st->h, i);

		(void)snprintf(want, sizeof want, "$%d", i);
		if (have == NULL || strcmp(have, want) != 0)
			return fail(cx, E_INTERNAL, "storage error", "parameters out of order: %.120s", st->sql);
		st->want |= (uint64_t)1 << (i - 1);
	}
	return OK;
}
static struct db_stmt *from_cache(struct db *db, const char *sql)
{
	for (size_t i = 0, at = place_of(sql); i < TRIES; i++) {
		struct db_stmt *st = db->cache[(at + i) % CACHE];

		if (st != NULL && st->sql == sql && !st->lent)
			return st;
	}
	return NULL;
}
/* Into an empty place near its own, else instead of one that is not in use; else it lives for this use only. */
static void into_cache(struct db *db, struct db_stmt *st)
{
	struct db_stmt **to = NULL;

	for (size_t i = 0, at = place_of(st->sql); i < TRIES; i++) {
		struct db_stmt **p = &db->cache[(at + i) % CACHE];

		if (*p == NULL || (to == NULL && !(*p)->lent))
			to = p;
		if (*p == NULL)
			break;
	}
	if (to == NULL)
		return;
	if (*to != NULL) {
		(void)sqlite3_finalize((*to)->h);
		free(*to);
	}
	st->cached = true;
	*to = st;
}
static void stmt_free(struct db_stmt **st)
{
	if (*st == NULL)
		return;
	(void)sqlite3_finalize((*st)->h);
	free(*st);
}
struct err db_prepare(struct ctx *cx, struct db *db, const char *sql, struct db_stmt **out)
{
	struct db_stmt *have = from_cache(db, sql);

	*out = NULL;
	if (have == NULL) {
		CLEANUP(stmt_free) struct db_stmt *st = calloc(1, sizeof *st);

		if (st == NULL)
			return db_sqlite_fail(cx, db, SQLITE_NOMEM, "prepare");
		*st = (struct db_stmt){ .db = db, .sql = sql };
		int rc = sqlite3_prepare_v3(db->h, sql, -1, SQLITE_PREPARE_PERSISTENT, &st->h, NULL);
		if (rc != SQLITE_OK)
			return db_sqlite_fail(cx, db, rc, "prepare");
		if (st->h == NULL)
			return fail(cx, E_INTERNAL, "storage error", "empty statement");
		TRY(check_params(cx, st));
		into_cache(db, st);
		have = TAKE(st);
	}
	have->lent = true;
	db->lent++;
	*out = have;
	return OK;
}
void db_stmt_done(struct db_stmt *st)
{
	if (st == NULL)
		return;
	st->db->lent--;
	st->lent = false;
	if (!st->cached) {
		stmt_free(&st);
		return;
	}
	(void)sqlite3_reset(st->h);          /* its error was told by the step */
	(void)sqlite3_clear_bindings(st->h); /* no row's values stay in memory */
	st->bound = 0;
	st->bind_rc = SQLITE_OK;
}
static void bound(struct db_stmt *st, int at, int rc)
{
	if (rc == SQLITE_OK && at >= 1 && at <= PARAMS_MOST)
		st->bound |= (uint64_t)1 << (at - 1);
	else if (st->bind_rc == SQLITE_OK)
		st->bind_rc = rc;
}
void db_bind_sv(struct db_stmt *st, int at, struct sv v)
{
	bound(st, at,
	      v.p == NULL ? sqlite3_bind_null(st->h, at)
			  : sqlite3_bind_text64(st->h, at, v.p, v.n, SQLITE_TRANSIENT, SQLITE_UTF8));
}
void db_bind_blob(struct db_stmt *st, int at, struct sv v)
{
	bound(st, at,
	      v.p == NULL ? sqlite3_bind_null(st->h, at) : sqlite3_bind_blob64(st->h, at, v.p, v.n, SQLITE_TRANSIENT));
}
void db_bind_i64(struct db_stmt *st, int at, int64_t v) { bound(st, at, sqlite3_bind_int64(st->h, at, v)); }

struct err db_next(struct ctx *cx, struct db_stmt *st, bool *row)
{
	*row = false;
	if (st->bind_rc != SQLITE_OK)
		return db_sqlite_fail(cx, st->db, st->bind_rc, "bind");
	if (st->bound != st->want)
		return fail(cx, E_INTERNAL, "storage error", "a parameter is not bound: %.120s", st->sql);
	int rc = sqlite3_step(st->h);
	*row = rc == SQLITE_ROW;
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? OK : db_sqlite_fail(cx, st->db, rc, "step");
}
struct err db_one(struct ctx *cx, struct db_stmt *st)
{
	bool row = false;

	TRY(db_next(cx, st, &row));
	return row ? OK : (struct err){ E_NOT_FOUND };
}
struct err db_run(struct ctx *cx, struct db_stmt *st)
{
	bool row = true;

	while (row) /* a RETURNING clause nobody reads */
		TRY(db_next(cx, st, &row));
	return OK;
}
struct err db_run_n(struct ctx *cx, struct db_stmt *st, int64_t *changed)
{
	*changed = 0;
	TRY(db_run(cx, st));
	*changed = sqlite3_changes64(st->db->h);
	return OK;
}
/* Read as the bytes they are: to give a text its NUL SQLite may need memory, and for want of it would answer NULL,
 * which nobody could tell from an empty column. */
struct sv db_col_sv(struct db_stmt *st, int col)
{
	int type = sqlite3_column_type(st->h, col);

	assert(type == SQLITE_TEXT || type == SQLITE_BLOB || type == SQLITE_NULL);
	const void *p = sqlite3_column_blob(st->h, col);
	return (struct sv){ p == NULL ? "" : p, p == NULL ? 0 : (size_t)sqlite3_column_bytes(st->h, col) };
}
struct sv db_col_blob(struct db_stmt *st, int col)
{
	if (sqlite3_column_type(st->h, col) == SQLITE_NULL)
		return SV_NONE;
	const void *p = sqlite3_column_blob(st->h, col);
	return (struct sv){ p == NULL ? "" : p, (size_t)sqlite3_column_bytes(st->h, col) };
}
int64_t db_col_i64(struct db_stmt *st, int col) { return sqlite3_column_int64(st->h, col); }
