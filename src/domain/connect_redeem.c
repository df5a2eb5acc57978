/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/rnd.h"
#include "core/text.h"
#include "domain/connect_inner.h"
#include "domain/mcp_auth.h"
#include "domain/scopes.h"
#include "domain/state.h"
#include "domain/tokens.h"
#include "model/pdef_parts.h"

/* Lane CALL, once a code.  "redeeming, until" is committed before the call; the answer is stored unverified before
 * anything else is done with it; the rest (exchange, introspection, look-ups, who it is) is best effort and never fails
 * the grant (design 6, 8). */
static const int64_t redeem_life = SEC(45), call_life = SEC(20);

/* ---- one commit before the call ---- */
struct begin {
	const struct visit *v;
	const struct actor *by;
};
static struct err act_begin(struct ctx *cx, struct tx *tx, const void *arg, void *result)
{
	const struct begin *in = arg;
	int64_t *until = result;
	struct timeline line = connect_line(in->v, in->by, "callback", "ok");
	struct authorization a;

	*until = tx_now(tx) + redeem_life;
	TRY(store_authorization_get(cx, tx_db(tx), in->v->a.id, &a));
	if (a.expires_at <= tx_now(tx))
		return fail(cx, E_STALE, "the authorization has ended", "over in the moment of its callback");
	TRY(state_move(cx, FLOW_STARTED, FLOW_REDEEMING));
	TRY(store_flow_redeem(cx, tx, in->v->f.id, *until));
	TRY(store_authorization_outlive(cx, tx, a.id, *until + connect_unverified_life)); /* contract 2.2 */
	return timeline_add(cx, tx, &line);
}

/* ---- the call ---- */
/* In the moment of sending: an answer must still come before `until`. */
static bool may_send(void *arg)
{
	const int64_t *until = arg;

	return clock_now() + call_life < *until;
}

static struct wire_client client_of(struct engine *en, const struct visit *v, const struct secret *client_secret)
{
	return (struct wire_client){ .net = en->net,
				     .def = v->rev.def,
				     .client_id = v->f.client_id,
				     .client_secret = client_secret,
				     .redirect_uri = v->f.redirect_uri,
				     .stored = v->f.stored };
}

struct answer {
	struct token_set set;
	struct wire_outcome how;
};
static void answer_clear(struct answer *a) { token_set_clear(&a->set); }

static struct err call(struct ctx *cx, struct engine *en, const struct redeem *in, int64_t until, struct answer *out)
{
	const struct visit *v = in->v;
	CLEANUP(secret_drop) struct secret *secret = NULL;
	CLEANUP(secret_drop) struct secret *verifier = NULL;
	TRY(providers_secret(cx, en, v->p, &secret));
	struct wire_client client = client_of(en, v, secret);
	struct wire_redeem ask = { .code = in->cb->code, .verifier = SV_NONE, .gate = { may_send, &until, call_life } };

	if (in->cb->stored.n > 0)
		client.stored = in->cb->stored;
	TRY(store_flow_unseal(cx, en->store, &v->f, FLOW_PKCE, &verifier));
	if (verifier != NULL)
		ask.verifier = secret_view(verifier);
	TRY(scopes_from_json(cx, v->f.asked_scopes, &ask.asked));
	struct err e = wire_redeem(cx, &client, &ask, &out->set, &out->how);
	if (e.code != E_CONFIG)
		return e;
	out->how.fate = WIRE_CONFIG; /* the definition or the client cannot even ask: nothing was sent */
	if (!sv_copy(sv_upto(sv_of(cx->cause.say), sizeof out->how.detail - 1), out->how.detail,
		     sizeof out->how.detail))
		out->how.detail[0] = '\0';
	return forgive(cx);
}

/* ---- the answer into the store ---- */
struct keep {
	const struct visit *v;
	const struct token_set *set;
	const struct secret *access, *refresh, *user_info;
	struct sv granted, account_hash, flow_id;
	const struct wire_outcome *how;
	const struct actor *by;
};
struct kept {
	int64_t expires_at;
	enum reason late; /* not REASON_NONE: the tokens came too late and were given up */
};

static struct flow_tokens row_of(const struct keep *in, int64_t expires_at)
{
	return (struct flow_tokens){ .id = in->v->f.id,
				     .project_id = in->v->f.project_id,
				     .granted_scopes = in->granted,
				     .stored = in->set->stored.n > 0 ? in->set->stored : SV("{}"),
				     .access = in->access,
				     .refresh = in->refresh,
				     .user_info = in->user_info,
				     .account_hash = in->account_hash,
				     .scope_known = in->set->scope_known,
				     .token_expires_at = in->set->expires_at,
				     .refresh_expires_at = in->set->refresh_expires_at,
				     .expires_at = expires_at };
}

static struct err give_up(struct ctx *cx, struct tx *tx, const struct keep *in, const struct flow *f, enum reason why)
{
	struct discard_in d = { .why = DISCARD_LATE,
				.project_id = f->project_id,
				.provider_id = f->provider_id,
				.revision_id = f->revision_id,
				.client_id = f->client_id,
				.connection_id = SV(""),
				.flow_id = f->id,
				.authorization_id = f->authorization_id,
				.stored = row_of(in, 0).stored,
				.access = in->access,
				.refresh_json = in->refresh,
				.account_hash = SV_NONE,
				.ends_grant = f->ends_grant,
				.can_revoke = f->can_revoke };
	struct discard_out out = { .fate = DISCARDED_NOTHING };
	struct timeline line = connect_line(in->v, in->by, "late_answer", "failed");

	line.reason = why;
	if (!state_is_end(state_of_flow(f->status)))
		TRY(flows_end_one(cx, tx, &(struct flows_fail){ f, why, DISCARD_LATE, in->by }));
	TRY(store_revocation_discard(cx, tx, &d, &out));
	return timeline_add(cx, tx, &line);
}

/* redeeming -> unverified, unless everything has ended meanwhile.  An answer that comes after `until` is kept as long
 * as nobody found the flow so: the tokens exist, and only here. */
static struct err act_keep(struct ctx *cx, struct tx *tx, const void *arg, void *result)
{
	const struct keep *in = arg;
	struct kept *out = result;
	struct flow f;
	struct authorization a;
	struct timeline line = connect_line(in->v, in->by, "code_exchange", "ok");

	*out = (struct kept){ .expires_at = tx_now(tx) + connect_unverified_life, .late = REASON_NONE };
	TRY(store_flow_get(cx, tx_db(tx), in->v->f.id, &f));
	TRY(store_authorization_get(cx, tx_db(tx), f.authorization_id, &a));
	if (state_of_flow(f.status) != FLOW_REDEEMING)
		out->late = reason_of(f.reason) == REASON_NONE ? REASON_SUPERSEDED : reason_of(f.reason);
	else if (state_of_authorization(a.status) != AUTHORIZATION_PENDING || a.expires_at <= tx_now(tx))
		out->late = REASON_EXPIRED;
	if (out->late != REASON_NONE)
		return give_up(cx, tx, in, &f, out->late);
	struct flow_tokens row = row_of(in, out->expires_at);
	TRY(state_move(cx, FLOW_REDEEMING, FLOW_UNVERIFIED));
	TRY(store_flow_tokens(cx, tx, &row));
	TRY(store_authorization_outlive(cx, tx, a.id, out->expires_at)); /* the answer may have come after its time */
	line.how = in->how;
	line.scopes = in->granted;
	TRY(timeline_add(cx, tx, &line));
	return connect_notice_answer(cx, tx, &(struct connect_notice){ in->v, in->set, in->how, in->by });
}

/* ---- what else there is to learn ---- */
struct learn {
	struct engine *en;
	const struct keep *k;
	const char *step;
};
static void noted(struct ctx *cx, const struct learn *l, struct err e, const struct wire_outcome *how)
{
	bool good = !IS_ERR(e) && how->fate == WIRE_OK;
	struct timeline line = connect_line(l->k->v, l->k->by, l->step, good ? "ok" : "failed");

	if (IS_ERR(e))
		(void)forgive(cx);
	line.how = how;
	line.reason = good ? REASON_NONE : how->reason;
	timeline_log(cx, l->en, &line);
}

/* Design 6: an HMAC of token endpoint, client id and the provider's account id. */
static struct err account_of(struct ctx *cx, struct engine *en, const struct visit *v, struct sv account,
			     struct sha256 *out)
{
	CLEANUP(buf_free) struct buf b = BUF(16 << 10);

	buf_sv(&b, v->rev.def->parts->token.url);
	buf_char(&b, '\0');
	buf_sv(&b, v->f.client_id);
	buf_char(&b, '\0');
	buf_sv(&b, account);
	TRY(buf_done(cx, &b, "account"));
	*out = store_mac(en->store, MAC_ACCOUNT, buf_view(&b));
	return OK;
}

struct learnt {
	struct wire_user user;
	struct sha256 hash;
};
static void learnt_clear(struct learnt *l) { wire_user_clear(&l->user); }

static struct err learn(struct ctx *cx, struct engine *en, struct keep *k, struct token_set *set, struct learnt *out)
{
	const struct pdef *d = k->v->rev.def;
	CLEANUP(secret_drop) struct secret *secret = NULL;
	TRY(providers_secret(cx, en, k->v->p, &secret));
	struct wire_client client = client_of(en, k->v, secret);
	struct wire_outcome how = { .fate = WIRE_OK };

	if (d->exchange_on_grant)
		noted(cx, &(struct learn){ en, k, "token_swap" }, wire_exchange(cx, &client, set, &how), &how);
	if (d->has_introspection && d->introspect_on_grant)
		noted(cx, &(struct learn){ en, k, "introspection" }, wire_introspect(cx, &client, set, &how), &how);
	if (set->stored.n > 0)
		client.stored = set->stored;
	if (d->has_lookup)
		noted(cx, &(struct learn){ en, k, "lookup" }, wire_lookup(cx, &client, set, &how), &how);
	if (set->stored.n > 0)
		client.stored = set->stored;
	if (d->has_user_info && d->user_info_on_grant)
		noted(cx, &(struct learn){ en, k, "user_info" }, wire_user_info(cx, &client, set, &out->user, &how),
		      &how);
	k->user_info = out->user.json;
	struct sv account = out->user.account.n > 0 ? out->user.account : set->account;
	if (account.n == 0)
		return OK;
	TRY(account_of(cx, en, k->v, account, &out->hash));
	k->account_hash = sha256_view(&out->hash);
	return OK;
}

static struct err granted_of(struct ctx *cx, const struct visit *v, const struct token_set *set, struct sv *out)
{
	*out = v->f.asked_scopes; /* RFC 6749 section 5.1: nothing said means as asked */
	return set->scope_known ? scopes_json(cx, set->scopes, out) : OK;
}

/* What was learnt, and the flow_id for the verifier, in one act. */
static struct err act_learnt(struct ctx *cx, struct tx *tx, const void *arg, void *result)
{
	const struct keep *in = arg;
	const struct kept *kept = result;
	struct flow_tokens row = row_of(in, kept->expires_at);

	row.again = true;
	TRY(store_flow_tokens(cx, tx, &row));
	return store_flow_name(cx, tx, &in->v->f, in->flow_id);
}

static struct err repack(struct ctx *cx, struct engine *en, struct keep *k, struct kept *kept)
{
	CLEANUP(secret_drop) struct secret *access = NULL;
	CLEANUP(secret_drop) struct secret *refresh = NULL;

	TRY(tokens_pack(cx, k->set, &access, &refresh));
	k->access = access;
	k->refresh = refresh;
	TRY(granted_of(cx, k->v, k->set, &k->granted));
	struct err e = store_act(cx, en->store, act_learnt, k, kept);
	k->access = k->refresh = NULL;
	return e.code == E_STALE ? forgive(cx) : e; /* it ended, or another callback named it, meanwhile */
}

static struct err finish(struct ctx *cx, struct engine *en, struct keep *k, struct token_set *set, struct kept *kept)
{
	CLEANUP(learnt_clear) struct learnt l = { .user = { NULL, SV_NONE } };
	char flow_id[ID_TEXT];

	TRY(learn(cx, en, k, set, &l));
	id_uuid(flow_id);
	k->flow_id = sv_of(flow_id);
	struct err e = repack(cx, en, k, kept);
	wipe(flow_id, sizeof flow_id);
	return e;
}

static struct err keep(struct ctx *cx, struct engine *en, const struct redeem *in, struct answer *got, struct kept *out)
{
	struct actor by = connect_by(in->v, in->br);
	CLEANUP(secret_drop) struct secret *access = NULL;
	CLEANUP(secret_drop) struct secret *refresh = NULL;
	struct keep k = { .v = in->v, .set = &got->set, .how = &got->how, .by = &by, .account_hash = SV_NONE };

	if (got->set.stored.n == 0)
		got->set.stored = in->cb->stored;
	TRY(tokens_pack(cx, &got->set, &access, &refresh));
	k.access = access;
	k.refresh = refresh;
	TRY(granted_of(cx, in->v, &got->set, &k.granted));
	TRY(store_act(cx, en->store, act_keep, &k, out));
	k.access = k.refresh = NULL;
	return out->late == REASON_NONE ? finish(cx, en, &k, &got->set, out) : OK;
}

/* ---- all of it ---- */
/* The provider's no, or no answer: only what no click can mend ends the authorization. */
static struct err not_redeemed(struct ctx *cx, struct engine *en, const struct redeem *in,
			       const struct wire_outcome *how, struct next *out)
{
	struct actor by = connect_by(in->v, in->br);
	struct timeline line = connect_line(in->v, &by, "code_exchange", "failed");
	bool whole = how->fate == WIRE_CONFIG || how->reason == REASON_DENIED;
	enum reason why = how->fate == WIRE_CONFIG ? REASON_MISCONFIGURED : how->reason;

	if (why == REASON_NONE)
		why = how->fate == WIRE_DEAD ? REASON_EXCHANGE_REFUSED : REASON_PROVIDER_DOWN;
	line.how = how;
	line.reason = why;
	timeline_log(cx, en, &line);
	if (strcmp(how->error, "invalid_client") == 0)
		TRY(mcp_auth_refused(cx, en, in->v->p, in->v->f.client_id));
	TRY(connect_end(cx, en, &(struct connect_end){ in->v, why, whole, &by }));
	TRY(connect_failed(cx, en, in->v, why, out));
	if (how->description[0] != '\0')
		out->message = arena_sv(cx->arena, sv_of(how->description));
	if (whole)
		out->url = SV_NONE;
	return OK;
}

/* As the store has it now: whoever won, this is the truth. */
static struct err shown(struct ctx *cx, struct engine *en, const struct visit *was, struct next *out)
{
	CLEANUP(store_read_done) struct reader rd = { .st = NULL };
	struct visit v = *was;

	cx->now = clock_now();
	TRY(store_read(cx, en->store, &rd));
	TRY(store_flow_get(cx, rd.db, was->f.id, &v.f));
	TRY(store_authorization_get(cx, rd.db, was->a.id, &v.a));
	return connect_again(cx, en, &v, out);
}

struct err connect_redeem(struct ctx *cx, struct engine *en, const struct redeem *in, struct next *out)
{
	struct actor by = connect_by(in->v, in->br);
	CLEANUP(answer_clear) struct answer got = { .how = { .fate = WIRE_NOT_SENT } };
	struct kept kept = { .late = REASON_NONE };
	int64_t until = 0;
	struct err e = store_act(cx, en->store, act_begin, &(struct begin){ in->v, &by }, &until);

	if (e.code == E_STALE) {
		(void)forgive(cx);
		return shown(cx, en, in->v, out);
	}
	TRY(e);
	TRY(call(cx, en, in, until, &got));
	if (got.how.fate != WIRE_OK)
		return not_redeemed(cx, en, in, &got.how, out);
	TRY(keep(cx, en, in, &got, &kept));
	return shown(cx, en, in->v, out);
}

/* ---- a flow_id for a flow whose redeemer did not come back ---- */
struct name {
	const struct flow *flow;
	struct sv flow_id;
};
static struct err act_name(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	const struct name *n = in;

	(void)out;
	return store_flow_name(cx, tx, n->flow, n->flow_id);
}

struct err connect_name(struct ctx *cx, struct engine *en, const struct visit *v)
{
	char flow_id[ID_TEXT];

	id_uuid(flow_id);
	struct err e = store_act(cx, en->store, act_name, &(struct name){ &v->f, sv_of(flow_id) }, NULL);
	wipe(flow_id, sizeof flow_id);
	return e.code == E_STALE ? forgive(cx) : e;
}
