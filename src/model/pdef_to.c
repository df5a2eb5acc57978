/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/text.h"
#include "model/jpath.h"
#include "model/pdef_parts.h"
#include "model/tmpl.h"

/* A map being made; `broken` sticks, so that the pieces need no check each. */
struct making {
	struct ctx *cx;
	const struct pdef *d;
	bool broken;
};

static struct node *map_in(struct making *k, struct node *into, const char *key)
{
	struct node *n = node_new(k->cx->arena, NODE_MAP);

	if (into != NULL && !node_set(k->cx->arena, into, sv_of(key), n))
		k->broken = true;
	return n;
}

static void text(struct making *k, struct node *into, struct sv key, struct sv value)
{
	if (into == NULL || !node_set(k->cx->arena, into, key, node_new_text(k->cx->arena, value)))
		k->broken = true;
}

static void flag(struct making *k, struct node *into, const char *key, bool v)
{
	struct node *n = node_new(k->cx->arena, NODE_BOOL);

	if (n != NULL)
		n->b = v;
	if (into == NULL || !node_set(k->cx->arena, into, sv_of(key), n))
		k->broken = true;
}

static bool in(const struct sv_list *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (sv_eqz(l->v[i], name))
			return true;
	return false;
}

static void params(struct making *k, struct node *into, const struct node *own)
{
	for (const struct node *c = own == NULL ? NULL : own->first; c != NULL; c = c->next) {
		struct sv s = SV("");

		if (IS_ERR(jpath_text(k->cx, c, &s)))
			k->broken = true;
		text(k, into, c->key, s.p == NULL ? SV("") : s);
	}
}

/* As it will be fetched when only variables are in it; else as it is written. */
static struct sv address(struct making *k, struct sv url)
{
	const struct tmpl_root roots[] = { { "var", k->d->parts->values } };
	const struct tmpl_env env = { .roots = roots, .n_roots = ARRAY_LEN(roots), .delimiter = SV(" ") };
	struct sv out;
	size_t at;

	if (url.p == NULL)
		return SV("");
	if (sv_find(url, SV("{{"), &at) && !tmpl_names(url, "var."))
		return url;
	if (!IS_ERR(pdef_url(k->cx, k->d, url, &env, &out)))
		return out;
	(void)forgive(k->cx);
	return url;
}

static const char *auth_word(const struct pdef_call *c)
{
	enum pdef_auth a = c->n_auth == 0 ? PAUTH_NONE : c->auth[0];

	return a == PAUTH_BASIC ? "client_secret_basic" : a == PAUTH_HEADER ? "bearer_access_token" : "";
}

static struct node *request(struct making *k, struct node *into, const char *name, const struct pdef_call *c)
{
	static const char *const methods[] = { "POST", "GET", "DELETE", "PUT", "PATCH" };
	struct node *n = map_in(k, into, name);

	text(k, n, SV("endpoint"), address(k, c->url));
	text(k, n, SV("method"), sv_of(methods[c->method]));
	text(k, n, SV("auth_method"), sv_of(auth_word(c)));
	if (c->n_auth > 0 && c->auth[0] == PAUTH_HEADER && !sv_eqz(c->auth_header, "Bearer {{access_token}}"))
		text(k, n, SV("auth_header_value_format"), c->auth_header);
	text(k, n, SV("request_content_type"),
	     c->content_type == PBODY_JSON ? SV("application/json") : SV("application/x-www-form-urlencoded"));
	text(k, n, SV("response_content_type"), SV("application/json"));
	return n;
}

static void standard(struct making *k, struct node *into, const struct pdef_call *c, const char *name,
		     const char *value)
{
	struct sv other = node_text_at(c->rename, name);

	if (!in(&c->omit, name))
		text(k, into, other.n > 0 ? other : sv_of(name), sv_of(value));
}

static void client_in_body(struct making *k, struct node *into, const struct pdef_call *c)
{
	enum pdef_auth a = c->n_auth == 0 ? PAUTH_NONE : c->auth[0];

	if (a == PAUTH_POST || a == PAUTH_NONE)
		standard(k, into, c, "client_id", "{{client_id}}");
	if (a == PAUTH_POST)
		standard(k, into, c, "client_secret", "{{client_secret}}");
}

/* Only what is not where the standard has it. */
static void paths(struct making *k, struct node *into, const struct pdef_answer *a)
{
	const struct node *alternate = a->tokens == NULL ? NULL : a->tokens->first;
	const struct {
		const char *name, *usual;
		struct sv path;
	} all[] = {
		{ "access_token", "$.access_token", a->paths.access_token },
		{ "expires_in", "$.expires_in", a->paths.expires_in },
		{ "refresh_token", "$.refresh_token", a->paths.refresh_token },
		{ "scope", "$.scope", a->paths.scope },
		{ "token_type", "$.token_type", a->paths.token_type },
	};
	struct node *map = map_in(k, into, "response_map");

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct sv p = alternate == NULL ? SV_NONE : node_text_at(alternate, all[i].name);

		p = p.p == NULL ? all[i].path : p;
		if (p.p != NULL && !sv_eqz(p, all[i].usual))
			text(k, map, sv_of(all[i].name), p);
	}
	if (a->type == PANSWER_FORM)
		text(k, into, SV("response_content_type"), SV("application/x-www-form-urlencoded"));
}

static void authorize(struct making *k, struct node *out)
{
	const struct pdef_parts *p = k->d->parts;
	const struct pdef_call as_call = { .omit = p->authorize_omit, .rename = p->authorize_rename };
	struct node *n = map_in(k, out, "authorize_request"), *m;

	text(k, n, SV("endpoint"), address(k, p->authorize_url));
	text(k, n, SV("method"), SV("GET"));
	text(k, n, SV("auth_method"), SV(""));
	m = map_in(k, n, "params");
	standard(k, m, &as_call, "response_type", "code");
	standard(k, m, &as_call, "client_id", "{{client_id}}");
	standard(k, m, &as_call, "redirect_uri", "{{redirect_uri}}");
	for (size_t i = 0; i < p->n_scope_lists; i++)
		text(k, m, p->scope_lists[i].param, p->scope_lists[i].value);
	params(k, m, p->authorize_params);
	text(k, n, SV("request_content_type"), SV("application/x-www-form-urlencoded"));
	text(k, n, SV("response_content_type"), SV("application/json"));
}

static void token(struct making *k, struct node *out)
{
	const struct pdef_parts *p = k->d->parts;
	struct node *n = request(k, out, "token_request", &p->token), *m = map_in(k, n, "params");

	standard(k, m, &p->token, "grant_type", "authorization_code");
	standard(k, m, &p->token, "redirect_uri", "{{redirect_uri}}");
	client_in_body(k, m, &p->token);
	params(k, m, p->token.params);
	paths(k, n, &p->token_answer);
}

static void refresh(struct making *k, struct node *out)
{
	const struct pdef_parts *p = k->d->parts;
	struct node *n, *m;

	if (k->d->refresh == REFRESH_NONE)
		return;
	n = request(k, out, "refresh_request", &p->refresh);
	m = map_in(k, n, "params");
	if (k->d->refresh == REFRESH_TOKEN) {
		standard(k, m, &p->refresh, "grant_type", "refresh_token");
		standard(k, m, &p->refresh, "refresh_token", "{{refresh_token}}");
	}
	client_in_body(k, m, &p->refresh);
	params(k, m, p->refresh.params);
	paths(k, n, &p->refresh_answer);
}

static void triggers(struct making *k, struct node *n, bool grant, bool again)
{
	struct node *t = map_in(k, n, "triggers");

	flag(k, t, "on_token_grant", grant);
	flag(k, t, "on_token_refresh", again);
}

static void user_info(struct making *k, struct node *out)
{
	const struct pdef_parts *p = k->d->parts;
	struct node *n;

	if (!k->d->has_user_info)
		return;
	n = request(k, out, "user_info_request", &p->user_info);
	params(k, map_in(k, n, "params"), p->user_info.params);
	params(k, map_in(k, n, "response_map"), p->user_info_map);
	triggers(k, n, k->d->user_info_on_grant, k->d->user_info_on_refresh);
}

static void introspection(struct making *k, struct node *out)
{
	const struct pdef_parts *p = k->d->parts;
	const struct pdef_paths *at = &p->introspect_answer.paths;
	struct node *n, *m;

	if (!k->d->has_introspection)
		return;
	n = request(k, out, "token_introspection_request", &p->introspect);
	flag(k, n, "enabled", true);
	text(k, n, SV("expiration_format"),
	     at->expires_at.p != NULL ? SV("absolute_unix_timestamp") : SV("relative_seconds"));
	m = map_in(k, n, "params");
	standard(k, m, &p->introspect, "token", "{{access_token}}");
	client_in_body(k, m, &p->introspect);
	params(k, m, p->introspect.params);
	m = map_in(k, n, "response_map");
	text(k, m, SV("expires_in"), at->expires_at.p != NULL ? at->expires_at : at->expires_in);
	text(k, m, SV("scope"), at->scope);
	triggers(k, n, k->d->introspect_on_grant, k->d->introspect_on_refresh);
}

struct err pdef_to_oauth2(struct ctx *cx, const struct pdef *d, struct node **oauth2)
{
	struct making k = { .cx = cx, .d = d };
	struct node *out = node_new(cx->arena, NODE_MAP), *pkce;

	text(&k, out, SV("scope_delimiter"), d->parts->scope_delimiter);
	pkce = map_in(&k, out, "pkce");
	flag(&k, pkce, "enabled", d->pkce);
	text(&k, pkce, SV("code_challenge_method"), SV("S256"));
	authorize(&k, out);
	token(&k, out);
	refresh(&k, out);
	user_info(&k, out);
	introspection(&k, out);
	*oauth2 = out;
	return k.broken || out == NULL ? fail(cx, E_INTERNAL, "out of memory", "writing oauth2") : OK;
}
