/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_worker.h"
#include "core/text.h"
#include "db/db.h"
#include "store/store_event.h"
#include "store/store_provider.h"
#include "store/store_row.h"
#include "store/store_version.h"

#define WORKER_COLS                                                                                    \
	"id, project_id, unique_id, type, enabled, uri, timeout_s, retry, secret_box, hint, told_at, " \
	"created_at, updated_at, era, external_id, client_id, authorization_url, auth, binding"
enum {
	C_ID,
	C_PROJECT,
	C_UNIQUE,
	C_TYPE,
	C_ENABLED,
	C_URI,
	C_TIMEOUT,
	C_RETRY,
	C_SECRET,
	C_HINT,
	C_TOLD,
	C_CREATED,
	C_UPDATED,
	C_ERA,
	C_EXTERNAL,
	C_CLIENT,
	C_AUTH_URL,
	C_AUTH,
	C_BINDING
};

static struct err from_row(struct ctx *cx, struct db_stmt *q, struct worker_row *out)
{
	const struct {
		int col;
		struct sv *to;
	} text[] = { { C_ID, &out->id },
		     { C_PROJECT, &out->project_id },
		     { C_UNIQUE, &out->unique_id },
		     { C_TYPE, &out->type },
		     { C_URI, &out->uri },
		     { C_HINT, &out->hint },
		     { C_ERA, &out->era },
		     { C_EXTERNAL, &out->external_id },
		     { C_CLIENT, &out->client_id },
		     { C_AUTH_URL, &out->authorization_url },
		     { C_AUTH, &out->auth },
		     { C_BINDING, &out->binding } };

	*out = (struct worker_row){ .enabled = db_col_i64(q, C_ENABLED) != 0,
				    .timeout_s = db_col_i64(q, C_TIMEOUT),
				    .retry = db_col_i64(q, C_RETRY),
				    .told_at = db_col_i64(q, C_TOLD),
				    .created_at = db_col_i64(q, C_CREATED),
				    .updated_at = db_col_i64(q, C_UPDATED) };
	for (size_t i = 0; i < ARRAY_LEN(text); i++)
		TRY(store_row_sv(cx, q, text[i].col, text[i].to));
	return store_row_blob(cx, q, C_SECRET, &out->secret_box);
}
static struct seal_at box_of(const struct worker_row *w)
{
	return (struct seal_at){ "workers.secret_box", w->project_id, w->id };
}

/* ---- reading ---- */
struct err store_worker_all(struct ctx *cx, struct store *st, struct sv project, struct worker_rows *out)
{
	static const char sql[] =
	    "SELECT " WORKER_COLS " FROM workers WHERE $1 = '' OR project_id = $1 ORDER BY created_at, id";
	CLEANUP(store_read_done) struct reader r = { .st = NULL };
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	size_t room = 0;
	bool row = false;

	*out = (struct worker_rows){ .v = NULL };
	TRY(store_read(cx, st, &r));
	TRY(db_prepare(cx, r.db, sql, &q));
	db_bind_sv(q, 1, project.p == NULL ? SV("") : project);
	for (;;) {
		TRY(db_next(cx, q, &row));
		if (!row)
			return OK;
		if (out->n == room && (out->v = store_row_room(cx, out->v, &room, sizeof *out->v)) == NULL)
			return fail(cx, E_INTERNAL, "out of memory", "workers");
		TRY(from_row(cx, q, &out->v[out->n]));
		out->n++;
	}
}
static struct err get(struct ctx *cx, struct db *db, struct sv project, struct sv unique_id, struct worker_row *out)
{
	static const char sql[] = "SELECT " WORKER_COLS " FROM workers WHERE project_id = $1 AND unique_id = $2";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, db, sql, &q));
	db_bind_sv(q, 1, project);
	db_bind_sv(q, 2, unique_id);
	TRY(db_one(cx, q));
	return from_row(cx, q, out);
}
struct err store_worker_get(struct ctx *cx, struct store *st, struct sv project, struct sv unique_id,
			    struct worker_row *out)
{
	CLEANUP(store_read_done) struct reader r = { .st = NULL };

	*out = (struct worker_row){ .enabled = false };
	TRY(store_read(cx, st, &r));
	return get(cx, r.db, project, unique_id, out);
}
struct err store_worker_catalogue(struct ctx *cx, struct store *st, struct sv id, struct sv *out)
{
	static const char sql[] = "SELECT catalogue FROM workers WHERE id = $1";
	CLEANUP(store_read_done) struct reader r = { .st = NULL };
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	*out = SV("");
	TRY(store_read(cx, st, &r));
	TRY(db_prepare(cx, r.db, sql, &q));
	db_bind_sv(q, 1, id);
	struct err e = db_one(cx, q);
	if (e.code == E_NOT_FOUND) /* it is gone, and its tools are */
		return OK;
	TRY(e);
	return store_row_sv(cx, q, 0, out);
}
struct err store_worker_secret(struct ctx *cx, struct store *st, const struct worker_row *row, struct secret **out)
{
	const struct seal_at at = box_of(row);

	return store_unseal(cx, st, &at, row->secret_box, out);
}

/* ---- writing ---- */
/* The redirect address hangs on the external id, so it is the only one of all projects. */
static struct err check_free(struct ctx *cx, struct tx *tx, const struct worker_row *w)
{
	static const char sql[] = "SELECT count(CASE WHEN project_id = $1 AND unique_id = $2 THEN 1 END),"
				  " count(CASE WHEN external_id = $3 AND external_id <> '' THEN 1 END) FROM workers";
	const struct provider_taken ask = { w->project_id, SV(""), w->external_id, SV("") };
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	bool id, external = false;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, w->project_id);
	db_bind_sv(q, 2, w->unique_id);
	db_bind_sv(q, 3, w->external_id);
	TRY(db_one(cx, q));
	if (db_col_i64(q, 0) != 0)
		return refuse(cx, E_CONFLICT, "a worker with the id %.*s is there already", SV_FMT(w->unique_id));
	bool taken = db_col_i64(q, 1) != 0;
	if (!taken && w->external_id.n > 0)
		TRY(store_provider_taken(cx, tx_db(tx), &ask, &id, &external));
	return taken || external
		   ? refuse(cx, E_CONFLICT, "mcp.oauth2.external_id %.*s is used by another worker or auth provider",
			    SV_FMT(w->external_id))
		   : OK;
}
static struct err add_act(struct ctx *cx, struct tx *tx, const void *in_, void *out_)
{
	static const char sql[] =
	    "INSERT INTO workers(id, project_id, unique_id, type, enabled, uri, timeout_s, retry,"
	    " secret_box, hint, created_at, updated_at, external_id, client_id, authorization_url, binding)"
	    " VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12, $13, $14, $15)";
	const struct worker_put *in = in_;
	struct worker_row *w = out_;
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	*w = in->row;
	w->created_at = w->updated_at = tx_now(tx);
	w->era = w->auth = SV("");
	w->external_id = w->external_id.p == NULL ? SV("") : w->external_id;
	w->binding = w->binding.p == NULL ? SV("project") : w->binding;
	w->client_id = w->client_id.p == NULL ? SV("") : w->client_id;
	w->authorization_url = w->authorization_url.p == NULL ? SV("") : w->authorization_url;
	TRY(check_free(cx, tx, w));
	const struct seal_at at = box_of(w);
	TRY(store_seal(cx, tx_store(tx), &at, secret_view(in->secret), &w->secret_box));
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, w->id);
	db_bind_sv(q, 2, w->project_id);
	db_bind_sv(q, 3, w->unique_id);
	db_bind_sv(q, 4, w->type);
	db_bind_i64(q, 5, w->enabled);
	db_bind_sv(q, 6, w->uri);
	db_bind_i64(q, 7, w->timeout_s);
	db_bind_i64(q, 8, w->retry);
	db_bind_blob(q, 9, w->secret_box);
	db_bind_sv(q, 10, w->hint);
	db_bind_i64(q, 11, w->created_at);
	db_bind_sv(q, 12, w->external_id);
	db_bind_sv(q, 13, w->client_id);
	db_bind_sv(q, 14, w->authorization_url);
	db_bind_sv(q, 15, w->binding);
	TRY(db_run(cx, q));
	return store_event_add(cx, tx, in->event);
}
struct err store_worker_add(struct ctx *cx, struct store *st, const struct worker_put *in, struct worker_row *out)
{
	return store_act(cx, st, add_act, in, out);
}
static struct err keep_version(struct ctx *cx, struct tx *tx, const struct worker_row *w)
{
	return store_version_check(
	    cx, tx,
	    &(struct store_version){ "worker", w->unique_id, "worker", w->project_id, w->unique_id, w->updated_at });
}
struct err store_worker_change(struct ctx *cx, struct tx *tx, const struct worker_put *in, struct worker_row *w)
{
	static const char sql[] =
	    "UPDATE workers SET enabled = $1, uri = $2, timeout_s = $3, retry = $4, secret_box = $5,"
	    " hint = $6, updated_at = $7, era = $8, client_id = $9, authorization_url = $10,"
	    " auth = CASE WHEN $11 THEN '' ELSE auth END WHERE id = $12 AND updated_at = $13";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	int64_t changed = 0;

	*w = in->row;
	TRY(keep_version(cx, tx, w));
	w->auth = in->forgets ? SV("") : w->auth;
	w->updated_at = tx_now(tx) > in->row.updated_at ? tx_now(tx) : in->row.updated_at + 1;
	const struct seal_at at = box_of(w);
	if (in->secret != NULL)
		TRY(store_seal(cx, tx_store(tx), &at, secret_view(in->secret), &w->secret_box));
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_i64(q, 1, w->enabled);
	db_bind_sv(q, 2, w->uri);
	db_bind_i64(q, 3, w->timeout_s);
	db_bind_i64(q, 4, w->retry);
	db_bind_blob(q, 5, w->secret_box);
	db_bind_sv(q, 6, w->hint);
	db_bind_i64(q, 7, w->updated_at);
	db_bind_sv(q, 8, w->era);
	db_bind_sv(q, 9, w->client_id);
	db_bind_sv(q, 10, w->authorization_url);
	db_bind_i64(q, 11, in->forgets);
	db_bind_sv(q, 12, w->id);
	db_bind_i64(q, 13, in->row.updated_at);
	TRY(db_run_n(cx, q, &changed));
	return changed == 0 ? (struct err){ E_STALE } : store_event_add(cx, tx, in->event);
}
struct err store_worker_remove(struct ctx *cx, struct tx *tx, const struct worker_end *in)
{
	static const char sql[] = "DELETE FROM workers WHERE id = $1";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	struct worker_row now;
	int64_t changed = 0;

	struct err e = get(cx, tx_db(tx), in->event->project_id, in->event->resource_id, &now);
	if (e.code == E_NOT_FOUND) /* somebody else was quicker */
		return OK;
	TRY(e);
	TRY(keep_version(cx, tx, &now));
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, in->id);
	TRY(db_run_n(cx, q, &changed));
	return changed == 0 ? OK : store_event_add(cx, tx, in->event);
}

/* ---- what was found out by asking it ---- */
static struct err auth_of(struct ctx *cx, struct db *db, const struct worker_as *as, struct sv *auth)
{
	static const char sql[] = "SELECT auth FROM workers WHERE id = $1 AND updated_at = $2";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	bool row = false;

	TRY(db_prepare(cx, db, sql, &q));
	db_bind_sv(q, 1, as->id);
	db_bind_i64(q, 2, as->updated_at);
	TRY(db_next(cx, q, &row));
	return row ? store_row_sv(cx, q, 0, auth) : (struct err){ E_STALE };
}
struct err store_worker_still(struct ctx *cx, struct tx *tx, const struct worker_as *as)
{
	struct sv auth;

	return auth_of(cx, tx_db(tx), as, &auth);
}
struct err store_worker_is(struct ctx *cx, struct store *st, const struct worker_as *as, bool *is)
{
	CLEANUP(store_read_done) struct reader r = { .st = NULL };
	struct sv auth;

	*is = false;
	TRY(store_read(cx, st, &r));
	struct err e = auth_of(cx, r.db, as, &auth);
	*is = !IS_ERR(e);
	return e.code == E_STALE ? OK : e;
}
static struct err told_act(struct ctx *cx, struct tx *tx, const void *in_, void *out)
{
	static const char sql[] = "UPDATE workers SET catalogue = $1, told_at = $2, era = $3"
				  " WHERE id = $4 AND updated_at = $5";
	const struct worker_told *in = in_;
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	(void)out;
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, in->catalogue);
	db_bind_i64(q, 2, tx_now(tx));
	db_bind_sv(q, 3, in->era.p == NULL ? SV("") : in->era);
	db_bind_sv(q, 4, in->as.id);
	db_bind_i64(q, 5, in->as.updated_at);
	return db_run(cx, q);
}
struct err store_worker_told(struct ctx *cx, struct store *st, const struct worker_told *in)
{
	return store_act(cx, st, told_act, in, NULL);
}
static struct err speaks_act(struct ctx *cx, struct tx *tx, const void *in_, void *out)
{
	static const char sql[] = "UPDATE workers SET era = $1 WHERE id = $2 AND updated_at = $3";
	const struct worker_told *in = in_;
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	(void)out;
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, in->era);
	db_bind_sv(q, 2, in->as.id);
	db_bind_i64(q, 3, in->as.updated_at);
	return db_run(cx, q);
}
struct err store_worker_speaks(struct ctx *cx, struct store *st, const struct worker_told *in)
{
	return store_act(cx, st, speaks_act, in, NULL);
}
static struct err auth_act(struct ctx *cx, struct tx *tx, const void *in_, void *out)
{
	static const char sql[] = "UPDATE workers SET auth = $1 WHERE id = $2";
	const struct worker_auth *in = in_;
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	struct sv was, *now = out;

	TRY(auth_of(cx, tx_db(tx), &in->as, &was));
	TRY(in->edit(cx, was, in->arg, now));
	if (sv_eq(was, *now))
		return OK;
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, *now);
	db_bind_sv(q, 2, in->as.id);
	return db_run(cx, q);
}
struct err store_worker_auth(struct ctx *cx, struct store *st, const struct worker_auth *in, struct sv *auth)
{
	*auth = SV_NONE;
	return store_act(cx, st, auth_act, in, auth);
}
