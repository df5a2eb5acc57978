/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_api_key.h"
#include "core/arena.h"
#include "db/db.h"
#include "store/store_event.h"
#include "store/store_row.h"

#define API_KEY_COLS "id, project_id, name, key_mac, last4, created_at, expires_at, revoked_at, last_used_at"
enum { C_ID, C_PROJECT, C_NAME, C_MAC, C_LAST4, C_CREATED, C_EXPIRES, C_REVOKED, C_USED };

static struct err from_row(struct ctx *cx, struct db_stmt *q, struct api_key_row *out)
{
	struct api_key *k = &out->key;
	struct sv mac = db_col_blob(q, C_MAC);

	*out = (struct api_key_row){ .key = { .id = "" } };
	TRY(store_row_text(cx, q, C_ID, k->id, sizeof k->id));
	TRY(store_row_text(cx, q, C_PROJECT, k->project_id, sizeof k->project_id));
	TRY(store_row_text(cx, q, C_NAME, k->name, sizeof k->name));
	TRY(store_row_text(cx, q, C_LAST4, k->last4, sizeof k->last4));
	k->created_at = db_col_i64(q, C_CREATED);
	k->expires_at = db_col_i64(q, C_EXPIRES);
	k->revoked_at = db_col_i64(q, C_REVOKED);
	k->last_used_at = db_col_i64(q, C_USED);
	if (mac.n != sizeof out->mac.b)
		return fail(cx, E_INTERNAL, "storage error", "key %s has a hash of %zu bytes", k->id, mac.n);
	memcpy(out->mac.b, mac.p, mac.n);
	return OK;
}
struct err store_api_key_all(struct ctx *cx, struct store *st, struct api_key_rows *out)
{
	static const char sql[] = "SELECT " API_KEY_COLS " FROM api_keys ORDER BY created_at";
	CLEANUP(store_read_done) struct reader r = { .st = NULL };
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	int64_t n = 0;
	bool row = false;

	*out = (struct api_key_rows){ .v = NULL };
	TRY(store_read(cx, st, &r));
	TRY(db_get_i64(cx, r.db, "SELECT count(*) FROM api_keys", &n));
	out->v = arena_array(cx->arena, (size_t)n + 1, sizeof *out->v);
	if (out->v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "%d keys", (int)n);
	TRY(db_prepare(cx, r.db, sql, &q));
	while (out->n < (size_t)n) {
		TRY(db_next(cx, q, &row));
		if (!row)
			break;
		TRY(from_row(cx, q, &out->v[out->n]));
		out->n++;
	}
	return OK;
}
struct err store_api_key_list(struct ctx *cx, struct store *st, struct sv project, const struct page *page,
			      struct api_key_page *out)
{
	static const char sql[] = "SELECT " API_KEY_COLS " FROM api_keys WHERE project_id = $1 AND " STORE_ROW_HAS(
	    "name", "$2") " ORDER BY created_at DESC, id DESC LIMIT $3 OFFSET $4";
	static const char count[] =
	    "SELECT count(*) FROM api_keys WHERE project_id = $1 AND " STORE_ROW_HAS("name", "$2");
	CLEANUP(store_read_done) struct reader r = { .st = NULL };
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	struct api_key_row one;
	bool row = false;

	*out = (struct api_key_page){ .v = arena_array(cx->arena, (size_t)page->limit, sizeof *out->v) };
	if (out->v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "keys");
	TRY(store_read(cx, st, &r));
	TRY(store_row_count_of(cx, r.db, count, &(struct row_count){ project, page->q }, &out->total));
	TRY(db_prepare(cx, r.db, sql, &q));
	db_bind_sv(q, 1, project);
	db_bind_sv(q, 2, page->q.p == NULL ? SV("") : page->q);
	db_bind_i64(q, 3, page->limit);
	db_bind_i64(q, 4, page->offset);
	while (out->n < (size_t)page->limit) {
		TRY(db_next(cx, q, &row));
		if (!row)
			break;
		TRY(from_row(cx, q, &one));
		out->v[out->n++] = one.key;
	}
	return OK;
}
static struct err add_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	static const char sql[] = "INSERT INTO api_keys(id, project_id, name, key_mac, last4, created_at, expires_at)"
				  " VALUES($1, $2, $3, $4, $5, $6, $7)";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	const struct api_key_new *new = in;
	const struct api_key *k = &new->row->key;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, sv_of(k->id));
	db_bind_sv(q, 2, sv_of(k->project_id));
	db_bind_sv(q, 3, sv_of(k->name));
	db_bind_blob(q, 4, sha256_view(&new->row->mac));
	db_bind_sv(q, 5, sv_of(k->last4));
	db_bind_i64(q, 6, tx_now(tx));
	db_bind_i64(q, 7, k->expires_at);
	TRY(db_run(cx, q));
	*(int64_t *)out = tx_now(tx);
	return new->event == NULL ? OK : store_event_add(cx, tx, new->event);
}
struct err store_api_key_add(struct ctx *cx, struct store *st, const struct api_key_new *in, int64_t *created_at)
{
	return store_act(cx, st, add_act, in, created_at);
}
static struct err find(struct ctx *cx, struct db *db, const struct api_key_end *in, struct api_key *out)
{
	static const char sql[] = "SELECT " API_KEY_COLS " FROM api_keys WHERE id = $1 AND project_id = $2";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	struct api_key_row row;

	TRY(db_prepare(cx, db, sql, &q));
	db_bind_sv(q, 1, in->id);
	db_bind_sv(q, 2, in->project);
	TRY(db_one(cx, q));
	TRY(from_row(cx, q, &row));
	*out = row.key;
	return OK;
}
static struct err revoke_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	static const char sql[] = "UPDATE api_keys SET revoked_at = $1 WHERE id = $2 AND revoked_at = 0";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	const struct api_key_end *end = in;
	struct api_key *k = out;
	struct api_key was;

	TRY(find(cx, tx_db(tx), end, &was));
	*k = was;
	if (was.revoked_at != 0)
		return OK;
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_i64(q, 1, tx_now(tx));
	db_bind_sv(q, 2, end->id);
	TRY(db_run(cx, q));
	k->revoked_at = tx_now(tx);
	return end->event == NULL ? OK : store_event_add(cx, tx, end->event);
}
struct err store_api_key_revoke(struct ctx *cx, struct store *st, const struct api_key_end *in, struct api_key *out)
{
	return store_act(cx, st, revoke_act, in, out);
}
struct err store_api_key_used(struct ctx *cx, struct store *st, const struct use_marks *in)
{
	static const char sql[] = "UPDATE api_keys SET last_used_at = $1 WHERE id = $2 AND last_used_at < $1";

	return store_use_write(cx, st, &(struct use_write){ sql, in });
}
