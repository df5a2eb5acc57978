/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/codec.h"
#include "core/rnd.h"
#include "core/text.h"
#include "core/url.h"
#include "domain/connect_inner.h"
#include "domain/state.h"
#include "wire/wire_redact.h"

enum { FORM_MOST = 32 << 10 };
static const char *const form_param = "tb_form";

/* ---- which flow is meant ---- */
static struct sv param(struct ctx *cx, struct sv query, const char *name)
{
	struct pair one;
	bool bad = false;

	while (form_next(cx->arena, &query, &one, &bad))
		if (sv_eqz(one.name, name))
			return one.value;
	return SV_NONE;
}

/* Until a flow is found: a state that nobody knows is a bad request of the provider's page (contract 2.6), where a link
 * that nobody knows is a page that is not there. */
static void not_ours(struct next *out)
{
	connect_gone(out);
	out->http_hint = 400;
}

/* By state, or by the handle of a posted form, whose text then is the query.  E_NOT_FOUND without a cause. */
static struct err visit_of(struct ctx *cx, struct engine *en, const struct callback_in *in, struct sv *query,
			   struct visit *v)
{
	CLEANUP(secret_drop) struct secret *form = NULL;
	struct sv handle = param(cx, in->query, form_param), state = SV_NONE;

	*query = in->query;
	if (handle.n == 0) {
		struct err e = wire_callback_state(cx, in->query, &state);
		if (e.code == E_INTERNAL) /* no memory says nothing about the address */
			return e;
		if (IS_ERR(e)) {
			(void)forgive(cx);
			return (struct err){ E_NOT_FOUND };
		}
		return connect_visit(cx, en, &(struct connect_find){ FLOW_BY_STATE, state }, v);
	}
	TRY(connect_visit(cx, en, &(struct connect_find){ FLOW_BY_FORM, handle }, v));
	TRY(store_flow_unseal(cx, en->store, &v->f, FLOW_FORM, &form));
	*query = form == NULL ? SV("") : arena_sv(cx->arena, secret_view(form));
	return query->p != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "form");
}

/* The address called must be the flow's provider's; the generic ones serve only definitions that say so (contract 2.6).
 */
static bool right_address(const struct visit *v, struct sv external_id)
{
	if (v->rev.def == NULL)
		return false; /* a verifier test has no callback */
	if (external_id.p == NULL)
		return v->rev.def->legacy_callback;
	return v->p == NULL || sv_eqz(external_id, v->p->external_id);
}

/* ---- what the provider said ---- */
struct story {
	const struct visit *v;
	const struct browser *br;
	struct sv query, message;
	enum access_lane lane;
};
struct verdict {
	enum reason why;
	bool whole; /* the authorization, not only this attempt */
};

/* Ends the attempt (or the authorization) and shows why. */
static struct err ended(struct ctx *cx, struct engine *en, const struct story *s, struct verdict d, struct next *out)
{
	struct actor by = connect_by(s->v, s->br);
	struct connect_end end = { s->v, d.why, d.whole, &by };

	TRY(connect_end(cx, en, &end));
	TRY(connect_failed(cx, en, s->v, d.why, out));
	out->message = s->message;
	if (d.whole)
		out->url = SV_NONE;
	return OK;
}

/* RFC 9207 section 2.4, also for error answers. */
static bool right_issuer(const struct pdef *d, struct sv iss)
{
	if (d->issuer == NULL)
		return true;
	return iss.p == NULL ? !d->iss_required : sv_eqz(iss, d->issuer);
}

static struct err refused(struct ctx *cx, struct engine *en, const struct story *s, const struct wire_callback *cb,
			  struct next *out)
{
	struct actor by = connect_by(s->v, s->br);
	struct timeline line = connect_line(s->v, &by, "callback", "refused");
	enum reason why = cb->denied ? REASON_DENIED : cb->reason == REASON_NONE ? REASON_EXCHANGE_REFUSED : cb->reason;

	line.reason = why;
	line.cb = cb;
	timeline_log(cx, en, &line);
	return ended(cx, en, s, (struct verdict){ why, why == REASON_DENIED || why == REASON_MISCONFIGURED }, out);
}

static struct err foreign_issuer(struct ctx *cx, struct engine *en, const struct story *s,
				 const struct wire_callback *cb, struct next *out)
{
	struct actor by = connect_by(s->v, s->br);
	struct timeline line = connect_line(s->v, &by, "callback", "refused");
	struct sv secrets[] = { cb->code, cb->state };
	char iss[200];

	wire_redact(cb->iss.p == NULL ? SV("none") : cb->iss, (struct sv_list){ secrets, ARRAY_LEN(secrets) }, iss,
		    sizeof iss);
	line.reason = REASON_ISSUER_MISMATCH;
	line.note = sv_of(arena_printf(cx->arena, "issuer %s, expected %s", iss, s->v->rev.def->issuer));
	timeline_log(cx, en, &line);
	return ended(cx, en, s, (struct verdict){ REASON_ISSUER_MISMATCH, false }, out);
}

/* A started flow with the right cookie: checks without effect on lane POOL, the whole way on lane CALL. */
static struct err go_on(struct ctx *cx, struct engine *en, struct story *s, struct next *out)
{
	const struct visit *v = s->v;
	CLEANUP(secret_drop) struct secret *secret = NULL;
	struct wire_callback cb = { .denied = false };
	enum reason why = connect_hindrance(cx, v);

	if (why == REASON_PROVIDER_CHANGED)
		return ended(cx, en, s, (struct verdict){ why, false }, out);
	if (why != REASON_NONE)
		return connect_failed(cx, en, v, why, out);
	TRY(providers_secret(cx, en, v->p, &secret));
	const struct wire_client client = { .def = v->rev.def, .client_secret = secret };
	struct err e = wire_callback_read(cx, &client, s->query, &cb);
	if (e.code == E_BAD_INPUT) {
		(void)forgive(cx);
		return ended(cx, en, s, (struct verdict){ REASON_BAD_ANSWER, false }, out);
	}
	TRY(e);
	s->message = cb.description.n > 0 ? cb.description : SV_NONE;
	if (!right_issuer(v->rev.def, cb.iss))
		return foreign_issuer(cx, en, s, &cb, out);
	if (cb.denied || cb.error != NULL)
		return refused(cx, en, s, &cb, out);
	if (cb.code.n == 0)
		return ended(cx, en, s, (struct verdict){ REASON_BAD_ANSWER, false }, out);
	if (s->lane != ACCESS_CALL) {
		out->peer_key = access_peer(v->p);
		return (struct err){ E_TAKE_CALL };
	}
	return connect_redeem(cx, en, &(struct redeem){ v, &cb, s->br }, out);
}

/* Tokens are safe, but whoever went to give them their flow_id has not come back: this browser is given one now. */
static bool forsaken(const struct ctx *cx, const struct flow *f)
{
	return state_of_flow(f->status) == FLOW_UNVERIFIED && f->flow_box.p == NULL && f->redeem_until <= cx->now;
}

struct err connect_callback(struct ctx *cx, struct engine *en, const struct callback_in *in, struct next *out)
{
	struct visit v;
	struct sv query;

	not_ours(out);
	if (in->lane == ACCESS_INLINE)
		return (struct err){ E_TAKE_POOL };
	struct err e = visit_of(cx, en, in, &query, &v);
	if (e.code == E_NOT_FOUND)
		return OK;
	TRY(e);
	if (!right_address(&v, in->external_id))
		return OK;
	if (!connect_same_browser(en, &v.f, &in->br))
		return connect_foreign(cx, en, &v, &in->br, out);
	if (state_of_flow(v.f.status) == FLOW_STARTED) {
		struct story s = { &v, &in->br, query, SV_NONE, in->lane };

		return go_on(cx, en, &s, out);
	}
	if (forsaken(cx, &v.f)) {
		TRY(connect_name(cx, en, &v));
		TRY(visit_of(cx, en, in, &query, &v));
	}
	return connect_again(cx, en, &v, out);
}

/* ---- form_post: the browser sends no SameSite=Lax cookie with a POST from elsewhere, so a GET of our own asks for it
 * ---- */
struct form {
	struct flow_form row;
};
static struct err act_form(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	const struct form *f = in;

	(void)out;
	return store_flow_form(cx, tx, &f->row);
}

struct err connect_form_post(struct ctx *cx, struct engine *en, struct sv external_id, struct sv form, struct next *out)
{
	struct visit v;
	struct sv query;
	char handle[TOKEN_TEXT];
	struct callback_in in = { .external_id = external_id, .query = form };

	not_ours(out);
	if (form.n > FORM_MOST || param(cx, form, form_param).p != NULL)
		return OK;
	struct err e = visit_of(cx, en, &in, &query, &v);
	if (e.code == E_NOT_FOUND)
		return OK;
	TRY(e);
	if (!right_address(&v, external_id) || v.p == NULL || !v.rev.def->form_post)
		return OK;
	id_token(handle);
	bool over = state_is_end(state_of_flow(v.f.status));
	struct form f = { { v.f.id, v.f.project_id, sv_of(handle), over ? SV_NONE : form } };
	TRY(store_act(cx, en->store, act_form, &f, NULL));
	*out = (struct next){ .kind = NEXT_REDIRECT, .http_hint = 303 };
	out->url = url_with_param(cx, sv_of(v.p->redirect_uri), form_param, sv_of(handle));
	return out->url.p != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "address");
}
