/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_flow.h"
#include "core/arena.h"
#include "core/text.h"
#include "db/db.h"
#include "store/store_held.h"
#include "store/store_prune.h"
#include "store/store_row.h"

enum { PRUNE_ROWS = 500 };
#define FLOW_COLS                                                                                                      \
	"id, authorization_id, project_id, user_id, provider_id, revision_id, client_id, redirect_uri, asked_scopes, " \
	"existing_scopes, granted_scopes, stored, status, reason, cookie_mac, pkce_box, form_box, flow_box, "          \
	"access_box, refresh_box, user_info_box, account_hash, ends_grant, can_revoke, scope_known, redeem_until, "    \
	"token_expires_at, refresh_expires_at, created_at, expires_at, ended_at FROM flows "

static struct err from_row(struct ctx *cx, struct db_stmt *q, struct flow *out)
{
	struct sv *const text[] = { &out->id,
				    &out->authorization_id,
				    &out->project_id,
				    &out->user_id,
				    &out->provider_id,
				    &out->revision_id,
				    &out->client_id,
				    &out->redirect_uri,
				    &out->asked_scopes,
				    &out->existing_scopes,
				    &out->granted_scopes,
				    &out->stored,
				    &out->status,
				    &out->reason };
	struct sv *const blob[] = { &out->cookie_mac, &out->pkce_box,    &out->form_box,      &out->flow_box,
				    &out->access_box, &out->refresh_box, &out->user_info_box, &out->account_hash };
	bool *const yes[] = { &out->ends_grant, &out->can_revoke, &out->scope_known };
	int64_t *const number[] = { &out->redeem_until, &out->token_expires_at, &out->refresh_expires_at,
				    &out->created_at,   &out->expires_at,       &out->ended_at };
	int at = 0;

	*out = (struct flow){ .created_at = 0 };
	for (size_t i = 0; i < ARRAY_LEN(text); i++)
		TRY(store_row_sv(cx, q, at++, text[i]));
	for (size_t i = 0; i < ARRAY_LEN(blob); i++)
		TRY(store_row_blob(cx, q, at++, blob[i]));
	for (size_t i = 0; i < ARRAY_LEN(yes); i++)
		*yes[i] = db_col_i64(q, at++) != 0;
	for (size_t i = 0; i < ARRAY_LEN(number); i++)
		*number[i] = db_col_i64(q, at++);
	return OK;
}

/* The rest of q's rows; room doubles as needed. */
static struct err from_rows(struct ctx *cx, struct db_stmt *q, struct flows *out)
{
	size_t room = 0;

	*out = (struct flows){ .n = 0 };
	for (;;) {
		bool row = false;

		TRY(db_next(cx, q, &row));
		if (!row)
			return OK;
		if (out->n == room && (out->v = store_row_room(cx, out->v, &room, sizeof *out->v)) == NULL)
			return fail(cx, E_INTERNAL, "out of memory", "flows");
		TRY(from_row(cx, q, &out->v[out->n]));
		out->n++;
	}
}

struct err store_flow_find(struct ctx *cx, const struct flow_find *how, struct flow *out)
{
	static const char by_state[] = "SELECT " FLOW_COLS "WHERE state_hash = $1";
	static const char by_flow[] = "SELECT " FLOW_COLS "WHERE flow_hash = $1";
	static const char by_form[] = "SELECT " FLOW_COLS "WHERE form_hash = $1";
	static const struct {
		const char *sql;
		enum mac_key mac;
	} t[] = {
		[FLOW_BY_STATE] = { by_state, MAC_STATE },
		[FLOW_BY_FLOW_ID] = { by_flow, MAC_FLOW },
		[FLOW_BY_FORM] = { by_form, MAC_STATE },
	};
	struct sha256 hash = store_mac(how->st, t[how->by].mac, how->key);
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, how->db, t[how->by].sql, &q));
	db_bind_blob(q, 1, sha256_view(&hash));
	TRY(db_one(cx, q));
	return from_row(cx, q, out);
}

struct err store_flow_get(struct ctx *cx, struct db *db, struct sv id, struct flow *out)
{
	static const char sql[] = "SELECT " FLOW_COLS "WHERE id = $1";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, db, sql, &q));
	db_bind_sv(q, 1, id);
	TRY(db_one(cx, q));
	return from_row(cx, q, out);
}

struct err store_flow_open(struct ctx *cx, struct db *db, struct sv authorization_id, struct flows *out)
{
	static const char sql[] = "SELECT " FLOW_COLS "WHERE authorization_id = $1 "
				  "AND status IN ('started', 'redeeming', 'unverified') ORDER BY created_at, id";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, db, sql, &q));
	db_bind_sv(q, 1, authorization_id);
	return from_rows(cx, q, out);
}

struct err store_flow_over(struct ctx *cx, struct db *db, int64_t now, int64_t most, struct flows *out)
{
	static const char sql[] = "SELECT " FLOW_COLS "WHERE status IN ('started', 'redeeming', 'unverified') "
				  "AND CASE status WHEN 'redeeming' THEN redeem_until ELSE expires_at END <= $1 "
				  "ORDER BY expires_at LIMIT $2";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, db, sql, &q));
	db_bind_i64(q, 1, now);
	db_bind_i64(q, 2, most);
	return from_rows(cx, q, out);
}

static const char *column(enum flow_box which)
{
	static const char *const t[] = {
		[FLOW_PKCE] = "flows.pkce_box",       [FLOW_FORM] = "flows.form_box",
		[FLOW_ID] = "flows.flow_box",         [FLOW_ACCESS] = "flows.access_box",
		[FLOW_REFRESH] = "flows.refresh_box", [FLOW_USER_INFO] = "flows.user_info_box",
	};

	return t[which];
}

/* *box p NULL when there is nothing to seal. */
struct place {
	struct sv project_id, id;
	enum flow_box which;
};
static struct err close_box(struct ctx *cx, struct tx *tx, const struct place *p, struct sv plain, struct sv *box)
{
	struct seal_at at = { .table_column = column(p->which), .project = p->project_id, .row = p->id };

	*box = SV_NONE;
	return plain.p == NULL ? OK : store_seal(cx, tx_store(tx), &at, plain, box);
}

static struct sv maybe(const struct secret *s) { return s == NULL ? SV_NONE : secret_view(s); }

struct err store_flow_unseal(struct ctx *cx, struct store *st, const struct flow *flow, enum flow_box which,
			     struct secret **out)
{
	const struct sv box[] = {
		[FLOW_PKCE] = flow->pkce_box,       [FLOW_FORM] = flow->form_box,
		[FLOW_ID] = flow->flow_box,         [FLOW_ACCESS] = flow->access_box,
		[FLOW_REFRESH] = flow->refresh_box, [FLOW_USER_INFO] = flow->user_info_box,
	};
	struct seal_at at = { .table_column = column(which), .project = flow->project_id, .row = flow->id };

	*out = NULL;
	return box[which].p == NULL ? OK : store_unseal(cx, st, &at, box[which], out);
}

struct err store_flow_start(struct ctx *cx, struct tx *tx, const struct flow_start *in)
{
	static const char sql[] =
	    "INSERT INTO flows(id, authorization_id, project_id, user_id, provider_id, revision_id, client_id, "
	    "redirect_uri, "
	    "asked_scopes, existing_scopes, ends_grant, can_revoke, state_hash, cookie_mac, pkce_box, status, "
	    "created_at, expires_at) "
	    "VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 'started', $16, $17)";
	const struct flow *f = in->flow;
	const struct sv text[] = { f->id,           f->authorization_id, f->project_id, f->user_id,
				   f->provider_id,  f->revision_id,      f->client_id,  f->redirect_uri,
				   f->asked_scopes, f->existing_scopes };
	struct sha256 state = store_mac(tx_store(tx), MAC_STATE, in->state);
	struct sha256 cookie = store_mac(tx_store(tx), MAC_COOKIE, in->cookie);
	struct sv pkce;
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(close_box(cx, tx, &(struct place){ f->project_id, f->id, FLOW_PKCE }, in->pkce, &pkce));
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	for (size_t i = 0; i < ARRAY_LEN(text); i++)
		db_bind_sv(q, (int)i + 1, text[i]);
	db_bind_i64(q, 11, f->ends_grant);
	db_bind_i64(q, 12, f->can_revoke);
	db_bind_blob(q, 13, sha256_view(&state));
	db_bind_blob(q, 14, sha256_view(&cookie));
	db_bind_blob(q, 15, pkce);
	db_bind_i64(q, 16, tx_now(tx));
	db_bind_i64(q, 17, f->expires_at);
	return db_run(cx, q);
}

struct err store_flow_test(struct ctx *cx, struct tx *tx, const struct flow *f, struct sv flow_id)
{
	static const char sql[] =
	    "INSERT INTO flows(id, project_id, user_id, status, flow_hash, flow_box, created_at, expires_at) "
	    "VALUES($1, $2, $3, 'unverified', $4, $5, $6, $7)";
	struct sha256 hash = store_mac(tx_store(tx), MAC_FLOW, flow_id);
	struct sv box;
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(close_box(cx, tx, &(struct place){ f->project_id, f->id, FLOW_ID }, flow_id, &box));
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, f->id);
	db_bind_sv(q, 2, f->project_id);
	db_bind_sv(q, 3, f->user_id);
	db_bind_blob(q, 4, sha256_view(&hash));
	db_bind_blob(q, 5, box);
	db_bind_i64(q, 6, tx_now(tx));
	db_bind_i64(q, 7, f->expires_at);
	return db_run(cx, q);
}

struct err store_flow_form(struct ctx *cx, struct tx *tx, const struct flow_form *in)
{
	static const char sql[] =
	    "UPDATE flows SET form_hash = $1, form_box = CASE WHEN ended_at = 0 THEN $2 END WHERE id = $3";
	struct sha256 hash = store_mac(tx_store(tx), MAC_STATE, in->handle);
	struct sv box;
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(close_box(cx, tx, &(struct place){ in->project_id, in->id, FLOW_FORM }, in->form, &box));
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_blob(q, 1, sha256_view(&hash));
	db_bind_blob(q, 2, box);
	db_bind_sv(q, 3, in->id);
	return db_run(cx, q);
}

static struct err one_changed(struct ctx *cx, struct db_stmt *q, const char *from)
{
	int64_t changed = 0;

	TRY(db_run_n(cx, q, &changed));
	return changed == 0 ? fail(cx, E_STALE, "this attempt has moved on", "flow not %s", from) : OK;
}

struct err store_flow_redeem(struct ctx *cx, struct tx *tx, struct sv id, int64_t until)
{
	static const char sql[] = "UPDATE flows SET status = 'redeeming', redeem_until = $1, pkce_box = NULL "
				  "WHERE id = $2 AND status = 'started'";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_i64(q, 1, until);
	db_bind_sv(q, 2, id);
	return one_changed(cx, q, "started");
}

struct err store_flow_tokens(struct ctx *cx, struct tx *tx, const struct flow_tokens *in)
{
	static const char sql[] = "UPDATE flows SET status = 'unverified', access_box = $1, refresh_box = $2, "
				  "user_info_box = $3, account_hash = $4, "
				  "granted_scopes = $5, scope_known = $6, stored = $7, token_expires_at = $8, "
				  "refresh_expires_at = $9, expires_at = $10, access_mac = $11, refresh_mac = $12 "
				  "WHERE id = $13 AND status = $14";
	const char *from = in->again ? "unverified" : "redeeming";
	struct sv access, refresh, user_info;
	struct held_macs macs;
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(close_box(cx, tx, &(struct place){ in->project_id, in->id, FLOW_ACCESS }, maybe(in->access), &access));
	TRY(close_box(cx, tx, &(struct place){ in->project_id, in->id, FLOW_REFRESH }, maybe(in->refresh), &refresh));
	TRY(close_box(cx, tx, &(struct place){ in->project_id, in->id, FLOW_USER_INFO }, maybe(in->user_info),
		      &user_info));
	TRY(store_held_macs(cx, tx_store(tx), in->access, in->refresh, &macs));
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_blob(q, 1, access);
	db_bind_blob(q, 2, refresh);
	db_bind_blob(q, 3, user_info);
	db_bind_blob(q, 4, in->account_hash);
	db_bind_sv(q, 5, in->granted_scopes);
	db_bind_i64(q, 6, in->scope_known);
	db_bind_sv(q, 7, in->stored);
	db_bind_i64(q, 8, in->token_expires_at);
	db_bind_i64(q, 9, in->refresh_expires_at);
	db_bind_i64(q, 10, in->expires_at);
	db_bind_blob(q, 11, macs.access);
	db_bind_blob(q, 12, macs.refresh);
	db_bind_sv(q, 13, in->id);
	db_bind_sv(q, 14, sv_of(from));
	return one_changed(cx, q, from);
}

struct err store_flow_name(struct ctx *cx, struct tx *tx, const struct flow *flow, struct sv flow_id)
{
	static const char sql[] = "UPDATE flows SET flow_hash = $1, flow_box = $2 "
				  "WHERE id = $3 AND status = 'unverified' AND flow_hash IS NULL";
	struct sha256 hash = store_mac(tx_store(tx), MAC_FLOW, flow_id);
	struct sv box;
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(close_box(cx, tx, &(struct place){ flow->project_id, flow->id, FLOW_ID }, flow_id, &box));
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_blob(q, 1, sha256_view(&hash));
	db_bind_blob(q, 2, box);
	db_bind_sv(q, 3, flow->id);
	return one_changed(cx, q, "unnamed");
}

struct err store_flow_end(struct ctx *cx, struct tx *tx, const struct flow_end *in)
{
	static const char sql[] =
	    "UPDATE flows SET status = $1, reason = $2, ended_at = $3, pkce_box = NULL, form_box = NULL, flow_box = "
	    "NULL, "
	    "access_box = NULL, refresh_box = NULL, user_info_box = NULL WHERE id = $4 AND status = $5";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, sv_of(in->to));
	db_bind_sv(q, 2, sv_of(in->reason));
	db_bind_i64(q, 3, tx_now(tx));
	db_bind_sv(q, 4, in->id);
	db_bind_sv(q, 5, sv_of(in->from));
	return one_changed(cx, q, in->from);
}

struct err store_flow_prune(struct ctx *cx, struct store *st, int64_t before, int64_t *gone)
{
	static const char sql[] =
	    "DELETE FROM flows WHERE id IN (SELECT id FROM flows WHERE ended_at > 0 AND ended_at < $1"
	    " ORDER BY ended_at LIMIT $2)";

	return store_prune(cx, st, &(struct prune){ sql, before, PRUNE_ROWS }, gone);
}

static struct err orphans_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	static const char sql[] = "UPDATE flows SET redeem_until = $1 WHERE redeem_until > $1 AND expires_at > 0 "
				  "AND status IN ('started', 'redeeming', 'unverified')"; /* by flows_open */
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	(void)in;
	(void)out;
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_i64(q, 1, tx_now(tx));
	return db_run(cx, q);
}

struct err store_flow_orphans(struct ctx *cx, struct store *st) { return store_act(cx, st, orphans_act, NULL, NULL); }
