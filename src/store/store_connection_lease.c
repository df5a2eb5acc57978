/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "store/store_connection_inner.h"
#include "store/store_event.h"

/* The lease decides who may call, the generation who may write (design 8, Refresh). */

/* ---- claim ---- */
static struct err claim(struct ctx *cx, struct tx *tx, const struct connection_claim *in, int64_t *n)
{
	static const char sql[] =
	    "UPDATE connections SET lease_owner = $1, lease_until = $2,"
	    " uncertain = CASE WHEN sent_generation = generation THEN 1 ELSE uncertain END, sent_generation = "
	    "generation,"
	    " tries = tries + 1"
	    " WHERE id = $3 AND generation = $4 AND status = 'live' AND " CONNECTION_FREE("$5");
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, sv_of(in->owner));
	db_bind_i64(q, 2, tx_now(tx) + in->hold);
	db_bind_sv(q, 3, in->id);
	db_bind_i64(q, 4, in->generation);
	db_bind_i64(q, 5, tx_now(tx));
	return db_run_n(cx, q, n);
}
static void why_not(const struct connection *c, const struct connection_claim *in, int64_t now,
		    struct connection_claimed *out)
{
	if (!sv_eqz(c->status, "live"))
		out->fate = CLAIM_GONE;
	else if (c->generation != in->generation)
		out->fate = CLAIM_MOVED;
	else if (store_connection_ahead(c->lease_until, now, CONNECTION_LEASE_MOST))
		*out = (struct connection_claimed){ .fate = CLAIM_LEASED, .until = c->lease_until };
	else
		*out = (struct connection_claimed){ .fate = CLAIM_WAITS, .until = c->next_try_at };
}
static struct err claim_act(struct ctx *cx, struct tx *tx, const void *in_, void *out_)
{
	const struct connection_claim *in = in_;
	struct connection_claimed *out = out_;
	struct connection c;
	int64_t n = 0;

	*out = (struct connection_claimed){ .fate = CLAIM_GONE };
	TRY(claim(cx, tx, in, &n));
	struct err e = store_connection_by_id(cx, tx_db(tx), in->id, &c);
	if (e.code == E_NOT_FOUND)
		return OK;
	TRY(e);
	if (n == 0) {
		why_not(&c, in, tx_now(tx), out);
		return OK;
	}
	*out = (struct connection_claimed){ CLAIM_OURS, c.lease_until, c.uncertain, c.tries };
	const struct connection_key key = store_connection_key(&c);
	return store_connection_changed(cx, tx, &key);
}
struct err store_connection_claim(struct ctx *cx, struct store *st, const struct connection_claim *in,
				  struct connection_claimed *out)
{
	return store_act(cx, st, claim_act, in, out);
}

/* ---- no new pair ---- */
static struct err settle_live(struct ctx *cx, struct tx *tx, const struct connection_settle *in, int64_t *n)
{
	static const char sql[] = "UPDATE connections SET lease_owner = '', lease_until = 0, sent_generation = 0,"
				  " uncertain = CASE WHEN $1 = 1 THEN 1 ELSE uncertain END, next_try_at = $2"
				  " WHERE id = $3 AND generation = $4 AND status = 'live' AND lease_owner = $5";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_i64(q, 1, in->how == SETTLE_UNCERTAIN);
	db_bind_i64(q, 2, in->next_try_at);
	db_bind_sv(q, 3, in->id);
	db_bind_i64(q, 4, in->generation);
	db_bind_sv(q, 5, sv_of(in->owner));
	return db_run_n(cx, q, n);
}
static struct err settle_dead(struct ctx *cx, struct tx *tx, const struct connection_settle *in, int64_t *n)
{
	static const char sql[] =
	    "UPDATE connections SET status = 'dead', reason = $1, access_box = NULL, refresh_box = NULL, has_refresh = "
	    "0,"
	    " lease_owner = '', lease_until = 0, sent_generation = 0, due_at = 0, updated_at = $2, ended_at = $2"
	    " WHERE id = $3 AND generation = $4 AND status = 'live' AND lease_owner = $5";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, sv_of(in->reason));
	db_bind_i64(q, 2, tx_now(tx));
	db_bind_sv(q, 3, in->id);
	db_bind_i64(q, 4, in->generation);
	db_bind_sv(q, 5, sv_of(in->owner));
	return db_run_n(cx, q, n);
}
static struct err settle_act(struct ctx *cx, struct tx *tx, const void *in_, void *out)
{
	const struct connection_settle *in = in_;
	bool *changed = out;
	struct connection c;
	int64_t n = 0;

	TRY(store_event_add(cx, tx, in->event));
	TRY(in->how == SETTLE_DEAD ? settle_dead(cx, tx, in, &n) : settle_live(cx, tx, in, &n));
	*changed = n == 1;
	if (n == 0)
		return OK;
	if (in->how == SETTLE_DEAD)
		store_connection_ended(tx, in->reason, 1);
	TRY(store_connection_by_id(cx, tx_db(tx), in->id, &c));
	const struct connection_key key = store_connection_key(&c);
	return store_connection_changed(cx, tx, &key);
}
struct err store_connection_settle(struct ctx *cx, struct store *st, const struct connection_settle *in, bool *changed)
{
	return store_act(cx, st, settle_act, in, changed);
}

/* ---- what was learnt about a fresh pair ---- */
static struct err amend_act(struct ctx *cx, struct tx *tx, const void *in_, void *out)
{
	static const char sql[] = "UPDATE connections SET token_expires_at = $1, due_at = $2, user_info_box = $3,"
				  " updated_at = $4, refresh_expires_at = $5 WHERE id = $6";
	const struct connection_amend *in = in_;
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	struct connection c;
	struct sv box;

	(void)out;
	TRY(store_connection_by_id(cx, tx_db(tx), in->id, &c));
	if (c.generation != in->generation || !sv_eqz(c.status, "live"))
		return (struct err){ E_STALE };
	const struct connection_seal at = { BOX_USER_INFO, c.project_id, c.id };
	TRY(store_connection_seal(cx, tx_store(tx), &at, in->user_info, &box));
	if (in->token_expires_at != 0) {
		c.token_expires_at = in->token_expires_at;
		c.due_at = c.has_refresh || in->by_access
			       ? store_connection_due_at(c.token_issued_at, in->token_expires_at, in->lead_s)
			       : 0;
		if (in->by_access)
			c.refresh_expires_at = in->token_expires_at;
	}
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_i64(q, 1, c.token_expires_at);
	db_bind_i64(q, 2, c.due_at);
	db_bind_blob(q, 3, box.p == NULL ? c.user_info_box : box);
	db_bind_i64(q, 4, tx_now(tx));
	db_bind_i64(q, 5, c.refresh_expires_at);
	db_bind_sv(q, 6, c.id);
	TRY(db_run(cx, q));
	const struct connection_key key = store_connection_key(&c);
	return store_connection_changed(cx, tx, &key);
}
struct err store_connection_amend(struct ctx *cx, struct store *st, const struct connection_amend *in)
{
	return store_act(cx, st, amend_act, in, NULL);
}

static struct err force_act(struct ctx *cx, struct tx *tx, const void *in_, void *out)
{
	static const char sql[] = "UPDATE connections SET force_refresh = 1,"
				  " due_at = CASE WHEN due_at > $1 THEN $1 ELSE due_at END WHERE id = $2";
	const struct connection *in = in_;
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	struct connection c;

	(void)out;
	TRY(store_connection_by_id(cx, tx_db(tx), in->id, &c));
	if (!sv_eq(c.project_id, in->project_id) || !sv_eqz(c.status, "live"))
		return (struct err){ E_NOT_FOUND };
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_i64(q, 1, tx_now(tx));
	db_bind_sv(q, 2, c.id);
	TRY(db_run(cx, q));
	const struct connection_key key = store_connection_key(&c);
	return store_connection_changed(cx, tx, &key);
}
struct err store_connection_force(struct ctx *cx, struct store *st, struct sv project_id, struct sv id)
{
	const struct connection in = { .project_id = project_id, .id = id };

	return store_act(cx, st, force_act, &in, NULL);
}

/* ---- at start ---- */
enum { ORPHANS = 200 };
static struct err orphan_event(struct ctx *cx, struct tx *tx, const struct connection *c)
{
	const struct event ev = {
		.project_id = c->project_id,
		.kind = "connection.refresh",
		.by = { .type = "system", .id = "", .source = "SYSTEM" },
		.resource_type = "connection",
		.resource_id = c->id,
		.authorization_id = c->authorization_id,
		.step = "refresh",
		.outcome = "unknown",
		.data =
		    SV("{\"detail\":\"the engine ended while a refresh was under way; whether the provider answered is "
		       "not known\"}"),
	};

	return store_event_add(cx, tx, &ev);
}
static struct err orphan_list(struct ctx *cx, struct tx *tx, struct connection_rows *rows)
{
	static const char sql[] =
	    "SELECT " CONNECTION_COLS " FROM connections WHERE status = 'live' AND lease_until > 0"
	    " LIMIT $1";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	*rows = (struct connection_rows){ .v = NULL };
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_i64(q, 1, ORPHANS);
	return store_connection_rows(cx, q, ORPHANS, rows);
}
static struct err orphan_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	static const char sql[] =
	    "UPDATE connections SET lease_owner = '', lease_until = 0,"
	    " uncertain = CASE WHEN sent_generation = generation THEN 1 ELSE uncertain END, sent_generation = 0"
	    " WHERE id = $1";
	struct connection_rows rows;
	int64_t *n = out;

	(void)in;
	TRY(orphan_list(cx, tx, &rows));
	for (size_t i = 0; i < rows.n; i++) {
		CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
		const struct connection_key key = store_connection_key(&rows.v[i]);

		TRY(db_prepare(cx, tx_db(tx), sql, &q));
		db_bind_sv(q, 1, rows.v[i].id);
		TRY(db_run(cx, q));
		if (rows.v[i].sent_generation == rows.v[i].generation)
			TRY(orphan_event(cx, tx, &rows.v[i]));
		TRY(store_connection_changed(cx, tx, &key));
	}
	*n = (int64_t)rows.n;
	return OK;
}
struct err store_connection_orphans(struct ctx *cx, struct store *st, int64_t *n)
{
	int64_t batch = 0;

	*n = 0;
	do {
		TRY(store_act(cx, st, orphan_act, NULL, &batch));
		*n += batch;
	} while (batch == ORPHANS);
	return OK;
}
