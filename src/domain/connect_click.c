/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/clock.h"
#include "core/ip.h"
#include "core/logf.h"
#include "core/rnd.h"
#include "core/text.h"
#include "domain/connect_inner.h"
#include "domain/scopes.h"
#include "domain/state.h"
#include "domain/throttle.h"

enum { FLOWS_LIVE = 20, RETRY_S = 60 }; /* design 8 */
static const int64_t flow_life = HOUR(24);

struct click {
	struct engine *en;
	const struct visit *v;
	const struct browser *br;
	const char *flow_id, *state, *verifier, *cookie;
};
struct clicked {
	struct sv url;
	bool ended, crowded; /* the authorization is over; 20 browsers are at it */
};

struct err connect_scopes_of(struct ctx *cx, const struct pdef *d, const struct connection *c, struct sv_list *out)
{
	struct scope_state have = { .known = c->scope_known };

	TRY(scopes_from_json(cx, c->requested_scopes, &have.requested));
	TRY(scopes_from_json(cx, c->granted_scopes, &have.granted));
	/* Where the provider spells scopes another way, what was asked for is what it understands (contract 2.2). */
	return scopes_kept(cx, d, &have, out);
}

/* ---- room for one more browser ---- */
static struct err make_room(struct ctx *cx, struct tx *tx, const struct click *in, bool *crowded)
{
	struct actor by = connect_by(in->v, in->br);
	const struct flow *oldest = NULL;
	struct flows open;
	size_t live = 0;

	*crowded = false;
	TRY(store_flow_open(cx, tx_db(tx), in->v->a.id, &open));
	for (size_t i = 0; i < open.n; i++) {
		const struct flow *f = &open.v[i];
		enum state s = state_of_flow(f->status);

		if ((s == FLOW_REDEEMING ? f->redeem_until : f->expires_at) <= tx_now(tx))
			continue;
		live++;
		if (s == FLOW_STARTED && oldest == NULL)
			oldest = f;
	}
	if (live < FLOWS_LIVE)
		return OK;
	*crowded = oldest == NULL;
	if (oldest == NULL)
		return OK;
	return flows_end_one(cx, tx, &(struct flows_fail){ oldest, REASON_SUPERSEDED, DISCARD_LATE, &by });
}

/* ---- the flow ---- */
static struct err existing_scopes(struct ctx *cx, struct tx *tx, const struct visit *v, struct sv_list *out)
{
	const struct authorization *a = &v->a;
	struct connection_key key = { a->project_id, a->user_id, a->provider_id };
	struct connection c;
	struct err e = store_connection_live(cx, tx, &key, &c);

	*out = (struct sv_list){ NULL, 0 };
	if (e.code == E_NOT_FOUND)
		return forgive(cx);
	TRY(e);
	return connect_scopes_of(cx, v->p->def, &c, out);
}

static struct err provider_url(struct ctx *cx, const struct click *in, const struct wire_authorize *ask, struct sv *url,
			       struct sv_list *sent)
{
	const struct provider *p = in->v->p;
	CLEANUP(secret_drop) struct secret *secret = NULL;
	TRY(providers_secret(cx, in->en, p, &secret));
	struct wire_client client = { .net = in->en->net,
				      .def = p->def,
				      .client_id = sv_of(p->client_id),
				      .client_secret = secret,
				      .redirect_uri = sv_of(p->redirect_uri),
				      .stored = SV("") };

	return wire_authorize_url(cx, &client, ask, url, sent);
}

static struct err start(struct ctx *cx, struct tx *tx, const struct click *in, struct clicked *out)
{
	const struct provider *p = in->v->p;
	const struct authorization *a = &in->v->a;
	struct wire_authorize ask = { .state = sv_of(in->state),
				      .verifier = p->def->pkce ? sv_of(in->verifier) : SV_NONE };
	struct sv_list sent = { NULL, 0 };
	struct flow f = { .id = sv_of(in->flow_id),
			  .authorization_id = a->id,
			  .project_id = a->project_id,
			  .user_id = a->user_id,
			  .provider_id = a->provider_id,
			  .revision_id = sv_of(p->revision_id),
			  .client_id = sv_of(p->client_id),
			  .redirect_uri = sv_of(p->redirect_uri),
			  .ends_grant = p->def->revoke_ends == ENDS_GRANT,
			  .can_revoke = p->def->can_revoke,
			  .expires_at = tx_now(tx) + flow_life };
	struct flow_start row = { &f, ask.state, sv_of(in->cookie), ask.verifier };
	struct actor by = connect_by(in->v, in->br);
	struct timeline line = { .project_id = a->project_id,
				 .authorization_id = a->id,
				 .flow_id = f.id,
				 .by = &by,
				 .step = "link_opened",
				 .outcome = "ok" };

	TRY(scopes_from_json(cx, a->scopes, &ask.scopes));
	TRY(existing_scopes(cx, tx, in->v, &ask.existing));
	TRY(provider_url(cx, in, &ask, &out->url, &sent));
	TRY(scopes_json(cx, sent, &f.asked_scopes));
	TRY(scopes_json(cx, ask.existing, &f.existing_scopes));
	TRY(state_move(cx, STATE_NONE, FLOW_STARTED));
	TRY(store_flow_start(cx, tx, &row));
	line.scopes = f.asked_scopes;
	return timeline_add(cx, tx, &line);
}

static struct err act_click(struct ctx *cx, struct tx *tx, const void *arg, void *result)
{
	const struct click *in = arg;
	struct clicked *out = result;
	struct authorization a;

	*out = (struct clicked){ .ended = false };
	TRY(store_authorization_get(cx, tx_db(tx), in->v->a.id, &a));
	out->ended = state_of_authorization(a.status) != AUTHORIZATION_PENDING || a.expires_at <= tx_now(tx);
	if (out->ended)
		return OK;
	TRY(make_room(cx, tx, in, &out->crowded));
	return out->crowded ? OK : start(cx, tx, in, out);
}

/* ---- the link ---- */
static struct err find_link(struct ctx *cx, struct engine *en, struct sv token, struct visit *out)
{
	CLEANUP(store_read_done) struct reader rd = { .st = NULL };
	struct sha256 hash = store_mac(en->store, MAC_CONNECT, token);

	*out = (struct visit){ .p = NULL };
	if (token.n != TOKEN_TEXT - 1)
		return (struct err){ E_NOT_FOUND };
	TRY(store_read(cx, en->store, &rd));
	TRY(store_authorization_by_link(cx, rd.db, &hash, &out->a));
	out->p = providers_by_row(en, out->a.provider_id);
	return OK;
}

/* The page of a link that starts nothing any more. */
static struct err over(struct ctx *cx, struct engine *en, const struct visit *v, struct next *out)
{
	enum reason why = reason_of(v->a.reason);
	struct sv row = SV(""), code = SV("");

	if (state_of_authorization(v->a.status) == AUTHORIZATION_SUCCEEDED) {
		TRY(store_connection_status(cx, en->store, v->a.connection_id, &row, &code));
		if (sv_eqz(row, "live")) {
			connect_done(v, out);
			return OK;
		}
		why = reason_of(code) == REASON_NONE ? REASON_DISCONNECTED : reason_of(code);
	}
	if (why == REASON_NONE)
		why = REASON_EXPIRED;
	TRY(connect_failed(cx, en, v, v->p == NULL ? REASON_PROVIDER_DELETED : why, out));
	out->url = SV_NONE;
	out->http_hint = 410;
	return OK;
}

static bool starts(const struct ctx *cx, const struct visit *v)
{
	return state_of_authorization(v->a.status) == AUTHORIZATION_PENDING && v->a.expires_at > cx->now &&
	       v->p != NULL;
}

/* 43 characters of base64url, as we set it: anything else is not ours. */
static bool is_cookie(struct sv c) { return c.n == TOKEN_TEXT - 1 && text_is_id(c, TOKEN_TEXT, "-_"); }

static void choose_cookie(const struct browser *br, struct next *out)
{
	out->set_cookie = !is_cookie(br->cookie) || !sv_copy(br->cookie, out->cookie, sizeof out->cookie);
	if (out->set_cookie)
		id_token(out->cookie);
}

/* Each click leaves a row for a week and events for longer; the link's holder must not fill the store with them.  Many
 * people come from one address, so its own budget is wide. */
static struct err not_too_often(struct ctx *cx, struct engine *en, const struct visit *v, const struct browser *br)
{
	char net[IP_NET];

	TRY(throttle_take(cx, en->throttle, THROTTLE_LINK_IP, ip_net(br->client_ip, net)));
	return throttle_take(cx, en->throttle, THROTTLE_LINK, v->a.id);
}

static struct err open_flow(struct ctx *cx, struct engine *en, const struct visit *v, const struct browser *br,
			    struct next *out)
{
	char flow_id[ID_TEXT], state[TOKEN_TEXT], verifier[TOKEN_TEXT];
	struct click in = { en, v, br, flow_id, state, verifier, out->cookie };
	struct clicked done = { .ended = false };

	*out = (struct next){ .kind = NEXT_REDIRECT,
			      .http_hint = 303,
			      .provider_name = sv_of(v->p->def->name),
			      .user_id = v->a.user_id };
	TRY(not_too_often(cx, en, v, br));
	choose_cookie(br, out);
	id_ksuid("fl_", cx->now, flow_id);
	id_token(state);
	id_token(verifier);
	struct err e = store_act(cx, en->store, act_click, &in, &done);
	wipe(verifier, sizeof verifier);
	wipe(state, sizeof state);
	TRY(e);
	out->url = done.url;
	if (done.crowded) {
		e = refuse(cx, E_RATE, "this link is open in %d browsers; close some, or try again in a minute",
			   FLOWS_LIVE);
		cx->cause.retry_after_s = RETRY_S;
		return e;
	}
	return done.ended ? (struct err){ E_STALE } : OK;
}

/* The definition cannot even make the address: the operator can mend that, so the link stays. */
static struct err misconfigured(struct ctx *cx, struct engine *en, const struct visit *v, struct next *out)
{
	struct sv say = arena_sv(cx->arena, sv_of(cx->cause.say));

	log_cause(cx, LOG_WARN, "provider.misconfigured");
	(void)forgive(cx);
	TRY(connect_failed(cx, en, v, REASON_MISCONFIGURED, out));
	out->message = say;
	return OK;
}

struct err connect_click(struct ctx *cx, struct engine *en, struct sv token, const struct browser *br, struct next *out)
{
	struct visit v;

	connect_gone(out);
	for (int look = 0; look < 2; look++) { /* once more when it ended between look and act: an end is for good */
		struct err e = find_link(cx, en, token, &v);

		if (e.code == E_NOT_FOUND)
			return OK;
		TRY(e);
		if (!starts(cx, &v))
			return over(cx, en, &v, out);
		if (!v.p->active)
			return connect_failed(cx, en, &v, REASON_PROVIDER_CHANGED, out);
		e = open_flow(cx, en, &v, br, out);
		if (e.code == E_CONFIG)
			return misconfigured(cx, en, &v, out);
		if (e.code != E_STALE)
			return e;
		(void)forgive(cx);
		cx->now = clock_now();
	}
	return fail(cx, E_BUSY, "the authorization is changing; try again", "ended twice and still pending");
}
