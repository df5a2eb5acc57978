/* SPDX-License-Identifier: Apache-2.0 */
#include "db/db_sqlite.h"
#include "core/text.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const common_setup =
    "PRAGMA busy_timeout=5000; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON;"
    "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY;";
static const char *const write_setup =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit=67108864;"
    "PRAGMA cache_size=-4096;";
static const char *const read_setup = "PRAGMA query_only=ON; PRAGMA cache_size=-256;";

void db_close(struct db *db)
{
	if (db == NULL)
		return;
	for (size_t i = 0; i < CACHE; i++) {
		if (db->cache[i] == NULL)
			continue;
		(void)sqlite3_finalize(db->cache[i]->h);
		free(db->cache[i]);
	}
	(void)sqlite3_close_v2(db->h);
	free(db);
}
struct err db_sqlite_fail(struct ctx *cx, struct db *db, int rc, const char *what)
{
	static const struct {
		int rc;
		enum err_code code;
		const char *say;
	} t[] = {
		{ SQLITE_BUSY, E_BUSY, "the store is locked by another process" },
		{ SQLITE_LOCKED, E_BUSY, "the store is locked" },
		{ SQLITE_FULL, E_BUSY, "the disk with the data folder is full" },
		{ SQLITE_READONLY, E_BUSY, "the store can not be written: its file or its disk is read-only" },
		{ SQLITE_IOERR, E_INTERNAL, "the disk with the data folder reports an error" },
		{ SQLITE_CORRUPT, E_INTERNAL, "the store is damaged; restore it from a backup" },
		{ SQLITE_NOTADB, E_INTERNAL, "the file is not a store of Tokenbooth, or it is damaged" },
		{ SQLITE_CANTOPEN, E_BUSY, "the store can not be opened" },
		{ SQLITE_NOMEM, E_BUSY, "out of memory" },
	};
	db->damaged = db->damaged || (rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB;
	int unique = rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY;

	if (unique || rc == SQLITE_CONSTRAINT_FOREIGNKEY || rc == SQLITE_CONSTRAINT_ROWID)
		return fail(cx, E_CONFLICT,
			    unique ? "it exists already" : "it is still referred to, or refers to something gone",
			    "%s: %s", what, sqlite3_errmsg(db->h));
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		if ((rc & 0xff) == t[i].rc) {
			db->trouble = t[i].say;
			return fail(cx, t[i].code, t[i].say, "%s: %s (%d)", what, sqlite3_errmsg(db->h), rc);
		}
	return fail(cx, E_INTERNAL, "storage error", "%s: %s (%d)", what, sqlite3_errmsg(db->h), rc);
}
struct err db_exec(struct ctx *cx, struct db *db, const char *sql)
{
	int rc = sqlite3_exec(db->h, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? OK : db_sqlite_fail(cx, db, rc, "exec");
}
/* SQLite would create it as the umask says; -wal and -shm take the mode of this file. */
static struct err create_file(struct ctx *cx, const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return fail(cx, E_CONFIG, "the store can not be created: is its folder there and writable?",
			    "open %s: errno %d", path, errno);
	(void)close(fd);
	return OK;
}
static struct err configure(struct ctx *cx, struct db *db, enum db_mode mode)
{
	(void)sqlite3_extended_result_codes(db->h, 1);
	(void)sqlite3_db_config(db->h, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(db->h, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	(void)sqlite3_db_config(db->h, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	(void)sqlite3_limit(db->h, SQLITE_LIMIT_ATTACHED, 0);
	TRY(db_exec(cx, db, common_setup));
	TRY(db_exec(cx, db, mode == DB_READ ? read_setup : write_setup));
	if (mode == DB_READ)
		return OK;
	struct db_stmt *q = NULL;
	TRY(db_prepare(cx, db, "PRAGMA journal_mode", &q));
	struct err e = db_one(cx, q);
	if (!IS_ERR(e) && !sv_eqz(db_col_sv(q, 0), "wal"))
		e = fail(cx, E_CONFIG,
			 "the store's disk has no shared memory for SQLite's WAL (a network file system?)",
			 "journal_mode");
	db_stmt_done(q);
	return e;
}
/* SQLite counts its memory under one lock of the whole process, at every malloc and free of every reader; nobody asks
 * for the count. */
static void without_count(void) { (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }
struct err db_open(struct ctx *cx, const char *path, enum db_mode mode, struct db **out)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	CLEANUP(db_drop) struct db *db = calloc(1, sizeof *db);

	*out = NULL;
	(void)pthread_once(&once, without_count);
	if (db == NULL)
		return fail(cx, E_BUSY, "out of memory", "db_open");
	if (mode == DB_CREATE)
		TRY(create_file(cx, path));
	int rc =
	    sqlite3_open_v2(path, &db->h, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	if (rc != SQLITE_OK)
		return db_sqlite_fail(cx, db, rc, path);
	TRY(configure(cx, db, mode));
	*out = TAKE(db);
	return OK;
}
bool db_in_tx(const struct db *db) { return sqlite3_get_autocommit(db->h) == 0; }
int64_t db_changes(const struct db *db) { return sqlite3_total_changes(db->h); }
const char *db_trouble(struct db *db) { return TAKE(db->trouble); }
bool db_damaged(const struct db *db) { return db->damaged; }
bool db_idle(const struct db *db) { return db->lent == 0; }
struct err db_get_i64(struct ctx *cx, struct db *db, const char *sql, int64_t *out)
{
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	*out = 0;
	TRY(db_prepare(cx, db, sql, &q));
	TRY(db_one(cx, q));
	*out = db_col_i64(q, 0);
	return OK;
}
struct err db_checkpoint(struct ctx *cx, struct db *db)
{
	int rc = sqlite3_wal_checkpoint_v2(db->h, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);

	return rc == SQLITE_OK || rc == SQLITE_BUSY ? OK : db_sqlite_fail(cx, db, rc, "checkpoint");
}
struct err db_check(struct ctx *cx, struct db *db)
{
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, db, "PRAGMA integrity_check(1)", &q));
	TRY(db_one(cx, q));
	struct sv said = db_col_sv(q, 0);
	if (sv_eqz(said, "ok"))
		return OK;
	db->damaged = true;
	return fail(cx, E_INTERNAL, "the store is damaged; restore it from a backup", "integrity_check: %.*s",
		    SV_FMT(said));
}
