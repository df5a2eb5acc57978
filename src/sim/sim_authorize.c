/* SPDX-License-Identifier: Apache-2.0 */
/* sim_authorize: the authorization endpoint (RFC 6749 4.1.1, RFC 7636, RFC 9207) and its consent page.  An unknown
 * client or a redirect address that is not exactly a registered one never redirects; every other mistake goes back to
 * the app. */
#include "core/arena.h"
#include "core/codec.h"
#include "core/text.h"
#include "sim/sim_page.h"
#include "sim/sim_serve.h"

struct ask { /* an authorize request, checked so far */
	const struct node *q;
	const struct sim_client *client;
	struct sv redirect_uri, state, challenge;
	struct sv_list scopes;
};

/* 302 to the app with these parameters; state and iss are added. */
static struct err back(struct ctx *cx, struct sim_call *call, const struct sim_token *c, const struct node *params)
{
	CLEANUP(buf_free) struct buf url = BUF(8192);
	size_t at;
	bool more = sv_find(c->redirect_uri, SV("?"), &at);

	buf_sv(&url, c->redirect_uri);
	for (const struct node *p = params->first; p != NULL; p = p->next, more = true) {
		buf_char(&url, more ? '&' : '?');
		enc_pct(&url, p->key);
		buf_char(&url, '=');
		enc_pct(&url, p->text);
	}
	if (c->state.p != NULL) {
		buf_str(&url, more ? "&state=" : "?state=");
		enc_pct(&url, c->state);
	}
	if (call->def->authorize.iss.p != NULL) {
		buf_str(&url, "&iss=");
		enc_pct(&url, call->twist == SIM_TWIST_ISS ? SV("https://issuer.example") : call->def->authorize.iss);
	}
	TRY(buf_done(cx, &url, "redirect"));
	call->rq->status = 302;
	buf_clear(call->rq->out);
	http_header(call->rq, "Location", arena_sv(cx->arena, buf_view(&url)));
	return OK;
}

static struct err back_error(struct ctx *cx, struct sim_call *call, const struct ask *a, const char *error,
			     const char *text)
{
	struct node *p = node_new(cx->arena, NODE_MAP);
	struct sim_token c = { .redirect_uri = a->redirect_uri, .state = a->state };

	if (p == NULL || !node_set(cx->arena, p, SV("error"), node_new_text(cx->arena, sv_of(error))) ||
	    !node_set(cx->arena, p, SV("error_description"), node_new_text(cx->arena, sv_of(text))))
		return fail(cx, E_INTERNAL, "out of memory", "authorize");
	return back(cx, call, &c, p);
}

static struct err split_scopes(struct ctx *cx, struct sv text, char by, struct sv_list *out)
{
	out->v = arena_array(cx->arena, text.n + 1, sizeof *out->v);
	out->n = 0;
	if (out->v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "scopes");
	while (text.p != NULL) {
		struct sv one = sv_cut(&text, by);

		if (one.n > 0 && !sim_def_has(*out, one))
			out->v[out->n++] = one;
	}
	return OK;
}

/* What may be told to the app: NULL when all is well. */
static const char *fault_of(struct sim_call *call, const struct ask *a, const char **text)
{
	const struct sim_authorize *d = &call->def->authorize;
	struct sv type = node_text_at(a->q, "response_type"), method = node_text_at(a->q, "code_challenge_method");

	*text = "response_type must be code";
	if (d->response_type_required && !sv_eqz(type, "code"))
		return type.p == NULL ? "invalid_request" : "unsupported_response_type";
	*text = "code_challenge_method must be S256";
	if (d->pkce != SIM_IGNORED && a->challenge.p != NULL && !sv_eqz(method, "S256"))
		return "invalid_request";
	*text = "code_challenge is required";
	if (d->pkce == SIM_REQUIRED && a->challenge.n != 43)
		return "invalid_request";
	*text = "state is required";
	if (d->state_required && a->state.n < 8)
		return "invalid_request";
	*text = "The requested scope is invalid, unknown, or malformed.";
	if (d->scope_required && a->scopes.n == 0)
		return "invalid_scope";
	for (size_t i = 0; call->def->scopes.n > 0 && i < a->scopes.n; i++)
		if (!sim_def_has(call->def->scopes, a->scopes.v[i]))
			return "invalid_scope";
	return NULL;
}

static struct err read_scopes(struct ctx *cx, struct sim_call *call, struct ask *a)
{
	const struct sim_authorize *d = &call->def->authorize;
	struct sv_list also = { NULL, 0 };
	struct sv name = d->scope_param;

	TRY(split_scopes(cx, name.n == 0 ? SV("") : node_text(node_get_sv(a->q, name)), d->delimiter.p[0], &a->scopes));
	if (d->also_scope_param.p == NULL)
		return OK;
	TRY(split_scopes(cx, node_text(node_get_sv(a->q, d->also_scope_param)), d->delimiter.p[0], &also));
	struct sv_list all = { arena_array(cx->arena, a->scopes.n + also.n + 1, sizeof *all.v), 0 };
	if (all.v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "scopes");
	for (size_t i = 0; i < a->scopes.n; i++)
		all.v[all.n++] = a->scopes.v[i];
	for (size_t i = 0; i < also.n; i++)
		if (!sim_def_has(all, also.v[i]))
			all.v[all.n++] = also.v[i];
	a->scopes = all;
	return OK;
}

static struct err keep(struct ctx *cx, struct sim_call *call, const struct ask *a, struct sim_token **out)
{
	struct sim_world *w = call->w;
	const struct sim_authorize *d = &call->def->authorize;
	struct sim_token *t = sim_world_mint(w, SIM_CONSENT, SV("tx_"), 3600);

	if (t == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "consent");
	t->client = a->client;
	t->scopes = sim_world_list(w, a->scopes);
	t->redirect_uri = arena_sv(w->arena, a->redirect_uri);
	t->state = a->state.p == NULL ? SV_NONE : arena_sv(w->arena, a->state);
	t->challenge = a->challenge.p == NULL || d->pkce == SIM_IGNORED ? SV_NONE : arena_sv(w->arena, a->challenge);
	t->offline = d->offline == NULL || sv_eq(node_text(node_get_sv(a->q, node_text_at(d->offline, "param"))),
						 node_text_at(d->offline, "value"));
	if (d->offline_scope != NULL)
		t->offline = sim_def_has(a->scopes, d->offline_scope->text);
	*out = t;
	return OK;
}

struct err sim_authorize_page(struct ctx *cx, struct sim_call *call)
{
	struct node *q = NULL;
	struct ask a = { .redirect_uri = SV_NONE };
	struct sim_token *consent = NULL;
	const char *text = "";

	if (IS_ERR(sim_form(cx, call->rq->query, &q))) {
		(void)forgive(cx);
		return sim_page_refused(cx, call,
					"The request is malformed: a parameter is unreadable or comes twice.");
	}
	a.q = q;
	a.client = sim_world_client(call->w, call->def, node_text_at(q, "client_id"));
	call->client_id = node_text_at(q, "client_id");
	if (a.client == NULL)
		return sim_page_refused(cx, call, "Unknown application: no app with this client_id is registered.");
	a.redirect_uri = node_text_at(q, "redirect_uri");
	if (a.redirect_uri.p == NULL && a.client->redirects.n == 1)
		a.redirect_uri = a.client->redirects.v[0];
	if (!sim_def_has(a.client->redirects, a.redirect_uri))
		return sim_page_refused(cx, call,
					"Invalid OAuth2 redirect_uri: it must be exactly one of the registered ones.");
	a.state = node_text_at(q, "state");
	a.challenge = node_text_at(q, "code_challenge");
	TRY(read_scopes(cx, call, &a));
	const char *error = fault_of(call, &a, &text);
	if (error != NULL)
		return back_error(cx, call, &a, error, text);
	if (call->twist == SIM_TWIST_SCOPE)
		return back_error(cx, call, &a, "invalid_scope", "The requested scope is not allowed for this app");
	TRY(keep(cx, call, &a, &consent));
	return sim_page_consent(cx, call, consent);
}

/* The scopes the person left ticked, when the page was sent with some; never more than asked. */
static struct err allowed(struct ctx *cx, const struct node *form, const struct sim_token *t, struct sv_list *out)
{
	struct sv text = node_text_at(form, "scope");
	struct sv_list ticked;

	*out = t->scopes;
	if (text.p == NULL)
		return OK;
	TRY(split_scopes(cx, text, ' ', &ticked));
	out->v = arena_array(cx->arena, t->scopes.n + 1, sizeof *out->v);
	out->n = 0;
	if (out->v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "scopes");
	for (size_t i = 0; i < t->scopes.n; i++)
		if (sim_def_has(ticked, t->scopes.v[i]))
			out->v[out->n++] = t->scopes.v[i];
	return OK;
}

static struct err issue(struct ctx *cx, struct sim_call *call, const struct sim_token *t, struct sv_list scopes)
{
	struct sim_world *w = call->w;
	struct sim_token *code = sim_world_mint(w, SIM_CODE, SV("code_"), call->def->authorize.code_lifetime_s);
	struct sim_grant *g = sim_world_grant(w, t->client, call->user);
	struct node *p = node_new(cx->arena, NODE_MAP);

	if (code == NULL || g == NULL || p == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "code");
	code->grant = g;
	code->root = code;
	code->client = t->client;
	code->redirect_uri = t->redirect_uri;
	code->challenge = t->challenge;
	code->offline = t->offline;
	code->scopes = sim_world_list(w, scopes);
	if (!node_set(cx->arena, p, SV("code"), node_new_text(cx->arena, code->text)))
		return fail(cx, E_INTERNAL, "out of memory", "code");
	const struct node *extra = call->def->authorize.extra_callback;
	for (const struct node *x = extra == NULL ? NULL : extra->first; x != NULL; x = x->next)
		if (!node_set(cx->arena, p, x->key, node_new_text(cx->arena, x->text)))
			return fail(cx, E_INTERNAL, "out of memory", "code");
	return back(cx, call, t, p);
}

static const struct sim_user *somebody_else(const struct sim_call *call)
{
	for (const struct sim_user *u = call->w->users; u != NULL; u = u->next)
		if (u->def == call->def && u != call->user)
			return u;
	return call->user;
}

struct err sim_authorize_consent(struct ctx *cx, struct sim_call *call)
{
	struct node *f = NULL;
	struct sv_list scopes;

	TRY(sim_form(cx, call->rq->body, &f));
	struct sim_token *t = sim_world_token(call->w, SIM_CONSENT, node_text_at(f, "transaction"));
	if (t == NULL || !sim_world_token_good(call->w, t))
		return sim_page_refused(cx, call,
					"This consent page was used already, or is too old. Go back to the app.");
	call->client_id = t->client->id;
	call->user = sim_world_user(call->w, call->def, node_text_at(f, "user"));
	if (call->user == NULL)
		return sim_page_refused(cx, call, "There is no such user in this simulation.");
	t->dead = true;
	if (call->twist == SIM_TWIST_OTHER)
		call->user = somebody_else(call);
	const struct ask a = { .redirect_uri = t->redirect_uri, .state = t->state };
	if (call->twist == SIM_TWIST_ADMIN)
		return back_error(cx, call, &a, "access_denied", "An admin must approve this app for the organization");
	if (!sv_eqz(node_text_at(f, "decision"), "allow") || call->twist == SIM_TWIST_DENIED) {
		return back_error(cx, call, &a, "access_denied",
				  "The resource owner or authorization server denied the request");
	}
	TRY(allowed(cx, f, t, &scopes));
	if (call->twist == SIM_TWIST_FEWER && scopes.n > 1)
		scopes.n--;
	return issue(cx, call, t, scopes);
}
