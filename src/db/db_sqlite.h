/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DB_SQLITE_H
#define DB_SQLITE_H
/* db_sqlite.h: what the parts of the SQLite driver share; nobody else includes it. */
#include "db/db.h"
#include <sqlite3.h>
enum { CACHE = 256 }; /* statements kept, by address of their text; more are prepared each time */
struct db_stmt {
	sqlite3_stmt *h;
	struct db *db;
	const char *sql;
	uint64_t bound, want; /* bit i: parameter i + 1 */
	int bind_rc;
	bool cached, lent;
};
struct db {
	sqlite3 *h;
	size_t lent;
	const char *trouble; /* a constant sentence; NULL: none */
	bool damaged;
	struct db_stmt *cache[CACHE];
};
struct err db_sqlite_fail(struct ctx *cx, struct db *db, int rc, const char *what) MUST_USE NONNULL(1, 2, 4);
#endif
