/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/text.h"
#include "store/store_connection.h"
#include "store/store_event.h"
#include "store/store_revocation_inner.h"
#include "store/store_row.h"

/* ---- one row ---- */
struct held {
	struct revocation_row r;
	struct sv access_box, refresh_box, account_hash;
	struct held_macs macs;
	bool as_connection, ends_grant;
	int64_t lease_until;
};
static struct err from_row(struct ctx *cx, struct db_stmt *q, struct held *h)
{
	struct revocation_row *r = &h->r;
	struct sv as = SV_NONE;
	const struct {
		int col;
		struct sv *to;
	} text[] = { { C_ID, &r->id },
		     { C_PROJECT, &r->project_id },
		     { C_PROVIDER, &r->provider_id },
		     { C_REVISION, &r->revision_id },
		     { C_CONNECTION, &r->connection_id },
		     { C_AUTHORIZATION, &r->authorization_id },
		     { C_CAUSE, &r->cause },
		     { C_CLIENT, &r->client_id },
		     { C_STORED, &r->stored },
		     { C_SEALED_AS, &as } };

	*h = (struct held){ .lease_until = db_col_i64(q, C_LEASE) };
	for (size_t i = 0; i < ARRAY_LEN(text); i++)
		TRY(store_row_sv(cx, q, text[i].col, text[i].to));
	TRY(store_row_blob(cx, q, C_ACCESS, &h->access_box));
	TRY(store_row_blob(cx, q, C_REFRESH, &h->refresh_box));
	TRY(store_row_blob(cx, q, C_ACCOUNT, &h->account_hash));
	TRY(store_row_blob(cx, q, C_ACCESS_MAC, &h->macs.access));
	TRY(store_row_blob(cx, q, C_REFRESH_MAC, &h->macs.refresh));
	h->as_connection = sv_eqz(as, "connections");
	h->ends_grant = db_col_i64(q, C_ENDS_GRANT) != 0;
	r->uncertain = db_col_i64(q, C_UNCERTAIN) != 0;
	r->tries = db_col_i64(q, C_TRIES);
	r->next_try_at = db_col_i64(q, C_NEXT_TRY);
	r->give_up_at = db_col_i64(q, C_GIVE_UP);
	r->created_at = db_col_i64(q, C_CREATED);
	return OK;
}
static struct err get(struct ctx *cx, struct db *db, struct sv id, struct held *h)
{
	static const char sql[] = "SELECT " REVOCATION_COLS " FROM revocations WHERE id = $1";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	*h = (struct held){ .lease_until = 0 };
	TRY(db_prepare(cx, db, sql, &q));
	db_bind_sv(q, 1, id);
	TRY(db_one(cx, q));
	return from_row(cx, q, h);
}

/* ---- a try ---- */
/* The same account, or the same user at the same provider, may be connected again: then ending the grant would end
 * that. */
static struct err shared_now(struct ctx *cx, struct tx *tx, const struct held *h, bool *shared)
{
	static const char sql[] =
	    "SELECT EXISTS(SELECT 1 FROM connections o JOIN connections c ON c.project_id = o.project_id"
	    " AND c.user_id = o.user_id AND c.provider_id = o.provider_id AND c.status = 'live'"
	    " WHERE o.id = $1)";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	*shared = false;
	if (!h->ends_grant)
		return OK;
	TRY(store_connection_account_shared(cx, tx, h->account_hash, h->r.connection_id, shared));
	if (*shared)
		return OK;
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, h->r.connection_id);
	TRY(db_one(cx, q));
	*shared = db_col_i64(q, 0) != 0;
	return OK;
}
static struct err lease(struct ctx *cx, struct tx *tx, const struct revocation_ask *in)
{
	static const char sql[] =
	    "UPDATE revocations SET lease_owner = $1, lease_until = $2, tries = tries + 1 WHERE id = $3";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, sv_of(in->owner));
	db_bind_i64(q, 2, tx_now(tx) + in->hold);
	db_bind_sv(q, 3, in->id);
	return db_run(cx, q);
}
struct taken {
	enum revocation_claim how;
	struct held h;
};
static struct err take_act(struct ctx *cx, struct tx *tx, const void *in_, void *out_)
{
	const struct revocation_ask *in = in_;
	struct taken *out = out_;
	bool shared = false, held = false;

	out->how = REVOCATION_GONE;
	struct err e = get(cx, tx_db(tx), in->id, &out->h);
	if (e.code == E_NOT_FOUND)
		return OK;
	TRY(e);
	TRY(shared_now(cx, tx, &out->h, &shared));
	TRY(store_held(cx, tx, &out->h.macs, &held));
	out->how = out->h.lease_until > tx_now(tx) && out->h.lease_until < tx_now(tx) + MIN(10) ? REVOCATION_BUSY
		   : held                                                                       ? REVOCATION_HELD
		   : shared                                                                     ? REVOCATION_SHARED
		   : out->h.r.give_up_at <= tx_now(tx)                                          ? REVOCATION_OVER
												: REVOCATION_OURS;
	if (out->how != REVOCATION_OURS)
		return OK;
	out->h.r.tries++;
	return lease(cx, tx, in);
}
static struct err open_box(struct ctx *cx, struct store *st, const struct held *h, bool access, struct secret **out)
{
	const struct sv box = access ? h->access_box : h->refresh_box;
	const struct seal_at at = { access ? "revocations.access_box" : "revocations.refresh_box", h->r.project_id,
				    h->r.id };
	const struct connection_unseal as = { access ? BOX_ACCESS : BOX_REFRESH, h->r.project_id, h->r.connection_id,
					      box };

	*out = NULL;
	if (h->as_connection)
		return store_connection_unseal(cx, st, &as, out);
	return box.p == NULL ? OK : store_unseal(cx, st, &at, box, out);
}
void store_revocation_clear(struct revocation_row *r)
{
	secret_drop(&r->access);
	secret_drop(&r->refresh_json);
}
struct err store_revocation_take(struct ctx *cx, struct store *st, const struct revocation_ask *in,
				 enum revocation_claim *how, struct revocation_row *out)
{
	struct taken t = { .how = REVOCATION_GONE };

	*out = (struct revocation_row){ .tries = 0 };
	TRY(store_act(cx, st, take_act, in, &t));
	*how = t.how;
	*out = t.h.r;
	if (t.how != REVOCATION_OURS)
		return OK;
	struct err e = open_box(cx, st, &t.h, true, &out->access);
	if (!IS_ERR(e))
		e = open_box(cx, st, &t.h, false, &out->refresh_json);
	if (IS_ERR(e))
		store_revocation_clear(out);
	return e;
}

static struct err end_act(struct ctx *cx, struct tx *tx, const void *in_, void *out)
{
	static const char gone[] = "DELETE FROM revocations WHERE id = $1";
	static const char wait[] =
	    "UPDATE revocations SET next_try_at = $1, uncertain = $2, lease_owner = '', lease_until = 0 WHERE id = $3";
	const struct revocation_end *in = in_;
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	(void)out;
	if (in->done) {
		TRY(db_prepare(cx, tx_db(tx), gone, &q));
		db_bind_sv(q, 1, in->id);
	} else {
		TRY(db_prepare(cx, tx_db(tx), wait, &q));
		db_bind_i64(q, 1, in->next_try_at);
		db_bind_i64(q, 2, in->uncertain);
		db_bind_sv(q, 3, in->id);
	}
	TRY(db_run(cx, q));
	return store_event_add(cx, tx, in->event);
}
struct err store_revocation_end(struct ctx *cx, struct store *st, const struct revocation_end *in)
{
	return store_act(cx, st, end_act, in, NULL);
}

/* ---- a new pair, to revoke with ---- */
static struct err sent_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	static const char sql[] = "UPDATE revocations SET uncertain = 1 WHERE id = $1";
	const struct sv *id = in;
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	(void)out;
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, *id);
	return db_run(cx, q);
}
struct err store_revocation_sent(struct ctx *cx, struct store *st, struct sv id)
{
	return store_act(cx, st, sent_act, &id, NULL);
}
static struct err renew_act(struct ctx *cx, struct tx *tx, const void *in_, void *out)
{
	static const char sql[] = "UPDATE revocations SET sealed_as = 'revocations', access_box = $1, refresh_box = $2,"
				  " access_mac = $3, refresh_mac = $4, uncertain = 0 WHERE id = $5";
	const struct revocation_pair *in = in_;
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	struct revocation_boxes box;
	struct held_macs macs;

	(void)out;
	TRY(store_revocation_boxes(
	    cx, tx, &(struct revocation_seal){ in->project_id, in->id, in->access, in->refresh_json }, &box));
	TRY(store_held_macs(cx, tx_store(tx), in->access, in->refresh_json, &macs));
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_blob(q, 1, box.access);
	db_bind_blob(q, 2, box.refresh);
	db_bind_blob(q, 3, macs.access);
	db_bind_blob(q, 4, macs.refresh);
	db_bind_sv(q, 5, in->id);
	TRY(db_run(cx, q));
	return store_event_add(cx, tx, in->event);
}
struct err store_revocation_renew(struct ctx *cx, struct store *st, const struct revocation_pair *in)
{
	return store_act(cx, st, renew_act, in, NULL);
}
struct err store_revocation_answered(struct ctx *cx, struct tx *tx, struct sv connection_id)
{
	static const char sql[] = "UPDATE revocations SET uncertain = 0 WHERE connection_id = $1 AND uncertain = 1";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, connection_id);
	return db_run(cx, q);
}

/* ---- the queue ---- */
struct err store_revocation_due(struct ctx *cx, struct store *st, size_t most, struct revocation_ids *out)
{
	static const char sql[] =
	    "WITH RECURSIVE p(id, turn) AS (SELECT (SELECT min(provider_id) FROM revocations), random() UNION ALL"
	    " SELECT (SELECT min(provider_id) FROM revocations WHERE provider_id > p.id), random() FROM p"
	    " WHERE p.id IS NOT NULL) SELECT r.id, r.provider_id FROM p JOIN revocations r ON r.id IN"
	    " (SELECT d.id FROM revocations d WHERE d.provider_id = p.id"
	    " AND (d.next_try_at <= $1 OR d.next_try_at > $1 + 86400000000)" /* written by a clock */
	    " AND (d.lease_until <= $1 OR d.lease_until > $1 + 600000000)"   /* that was wrong */
	    " ORDER BY d.next_try_at LIMIT 50)"
	    " ORDER BY EXISTS(SELECT 1 FROM revocations f WHERE f.provider_id = p.id AND f.tries > 0), p.turn,"
	    " r.next_try_at LIMIT $2";
	CLEANUP(store_read_done) struct reader r = { .st = NULL };
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	bool more = true;

	*out = (struct revocation_ids){ .v = arena_array(cx->arena, most, sizeof *out->v) };
	out->provider_id = arena_array(cx->arena, most, sizeof *out->provider_id);
	if (out->v == NULL || out->provider_id == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "revocations");
	TRY(store_read(cx, st, &r));
	TRY(db_prepare(cx, r.db, sql, &q));
	db_bind_i64(q, 1, cx->now);
	db_bind_i64(q, 2, (int64_t)most);
	while (out->n < most) {
		TRY(db_next(cx, q, &more));
		if (!more)
			break;
		TRY(store_row_sv(cx, q, 0, &out->v[out->n]));
		TRY(store_row_sv(cx, q, 1, &out->provider_id[out->n]));
		out->n++;
	}
	return OK;
}
static struct err orphans_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	static const char sql[] = "UPDATE revocations SET lease_owner = '', lease_until = 0 WHERE lease_until > 0";

	(void)in;
	(void)out;
	return db_exec(cx, tx_db(tx), sql);
}
struct err store_revocation_orphans(struct ctx *cx, struct store *st)
{
	return store_act(cx, st, orphans_act, NULL, NULL);
}
