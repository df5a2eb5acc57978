/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_revocation.h"
#include "core/rnd.h"
#include "core/text.h"
#include "store/store_connection.h"
#include "store/store_event.h"
#include "store/store_revocation_inner.h"

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
struct err store_revocation_boxes(struct ctx *cx, struct tx *tx, const struct revocation_seal *in,
				  struct revocation_boxes *out)
{
	const struct seal_at a = { "revocations.access_box", in->project_id, in->id };
	const struct seal_at r = { "revocations.refresh_box", in->project_id, in->id };

	TRY(seal(cx, tx, &a, in->access, &out->access));
	return seal(cx, tx, &r, in->refresh_json, &out->refresh);
}
static struct err queue(struct ctx *cx, struct tx *tx, const struct discard_in *in, const struct held_macs *macs,
			struct discard_out *out)
{
	static const char sql[] = "INSERT INTO revocations(" REVOCATION_COLS ")"
				  " VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, 'revocations', $10, $11, $12, $13, 0, "
				  "$14, $15, 0, $16, $17, $18,"
				  " $19)";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	struct revocation_boxes box;

	id_ksuid("rv_", tx_now(tx), out->revocation_id);
	TRY(store_revocation_boxes(
	    cx, tx,
	    &(struct revocation_seal){ in->project_id, sv_of(out->revocation_id), in->access, in->refresh_json },
	    &box));
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
	db_bind_blob(q, 10, box.access);
	db_bind_blob(q, 11, box.refresh);
	db_bind_blob(q, 12, in->account_hash);
	db_bind_i64(q, 13, in->ends_grant);
	db_bind_i64(q, 14, tx_now(tx));
	db_bind_i64(q, 15, tx_now(tx) + GIVE_UP);
	db_bind_i64(q, 16, tx_now(tx));
	db_bind_blob(q, 17, macs->access);
	db_bind_blob(q, 18, macs->refresh);
	db_bind_i64(q, 19, in->uncertain);
	return db_run(cx, q);
}
/* A consent that gave the user's own token again has given nothing up: that is no step of its story. */
static struct err held_elsewhere(struct ctx *cx, struct tx *tx, const struct discard_in *in, struct discard_out *out)
{
	out->fate = DISCARDED_HELD;
	return in->why == DISCARD_REPLACED ? OK : tell(cx, tx, in, "not_revoked_token_in_use");
}
struct err store_revocation_discard(struct ctx *cx, struct tx *tx, const struct discard_in *in, struct discard_out *out)
{
	bool shared = false, held = false;
	struct held_macs macs;

	*out = (struct discard_out){ .fate = DISCARDED_NOTHING };
	if (in->access == NULL && in->refresh_json == NULL)
		return OK;
	if (!in->can_revoke) {
		out->fate = DISCARDED_UNSUPPORTED;
		return tell(cx, tx, in, "not_revoked_unsupported");
	}
	TRY(store_held_macs(cx, tx_store(tx), in->access, in->refresh_json, &macs));
	TRY(store_held(cx, tx, &macs, &held));
	if (held)
		return held_elsewhere(cx, tx, in, out);
	struct sv but = in->connection_id.n > 0 ? in->connection_id : in->flow_id;
	if (in->ends_grant && explicitly(in->why))
		TRY(store_connection_account_shared(cx, tx, in->account_hash, but, &shared));
	if (in->ends_grant && (shared || !explicitly(in->why))) {
		out->fate = DISCARDED_KEPT;
		return tell(cx, tx, in, "not_revoked_shared_grant");
	}
	out->fate = DISCARDED_QUEUED;
	return queue(cx, tx, in, &macs, out);
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
	    " stored, 'connections', access_box, refresh_box, account_hash, 1, 0, $1, $2, 0, $1, access_mac, "
	    "refresh_mac,"
	    " uncertain OR sent_generation > 0 FROM connections"
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
