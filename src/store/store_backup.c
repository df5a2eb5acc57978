/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_backup.h"
#include "core/arena.h"
#include "core/logf.h"
#include "core/text.h"
#include "store/migrate.h"
#include "store/store_event.h"
#include "store/store_inner.h"
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

extern const struct embedded store_migrations[]; /* migrations/NNNN_*.sql */

/* ---- making ---- */
static struct err checked(struct ctx *cx, const char *path, struct backup_made *out, bool *damaged)
{
	CLEANUP(db_drop) struct db *db = NULL;
	struct stat st;

	struct err e = db_open(cx, path, DB_READ, &db);
	*damaged = e.code == E_INTERNAL; /* what cannot be opened now is E_BUSY */
	TRY(e);
	e = db_check(cx, db);
	*damaged = db_damaged(db);
	TRY(e);
	TRY(db_get_i64(cx, db, "PRAGMA user_version", &out->version));
	if (stat(path, &st) != 0)
		return fail(cx, E_INTERNAL, "the backup copy can not be read", "%s: errno %d", path, errno);
	out->bytes = st.st_size;
	return OK;
}
static struct err copy(struct ctx *cx, struct store *st, const char *path, struct backup_made *out)
{
	CLEANUP(store_read_done) struct reader r = { .st = NULL };

	TRY(store_read(cx, st, &r));
	TRY(db_backup(cx, r.db, path));
	bool damaged = false;
	struct err e = checked(cx, path, out, &damaged);
	if (!IS_ERR(e))
		return OK;
	(void)unlink(path); /* a copy of damaged pages is no backup */
	if (!damaged)
		return e;
	log_cause(cx, LOG_ERROR, "store.backup");
	(void)forgive(cx);
	st->damaged = true;
	return refuse(cx, E_CONFLICT, "the store is damaged, so there is no new backup; restore the last good one");
}
struct err store_backup_make(struct ctx *cx, struct store *st, const char *path, struct backup_made *out)
{
	*out = (struct backup_made){ .bytes = 0 };
	if (pthread_mutex_trylock(&st->copying) != 0)
		return refuse(cx, E_BUSY, "another backup is being made; try again when it is done");
	struct err e = copy(cx, st, path, out);
	(void)pthread_mutex_unlock(&st->copying);
	return e;
}

/* ---- looking ---- */
static struct err is_ours(struct ctx *cx, struct db *db, const char *shown, struct backup_facts *out)
{
	int64_t id = 0;

	for (const struct embedded *f = store_migrations; f->name != NULL; f++)
		out->newest++;
	TRY(db_get_i64(cx, db, "PRAGMA application_id", &id));
	TRY(db_get_i64(cx, db, "PRAGMA user_version", &out->version));
	if (id != STORE_APPLICATION_ID || out->version < 1)
		return refuse(cx, E_CONFIG, "%s is not a backup of a store of Tokenbooth", shown);
	if (out->version > out->newest)
		return refuse(
		    cx, E_CONFIG,
		    "%s has version %d, this binary knows %d: it was made by a newer Tokenbooth; use that one", shown,
		    (int)out->version, (int)out->newest);
	return OK;
}
static struct err roots(struct ctx *cx, struct db *db, struct backup_facts *out)
{
	static const char sql[] = "SELECT root_key_id FROM keys UNION SELECT root_key_id FROM projects LIMIT $1";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	bool row = true;

	TRY(db_prepare(cx, db, sql, &q));
	db_bind_i64(q, 1, BACKUP_ROOTS);
	for (;;) {
		TRY(db_next(cx, q, &row));
		if (!row)
			return OK;
		const char *id = arena_text(cx->arena, db_col_sv(q, 0));
		if (id == NULL)
			return fail(cx, E_INTERNAL, "out of memory", "root keys");
		out->root[out->n_roots++] = id;
	}
}
struct err store_backup_look(struct ctx *cx, const char *path, const char *shown, struct backup_facts *out)
{
	CLEANUP(db_drop) struct db *db = NULL;

	*out = (struct backup_facts){ .version = 0 };
	TRY(db_open(cx, path, DB_READ, &db));
	TRY(is_ours(cx, db, shown, out));
	TRY(db_check(cx, db));
	TRY(db_get_i64(cx, db, "SELECT count(*) FROM connections WHERE status = 'live'", &out->grants));
	TRY(db_get_i64(cx, db, "SELECT coalesce(max(at), 0) FROM events", &out->made_at));
	return roots(cx, db, out);
}

struct err store_backup_fold(struct ctx *cx, const char *path)
{
	CLEANUP(db_drop) struct db *db = NULL;

	TRY(db_open(cx, path, DB_WRITE, &db));
	return db_exec(cx, db, "PRAGMA wal_checkpoint(TRUNCATE)");
}

/* ---- after it was put back ---- */
static struct err run(struct ctx *cx, struct tx *tx, const char *sql)
{
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	return db_run(cx, q);
}
static struct err doubt_pairs(struct ctx *cx, struct tx *tx)
{
	static const char sql[] =
	    "UPDATE connections SET uncertain = 1, tries = 0, next_try_at = 0, sent_generation = 0,"
	    " lease_owner = '', lease_until = 0, due_at = CASE WHEN due_at > $1 THEN $1 ELSE due_at END"
	    " WHERE status = 'live' AND due_at > 0";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_i64(q, 1, tx_now(tx));
	return db_run(cx, q);
}
/* What was due since the copy was made may have run then: it is not run again. */
static struct err doubt_schedules(struct ctx *cx, struct tx *tx)
{
#define MAY_HAVE_RUN "the store was put back from a backup: it may have run since, so it is not run again"
	static const char *const sql[] = {
		"UPDATE schedule_attempts SET finished_at = $1, lost = 1, error = '" MAY_HAVE_RUN
		"' WHERE finished_at = 0",
		"INSERT INTO schedule_attempts(id, schedule_id, n, started_at, finished_at, lost, error)"
		" SELECT 'tc_' || substr(id, 4), id, tries + 1, $1, $1, 1, '" MAY_HAVE_RUN "' FROM schedules"
		" WHERE status = 'scheduled' AND next_at <= $1",
		"UPDATE schedules SET status = 'failed', finished_at = $1, updated_at = $1, owner = '', until = 0"
		" WHERE status = 'running' OR (status = 'scheduled' AND next_at <= $1)",
	};
#undef MAY_HAVE_RUN
	for (size_t i = 0; i < ARRAY_LEN(sql); i++) {
		CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

		TRY(db_prepare(cx, tx_db(tx), sql[i], &q));
		db_bind_i64(q, 1, tx_now(tx));
		TRY(db_run(cx, q));
	}
	return OK;
}
static struct err restored_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	(void)out;
	TRY(doubt_pairs(cx, tx));
	TRY(doubt_schedules(cx, tx));
	TRY(run(cx, tx, "UPDATE connections SET lease_owner = '', lease_until = 0 WHERE lease_until > 0"));
	TRY(run(cx, tx, "UPDATE revocations SET lease_owner = '', lease_until = 0 WHERE lease_until > 0"));
	TRY(run(cx, tx, "DELETE FROM leases"));
	TRY(run(cx, tx, "DELETE FROM sessions"));
	return store_event_add(cx, tx, in);
}
struct err store_backup_restored(struct ctx *cx, struct store *st, const struct event *ev)
{
	return store_act(cx, st, restored_act, ev, NULL);
}
