/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "model/reason.h"
#include "store/grant_cache.h"
#include "store/store_connection_inner.h"
#include "store/store_event.h"
#include "store/store_prune.h"

/* ---- an explicit disconnect ---- */
static struct err close_row(struct ctx *cx, struct tx *tx, struct sv id, const char *reason)
{
	static const char sql[] = "UPDATE connections SET status = 'closed', reason = $1, access_box = NULL, "
				  "refresh_box = NULL, has_refresh = 0,"
				  " user_info_box = NULL, lease_owner = '', lease_until = 0, sent_generation = 0, "
				  "due_at = 0, updated_at = $2,"
				  " ended_at = $2 WHERE id = $3";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, sv_of(reason));
	db_bind_i64(q, 2, tx_now(tx));
	db_bind_sv(q, 3, id);
	return db_run(cx, q);
}
static struct err discard(struct ctx *cx, struct tx *tx, const struct connection_close *in, const struct connection *c,
			  struct discard_out *out)
{
	CLEANUP(secret_drop) struct secret *access = NULL;
	CLEANUP(secret_drop) struct secret *refresh = NULL;

	TRY(store_connection_open(cx, tx_store(tx), c, &access, &refresh));
	const struct discard_in d = {
		.why = DISCARD_DISCONNECT,
		.project_id = c->project_id,
		.provider_id = c->provider_id,
		.revision_id = c->revision_id,
		.client_id = c->client_id,
		.connection_id = c->id,
		.authorization_id = c->authorization_id,
		.stored = c->stored,
		.access = access,
		.refresh_json = refresh,
		.account_hash = c->account_hash,
		.ends_grant = in->ends_grant,
		.can_revoke = in->can_revoke,
		.uncertain = store_connection_uncertain(c),
	};
	return store_revocation_discard(cx, tx, &d, out);
}
static struct err close_act(struct ctx *cx, struct tx *tx, const void *in_, void *out_)
{
	const struct connection_close *in = in_;
	struct connection_closed *out = out_;
	struct connection c;

	*out = (struct connection_closed){ .refreshing = false };
	TRY(store_connection_by_id(cx, tx_db(tx), in->id, &c));
	if (!sv_eq(c.project_id, in->project_id) || sv_eqz(c.status, "closed"))
		return (struct err){ E_NOT_FOUND };
	out->refreshing =
	    sv_eqz(c.status, "live") && store_connection_ahead(c.lease_until, tx_now(tx), CONNECTION_LEASE_MOST);
	TRY(close_row(cx, tx, c.id, in->reason));
	TRY(discard(cx, tx, in, &c, &out->discarded));
	store_connection_ended(tx, in->reason, sv_eqz(c.status, "live"));
	struct event ev = *in->event;
	ev.authorization_id = c.authorization_id;
	TRY(store_event_add(cx, tx, &ev));
	const struct connection_key key = store_connection_key(&c);
	return store_connection_changed(cx, tx, &key);
}
struct err store_connection_close(struct ctx *cx, struct store *st, const struct connection_close *in,
				  struct connection_closed *out)
{
	return store_act(cx, st, close_act, in, out);
}

/* ---- all of a provider ---- */
static struct err all_dead(struct ctx *cx, struct tx *tx, struct sv provider_id, const char *reason, int64_t *n)
{
	static const char sql[] =
	    "UPDATE connections SET status = 'dead', reason = $1, access_box = NULL, refresh_box = NULL, has_refresh = "
	    "0,"
	    " lease_owner = '', lease_until = 0, sent_generation = 0, due_at = 0, updated_at = $2, ended_at = $2"
	    " WHERE provider_id = $3 AND status = 'live'";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, sv_of(reason));
	db_bind_i64(q, 2, tx_now(tx));
	db_bind_sv(q, 3, provider_id);
	return db_run_n(cx, q, n);
}
static struct err all_closed(struct ctx *cx, struct tx *tx, struct sv provider_id, const char *reason, int64_t *n)
{
	static const char sql[] = "UPDATE connections SET status = 'closed', reason = $1, access_box = NULL, "
				  "refresh_box = NULL, has_refresh = 0,"
				  " user_info_box = NULL, lease_owner = '', lease_until = 0, sent_generation = 0, "
				  "due_at = 0, updated_at = $2,"
				  " ended_at = $2 WHERE provider_id = $3 AND status IN ('live', 'dead')";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(store_revocation_move_all(cx, tx, provider_id));
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, sv_of(reason));
	db_bind_i64(q, 2, tx_now(tx));
	db_bind_sv(q, 3, provider_id);
	return db_run_n(cx, q, n);
}
static struct err live_ones(struct ctx *cx, struct tx *tx, struct sv provider_id, int64_t *n)
{
	static const char sql[] = "SELECT count(*) FROM connections WHERE provider_id = $1 AND status = 'live'";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, provider_id);
	TRY(db_one(cx, q));
	*n = db_col_i64(q, 0);
	return OK;
}
struct err store_connection_end_all(struct ctx *cx, struct tx *tx, struct sv provider_id, const char *reason,
				    int64_t *n)
{
	bool deleted = sv_eqz(sv_of(reason), reason_code(REASON_PROVIDER_DELETED));
	int64_t lived = 0;

	TRY(live_ones(cx, tx, provider_id, &lived));
	store_connection_ended(tx, reason, lived);
	TRY(deleted ? all_closed(cx, tx, provider_id, reason, n) : all_dead(cx, tx, provider_id, reason, n));
	return store_connection_changed_all(cx, tx, provider_id);
}

/* ---- over, with nothing to renew them ---- */
enum { BATCH = 200 };
static struct err over(struct ctx *cx, struct tx *tx, struct connection_rows *rows)
{
	static const char sql[] =
	    "SELECT " CONNECTION_COLS " FROM connections WHERE status = 'live' AND has_refresh = 0"
	    " AND token_expires_at > 0 AND token_expires_at <= $1"
	    " AND (lease_until <= $1 OR lease_until > $1 + 600000000) ORDER BY token_expires_at LIMIT $2";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	*rows = (struct connection_rows){ .v = NULL };
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_i64(q, 1, tx_now(tx));
	db_bind_i64(q, 2, BATCH);
	return store_connection_rows(cx, q, BATCH, rows);
}
static struct err die(struct ctx *cx, struct tx *tx, const struct connection *c, const char *reason, const char *step)
{
	static const char sql[] = "UPDATE connections SET status = 'dead', reason = $1, access_box = NULL,"
				  " refresh_box = NULL, updated_at = $2, ended_at = $2 WHERE id = $3";
	const struct connection_key key = store_connection_key(c);
	const struct event ev = {
		.project_id = c->project_id,
		.kind = "connection.expired",
		.by = { .type = "system", .id = "", .source = "SYSTEM" },
		.resource_type = "connection",
		.resource_id = c->id,
		.authorization_id = c->authorization_id,
		.step = step,
		.outcome = "ok",
		.reason = reason,
	};
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, sv_of(reason));
	db_bind_i64(q, 2, tx_now(tx));
	db_bind_sv(q, 3, c->id);
	TRY(db_run(cx, q));
	TRY(store_event_add(cx, tx, &ev));
	store_connection_ended(tx, reason, 1);
	return store_connection_changed(cx, tx, &key);
}
static struct err expire_one(struct ctx *cx, struct tx *tx, const struct connection *c)
{
	return die(cx, tx, c, reason_code(REASON_NO_REFRESH), "expiry");
}
struct refused {
	struct sv project_id, id;
	int64_t generation;
};
static struct err refused_act(struct ctx *cx, struct tx *tx, const void *in_, void *out)
{
	const struct refused *in = in_;
	struct connection c;

	(void)out;
	struct err e = store_connection_by_id(cx, tx_db(tx), in->id, &c);
	if (e.code == E_NOT_FOUND)
		return forgive(cx);
	TRY(e);
	if (!sv_eq(c.project_id, in->project_id) || !sv_eqz(c.status, "live") || c.generation != in->generation)
		return OK;
	return die(cx, tx, &c, reason_code(REASON_REVOKED), "refused_by_resource");
}
struct err store_connection_refused(struct ctx *cx, struct store *st, struct sv project_id, struct sv id,
				    int64_t generation)
{
	const struct refused in = { project_id, id, generation };

	return store_act(cx, st, refused_act, &in, NULL);
}
static struct err expire_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	struct connection_rows rows;
	int64_t *n = out;

	(void)in;
	TRY(over(cx, tx, &rows));
	for (size_t i = 0; i < rows.n; i++)
		TRY(expire_one(cx, tx, &rows.v[i]));
	*n = (int64_t)rows.n;
	return OK;
}
struct err store_connection_expire(struct ctx *cx, struct store *st, int64_t *n)
{
	*n = 0;
	return store_act(cx, st, expire_act, NULL, n);
}

/* ---- closed long ago ---- */
struct err store_connection_prune(struct ctx *cx, struct store *st, int64_t before, int64_t *gone)
{
	static const char sql[] =
	    "DELETE FROM connections WHERE id IN (SELECT id FROM connections WHERE status = 'closed'"
	    " AND updated_at < $1 ORDER BY updated_at LIMIT $2)";

	return store_prune(cx, st, &(struct prune){ sql, before, BATCH }, gone);
}

/* ---- marks of use ---- */
struct err store_connection_used(struct ctx *cx, struct store *st, const struct use_marks *in)
{
	static const char sql[] = "UPDATE connections SET last_used_at = $1 WHERE id = $2 AND last_used_at < $1";

	return store_use_write(cx, st, &(struct use_write){ sql, in });
}
