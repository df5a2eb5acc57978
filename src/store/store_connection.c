/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_connection.h"
#include "core/arena.h"
#include "core/jdoc.h"
#include "core/text.h"
#include "model/reason.h"
#include "store/store_connection_inner.h"
#include "store/store_row.h"

enum {
	C_ID,
	C_PROJECT,
	C_USER,
	C_PROVIDER,
	C_CLIENT,
	C_REVISION,
	C_STATUS,
	C_REASON,
	C_AUTHORIZATION,
	C_STORED,
	C_REQUESTED,
	C_GRANTED,
	C_KNOWN,
	C_HAS_REFRESH,
	C_UNCERTAIN,
	C_FORCE,
	C_ACCESS,
	C_REFRESH,
	C_INFO,
	C_ACCOUNT,
	C_GENERATION,
	C_ISSUED,
	C_EXPIRES,
	C_REFRESH_EXPIRES,
	C_DUE,
	C_LEASE,
	C_SENT,
	C_TRIES,
	C_NEXT_TRY,
	C_REFRESHED,
	C_USED,
	C_CREATED,
	C_UPDATED,
	C_ENDED,
	C_OWNER
};

static struct err texts(struct ctx *cx, struct db_stmt *q, struct connection *c)
{
	const struct {
		int col;
		struct sv *to;
	} text[] = {
		{ C_ID, &c->id },
		{ C_PROJECT, &c->project_id },
		{ C_USER, &c->user_id },
		{ C_PROVIDER, &c->provider_id },
		{ C_CLIENT, &c->client_id },
		{ C_REVISION, &c->revision_id },
		{ C_STATUS, &c->status },
		{ C_REASON, &c->reason },
		{ C_AUTHORIZATION, &c->authorization_id },
		{ C_STORED, &c->stored },
		{ C_REQUESTED, &c->requested_scopes },
		{ C_GRANTED, &c->granted_scopes },
		{ C_OWNER, &c->lease_owner },
	}, blob[] = {
		{ C_ACCESS, &c->access_box },
		{ C_REFRESH, &c->refresh_box },
		{ C_INFO, &c->user_info_box },
		{ C_ACCOUNT, &c->account_hash },
	};

	for (size_t i = 0; i < ARRAY_LEN(text); i++)
		TRY(store_row_sv(cx, q, text[i].col, text[i].to));
	for (size_t i = 0; i < ARRAY_LEN(blob); i++)
		TRY(store_row_blob(cx, q, blob[i].col, blob[i].to));
	return OK;
}

struct err store_connection_row(struct ctx *cx, struct db_stmt *q, struct connection *out)
{
	*out = (struct connection){
		.scope_known = db_col_i64(q, C_KNOWN) != 0,
		.has_refresh = db_col_i64(q, C_HAS_REFRESH) != 0,
		.uncertain = db_col_i64(q, C_UNCERTAIN) != 0,
		.force_refresh = db_col_i64(q, C_FORCE) != 0,
		.generation = db_col_i64(q, C_GENERATION),
		.token_issued_at = db_col_i64(q, C_ISSUED),
		.token_expires_at = db_col_i64(q, C_EXPIRES),
		.refresh_expires_at = db_col_i64(q, C_REFRESH_EXPIRES),
		.due_at = db_col_i64(q, C_DUE),
		.lease_until = db_col_i64(q, C_LEASE),
		.sent_generation = db_col_i64(q, C_SENT),
		.tries = db_col_i64(q, C_TRIES),
		.next_try_at = db_col_i64(q, C_NEXT_TRY),
		.refreshed_at = db_col_i64(q, C_REFRESHED),
		.last_used_at = db_col_i64(q, C_USED),
		.created_at = db_col_i64(q, C_CREATED),
		.updated_at = db_col_i64(q, C_UPDATED),
		.ended_at = db_col_i64(q, C_ENDED),
	};
	return texts(cx, q, out);
}

/* ---- one row ---- */
struct err store_connection_by_id(struct ctx *cx, struct db *db, struct sv id, struct connection *out)
{
	static const char sql[] = "SELECT " CONNECTION_COLS " FROM connections WHERE id = $1";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	*out = (struct connection){ .generation = 0 };
	TRY(db_prepare(cx, db, sql, &q));
	db_bind_sv(q, 1, id);
	TRY(db_one(cx, q));
	return store_connection_row(cx, q, out);
}
struct err store_connection_get(struct ctx *cx, struct store *st, struct sv id, struct connection *out)
{
	CLEANUP(store_read_done) struct reader r = { .st = NULL };

	*out = (struct connection){ .generation = 0 };
	TRY(store_read(cx, st, &r));
	return store_connection_by_id(cx, r.db, id, out);
}
static struct err live(struct ctx *cx, struct db *db, const struct connection_key *key, struct connection *out)
{
	static const char sql[] = "SELECT " CONNECTION_COLS " FROM connections WHERE project_id = $1 AND user_id = $2"
				  " AND provider_id = $3 AND label = '' AND status = 'live'";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	*out = (struct connection){ .generation = 0 };
	TRY(db_prepare(cx, db, sql, &q));
	db_bind_sv(q, 1, key->project_id);
	db_bind_sv(q, 2, key->user_id);
	db_bind_sv(q, 3, key->provider_id);
	TRY(db_one(cx, q));
	return store_connection_row(cx, q, out);
}
struct err store_connection_find(struct ctx *cx, struct store *st, const struct connection_key *key,
				 struct connection *out)
{
	CLEANUP(store_read_done) struct reader r = { .st = NULL };

	*out = (struct connection){ .generation = 0 };
	TRY(store_read(cx, st, &r));
	return live(cx, r.db, key, out);
}
struct err store_connection_live(struct ctx *cx, struct tx *tx, const struct connection_key *key,
				 struct connection *out)
{
	return live(cx, tx_db(tx), key, out);
}

struct err store_connection_status(struct ctx *cx, struct store *st, struct sv id, struct sv *status, struct sv *reason)
{
	struct connection c;
	struct err e = store_connection_get(cx, st, id, &c);

	*status = *reason = SV("");
	if (e.code == E_NOT_FOUND)
		return forgive(cx);
	TRY(e);
	if (sv_eqz(c.status, "live") && store_connection_over(&c, cx->now)) {
		*status = SV("dead");
		*reason = sv_of(reason_code(REASON_NO_REFRESH));
		return OK;
	}
	*status = c.status;
	*reason = c.reason;
	return OK;
}

/* ---- boxes ---- */
static const char *const columns[] = {
	[BOX_ACCESS] = "connections.access_box",
	[BOX_REFRESH] = "connections.refresh_box",
	[BOX_USER_INFO] = "connections.user_info_box",
};
struct err store_connection_seal(struct ctx *cx, struct store *st, const struct connection_seal *at,
				 const struct secret *secret, struct sv *box)
{
	const struct seal_at where = { columns[at->which], at->project_id, at->id };

	*box = SV_NONE;
	return secret == NULL ? OK : store_seal(cx, st, &where, secret_view(secret), box);
}
struct err store_connection_unseal(struct ctx *cx, struct store *st, const struct connection_unseal *in,
				   struct secret **out)
{
	const struct seal_at where = { columns[in->which], in->project_id, in->id };

	*out = NULL;
	return in->box.p == NULL ? OK : store_unseal(cx, st, &where, in->box, out);
}
struct err store_connection_open(struct ctx *cx, struct store *st, const struct connection *c, struct secret **access,
				 struct secret **refresh)
{
	const struct connection_unseal a = { BOX_ACCESS, c->project_id, c->id, c->access_box };
	const struct connection_unseal r = { BOX_REFRESH, c->project_id, c->id, c->refresh_box };

	*refresh = NULL;
	TRY(store_connection_unseal(cx, st, &a, access));
	struct err e = store_connection_unseal(cx, st, &r, refresh);
	if (IS_ERR(e))
		secret_drop(access);
	return e;
}
struct err store_connection_refresh_token(struct ctx *cx, const struct secret *refresh_json, struct sv *token)
{
	const struct node *n = NULL;

	*token = SV_NONE;
	if (refresh_json == NULL)
		return OK;
	TRY(jdoc_parse_lenient(cx, secret_view(refresh_json), "sealed answer", &n));
	*token = node_text_at(n, "refresh_token");
	return OK;
}

/* ---- when to renew ---- */
static int64_t between(int64_t v, int64_t lo, int64_t hi) { return v < lo ? lo : v > hi ? hi : v; }
int64_t store_connection_due_at(int64_t issued, int64_t expires, int64_t lead_s)
{
	int64_t life = expires - issued;

	if (expires <= 0)
		return 0;
	if (life <= 0)
		return expires;
	int64_t lead = lead_s > 0 ? SEC(lead_s) : between(life / 10, SEC(60), MIN(5));
	return expires - between(lead, 0, life / 2);
}
