/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/text.h"
#include "core/url.h"
#include "domain/connect_inner.h"
#include "domain/provider_move.h"
#include "domain/settings.h"
#include "domain/state.h"

const int64_t connect_unverified_life = MIN(10);

/* ---- the visit ---- */
static struct err read_rows(struct ctx *cx, struct engine *en, const struct connect_find *how, struct visit *out)
{
	CLEANUP(store_read_done) struct reader rd = { .st = NULL };

	TRY(store_read(cx, en->store, &rd));
	TRY(store_flow_find(cx, &(struct flow_find){ rd.db, en->store, how->by, how->key }, &out->f));
	return out->f.authorization_id.n == 0 ? OK
					      : store_authorization_get(cx, rd.db, out->f.authorization_id, &out->a);
}

static struct err has_moved(struct ctx *cx, struct engine *en, struct visit *v)
{
	CLEANUP(store_read_done) struct reader rd = { .st = NULL };

	if (v->p == NULL || sv_eqz(v->f.revision_id, v->p->revision_id))
		return OK;
	TRY(store_read(cx, en->store, &rd));
	return provider_move_since(
	    cx, rd.db, &(struct provider_revisions){ v->f.revision_id, sv_of(v->p->revision_id) }, &v->moved);
}

struct err connect_visit(struct ctx *cx, struct engine *en, const struct connect_find *how, struct visit *out)
{
	*out = (struct visit){ .p = NULL };
	if (how->key.n == 0)
		return (struct err){ E_NOT_FOUND };
	TRY(read_rows(cx, en, how, out));
	if (out->f.provider_id.n == 0)
		return OK;
	out->p = providers_by_row(en, out->f.provider_id);
	TRY(providers_revision_full(cx, en, out->f.revision_id, &out->rev));
	return has_moved(cx, en, out);
}

struct actor connect_by(const struct visit *v, const struct browser *br)
{
	const char *user = v->f.user_id.n > 0 ? v->f.user_id.p : v->a.user_id.p;

	return (struct actor){
		.type = "end_user", .id = user == NULL ? "" : user, .source = "BROWSER", .client_ip = br->client_ip
	};
}

bool connect_same_browser(const struct engine *en, const struct flow *f, const struct browser *br)
{
	struct sha256 mac;

	if (br->cookie.n == 0 || f->cookie_mac.p == NULL)
		return false;
	mac = store_mac(en->store, MAC_COOKIE, br->cookie);
	return same_bytes(sha256_view(&mac), f->cookie_mac);
}

struct timeline connect_line(const struct visit *v, const struct actor *by, const char *step, const char *outcome)
{
	return (struct timeline){ .project_id = v->f.project_id,
				  .authorization_id = v->f.authorization_id,
				  .flow_id = v->f.id,
				  .by = by,
				  .step = step,
				  .outcome = outcome };
}

struct err connect_link(struct ctx *cx, struct engine *en, const struct authorization *a, struct sv *url)
{
	CLEANUP(secret_drop) struct secret *token = NULL;

	TRY(store_authorization_token(cx, en->store, a, &token));
	*url = sv_of(arena_printf(cx->arena, "%s/connect/%.*s", en->config->public_url, SV_FMT(secret_view(token))));
	return url->p != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "link");
}

struct err connect_verifier(struct ctx *cx, struct engine *en, const struct flow *f, struct sv *url)
{
	CLEANUP(secret_drop) struct secret *id = NULL;
	struct verification by = { .verifier_url = SV_NONE };

	TRY(store_flow_unseal(cx, en->store, f, FLOW_ID, &id));
	if (id == NULL)
		return fail(cx, E_INTERNAL, "storage error", "an unverified flow without its id");
	TRY(settings_verification(cx, en, f->project_id, &by));
	if (by.verifier_url.p == NULL)
		by.verifier_url =
		    sv_of(arena_printf(cx->arena, "%s/api/v1/oauth/callback_verify", en->config->public_url));
	if (by.verifier_url.p != NULL)
		*url = url_with_param(cx, by.verifier_url, "flow_id", secret_view(id));
	return by.verifier_url.p != NULL && url->p != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "address");
}

/* ---- pages ---- */
void connect_gone(struct next *out) { *out = (struct next){ .kind = NEXT_GONE, .http_hint = 404 }; }

static struct next page(const struct visit *v, enum next_kind kind, int status)
{
	struct next n = { .kind = kind,
			  .http_hint = status,
			  .user_id = v->a.user_id,
			  .project_id = v->f.id.n > 0 ? v->f.project_id : v->a.project_id };

	if (v->rev.def != NULL)
		n.provider_name = sv_of(v->rev.def->name);
	else if (v->p != NULL)
		n.provider_name = sv_of(v->p->def->name);
	return n;
}

void connect_done(const struct visit *v, struct next *out)
{
	*out = page(v, NEXT_DONE, 200);
	if (v->a.next_uri.n > 0)
		out->url = v->a.next_uri;
}

static bool lives(const struct ctx *cx, const struct authorization *a)
{
	return state_of_authorization(a->status) == AUTHORIZATION_PENDING && a->expires_at > cx->now;
}

struct err connect_failed(struct ctx *cx, struct engine *en, const struct visit *v, enum reason why, struct next *out)
{
	*out = page(v, NEXT_FAILED, why == REASON_EXPIRED ? 410 : 400);
	out->reason = (int)why;
	if (v->a.next_uri.n > 0) /* contract 2.6: a failure leads back to the app, too */
		out->back = v->a.next_uri;
	return v->p != NULL && lives(cx, &v->a) ? connect_link(cx, en, &v->a, &out->url) : OK;
}

enum reason connect_hindrance(const struct ctx *cx, const struct visit *v)
{
	enum reason ended = reason_of(v->a.reason);

	if (v->p == NULL)
		return REASON_PROVIDER_DELETED;
	if (!lives(cx, &v->a))
		return ended != REASON_NONE                                           ? ended
		       : state_of_authorization(v->a.status) == AUTHORIZATION_PENDING ? REASON_EXPIRED
										      : REASON_SUPERSEDED;
	if (v->f.expires_at <= cx->now)
		return state_of_flow(v->f.status) == FLOW_UNVERIFIED ? REASON_UNVERIFIED : REASON_EXPIRED;
	if (!v->p->active || v->moved || !sv_eqz(v->f.client_id, v->p->client_id))
		return REASON_PROVIDER_CHANGED;
	return REASON_NONE;
}

static struct err same_303(struct ctx *cx, struct engine *en, const struct visit *v, struct next *out)
{
	enum reason why = connect_hindrance(cx, v);

	if (why != REASON_NONE)
		return connect_failed(cx, en, v, why, out);
	*out = page(v, NEXT_REDIRECT, 303);
	return connect_verifier(cx, en, &v->f, &out->url);
}

struct err connect_again(struct ctx *cx, struct engine *en, const struct visit *v, struct next *out)
{
	enum reason ended = reason_of(v->f.reason);

	switch (state_of_flow(v->f.status)) {
	case FLOW_REDEEMING:
		if (v->f.redeem_until <= cx->now)
			return connect_failed(cx, en, v, REASON_INTERRUPTED, out);
		*out = page(v, NEXT_RETRY_SOON, 200);
		return OK;
	case FLOW_UNVERIFIED:
		if (v->f.flow_box.p != NULL)
			return same_303(cx, en, v, out);
		*out = page(v, NEXT_RETRY_SOON, 200);
		return OK;
	case FLOW_DONE: connect_done(v, out); return OK;
	case FLOW_FAILED: return connect_failed(cx, en, v, ended == REASON_NONE ? REASON_EXPIRED : ended, out);
	case FLOW_STARTED: /* it could not begin: its time ran out in that moment */
		ended = connect_hindrance(cx, v);
		return connect_failed(cx, en, v, ended == REASON_NONE ? REASON_INTERRUPTED : ended, out);
	case STATE_NONE:
	case AUTHORIZATION_PENDING:
	case AUTHORIZATION_SUCCEEDED:
	case AUTHORIZATION_FAILED:
	case STATE__COUNT:
	default: connect_gone(out); return OK;
	}
}

struct err connect_foreign(struct ctx *cx, struct engine *en, const struct visit *v, const struct browser *br,
			   struct next *out)
{
	struct actor by = connect_by(v, br);
	struct timeline line = connect_line(v, &by, "wrong_browser", "ignored");

	line.reason = REASON_WRONG_BROWSER;
	timeline_log(cx, en, &line);
	*out = page(v, NEXT_FAILED, 400);
	out->user_id = SV_NONE; /* this browser is nobody we know */
	out->reason = REASON_WRONG_BROWSER;
	return OK;
}

/* ---- ends ---- */
static struct err act_end(struct ctx *cx, struct tx *tx, const void *arg, void *result)
{
	const struct connect_end *in = arg;
	struct flows_ended *ended = result;
	struct flow f;
	struct authorization a;

	*ended = (struct flows_ended){ .n = 0 };
	TRY(store_flow_get(cx, tx_db(tx), in->v->f.id, &f));
	TRY(flows_end_one(cx, tx, &(struct flows_fail){ &f, in->reason, DISCARD_LATE, in->by }));
	if (!in->whole)
		return OK;
	TRY(store_authorization_get(cx, tx_db(tx), f.authorization_id, &a));
	return flows_end_authorization(
	    cx, tx,
	    &(struct flows_end){ .a = &a, .reason = in->reason, .but_flow = f.id, .why = DISCARD_LATE, .by = in->by },
	    ended);
}

struct err connect_end(struct ctx *cx, struct engine *en, const struct connect_end *in)
{
	struct flows_ended ended = { .n = 0 };
	struct err e = store_act(cx, en->store, act_end, in, &ended);

	if (e.code == E_STALE)
		return forgive(cx);
	TRY(e);
	flows_publish(en, &ended);
	return OK;
}
