/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "model/reason.h"
#include "store/store_connection_inner.h"
#include "store/store_event.h"
#include "store/store_held.h"
#include "store/store_list.h"

/* A new pair has come.  Only the generation decides whether it is stored; one that fits nowhere shares the fate of what
 * displaced it (design 8, Refresh). */
struct values {
	struct sv access, refresh, granted, stored;
	struct held_macs macs;
	bool has_refresh, scope_known;
	int64_t refresh_expires_at, due_at;
};

static struct err fill(struct ctx *cx, struct tx *tx, const struct connection_renew *in, const struct connection *c,
		       struct values *v)
{
	struct connection_seal at = { .which = BOX_ACCESS, .project_id = c->project_id, .id = c->id };

	*v = (struct values){
		.refresh = c->refresh_box,
		.granted = c->granted_scopes,
		.stored = in->stored.p == NULL ? c->stored : in->stored,
		.has_refresh = c->has_refresh,
		.scope_known = c->scope_known,
		.refresh_expires_at = in->by_access                 ? in->token_expires_at
				      : in->refresh_expires_at != 0 ? in->refresh_expires_at
								    : c->refresh_expires_at,
	};
	TRY(store_connection_seal(cx, tx_store(tx), &at, in->access, &v->access));
	TRY(store_held_macs(cx, tx_store(tx), in->access, in->refresh_json, &v->macs));
	if (in->refresh_json != NULL) {
		at.which = BOX_REFRESH;
		TRY(store_connection_seal(cx, tx_store(tx), &at, in->refresh_json, &v->refresh));
		v->has_refresh = v->macs.refresh.p != NULL;
	}
	if (in->scope_known) { /* RFC 6749 6: no scope in the answer means the same as before */
		v->scope_known = true;
		TRY(store_list_json(cx, in->granted, &v->granted));
	}
	if (v->has_refresh || in->by_access)
		v->due_at = store_connection_due_at(tx_now(tx), in->token_expires_at, in->lead_s);
	return OK;
}
static struct err whole(struct ctx *cx, struct tx *tx, const struct connection_renew *in, const struct values *v)
{
	static const char sql[] =
	    "UPDATE connections SET access_box = $1, refresh_box = $2, has_refresh = $3, granted_scopes = $4,"
	    " scope_known = $5, stored = $6, token_issued_at = $7, token_expires_at = $8, refresh_expires_at = $9,"
	    " due_at = $10, access_mac = $11, refresh_mac = CASE WHEN $12 THEN refresh_mac ELSE $13 END,"
	    " refreshed_at = $7, updated_at = $7, generation = generation + 1, status = 'live', reason = '',"
	    " ended_at = 0, lease_owner = '', lease_until = 0, sent_generation = 0, uncertain = 0, tries = 0,"
	    " next_try_at = 0, force_refresh = 0 WHERE id = $14 AND generation = $15";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_blob(q, 1, v->access);
	db_bind_blob(q, 2, v->refresh);
	db_bind_i64(q, 3, v->has_refresh);
	db_bind_sv(q, 4, v->granted);
	db_bind_i64(q, 5, v->scope_known);
	db_bind_sv(q, 6, v->stored);
	db_bind_i64(q, 7, tx_now(tx));
	db_bind_i64(q, 8, in->token_expires_at);
	db_bind_i64(q, 9, v->refresh_expires_at);
	db_bind_i64(q, 10, v->due_at);
	db_bind_blob(q, 11, v->macs.access);
	db_bind_i64(q, 12, in->refresh_json == NULL);
	db_bind_blob(q, 13, v->macs.refresh);
	db_bind_sv(q, 14, in->id);
	db_bind_i64(q, 15, in->generation);
	return db_run(cx, q);
}
/* The refresh token is safe; the access token stays the old one until the exchange is done. */
static struct err half(struct ctx *cx, struct tx *tx, const struct connection_renew *in, const struct values *v)
{
	static const char sql[] =
	    "UPDATE connections SET refresh_box = $1, has_refresh = $2, refresh_expires_at = $3, updated_at = $4,"
	    " refresh_mac = CASE WHEN $5 THEN refresh_mac ELSE $6 END, generation = generation + 1, status = 'live',"
	    " reason = '', ended_at = 0, sent_generation = 0, uncertain = 0 WHERE id = $7 AND generation = $8";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_blob(q, 1, v->refresh);
	db_bind_i64(q, 2, v->has_refresh);
	db_bind_i64(q, 3, v->refresh_expires_at);
	db_bind_i64(q, 4, tx_now(tx));
	db_bind_i64(q, 5, in->refresh_json == NULL);
	db_bind_blob(q, 6, v->macs.refresh);
	db_bind_sv(q, 7, in->id);
	db_bind_i64(q, 8, in->generation);
	return db_run(cx, q);
}

/* ---- does it fit? ---- */
/* A row that was given up because of a refresh may have been given up too early: the pair in hand is the proof. */
static bool given_up(const struct connection *c)
{
	return sv_eqz(c->status, "dead") &&
	       (sv_eqz(c->reason, reason_code(REASON_REVOKED)) || sv_eqz(c->reason, reason_code(REASON_ANSWER_LOST)));
}
static struct err fits(struct ctx *cx, struct tx *tx, const struct connection_renew *in, const struct connection *c,
		       bool *yes)
{
	const struct connection_key key = store_connection_key(c);
	struct connection other;

	*yes = c->generation == in->generation && sv_eqz(c->status, "live");
	if (*yes || c->generation != in->generation || !given_up(c))
		return OK;
	struct err e = store_connection_live(cx, tx, &key, &other);
	*yes = e.code == E_NOT_FOUND;
	return *yes ? OK : e;
}

/* ---- when it does not ---- */
static struct err event_of(struct ctx *cx, struct tx *tx, const struct connection_renew *in, enum reason why)
{
	struct event ev = *in->event;

	ev.outcome = "ignored";
	ev.reason = reason_code(why);
	return store_event_add(cx, tx, &ev);
}
static struct err stray(struct ctx *cx, struct tx *tx, const struct connection_renew *in, const struct connection *c,
			struct connection_renewed *out)
{
	bool replaced = sv_eqz(c->reason, reason_code(REASON_REPLACED));
	bool gone = sv_eqz(c->status, "closed") && !replaced,
	     by_provider = sv_eqz(c->reason, reason_code(REASON_PROVIDER_DELETED));
	bool same_consent = sv_eq(c->authorization_id, in->authorization_id);
	struct discard_out fate;
	struct discard_in d = {
		.why = DISCARD_REPLACED,
		.project_id = c->project_id,
		.provider_id = c->provider_id,
		.revision_id = c->revision_id,
		.client_id = c->client_id,
		.connection_id = c->id,
		.authorization_id = in->authorization_id,
		.stored = in->stored.p == NULL ? c->stored : in->stored,
		.access = in->access,
		.refresh_json = in->refresh_json,
		.account_hash = c->account_hash,
		.ends_grant = in->ends_grant,
		.can_revoke = in->can_revoke,
	};

	out->fate = RENEW_DISCARDED;
	if (gone) {
		d.why = by_provider ? DISCARD_PROVIDER_DELETED : DISCARD_DISCONNECT;
		TRY(event_of(cx, tx, in, by_provider ? REASON_PROVIDER_DELETED : REASON_DISCONNECTED));
		TRY(store_revocation_answered(cx, tx, c->id));
		return store_revocation_discard(cx, tx, &d, &fate);
	}
	TRY(event_of(cx, tx, in, REASON_REPLACED));
	if (!sv_eqz(c->status, "live") || !same_consent)
		return store_revocation_discard(cx, tx, &d, &fate);
	/* Another refresh of the same consent was first: revoking this pair could end that one's too. */
	out->fate = RENEW_REPLACED;
	return OK;
}
static struct err renew_act(struct ctx *cx, struct tx *tx, const void *in_, void *out_)
{
	const struct connection_renew *in = in_;
	struct connection_renewed *out = out_;
	struct connection c;
	struct values v;
	bool yes = false;

	*out = (struct connection_renewed){ .fate = RENEW_DISCARDED };
	TRY(store_connection_by_id(cx, tx_db(tx), in->id, &c));
	TRY(fits(cx, tx, in, &c, &yes));
	out->generation = c.generation;
	if (!yes)
		return stray(cx, tx, in, &c, out);
	TRY(fill(cx, tx, in, &c, &v));
	TRY(in->half ? half(cx, tx, in, &v) : whole(cx, tx, in, &v));
	if (!in->half)
		TRY(store_event_add(cx, tx, in->event));
	out->fate = sv_eqz(c.status, "live") ? RENEW_STORED : RENEW_REVIVED;
	out->generation = c.generation + 1;
	const struct connection_key key = store_connection_key(&c);
	return store_connection_changed(cx, tx, &key);
}
struct err store_connection_renew(struct ctx *cx, struct store *st, const struct connection_renew *in,
				  struct connection_renewed *out)
{
	return store_act(cx, st, renew_act, in, out);
}
