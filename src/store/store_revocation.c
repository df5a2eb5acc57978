/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_revocation.h"
#include "core/arena.h"
#include "core/rnd.h"
#include "core/text.h"
#include "store/store_connection.h"
#include "store/store_event.h"
#include "store/store_row.h"

#define REVOCATION_COLS                                                                                         \
	"id, project_id, provider_id, revision_id, connection_id, authorization_id, cause, client_id, stored, " \
	"sealed_as,"                                                                                            \
	" access_box, refresh_box, account_hash, ends_grant, tries, next_try_at, give_up_at, lease_until, created_at"
enum {
	C_ID,
	C_PROJECT,
	C_PROVIDER,
	C_REVISION,
	C_CONNECTION,
	C_AUTHORIZATION,
	C_CAUSE,
	C_CLIENT,
	C_STORED,
	C_SEALED_AS,
	C_ACCESS,
	C_REFRESH,
	C_ACCOUNT,
	C_ENDS_GRANT,
	C_TRIES,
	C_NEXT_TRY,
	C_GIVE_UP,
	C_LEASE,
	C_CREATED
};
static const char *const causes[] = {
	[DISCARD_DISCONNECT] = "disconnect",
	[DISCARD_MISMATCH] = "mismatch",
	[DISCARD_EXPIRED] = "expired",
	[DISCARD_REPLACED] = "replaced",
	[DISCARD_LATE] = "late",
	[DISCARD_PROVIDER_DELETED] = "provider_deleted",
};
#define GIVE_UP DAY(1) /* design 8, Revoke rule */

/* ---- the rule ---- */
static struct sv or_empty(struct sv v) { return v.p == NULL ? SV("") : v; }
static struct err tell(struct ctx *cx, struct tx *tx, const struct discard_in *in, const char *reason)
{
	const struct event ev = {
		.project_id = in->project_id,
		.kind = "connection.revoke",
		.by = { .type = "system", .id = "", .source = "SYSTEM" },
		.resource_type = in->connection_id.n > 0 ? "connection" : "flow",
		.resource_id = in->connection_id.n > 0 ? in->connection_id : in->flow_id,
		.authorization_id = in->authorization_id,
		.step = "revoke",
		.outcome = "ignored",
		.reason = reason,
	};
	return store_event_add(cx, tx, &ev);
}
static bool explicitly(enum discard why) { return why == DISCARD_DISCONNECT || why == DISCARD_PROVIDER_DELETED; }
static struct err seal(struct ctx *cx, struct tx *tx, const struct seal_at *at, const struct secret *in, struct sv *box)
{
	*box = SV_NONE;
	return in == NULL ? OK : store_seal(cx, tx_store(tx), at, secret_view(in), box);
}
static struct err queue(struct ctx *cx, struct tx *tx, const struct discard_in *in, struct discard_out *out)
{
	static const char sql[] =
	    "INSERT INTO revocations(" REVOCATION_COLS ")"
	    " VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, 'revocations', $10, $11, $12, $13, 0, $14, $15, 0, $16)";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	struct sv access, refresh;

	id_ksuid("rv_", tx_now(tx), out->revocation_id);
	const struct seal_at a = { "revocations.access_box", in->project_id, sv_of(out->revocation_id) };
	const struct seal_at r = { "revocations.refresh_box", in->project_id, sv_of(out->revocation_id) };
	TRY(seal(cx, tx, &a, in->access, &access));
	TRY(seal(cx, tx, &r, in->refresh_json, &refresh));
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	const struct sv text[] = { sv_of(out->revocation_id),
				   in->project_id,
				   in->provider_id,
				   or_empty(in->revision_id),
				   or_empty(in->connection_id),
				   or_empty(in->authorization_id),
				   sv_of(causes[in->why]),
				   or_empty(in->client_id),
				   in->stored.n == 0 ? SV("{}") : in->stored };
	for (size_t i = 0; i < ARRAY_LEN(text); i++)
		db_bind_sv(q, (int)i + 1, text[i]);
	db_bind_blob(q, 10, access);
	db_bind_blob(q, 11, refresh);
	db_bind_blob(q, 12, in->account_hash);
	db_bind_i64(q, 13, in->ends_grant);
	db_bind_i64(q, 14, tx_now(tx));
	db_bind_i64(q, 15, tx_now(tx) + GIVE_UP);
	db_bind_i64(q, 16, tx_now(tx));
	return db_run(cx, q);
}
struct err store_revocation_discard(struct ctx *cx, struct tx *tx, const struct discard_in *in, struct discard_out *out)
{
	bool shared = false;

	*out = (struct discard_out){ .fate = DISCARDED_NOTHING };
	if (in->access == NULL && in->refresh_json == NULL)
		return OK;
	if (!in->can_revoke) {
		out->fate = DISCARDED_UNSUPPORTED;
		return tell(cx, tx, in, "not_revoked_unsupported");
	}
	struct sv but = in->connection_id.n > 0 ? in->connection_id : in->flow_id;
	if (in->ends_grant && explicitly(in->why))
		TRY(store_connection_account_shared(cx, tx, in->account_hash, but, &shared));
	if (in->ends_grant && (shared || !explicitly(in->why))) {
		out->fate = DISCARDED_KEPT;
		return tell(cx, tx, in, "not_revoked_shared_grant");
	}
	out->fate = DISCARDED_QUEUED;
	return queue(cx, tx, in, out);
}

/* A deleted provider may have very many connections: their boxes stay sealed as they are, so this is one statement.
 * Whether revoking ends a whole grant is not known here; it is asked before the try, like everything that may have
 * changed since. */
struct err store_revocation_move_all(struct ctx *cx, struct tx *tx, struct sv provider_id)
{
	static const char sql[] =
	    "INSERT INTO revocations(" REVOCATION_COLS ")"
	    " SELECT 'rv_' || id, project_id, provider_id, revision_id, id, authorization_id, 'provider_deleted', "
	    "client_id,"
	    " stored, 'connections', access_box, refresh_box, account_hash, 1, 0, $1, $2, 0, $1 FROM connections"
	    " WHERE provider_id = $3 AND status = 'live' AND access_box IS NOT NULL";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_i64(q, 1, tx_now(tx));
	db_bind_i64(q, 2, tx_now(tx) + GIVE_UP);
	db_bind_sv(q, 3, provider_id);
	return db_run(cx, q);
}

struct err store_revocation_give_up(struct ctx *cx, struct tx *tx, struct sv provider_id)
{
	static const char sql[] = "UPDATE revocations SET give_up_at = $1, next_try_at = $1 WHERE provider_id = $2";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_i64(q, 1, tx_now(tx));
	db_bind_sv(q, 2, provider_id);
	return db_run(cx, q);
}

/* ---- one row ---- */
struct held {
	struct revocation_row r;
	struct sv access_box, refresh_box, account_hash;
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
	h->as_connection = sv_eqz(as, "connections");
	h->ends_grant = db_col_i64(q, C_ENDS_GRANT) != 0;
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
	bool shared = false;

	out->how = REVOCATION_GONE;
	struct err e = get(cx, tx_db(tx), in->id, &out->h);
	if (e.code == E_NOT_FOUND)
		return OK;
	TRY(e);
	TRY(shared_now(cx, tx, &out->h, &shared));
	out->how = out->h.lease_until > tx_now(tx) && out->h.lease_until < tx_now(tx) + MIN(10) ? REVOCATION_BUSY
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
	    "UPDATE revocations SET next_try_at = $1, lease_owner = '', lease_until = 0 WHERE id = $2";
	const struct revocation_end *in = in_;
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	(void)out;
	if (in->done) {
		TRY(db_prepare(cx, tx_db(tx), gone, &q));
		db_bind_sv(q, 1, in->id);
	} else {
		TRY(db_prepare(cx, tx_db(tx), wait, &q));
		db_bind_i64(q, 1, in->next_try_at);
		db_bind_sv(q, 2, in->id);
	}
	TRY(db_run(cx, q));
	return store_event_add(cx, tx, in->event);
}
struct err store_revocation_end(struct ctx *cx, struct store *st, const struct revocation_end *in)
{
	return store_act(cx, st, end_act, in, NULL);
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
