/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_held.h"
#include "core/arena.h"
#include "core/jdoc.h"
#include "core/logf.h"
#include "core/text.h"
#include "store/store_connection_inner.h"

/* ---- the hashes ---- */
/* By the engine's key of accounts: what that one hashes begins with an address and has a NUL in it, as no token. */
static struct err mac_of(struct ctx *cx, const struct store *st, struct sv token, struct sv *out)
{
	*out = SV_NONE;
	if (token.n == 0)
		return OK;
	struct sha256 h = store_mac(st, MAC_ACCOUNT, token);
	*out = arena_sv(cx->arena, sha256_view(&h));
	return out->p != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "hash of a token");
}
struct err store_held_macs(struct ctx *cx, const struct store *st, const struct secret *access,
			   const struct secret *refresh_json, struct held_macs *out)
{
	const struct node *n = NULL;
	struct sv refresh;

	*out = (struct held_macs){ .access = SV_NONE, .refresh = SV_NONE };
	if (access != NULL) {
		TRY(jdoc_parse(cx, secret_view(access), "sealed token", &n));
		TRY(mac_of(cx, st, node_text_at(n, "token"), &out->access));
	}
	TRY(store_connection_refresh_token(cx, refresh_json, &refresh));
	return mac_of(cx, st, refresh, &out->refresh);
}

/* ---- who holds it ---- */
struct err store_held(struct ctx *cx, struct tx *tx, const struct held_macs *macs, bool *held)
{
	/* The first eight bytes find the row (migration 0013). */
	static const char sql[] = "SELECT EXISTS(SELECT 1 FROM connections WHERE substr(access_mac, 1, 8) ="
				  "   substr($1, 1, 8) AND access_mac = $1 AND status = 'live')"
				  " OR EXISTS(SELECT 1 FROM flows WHERE access_mac = $1 AND status = 'unverified')"
				  " OR EXISTS(SELECT 1 FROM connections WHERE substr(refresh_mac, 1, 8) ="
				  "   substr($2, 1, 8) AND refresh_mac = $2 AND status = 'live')"
				  " OR EXISTS(SELECT 1 FROM flows WHERE refresh_mac = $2 AND status = 'unverified')";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_blob(q, 1, macs->access);
	db_bind_blob(q, 2, macs->refresh);
	TRY(db_one(cx, q));
	*held = db_col_i64(q, 0) != 0;
	return OK;
}

/* ---- rows of before ---- */
enum { BATCH = 200, ARENA = 64 << 20 };
struct filling {
	char after[ID_MAX]; /* the last one that was looked at */
	bool more;
};
static struct err unmarked(struct ctx *cx, struct tx *tx, const char *after, struct connection_rows *rows)
{
	static const char sql[] = "SELECT " CONNECTION_COLS " FROM connections WHERE status = 'live'"
				  " AND access_mac IS NULL AND id > $1 ORDER BY id LIMIT $2";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	*rows = (struct connection_rows){ .v = NULL };
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, sv_of(after));
	db_bind_i64(q, 2, BATCH);
	return store_connection_rows(cx, q, BATCH, rows);
}
static struct err fill_one(struct ctx *cx, struct tx *tx, const struct connection *c)
{
	static const char sql[] = "UPDATE connections SET access_mac = $1, refresh_mac = $2 WHERE id = $3";
	CLEANUP(secret_drop) struct secret *access = NULL;
	CLEANUP(secret_drop) struct secret *refresh = NULL;
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	struct held_macs macs;

	TRY(store_connection_open(cx, tx_store(tx), c, &access, &refresh));
	TRY(store_held_macs(cx, tx_store(tx), access, refresh, &macs));
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_blob(q, 1, macs.access);
	db_bind_blob(q, 2, macs.refresh);
	db_bind_sv(q, 3, c->id);
	return db_run(cx, q);
}
/* A box that does not open is told of wherever it is read; the others must not wait for it. */
static struct err fill_act(struct ctx *cx, struct tx *tx, const void *in_, void *out_)
{
	const struct filling *in = in_;
	struct filling *out = out_;
	struct connection_rows rows;

	*out = *in;
	TRY(unmarked(cx, tx, in->after, &rows));
	for (size_t i = 0; i < rows.n; i++) {
		if (IS_ERR(fill_one(cx, tx, &rows.v[i]))) {
			log_cause(cx, LOG_WARN, "held.unknown");
			(void)forgive(cx);
		}
		if (!sv_copy(rows.v[i].id, out->after, sizeof out->after))
			return fail(cx, E_INTERNAL, "storage error", "id of %zu bytes", rows.v[i].id.n);
	}
	out->more = rows.n == BATCH;
	return OK;
}
struct err store_held_fill(struct ctx *cx, struct store *st)
{
	CLEANUP(arena_drop) struct arena *arena = arena_new(ARENA); /* a batch's, since there may be very many */
	struct ctx batch = { .request_id = cx->request_id, .now = cx->now, .arena = arena };
	struct filling at = { .more = true }, next;

	if (arena == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "hashes of tokens");
	while (at.more) {
		struct err e = store_act(&batch, st, fill_act, &at, &next);

		cx->cause = batch.cause;
		TRY(e);
		at = next;
		arena_reset(arena);
	}
	return OK;
}
