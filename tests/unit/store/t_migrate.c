/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "store/migrate.h"
#include "tt_folder.h"
#include "tt_store.h"

#define FILE_OF(name, text)                  \
	{                                    \
		name, text, sizeof(text) - 1 \
	}
static const struct embedded v1[] = { FILE_OF("0001_init.sql", "CREATE TABLE a(x); INSERT INTO a VALUES(1);"),
				      { NULL, NULL, 0 } };
static const struct embedded v3[] = { FILE_OF("0001_init.sql", "CREATE TABLE a(x); INSERT INTO a VALUES(1);"),
				      FILE_OF("0002_b.sql", "CREATE TABLE b AS SELECT x + 1 AS y FROM a;"),
				      FILE_OF("0003_c.sql", "ALTER TABLE b ADD COLUMN z;"),
				      { NULL, NULL, 0 } };
static const struct embedded broken[] = {
	FILE_OF("0001_init.sql", "CREATE TABLE a(x); INSERT INTO a VALUES(1);"),
	FILE_OF("0002_b.sql", "CREATE TABLE b AS SELECT x + 1 AS y FROM a; INSERT INTO gone VALUES(1);"),
	{ NULL, NULL, 0 }
};

struct world {
	char dir[64], path[96];
};
static struct world begin(void)
{
	struct world w;

	tt_folder(w.dir);
	(void)snprintf(w.path, sizeof w.path, "%s/s", w.dir);
	return w;
}
static void end(struct world *w) { tt_folder_end(w->dir); }
static struct err up(struct ctx *cx, struct world *w, const struct embedded *files, bool *fresh)
{
	CLEANUP(db_drop) struct db *db = NULL;

	TRY(db_open(cx, w->path, DB_CREATE, &db));
	return migrate_up(cx, db, &(struct migrate_how){ .files = files, .path = w->path }, fresh);
}
static int64_t ask(struct ctx *cx, const char *path, const char *sql)
{
	CLEANUP(db_drop) struct db *db = NULL;
	int64_t n = -1;

	CHECK(!IS_ERR(db_open(cx, path, DB_READ, &db)));
	CHECK(!IS_ERR(db_get_i64(cx, db, sql, &n)));
	return n;
}
static bool there(const struct world *w, const char *tail)
{
	char path[128];

	(void)snprintf(path, sizeof path, "%s%s", w->path, tail);
	return access(path, F_OK) == 0;
}

TEST(an_older_store_is_copied_and_brought_up)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(end) struct world w = begin();
	bool fresh = false;
	char copy[128];

	CHECK(!IS_ERR(up(cx, &w, v1, &fresh)) && fresh);
	CHECK(!there(&w, ".before-0001"));
	CHECK(!IS_ERR(up(cx, &w, v1, &fresh)) && !fresh);
	CHECK(!IS_ERR(up(cx, &w, v3, &fresh)) && !fresh);
	CHECK(ask(cx, w.path, "SELECT y FROM b") == 2 && ask(cx, w.path, "PRAGMA user_version") == 3);
	(void)snprintf(copy, sizeof copy, "%s.before-0002", w.path);
	CHECK(ask(cx, copy, "PRAGMA user_version") == 1 && ask(cx, copy, "SELECT x FROM a") == 1);
	CHECK(!there(&w, ".before-0003") && !there(&w, ".before-0002.new"));
}

TEST(a_migration_that_fails_leaves_the_store_as_it_was)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(end) struct world w = begin();
	bool fresh = false;

	CHECK(!IS_ERR(up(cx, &w, v1, &fresh)));
	CHECK(IS_ERR(up(cx, &w, broken, &fresh)));
	CHECK(strstr(cx->cause.detail, "gone") != NULL);
	(void)forgive(cx);
	CHECK(ask(cx, w.path, "PRAGMA user_version") == 1);
	CHECK(ask(cx, w.path, "SELECT count(*) FROM sqlite_schema WHERE name = 'b'") == 0);
	CHECK(!IS_ERR(up(cx, &w, v3, &fresh)));
	CHECK(ask(cx, w.path, "SELECT y FROM b") == 2);
}

TEST(a_store_of_a_newer_binary_is_refused_by_version)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(end) struct world w = begin();
	bool fresh = false;

	CHECK(!IS_ERR(up(cx, &w, v3, &fresh)));
	CHECK(up(cx, &w, v1, &fresh).code == E_CONFIG);
	CHECK(strstr(cx->cause.say, "version 3") != NULL && strstr(cx->cause.say, "knows 1") != NULL);
	(void)forgive(cx);
	CHECK(ask(cx, w.path, "PRAGMA user_version") == 3);
}

TEST(a_database_of_somebody_else_is_refused_and_untouched)
{
	static const char *const made[] = { "CREATE TABLE t(x)", "PRAGMA user_version=1",
					    "PRAGMA application_id=252006674" };

	for (size_t i = 0; i < ARRAY_LEN(made); i++) {
		struct ctx *cx = tt_ctx();
		CLEANUP(end) struct world w = begin();
		CLEANUP(db_drop) struct db *db = NULL;
		bool fresh = false;

		CHECK(!IS_ERR(db_open(cx, w.path, DB_CREATE, &db)) && !IS_ERR(db_exec(cx, db, made[i])));
		db_drop(&db);
		CHECK_ROW(made[i], up(cx, &w, v1, &fresh).code == E_CONFIG);
		CHECK_ROW(made[i], strstr(cx->cause.say, "not a store of Tokenbooth") != NULL);
		(void)forgive(cx);
		CHECK_ROW(made[i], ask(cx, w.path, "SELECT count(*) FROM sqlite_schema WHERE name = 'a'") == 0);
	}
}

TEST(migrations_are_numbered_without_a_gap)
{
	static const struct embedded t[][3] = {
		{ FILE_OF("0002_b.sql", "SELECT 1"), { NULL, NULL, 0 } },
		{ FILE_OF("0001_a.sql", "SELECT 1"), FILE_OF("0003_c.sql", "SELECT 1"), { NULL, NULL, 0 } },
		{ FILE_OF("init.sql", "SELECT 1"), { NULL, NULL, 0 } },
		{ FILE_OF("0001_a.sql", "SELECT 1"), FILE_OF("0001_b.sql", "SELECT 1"), { NULL, NULL, 0 } },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		CLEANUP(end) struct world w = begin();
		bool fresh = false;

		CHECK_ROW(t[i][0].name, IS_ERR(up(cx, &w, t[i], &fresh)));
	}
}

extern const struct embedded store_migrations[];
TEST(the_migrations_of_this_binary_make_every_table)
{
	static const char *const tables[] = { "orgs",        "projects",           "keys",           "accounts",
					      "members",     "sessions",           "api_keys",       "settings",
					      "providers",   "provider_revisions", "authorizations", "flows",
					      "connections", "revocations",        "events",         "leases" };
	struct ctx *cx = tt_ctx();
	CLEANUP(end) struct world w = begin();
	bool fresh = false;

	CHECK(!IS_ERR(up(cx, &w, store_migrations, &fresh)) && fresh);
	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		char sql[96];

		(void)snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", tables[i]);
		CHECK_ROW(tables[i], ask(cx, w.path, sql) == 0);
	}
}
