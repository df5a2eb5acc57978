/* SPDX-License-Identifier: Apache-2.0 */
#include "model/pdef_meaning.h"
#include "core/arena.h"
#include "core/text.h"
#include "core/url.h"
#include "model/jpath.h"
#include "model/pdef_decode.h"
#include "model/tmpl.h"
#include <stdio.h>

/* What is being checked: the definition, and where its sections stand for the message. */
struct check {
	struct ctx *cx;
	const struct pdef *d;
	const struct pdef_parts *p;
	bool partial;
};

/* The reason just recorded becomes part of a sentence that says where. */
static struct err explain(const struct check *k, struct err e, const struct node *n, const char *field)
{
	struct ctx *cx = k->cx;
	char why[sizeof cx->cause.say];

	if (e.code != E_BAD_INPUT && e.code != E_UPSTREAM)
		return e;
	(void)snprintf(why, sizeof why, "%s", cx->cause.n_fields > 0 ? cx->cause.fields[0].message : cx->cause.say);
	(void)forgive(cx);
	return pdef_decode_wrong(cx, n != NULL ? n : k->p->tree, field, why);
}

static struct err text(const struct check *k, const struct node *n, const char *field, struct sv t, unsigned place)
{
	if (t.p == NULL)
		return OK;
	return explain(k, tmpl_check(k->cx, t, place), n, field);
}

static struct err path(const struct check *k, const struct node *n, const char *field, struct sv t)
{
	return t.p == NULL ? OK : explain(k, jpath_check(k->cx, t), n, field);
}

/* A map of scalars, each a template (place != 0). */
static struct err map(const struct check *k, const struct node *m, const char *field, unsigned place)
{
	if (m == NULL)
		return OK;
	if (m->kind != NODE_MAP || m->n > 64)
		return pdef_decode_wrong(k->cx, m, field, "must be a map of at most 64 names to texts");
	for (const struct node *c = m->first; c != NULL; c = c->next) {
		char name[96];

		pdef_decode_field(field, c->key, name);
		if (c->kind == NODE_LIST || c->kind == NODE_MAP || c->kind == NODE_NULL)
			return pdef_decode_wrong(k->cx, c, name, "must be a text, a number, true or false");
		if (c->key.n == 0 || c->key.n > 128 || text_has_control(c->key))
			return pdef_decode_wrong(k->cx, c, name, "must have a name of 1 to 128 bytes");
		if (place != 0)
			TRY(text(k, c, name, node_text(c), place));
	}
	return OK;
}

static struct err paths(const struct check *k, const struct node *m, const char *field)
{
	TRY(map(k, m, field, 0));
	for (const struct node *c = m == NULL ? NULL : m->first; c != NULL; c = c->next) {
		char name[96];

		pdef_decode_field(field, c->key, name);
		TRY(path(k, c, name, c->text));
	}
	return OK;
}

/* ---- addresses ---- */
static bool static_url(struct sv t)
{
	return !tmpl_names(t, "answer.") && !tmpl_names(t, "stored.") && !tmpl_names(t, "callback.") &&
	       !tmpl_names(t, "client_id") && !tmpl_names(t, "access_token") && !tmpl_names(t, "token") &&
	       !tmpl_names(t, "redirect_uri") && !tmpl_names(t, "public_url");
}

static bool lacks_values(const struct check *k, struct sv t)
{
	const struct node *vars = node_get(k->p->tree, "variables");

	return k->partial && tmpl_names(t, "var.") && vars != NULL && vars->n > k->p->values->n;
}

static struct err url(const struct check *k, const struct node *n, const char *field, struct sv t, unsigned place)
{
	const struct tmpl_root roots[] = { { "var", k->p->values } };
	struct tmpl_env env = { .roots = roots, .n_roots = ARRAY_LEN(roots), .delimiter = SV(" ") };
	struct sv ignored;

	if (t.p == NULL)
		return OK;
	TRY(text(k, n, field, t, place));
	if (static_url(t))
		return lacks_values(k, t) ? OK : explain(k, pdef_url(k->cx, k->d, t, &env, &ignored), n, field);
	bool data = tmpl_names(t, "answer.") || tmpl_names(t, "stored.") || tmpl_names(t, "callback.");
	if (data && k->p->hosts.n == 0)
		return pdef_decode_wrong(k->cx, n != NULL ? n : k->p->tree, field,
					 "depends on data of the connection: list the hosts it may name under hosts");
	if (!sv_starts(t, SV("https://")) && !sv_starts(t, SV("{{")) &&
	    !(k->p->development && sv_starts(t, SV("http://"))))
		return pdef_decode_wrong(k->cx, n != NULL ? n : k->p->tree, field, "must begin with https://");
	return OK;
}

static struct err no_crlf(const struct check *k, const struct node *m, const char *field)
{
	for (const struct node *c = m == NULL ? NULL : m->first; c != NULL; c = c->next)
		if (text_has_control(c->text) || !text_is_id(c->key, 64, "-_"))
			return pdef_decode_wrong(k->cx, c, field,
						 "must be header names and values without control characters");
	return OK;
}

static struct err call(const struct check *k, const struct pdef_call *c, const char *where, unsigned place)
{
	static const struct {
		const char *name;
		size_t at;
	} maps[] = {
		{ "headers", offsetof(struct pdef_call, headers) },
		{ "params", offsetof(struct pdef_call, params) },
	};
	char field[96];

	if (c->at == NULL)
		return OK;
	(void)snprintf(field, sizeof field, "%s.url", where);
	TRY(url(k, node_get(c->at, "url"), field, c->url, place));
	if (c->url.p == NULL && !k->partial)
		return pdef_decode_wrong(k->cx, c->at, field, "is required");
	for (size_t i = 0; i < ARRAY_LEN(maps); i++) {
		const struct node *m = *(const struct node *const *)(const void *)((const char *)c + maps[i].at);

		(void)snprintf(field, sizeof field, "%s.%s", where, maps[i].name);
		TRY(map(k, m, field, place));
	}
	(void)snprintf(field, sizeof field, "%s.headers", where);
	TRY(no_crlf(k, c->headers, field));
	(void)snprintf(field, sizeof field, "%s.rename", where);
	TRY(map(k, c->rename, field, 0));
	(void)snprintf(field, sizeof field, "%s.auth_header", where);
	TRY(text(k, node_get(c->at, "auth_header"), field, c->auth_header,
		 place | (place & TMPL_TOKEN ? TMPL_BEARER : 0)));
	(void)snprintf(field, sizeof field, "%s.body", where);
	TRY(text(k, node_get(c->at, "body"), field, c->body, place));
	if (c->ok_when.p != NULL)
		TRY(explain(k, jpath_check_cond(k->cx, c->ok_when), c->at, where));
	for (size_t i = 0; i < c->n_auth; i++)
		if ((c->auth[i] == PAUTH_KEY_JWT || c->auth[i] == PAUTH_SECRET_JWT) && !k->p->jwt.there)
			return pdef_decode_wrong(k->cx, c->at, where,
						 "authenticates by a signed JWT: say what it holds under jwt");
	if (c->content_type != PBODY_JSON && c->body.p != NULL)
		return pdef_decode_wrong(k->cx, c->at, field, "needs content_type: json");
	return OK;
}

/* Keys of a map that no table decodes. */
static struct err only(const struct check *k, const struct node *m, const char *field, const char *const *words)
{
	if (m != NULL && m->kind != NODE_MAP)
		return pdef_decode_wrong(k->cx, m, field, "must be a map");
	for (const struct node *c = m == NULL ? NULL : m->first; c != NULL; c = c->next) {
		char name[PDEF_FIELD];
		size_t i = 0;

		while (words[i] != NULL && !sv_eqz(c->key, words[i]))
			i++;
		pdef_decode_field(field, c->key, name);
		if (words[i] == NULL)
			return pdef_decode_wrong(k->cx, c, name, "is not a known field");
	}
	return OK;
}

/* ---- sections ---- */
static struct err token_row(const struct check *k, const struct node *row)
{
	static const char *const words[] = { "access_token", "refresh_token", "expires_in",
					     "scope",        "scope_prefix",  NULL };

	TRY(only(k, row, "answer.tokens", words));
	TRY(map(k, row, "answer.tokens", 0));
	for (const struct node *c = row->first; c != NULL; c = c->next)
		if (!sv_eqz(c->key, "scope_prefix"))
			TRY(path(k, c, "answer.tokens", c->text));
	if (node_get(row, "access_token") == NULL)
		return pdef_decode_wrong(k->cx, row, "answer.tokens", "needs access_token in every row");
	return OK;
}

static struct err answer(const struct check *k, const struct pdef_answer *a, const char *where)
{
	const struct sv all[] = { a->paths.access_token,       a->paths.refresh_token,
				  a->paths.token_type,         a->paths.expires_in,
				  a->paths.expires_at,         a->paths.refresh_expires_in,
				  a->paths.refresh_expires_at, a->paths.scope,
				  a->paths.id_token,           a->error,
				  a->error_description };
	const struct node *n = node_get(k->p->tree, "answer");

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		TRY(path(k, n, where, all[i]));
	if (a->ok_when.p != NULL)
		TRY(explain(k, jpath_check_cond(k->cx, a->ok_when), n, "answer.ok_when"));
	TRY(paths(k, a->store, "answer.store"));
	if (a->tokens != NULL && (a->tokens->kind != NODE_LIST || a->tokens->n == 0 || a->tokens->n > 4))
		return pdef_decode_wrong(k->cx, a->tokens, "answer.tokens", "must be a list of 1 to 4 maps of paths");
	for (const struct node *c = a->tokens == NULL ? NULL : a->tokens->first; c != NULL; c = c->next)
		TRY(token_row(k, c));
	return OK;
}

static struct err authorize(const struct check *k)
{
	const struct pdef_parts *p = k->p;
	const struct node *n = node_get(p->tree, "authorize");

	TRY(url(k, node_get(n, "url"), "authorize.url", p->authorize_url, TMPL_AUTHORIZE | TMPL_STATIC));
	if (p->authorize_url.p == NULL && !k->partial)
		return pdef_decode_wrong(k->cx, n, "authorize.url", "is required");
	TRY(map(k, p->authorize_params, "authorize.params", TMPL_AUTHORIZE));
	TRY(map(k, p->authorize_rename, "authorize.rename", 0));
	for (size_t i = 0; i < p->n_scope_lists; i++)
		TRY(text(k, node_get(n, "scopes"), "authorize.scopes", p->scope_lists[i].value, TMPL_AUTHORIZE));
	for (size_t i = 0; i < p->authorize_omit.n; i++)
		if (sv_eqz(p->authorize_omit.v[i], "state"))
			return pdef_decode_wrong(k->cx, n, "authorize.omit",
						 "must not name state: it is what binds the answer to the browser");
	return OK;
}

static struct err callback(const struct check *k)
{
	static const char *const words[] = { "denied", "config_error", "retry" };
	const struct node *m = k->p->callback_errors;

	TRY(map(k, m, "callback.errors", 0));
	for (const struct node *c = m == NULL ? NULL : m->first; c != NULL; c = c->next) {
		size_t i = 0;

		while (i < ARRAY_LEN(words) && !sv_eqz(c->text, words[i]))
			i++;
		if (i == ARRAY_LEN(words))
			return pdef_decode_wrong(k->cx, c, "callback.errors", "must be denied, config_error or retry");
	}
	if (k->d->iss_required && k->d->issuer == NULL)
		return pdef_decode_wrong(k->cx, node_get(k->p->tree, "callback"), "callback.issuer",
					 "is required when iss is");
	return OK;
}

static struct err lists(const struct check *k)
{
	const struct pdef_parts *p = k->p;

	for (size_t i = 0; i < p->n_identity; i++) {
		const struct pdef_identity *id = &p->identity[i];
		bool fetched = id->from == PFROM_CALL;

		TRY(text(k, node_get(p->tree, "identity"), "identity.id", id->id, TMPL_ID));
		TRY(text(k, node_get(p->tree, "identity"), "identity.name", id->name, TMPL_ID));
		TRY(fetched ? path(k, node_get(p->tree, "identity"), "identity.email", id->email)
			    : text(k, node_get(p->tree, "identity"), "identity.email", id->email, TMPL_ID));
		if (fetched)
			TRY(call(k, &id->call, "identity", TMPL_BEARER));
	}
	for (size_t i = 0; i < p->n_lookups; i++) {
		TRY(call(k, &p->lookups[i].call, "lookup", TMPL_BEARER));
		TRY(path(k, node_get(p->tree, "lookup"), "lookup.rows", p->lookups[i].rows));
		TRY(paths(k, p->lookups[i].store, "lookup.store"));
		if (p->lookups[i].where.p != NULL)
			TRY(explain(k, jpath_check_cond(k->cx, p->lookups[i].where), node_get(p->tree, "lookup"),
				    "lookup.where"));
	}
	for (size_t i = 0; i < p->n_errors; i++)
		TRY(path(k, node_get(p->tree, "errors"), "errors.path", p->errors[i].path));
	return OK;
}

static struct err known_scopes(const struct check *k)
{
	static const char *const words[] = { "meaning", "approval", NULL };
	const struct node *all = k->p->scopes_known;

	if (all != NULL && all->kind != NODE_MAP)
		return pdef_decode_wrong(k->cx, all, "scopes.known", "must be a map of scopes");
	for (const struct node *c = all == NULL ? NULL : all->first; c != NULL; c = c->next) {
		if (c->kind != NODE_MAP)
			return pdef_decode_wrong(k->cx, c, "scopes.known", "must hold maps: {meaning: …, approval: …}");
		TRY(only(k, c, "scopes.known", words));
	}
	return OK;
}

static struct err retry(const struct check *k)
{
	static const char *const words[] = { "header", "format", "body", NULL }, *const formats[] = { "seconds",
												      "epoch",
												      "iso8601", NULL };
	const struct node *n = k->p->api.retry, *format = node_get(n, "format"), *body = node_get(n, "body");
	size_t i = 0;

	TRY(only(k, n, "api.retry", words));
	while (format != NULL && formats[i] != NULL && !sv_eqz(format->text, formats[i]))
		i++;
	if (formats[i] == NULL)
		return pdef_decode_wrong(k->cx, format, "api.retry.format", "must be one of seconds, epoch, iso8601");
	return body == NULL ? OK : path(k, body, "api.retry.body", body->text);
}

static struct err rest(const struct check *k)
{
	const struct pdef_parts *p = k->p;
	const struct node *api = node_get(p->tree, "api");

	TRY(url(k, api, "api.base_url", p->api.base_url, TMPL_API));
	TRY(map(k, p->api.headers, "api.headers", TMPL_API));
	TRY(no_crlf(k, p->api.headers, "api.headers"));
	TRY(text(k, api, "api.auth_header", p->api.auth_header, TMPL_API));
	TRY(text(k, api, "api.user_agent", p->api.user_agent, TMPL_STATIC));
	TRY(map(k, p->jwt.claims, "jwt.claims", TMPL_JWT));
	TRY(text(k, node_get(p->tree, "jwt"), "jwt.key", p->jwt.key, TMPL_JWT));
	TRY(text(k, node_get(p->tree, "jwt"), "jwt.kid", p->jwt.kid, TMPL_JWT));
	TRY(paths(k, p->user_info_map, "user_info.map"));
	TRY(known_scopes(k));
	TRY(retry(k));
	if ((p->granted_from == PGRANTED_CALLBACK || p->granted_from == PGRANTED_HEADER) && p->granted_at.p == NULL)
		return pdef_decode_wrong(k->cx, node_get(p->tree, "scopes"), "scopes.granted_at",
					 "must name the parameter or header");
	if (k->d->refresh == REFRESH_BY_ACCESS && !tmpl_names(p->refresh.auth_header, "access_token") &&
	    p->refresh.params == NULL)
		return pdef_decode_wrong(k->cx, node_get(p->tree, "refresh"), "refresh.params",
					 "must give the access token");
	return OK;
}

static struct err origin(const struct check *k)
{
	struct url u;
	const struct node *n = node_get(k->p->tree, "origin");

	if (k->d->origin == NULL)
		return OK;
	TRY(explain(k, url_parse(k->cx, sv_of(k->d->origin), "origin", &u), n, "origin"));
	if (u.path.n > 1 || u.query.p != NULL || u.fragment.p != NULL || sv_ends(sv_of(k->d->origin), SV("/")))
		return pdef_decode_wrong(k->cx, n, "origin",
					 "must be scheme, host and port only: http://localhost:9199");
	if (!u.https && !(u.loopback && k->p->development))
		return pdef_decode_wrong(k->cx, n, "origin",
					 "must be https (http is for loopback in development only)");
	return OK;
}

struct err pdef_meaning(struct ctx *cx, const struct pdef *d, bool partial)
{
	const struct check k = { cx, d, d->parts, partial };
	const struct pdef_parts *p = d->parts;

	TRY(origin(&k));
	TRY(authorize(&k));
	TRY(callback(&k));
	TRY(call(&k, &p->token, "token", TMPL_TOKEN));
	if (p->token.at == NULL && !partial)
		return pdef_decode_wrong(cx, p->tree, "token.url", "is required");
	if (d->refresh != REFRESH_NONE)
		TRY(call(&k, &p->refresh, "refresh", TMPL_REFRESH));
	TRY(call(&k, &p->exchange, "exchange", TMPL_BEARER));
	TRY(call(&k, &p->revoke, "revoke", TMPL_REVOKE));
	TRY(call(&k, &p->user_info, "user_info", TMPL_BEARER));
	TRY(call(&k, &p->introspect, "introspect", TMPL_INTROSPECT));
	TRY(answer(&k, &p->token_answer, "answer"));
	TRY(answer(&k, &p->refresh_answer, "refresh.answer"));
	TRY(answer(&k, &p->exchange_answer, "exchange.answer"));
	TRY(answer(&k, &p->introspect_answer, "introspect.answer"));
	TRY(lists(&k));
	return rest(&k);
}
