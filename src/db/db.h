/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DB_H
#define DB_H
/* db.h: one connection, prepared statements, rows.  No SQL text of the product lives here.
 *
 * Owns:     a connection and its cache of prepared statements (by text address: pass string constants).
 * Promises: parameters are $1..$n, first used in order (checked, so one text serves two engines); E_CONFLICT on a
 * unique or foreign key violation, E_BUSY on a store that is locked, or
 * cannot be written or opened now (full or read-only disk, no memory, no file descriptor), E_INTERNAL else (damage and
 * I/O errors say so). A parameter that was not bound is E_INTERNAL, not a silent NULL.  One thread at a time per
 * connection. A new file is 0600, and so are the files SQLite puts beside it.
 */
#include "core/base.h"
struct db;
struct db_stmt;
enum db_mode { DB_READ, DB_WRITE, DB_CREATE };
void db_close(struct db *db);
/* WAL, synchronous=FULL, foreign_keys=ON, secure_delete=ON, busy_timeout 5 s; wal_autocheckpoint 0 for DB_WRITE (see
 * db_checkpoint). */
struct err db_open(struct ctx *cx, const char *path, enum db_mode mode, struct db **out) MUST_USE NONNULL(1, 2, 4);
bool db_in_tx(const struct db *db)
    NONNULL(1); /* a full disk or an I/O error may have ended the transaction by itself */
/* Rows written so far, in whatever way; only to be compared.  A statement counts when it was given back. */
int64_t db_changes(const struct db *db) NONNULL(1);
bool db_damaged(const struct db *db) NONNULL(1); /* a page was read that cannot be right; stays so */
bool db_idle(const struct db *db) NONNULL(1);    /* every statement was given back, so no snapshot is held */
struct err db_exec(struct ctx *cx, struct db *db, const char *sql) MUST_USE
    NONNULL(1, 2, 3); /* may hold several statements */
struct err db_get_i64(struct ctx *cx, struct db *db, const char *sql, int64_t *out) MUST_USE
    NONNULL(1, 2, 3, 4); /* one number, no parameters */
/* Why the store itself (disk, file, lock) failed since this was last asked, a sentence; NULL: it did not. */
const char *db_trouble(struct db *db) NONNULL(1);
/* Taken from the cache or prepared; db_stmt_drop resets it and gives it back. */
struct err db_prepare(struct ctx *cx, struct db *db, const char *sql, struct db_stmt **out) MUST_USE
    NONNULL(1, 2, 3, 4);
void db_stmt_done(struct db_stmt *st);
void db_bind_sv(struct db_stmt *st, int at, struct sv v) NONNULL(1);   /* p NULL binds NULL */
void db_bind_blob(struct db_stmt *st, int at, struct sv v) NONNULL(1); /* p NULL binds NULL */
void db_bind_i64(struct db_stmt *st, int at, int64_t v) NONNULL(1);
struct err db_run(struct ctx *cx, struct db_stmt *st) MUST_USE NONNULL(1, 2); /* no rows expected */
struct err db_run_n(struct ctx *cx, struct db_stmt *st, int64_t *changed) MUST_USE NONNULL(1, 2, 3);
struct err db_next(struct ctx *cx, struct db_stmt *st, bool *row) MUST_USE NONNULL(1, 2, 3); /* *row false at the end */
struct err db_one(struct ctx *cx, struct db_stmt *st) MUST_USE
    NONNULL(1, 2);                                           /* E_NOT_FOUND (no cause recorded) when there is no row */
struct sv db_col_sv(struct db_stmt *st, int col) NONNULL(1); /* a text; borrow until next step; NULL gives "" */
struct sv db_col_blob(struct db_stmt *st, int col) NONNULL(1); /* NULL gives p NULL */
int64_t db_col_i64(struct db_stmt *st, int col) NONNULL(1);
struct err db_checkpoint(struct ctx *cx, struct db *db) MUST_USE NONNULL(1, 2); /* PASSIVE */
/* One snapshot, whatever is written meanwhile: a file of its own (no WAL beside it), 0600, durable, in place at once or
 * not at all; whatever was there is replaced. */
struct err db_backup(struct ctx *cx, struct db *from, const char *to_path) MUST_USE NONNULL(1, 2, 3);
/* Reads everything: E_INTERNAL "the store is damaged" with the first finding, and db_damaged says so from then on. */
struct err db_check(struct ctx *cx, struct db *db) MUST_USE NONNULL(1, 2);
static inline void db_stmt_drop(struct db_stmt **st)
{
	db_stmt_done(*st);
	*st = NULL;
}
static inline void db_drop(struct db **db)
{
	db_close(*db);
	*db = NULL;
}
#endif
