/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_setting.h"
#include "db/db.h"
#include "store/store_event.h"
#include "store/store_row.h"
#include "store/store_version.h"

struct err store_setting_find(struct ctx *cx, struct db *db, struct sv project, const char *name, struct sv *value)
{
	static const char sql[] = "SELECT value FROM settings WHERE project_id = $1 AND name = $2";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	bool row = false;

	*value = SV_NONE;
	TRY(db_prepare(cx, db, sql, &q));
	db_bind_sv(q, 1, project);
	db_bind_sv(q, 2, sv_of(name));
	TRY(db_next(cx, q, &row));
	return row ? store_row_sv(cx, q, 0, value) : OK;
}
struct err store_setting_get(struct ctx *cx, struct store *st, struct sv project, const char *name, struct sv *value)
{
	CLEANUP(store_read_done) struct reader r = { .st = NULL };

	*value = SV_NONE;
	TRY(store_read(cx, st, &r));
	return store_setting_find(cx, r.db, project, name, value);
}
struct err store_setting_put(struct ctx *cx, struct tx *tx, const struct setting_put *in)
{
	static const char sql[] =
	    "INSERT INTO settings(project_id, name, value, updated_at) VALUES($1, $2, $3, $4)"
	    " ON CONFLICT(project_id, name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, in->project);
	db_bind_sv(q, 2, sv_of(in->name));
	db_bind_sv(q, 3, in->value);
	db_bind_i64(q, 4, tx_now(tx));
	TRY(db_run(cx, q));
	return in->event == NULL ? OK : store_event_add(cx, tx, in->event);
}
static struct err set_at(struct ctx *cx, struct db *db, const struct setting_put *in, int64_t *at)
{
	static const char sql[] = "SELECT updated_at FROM settings WHERE project_id = $1 AND name = $2";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	bool row = false;

	*at = 0;
	TRY(db_prepare(cx, db, sql, &q));
	db_bind_sv(q, 1, in->project);
	db_bind_sv(q, 2, sv_of(in->name));
	TRY(db_next(cx, q, &row));
	if (row)
		*at = db_col_i64(q, 0);
	return OK;
}
struct err store_setting_at(struct ctx *cx, struct store *st, struct sv project, const char *name, int64_t *at)
{
	CLEANUP(store_read_done) struct reader r = { .st = NULL };

	*at = 0;
	TRY(store_read(cx, st, &r));
	return set_at(cx, r.db, &(struct setting_put){ .project = project, .name = name }, at);
}
static struct err put_act(struct ctx *cx, struct tx *tx, const void *in_, void *out)
{
	const struct setting_put *in = in_;
	int64_t at = 0;

	(void)out;
	TRY(set_at(cx, tx_db(tx), in, &at));
	TRY(store_version_check(
	    cx, tx,
	    &(struct store_version){ "the setting", sv_of(in->name), "settings", in->project, sv_of(in->name), at }));
	return store_setting_put(cx, tx, in);
}
struct err store_setting_set(struct ctx *cx, struct store *st, const struct setting_put *in)
{
	return store_act(cx, st, put_act, in, NULL);
}
struct err store_setting_remove(struct ctx *cx, struct tx *tx, struct sv project, const char *name)
{
	static const char sql[] = "DELETE FROM settings WHERE project_id = $1 AND name = $2";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, project);
	db_bind_sv(q, 2, sv_of(name));
	return db_run(cx, q);
}
