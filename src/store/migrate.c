/* SPDX-License-Identifier: Apache-2.0 */
#include "store/migrate.h"
#include "core/text.h"
#include <limits.h>

static int64_t number_of(const struct embedded *file)
{
	int64_t n = 0;

	return sv_i64(sv_upto(sv_of(file->name), 4), 1, 9999, &n) ? n : 0;
}
static struct err check_files(struct ctx *cx, const struct embedded *files, int64_t *newest)
{
	int64_t n = 0;

	for (const struct embedded *f = files; f->name != NULL; f++)
		if (number_of(f) != ++n)
			return fail(cx, E_INTERNAL, "the migrations in this binary are not in order", "%s", f->name);
	*newest = n;
	return OK;
}
/* What lies there: an empty file, one of our stores at `version`, or something else. */
static struct err look(struct ctx *cx, struct db *db, const char *path, int64_t *version)
{
	int64_t id = 0, tables = 0;

	TRY(db_get_i64(cx, db, "PRAGMA application_id", &id));
	TRY(db_get_i64(cx, db, "PRAGMA user_version", version));
	TRY(db_get_i64(cx, db, "SELECT count(*) FROM sqlite_schema", &tables));
	if (id == STORE_APPLICATION_ID || (id == 0 && *version == 0 && tables == 0))
		return OK;
	return refuse(cx, E_CONFIG, "%s is a database, but not a store of Tokenbooth; choose another data folder",
		      path);
}
static struct err apply(struct ctx *cx, struct db *db, const struct embedded *f)
{
	char mark[96];

	(void)snprintf(mark, sizeof mark, "PRAGMA application_id=%d; PRAGMA user_version=%d", STORE_APPLICATION_ID,
		       (int)number_of(f));
	TRY(db_exec(cx, db, "BEGIN EXCLUSIVE"));
	struct err e = db_exec(cx, db, f->bytes);
	if (!IS_ERR(e))
		e = db_exec(cx, db, mark);
	if (!IS_ERR(e))
		e = db_exec(cx, db, "COMMIT");
	if (IS_ERR(e) && db_in_tx(db)) {
		struct ctx quiet = { .request_id = cx->request_id, .arena = cx->arena };
		(void)db_exec(&quiet, db, "ROLLBACK").code; /* the cause is told already */
	}
	return e;
}
static struct err copy_before(struct ctx *cx, struct db *db, const struct migrate_how *how, int64_t next)
{
	char to[PATH_MAX];
	int n = snprintf(to, sizeof to, "%s.before-%04d", how->path, (int)next);

	if (n < 0 || (size_t)n >= sizeof to)
		return refuse(cx, E_CONFIG, "the path of the data folder is too long");
	return db_backup(cx, db, to);
}
struct err migrate_up(struct ctx *cx, struct db *db, const struct migrate_how *how, bool *fresh)
{
	int64_t have = 0, newest = 0;

	*fresh = false;
	TRY(check_files(cx, how->files, &newest));
	TRY(look(cx, db, how->path, &have));
	if (have > newest)
		return refuse(cx, E_CONFIG,
			      "the store %s has version %d, this binary knows %d: it was used by a newer Tokenbooth; "
			      "start that one, or"
			      " restore the copy made before the upgrade",
			      how->path, (int)have, (int)newest);
	if (have > 0 && have < newest && !how->no_copy)
		TRY(copy_before(cx, db, how, have + 1));
	for (int64_t i = have; i < newest; i++)
		TRY(apply(cx, db, &how->files[i]));
	*fresh = have == 0;
	return OK;
}
