/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/rnd.h"
#include "core/text.h"
#include "model/reason.h"
#include "store/store_connection_inner.h"
#include "store/store_held.h"
#include "store/store_list.h"

/* What the row will hold. */
struct values {
	struct sv id, requested, granted, access, refresh, user_info;
	struct held_macs macs;
	bool has_refresh, kept; /* kept: the old refresh token */
	int64_t refresh_expires_at, due_at;
};
static void bind(struct db_stmt *q, const struct connection_adopt *in, const struct values *v, int64_t now)
{
	db_bind_sv(q, 1, in->client_id);
	db_bind_sv(q, 2, in->revision_id);
	db_bind_sv(q, 3, in->authorization_id);
	db_bind_sv(q, 4, in->stored.n == 0 ? SV("{}") : in->stored);
	db_bind_sv(q, 5, v->requested);
	db_bind_sv(q, 6, v->granted);
	db_bind_i64(q, 7, in->scope_known);
	db_bind_i64(q, 8, v->has_refresh);
	db_bind_blob(q, 9, v->access);
	db_bind_blob(q, 10, v->refresh);
	db_bind_blob(q, 11, v->user_info);
	db_bind_blob(q, 12, in->account_hash);
	db_bind_i64(q, 13, now);
	db_bind_i64(q, 14, in->token_expires_at);
	db_bind_i64(q, 15, v->refresh_expires_at);
	db_bind_i64(q, 16, v->due_at);
	db_bind_i64(q, 17, now);
	db_bind_i64(q, 18, now);
	db_bind_blob(q, 19, v->macs.access);
}
static struct err insert(struct ctx *cx, struct tx *tx, const struct connection_adopt *in, const struct values *v)
{
	static const char sql[] =
	    "INSERT INTO connections(client_id, revision_id, authorization_id, stored, requested_scopes,"
	    " granted_scopes, scope_known, has_refresh, access_box, refresh_box, user_info_box, account_hash,"
	    " token_issued_at, token_expires_at, refresh_expires_at, due_at, refreshed_at, updated_at,"
	    " access_mac, refresh_mac, id, project_id, user_id, provider_id, created_at, status, generation)"
	    " VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,"
	    " $22, $23, $24, $25, 'live', 1)";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	bind(q, in, v, tx_now(tx));
	db_bind_blob(q, 20, v->macs.refresh);
	db_bind_sv(q, 21, v->id);
	db_bind_sv(q, 22, in->project_id);
	db_bind_sv(q, 23, in->user_id);
	db_bind_sv(q, 24, in->provider_id);
	db_bind_i64(q, 25, tx_now(tx));
	return db_run(cx, q);
}
static struct err update(struct ctx *cx, struct tx *tx, const struct connection_adopt *in, const struct values *v)
{
	static const char sql[] =
	    "UPDATE connections SET client_id = $1, revision_id = $2, authorization_id = $3, stored = $4,"
	    " requested_scopes = $5, granted_scopes = $6, scope_known = $7, has_refresh = $8, access_box = $9,"
	    " refresh_box = $10, user_info_box = $11, account_hash = $12, token_issued_at = $13,"
	    " token_expires_at = $14, refresh_expires_at = $15, due_at = $16, refreshed_at = $17, updated_at = $18,"
	    " access_mac = $19, refresh_mac = CASE WHEN $20 THEN refresh_mac ELSE $21 END,"
	    " generation = generation + 1, lease_owner = '', lease_until = 0, sent_generation = 0, uncertain = 0,"
	    " tries = 0, next_try_at = 0, force_refresh = 0, reason = '' WHERE id = $22";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	bind(q, in, v, tx_now(tx));
	db_bind_i64(q, 20, v->kept);
	db_bind_blob(q, 21, v->macs.refresh);
	db_bind_sv(q, 22, v->id);
	return db_run(cx, q);
}

/* ---- the displaced pair ---- */
static bool same(struct sv a, struct sv b) { return a.p != NULL && b.p != NULL && same_bytes(a, b); }
/* After the row holds the new pair: a token that came again is held still (store_revocation.h). */
static struct err displace(struct ctx *cx, struct tx *tx, const struct connection *old,
			   const struct connection_adopt *in)
{
	CLEANUP(secret_drop) struct secret *access = NULL;
	CLEANUP(secret_drop) struct secret *refresh = NULL;
	struct discard_out gone;

	TRY(store_connection_open(cx, tx_store(tx), old, &access, &refresh));
	const struct discard_in d = {
		.why = DISCARD_REPLACED,
		.project_id = old->project_id,
		.provider_id = old->provider_id,
		.revision_id = old->revision_id,
		.client_id = old->client_id,
		.connection_id = old->id,
		.authorization_id = old->authorization_id,
		.stored = old->stored,
		.access = access,
		.refresh_json = refresh,
		.account_hash = old->account_hash,
		.ends_grant = in->ends_grant,
		.can_revoke = in->can_revoke,
		.uncertain = store_connection_uncertain(old),
	};
	return store_revocation_discard(cx, tx, &d, &gone);
}

/* ---- what is written ---- */
static struct err scopes(struct ctx *cx, const struct connection_adopt *in, const struct connection *old,
			 struct values *v)
{
	struct sv_list requested = in->requested, was;

	if (old != NULL && in->keep_scopes) {
		TRY(store_list_from(cx, old->requested_scopes, &was));
		TRY(store_list_union(cx, in->requested, was, &requested));
	}
	TRY(store_list_json(cx, requested, &v->requested));
	/* Contract 2.2: granted := requested when the provider said nothing (RFC 6749 5.1). */
	return store_list_json(cx, in->scope_known ? in->granted : requested, &v->granted);
}
static struct err boxes(struct ctx *cx, struct tx *tx, const struct connection_adopt *in, struct values *v)
{
	struct connection_seal at = { .project_id = in->project_id, .id = v->id };

	at.which = BOX_ACCESS;
	TRY(store_connection_seal(cx, tx_store(tx), &at, in->access, &v->access));
	at.which = BOX_REFRESH;
	TRY(store_connection_seal(cx, tx_store(tx), &at, in->refresh_json, &v->refresh));
	at.which = BOX_USER_INFO;
	return store_connection_seal(cx, tx_store(tx), &at, in->user_info, &v->user_info);
}
static bool same_account(const struct connection *old, const struct connection_adopt *in)
{
	return old != NULL && same(old->account_hash, in->account_hash);
}
static struct err fill(struct ctx *cx, struct tx *tx, const struct connection_adopt *in, const struct connection *old,
		       struct values *v)
{
	bool of_old = same_account(old, in);

	TRY(scopes(cx, in, of_old ? old : NULL, v));
	TRY(boxes(cx, tx, in, v));
	TRY(store_held_macs(cx, tx_store(tx), in->access, in->refresh_json, &v->macs));
	v->has_refresh = v->macs.refresh.p != NULL;
	v->refresh_expires_at = in->by_access ? in->token_expires_at : in->refresh_expires_at;
	if (of_old && v->user_info.p == NULL)
		v->user_info = old->user_info_box;
	if (of_old && !v->has_refresh && old->has_refresh) {
		v->has_refresh = true;
		v->refresh = old->refresh_box;
		v->refresh_expires_at = old->refresh_expires_at;
		v->kept = true;
	}
	if (v->has_refresh || in->by_access)
		v->due_at = store_connection_due_at(tx_now(tx), in->token_expires_at, in->lead_s);
	return OK;
}

/* What had ended of this user and provider is shown no more: the new row is in its place. */
static struct err close_ended(struct ctx *cx, struct tx *tx, const struct connection_key *key)
{
	static const char sql[] =
	    "UPDATE connections SET status = 'closed', reason = $1, user_info_box = NULL, updated_at = $2"
	    " WHERE project_id = $3 AND status = 'dead' AND user_id = $4 AND provider_id = $5";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, sv_of(reason_code(REASON_REPLACED)));
	db_bind_i64(q, 2, tx_now(tx));
	db_bind_sv(q, 3, key->project_id);
	db_bind_sv(q, 4, key->user_id);
	db_bind_sv(q, 5, key->provider_id);
	return db_run(cx, q);
}

struct err store_connection_adopt(struct ctx *cx, struct tx *tx, const struct connection_adopt *in,
				  struct connection_adopted *out)
{
	const struct connection_key key = { in->project_id, in->user_id, in->provider_id };
	struct connection row;
	struct values v = { .has_refresh = false };

	*out = (struct connection_adopted){ .id = "" };
	struct err e = store_connection_live(cx, tx, &key, &row);
	const struct connection *old = e.code == E_NOT_FOUND ? NULL : &row;
	if (old != NULL)
		TRY(e);
	if (old == NULL)
		id_ksuid("uc_", tx_now(tx), out->id);
	else if (!sv_copy(old->id, out->id, sizeof out->id))
		return fail(cx, E_INTERNAL, "storage error", "id of %zu bytes", old->id.n);
	v.id = sv_of(out->id);
	TRY(fill(cx, tx, in, old, &v));
	TRY(close_ended(cx, tx, &key));
	TRY(old == NULL ? insert(cx, tx, in, &v) : update(cx, tx, in, &v));
	if (old != NULL && !v.kept)
		TRY(displace(cx, tx, old, in));
	out->generation = old == NULL ? 1 : old->generation + 1;
	out->replaced_account =
	    old != NULL && old->account_hash.p != NULL && in->account_hash.p != NULL && !same_account(old, in);
	return store_connection_changed(cx, tx, &key);
}

struct err store_connection_account_shared(struct ctx *cx, struct tx *tx, struct sv account_hash, struct sv but_not_id,
					   bool *shared)
{
	static const char sql[] =
	    "SELECT EXISTS(SELECT 1 FROM connections WHERE substr(account_hash, 1, 8) = substr($1, 1, 8)"
	    "   AND account_hash = $1 AND status = 'live' AND id <> $2)"
	    " OR EXISTS(SELECT 1 FROM flows WHERE account_hash = $1 AND status = 'unverified' AND id <> $2)";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	*shared = false;
	if (account_hash.p == NULL)
		return OK;
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_blob(q, 1, account_hash);
	db_bind_sv(q, 2, but_not_id.p == NULL ? SV("") : but_not_id);
	TRY(db_one(cx, q));
	*shared = db_col_i64(q, 0) != 0;
	return OK;
}
