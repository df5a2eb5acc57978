/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "db/db.h"
#include "tt_folder.h"
#include <stdlib.h>
#include <sys/stat.h>

struct world {
	char dir[64], path[96];
	struct db *db;
};
static struct world begin(struct ctx *cx)
{
	struct world w = { .db = NULL };

	tt_folder(w.dir);
	(void)snprintf(w.path, sizeof w.path, "%s/x.sqlite3", w.dir);
	CHECK(!IS_ERR(db_open(cx, w.path, DB_CREATE, &w.db)));
	CHECK(!IS_ERR(db_exec(cx, w.db,
			      "CREATE TABLE p(id INTEGER PRIMARY KEY, t TEXT UNIQUE, b BLOB);"
			      "CREATE TABLE c(id INTEGER PRIMARY KEY, p INTEGER NOT NULL REFERENCES p(id))")));
	return w;
}
static void end(struct world *w)
{
	db_close(w->db);
	tt_folder_end(w->dir);
}
#define INSERT "INSERT INTO p(id, t, b) VALUES($1, $2, $3)"
static struct err insert(struct ctx *cx, struct db *db, int64_t id, struct sv t)
{
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, db, INSERT, &q));
	db_bind_i64(q, 1, id);
	db_bind_sv(q, 2, t);
	db_bind_blob(q, 3, t);
	return db_run(cx, q);
}

TEST(values_come_back_as_they_went)
{
	static const struct sv t[] = { SV_INIT(""), SV_INIT("a"), SV_INIT("x\0y"), SV_INIT("\xc3\xa9"), { NULL, 0 } };
	struct ctx *cx = tt_ctx();
	CLEANUP(end) struct world w = begin(cx);

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

		CHECK(!IS_ERR(insert(cx, w.db, (int64_t)i, t[i])));
		CHECK(!IS_ERR(db_prepare(cx, w.db, "SELECT t, b, t IS NULL FROM p WHERE id = $1", &q)));
		db_bind_i64(q, 1, (int64_t)i);
		CHECK(!IS_ERR(db_one(cx, q)));
		CHECK(sv_eq(db_col_sv(q, 0), t[i].p == NULL ? SV("") : t[i]));
		CHECK((db_col_blob(q, 1).p == NULL) == (t[i].p == NULL));
		CHECK(db_col_blob(q, 1).n == t[i].n);
		CHECK((db_col_i64(q, 2) == 1) == (t[i].p == NULL));
	}
	CHECK(db_idle(w.db));
}

TEST(files_are_private_and_durable_by_setting)
{
	static const struct {
		const char *sql;
		int64_t want;
	} t[] = { { "PRAGMA synchronous", 2 },     { "PRAGMA foreign_keys", 1 },       { "PRAGMA secure_delete", 1 },
		  { "PRAGMA busy_timeout", 5000 }, { "PRAGMA wal_autocheckpoint", 0 }, { "PRAGMA trusted_schema", 0 } };
	struct ctx *cx = tt_ctx();
	CLEANUP(end) struct world w = begin(cx);
	char wal[128];
	struct stat st;

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		int64_t have = -1;

		CHECK_ROW(t[i].sql, !IS_ERR(db_get_i64(cx, w.db, t[i].sql, &have)) && have == t[i].want);
	}
	(void)snprintf(wal, sizeof wal, "%s-wal", w.path);
	CHECK(stat(w.path, &st) == 0 && (st.st_mode & 07777) == 0600);
	CHECK(stat(wal, &st) == 0 && (st.st_mode & 07777) == 0600);
}

TEST(parameters_must_come_in_order_and_be_bound)
{
	static const struct {
		const char *sql;
		int bind; /* how many are bound, from the first */
		bool prepares, runs;
	} t[] = {
		{ "SELECT $1, $2, $1", 2, true, true },
		{ "SELECT $1, $2", 1, true, false },
		{ "SELECT $1", 0, true, false },
		{ "SELECT $2, $1", 0, false, false },
		{ "SELECT $1, $3", 0, false, false },
		{ "SELECT ?", 0, false, false },
		{ "SELECT :a", 0, false, false },
		{ "SELECT nothing", 0, false, false },
		{ "", 0, false, false },
		{ "SELECT 'x' || \"y\"", 0, false, false },
	};
	struct ctx *cx = tt_ctx();
	CLEANUP(end) struct world w = begin(cx);

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
		struct err e = db_prepare(cx, w.db, t[i].sql, &q);

		CHECK_ROW(t[i].sql, IS_ERR(e) != t[i].prepares);
		for (int b = 1; t[i].prepares && b <= t[i].bind; b++)
			db_bind_i64(q, b, b);
		CHECK_ROW(t[i].sql, !t[i].prepares || IS_ERR(db_one(cx, q)) != t[i].runs);
		(void)forgive(cx);
	}
}

TEST(a_bind_outside_the_statement_is_told)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(end) struct world w = begin(cx);
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	CHECK(!IS_ERR(db_prepare(cx, w.db, "SELECT $1", &q)));
	db_bind_i64(q, 1, 1);
	db_bind_i64(q, 2, 1);
	CHECK(db_one(cx, q).code == E_INTERNAL);
}

TEST(constraints_are_conflicts_and_the_rest_is_internal)
{
	static const struct {
		const char *sql;
		enum err_code want;
	} t[] = {
		{ "INSERT INTO p(id, t) VALUES(1, 'other')", E_CONFLICT },
		{ "INSERT INTO p(id, t) VALUES(9, 'one')", E_CONFLICT },
		{ "INSERT INTO c(id, p) VALUES(1, 77)", E_CONFLICT },
		{ "DELETE FROM p WHERE id = 1", E_CONFLICT },
		{ "INSERT INTO c(id, p) VALUES(2, NULL)", E_INTERNAL },
		{ "INSERT INTO gone VALUES(1)", E_INTERNAL },
		{ "not sql", E_INTERNAL },
	};
	struct ctx *cx = tt_ctx();
	CLEANUP(end) struct world w = begin(cx);

	CHECK(!IS_ERR(insert(cx, w.db, 1, SV("one"))));
	CHECK(!IS_ERR(db_exec(cx, w.db, "INSERT INTO c(id, p) VALUES(5, 1)")));
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		CHECK_ROW(t[i].sql, db_exec(cx, w.db, t[i].sql).code == t[i].want);
		CHECK_ROW(t[i].sql, cx->cause.code == t[i].want && cx->cause.say[0] != '\0');
		(void)forgive(cx);
	}
}

TEST(no_row_is_not_found_without_a_cause)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(end) struct world w = begin(cx);
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	bool row = true;

	CHECK(!IS_ERR(db_prepare(cx, w.db, "SELECT id FROM p", &q)));
	CHECK(db_one(cx, q).code == E_NOT_FOUND && cx->cause.code == E_OK);
	CHECK(!IS_ERR(db_next(cx, q, &row)) && !row);
}

TEST(the_cache_serves_nested_use_of_one_text)
{
	static const char sql[] = "SELECT id FROM p WHERE id >= $1 ORDER BY id";
	struct ctx *cx = tt_ctx();
	CLEANUP(end) struct world w = begin(cx);

	CHECK(!IS_ERR(insert(cx, w.db, 1, SV("one"))));
	CHECK(!IS_ERR(insert(cx, w.db, 2, SV("two"))));
	for (int round = 0; round < 3; round++) {
		CLEANUP(db_stmt_drop) struct db_stmt *outer = NULL;
		CLEANUP(db_stmt_drop) struct db_stmt *inner = NULL;

		CHECK(!IS_ERR(db_prepare(cx, w.db, sql, &outer)));
		db_bind_i64(outer, 1, 1);
		CHECK(!IS_ERR(db_one(cx, outer)));
		CHECK(!IS_ERR(db_prepare(cx, w.db, sql, &inner)));
		CHECK(inner != outer);
		db_bind_i64(inner, 1, 2);
		CHECK(!IS_ERR(db_one(cx, inner)) && db_col_i64(inner, 0) == 2);
		CHECK(!IS_ERR(db_one(cx, outer)) && db_col_i64(outer, 0) == 2);
		CHECK(!db_idle(w.db));
	}
	CHECK(db_idle(w.db));
}

/* More texts than places: what is pushed out is prepared again, and nothing is lost or freed twice. */
TEST(more_statements_than_places)
{
	enum { N = 600 };
	static char texts[N][48];
	struct ctx *cx = tt_ctx();
	CLEANUP(end) struct world w = begin(cx);

	for (int round = 0; round < 2; round++)
		for (int i = 0; i < N; i++) {
			int64_t have = -1;

			(void)snprintf(texts[i], sizeof texts[i], "SELECT %d", i);
			CHECK(!IS_ERR(db_get_i64(cx, w.db, texts[i], &have)) && have == i);
		}
	CHECK(db_idle(w.db));
}

TEST(a_reader_can_not_write_and_a_writer_waits_its_turn)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(end) struct world w = begin(cx);
	CLEANUP(db_drop) struct db *rd = NULL;
	int64_t n = 0;

	CHECK(!IS_ERR(db_open(cx, w.path, DB_READ, &rd)));
	CHECK(db_exec(cx, rd, "INSERT INTO p(id) VALUES(1)").code == E_BUSY);
	CHECK(strstr(cx->cause.say, "read-only") != NULL);
	(void)forgive(cx);
	CHECK(!IS_ERR(db_exec(cx, w.db, "BEGIN IMMEDIATE")));
	CHECK(db_in_tx(w.db) && !db_in_tx(rd));
	CHECK(!IS_ERR(insert(cx, w.db, 1, SV("one"))));
	CHECK(!IS_ERR(db_get_i64(cx, rd, "SELECT count(*) FROM p", &n)) && n == 0);
	CHECK(!IS_ERR(db_exec(cx, w.db, "COMMIT")));
	CHECK(!IS_ERR(db_get_i64(cx, rd, "SELECT count(*) FROM p", &n)) && n == 1);
	CHECK(!IS_ERR(db_checkpoint(cx, w.db)));
}

TEST(what_is_no_database_is_told)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(end) struct world w = begin(cx);
	CLEANUP(db_drop) struct db *no = NULL;
	char path[96];

	(void)snprintf(path, sizeof path, "%s/text", w.dir);
	FILE *f = fopen(path, "w");
	CHECK(f != NULL);
	for (int i = 0; i < 1000; i++)
		CHECK(fputs("this is not a database\n", f) >= 0);
	CHECK(fclose(f) == 0);
	CHECK(IS_ERR(db_open(cx, path, DB_WRITE, &no)) && no == NULL);
	CHECK(strstr(cx->cause.say, "not a store") != NULL);
	(void)forgive(cx);
	CHECK(IS_ERR(db_open(cx, "/nonexistent/x.sqlite3", DB_CREATE, &no)) && no == NULL);
	CHECK(cx->cause.code == E_CONFIG);
}

TEST(a_backup_is_whole_private_and_replaces_an_old_one)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(end) struct world w = begin(cx);
	char to[96];
	struct stat st;

	(void)snprintf(to, sizeof to, "%s/copy", w.dir);
	for (int64_t i = 1; i <= 2; i++) {
		CLEANUP(db_drop) struct db *copy = NULL;
		int64_t n = 0;

		CHECK(!IS_ERR(insert(cx, w.db, i, i == 1 ? SV("one") : SV("two"))));
		CHECK(!IS_ERR(db_backup(cx, w.db, to)));
		CHECK(stat(to, &st) == 0 && (st.st_mode & 07777) == 0600);
		CHECK(!IS_ERR(db_open(cx, to, DB_READ, &copy)));
		CHECK(!IS_ERR(db_get_i64(cx, copy, "SELECT count(*) FROM p", &n)) && n == i);
	}
	CHECK(IS_ERR(db_backup(cx, w.db, "/nonexistent/copy")));
}
