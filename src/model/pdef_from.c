/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/text.h"
#include "core/url.h"
#include "model/jpath.h"
#include "model/pdef_parts.h"
#include "model/tmpl.h"
#include <stdio.h>

/* Arcade's section as it is sent (contract 3.1, 5.4). */
struct request {
	struct sv endpoint, method, auth_method, auth_header_value_format, request_content_type, response_content_type, expiration_format;
	const struct node *params, *response_map, *triggers;
	bool enabled;
};
static const struct nfield request_rows[] = {
	NSV(struct request, endpoint, NOPT, 1, 1000), NSV(struct request, method, NOPT, 0, 10), NSV(struct request, auth_method, NOPT, 0, 64),
	NSV(struct request, auth_header_value_format, NOPT, 0, 200), NSV(struct request, request_content_type, NOPT, 0, 100),
	NSV(struct request, response_content_type, NOPT, 0, 100), NSV(struct request, expiration_format, NOPT, 0, 64),
	NNODE(struct request, params, NOPT), NNODE(struct request, response_map, NOPT), NNODE(struct request, triggers, NOPT),
	NBOOL(struct request, enabled, NOPT),
};
struct triggers { bool on_token_grant, on_token_refresh; };
static const struct nfield trigger_rows[] = { NBOOL(struct triggers, on_token_grant, NOPT), NBOOL(struct triggers, on_token_refresh, NOPT) };
struct pkce { bool enabled; struct sv code_challenge_method; };
static const struct nfield pkce_rows[] = { NBOOL(struct pkce, enabled, NOPT), NSV(struct pkce, code_challenge_method, NOPT, 0, 32) };

enum { FIELD = 96 };
/* One section being mapped: what it sets, and the maps of the base that it replaces as a whole. */
struct mapping {
	struct ctx *cx; const struct node *oauth2; bool custom;
	struct node *patch, *clear;
};
struct section { struct mapping *m; const char *name, *key; unsigned place; struct request rq; bool there; struct node *patch, *clear; };

static struct err no_memory(struct ctx *cx) { return fail(cx, E_INTERNAL, "out of memory", "reading oauth2"); }
static struct arena *mem(const struct section *s) { return s->m->cx->arena; }

static struct err put(const struct section *s, const char *key, struct node *v)
{
	return node_set(mem(s), s->patch, sv_of(key), v) ? OK : no_memory(s->m->cx);
}

static struct err put_text(const struct section *s, const char *key, struct sv v)
{
	return put(s, key, node_new_text(mem(s), v));
}

static struct err put_words(const struct section *s, const char *key, const char *const *words, size_t n)
{
	struct node *list = node_new(mem(s), NODE_LIST);

	for (size_t i = 0; i < n; i++)
		if (!node_add(list, node_new_text(mem(s), sv_of(words[i]))))
			return no_memory(s->m->cx);
	return put(s, key, list);
}
#define WORDS(s, key, ...) put_words((s), (key), (const char *const[]){ __VA_ARGS__ }, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

static struct err forget(const struct section *s, const char *key)
{
	return node_set(mem(s), s->clear, sv_of(key), node_new(mem(s), NODE_NULL)) ? OK : no_memory(s->m->cx);
}

static void field_of(const struct section *s, const char *part, struct sv key, char out[static FIELD])
{
	(void)snprintf(out, FIELD, "oauth2.%s.%s%s%.40s", s->name, part, key.n > 0 ? "." : "", key.n > 0 ? key.p : "");
}

/* The reason just recorded, under Arcade's name for the field. */
static struct err renamed(struct ctx *cx, struct err e, const char *field, const char *rule)
{
	char why[160];

	if (e.code != E_BAD_INPUT)
		return e;
	(void)snprintf(why, sizeof why, "%.159s", cx->cause.say);
	(void)forgive(cx);
	return bad_field(cx, field, rule, "%s", why);
}

/* ---- pieces of a request ---- */
static struct err endpoint(const struct section *s)
{
	char field[FIELD];
	struct sv e = s->rq.endpoint;
	struct url u;

	field_of(s, "endpoint", SV(""), field);
	if (e.p == NULL)
		return s->m->custom ? bad_field(s->m->cx, field, "required", "is required") : OK;
	if (sv_find(e, SV("{{"), &(size_t){ 0 })) {
		TRY(renamed(s->m->cx, tmpl_check(s->m->cx, e, s->place), field, "placeholder"));
	} else {
		TRY(url_parse(s->m->cx, e, field, &u));
		if (!u.https && !u.loopback)
			return bad_field(s->m->cx, field, "url", "must be an https address");
	}
	return put_text(s, "url", e);
}

static struct err texts_only(const struct section *s, const struct node *map, const char *part)
{
	char field[FIELD];

	field_of(s, part, SV(""), field);
	if (map->kind != NODE_MAP || map->n > 64)
		return bad_field(s->m->cx, field, "type", "must be an object of at most 64 strings");
	for (const struct node *c = map->first; c != NULL; c = c->next) {
		struct sv text;

		field_of(s, part, c->key, field);
		TRY(jpath_text(s->m->cx, c, &text));
		if (text.p == NULL)
			return bad_field(s->m->cx, field, "type", "must be a string");
	}
	return OK;
}

/* As written: what is in the map is sent, and of the standard's own parameters only those that are always added. */
static struct err params(const struct section *s)
{
	struct node *copy = s->rq.params == NULL ? NULL : node_new(mem(s), NODE_MAP);

	if (s->rq.params == NULL)
		return OK;
	TRY(texts_only(s, s->rq.params, "params"));
	for (const struct node *c = s->rq.params->first; c != NULL; c = c->next) {
		char field[FIELD];
		struct sv text;

		field_of(s, "params", c->key, field);
		TRY(jpath_text(s->m->cx, c, &text));
		TRY(renamed(s->m->cx, tmpl_check(s->m->cx, text, s->place), field, "placeholder"));
		if (copy == NULL || !node_set(mem(s), copy, c->key, node_new_text(mem(s), text)))
			return no_memory(s->m->cx);
	}
	TRY(forget(s, "params"));
	TRY(forget(s, "rename"));
	return put(s, "params", copy);
}

static struct err method(const struct section *s, const char *preset)
{
	static const char *const known[] = { "GET", "POST", "PUT", "PATCH", "DELETE" };
	struct sv m = s->rq.method.n > 0 ? s->rq.method : sv_of(preset);
	char field[FIELD];

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (sv_ieq(m, sv_of(known[i])))
			return s->rq.method.n > 0 || s->m->custom ? put_text(s, "method", sv_of(known[i])) : OK;
	field_of(s, "method", SV(""), field);
	return bad_field(s->m->cx, field, "enum", "must be one of GET, POST, PUT, PATCH, DELETE");
}

static struct err content_type(const struct section *s)
{
	struct sv t = s->rq.request_content_type;
	char field[FIELD];

	if (t.n == 0)
		return OK;
	if (sv_eqz(t, "application/json") || sv_eqz(t, "application/x-www-form-urlencoded"))
		return put_text(s, "content_type", sv_eqz(t, "application/json") ? SV("json") : SV("form"));
	field_of(s, "request_content_type", SV(""), field);
	return bad_field(s->m->cx, field, "enum", "must be application/x-www-form-urlencoded or application/json");
}

/* "{token}", "{{token}}" and "{{access_token}}" mean the same. */
static struct err header_format(const struct section *s)
{
	struct sv f = s->rq.auth_header_value_format;
	char field[FIELD];
	size_t at;

	if (f.n == 0)
		return OK;
	if (!sv_find(f, SV("{{"), &at) && sv_find(f, SV("{token}"), &at)) {
		char *z = arena_printf(mem(s), "%.*s{{access_token}}%.*s", (int)at, f.p, SV_FMT(sv_from(f, at + 7)));

		f = sv_of(z);
		if (z == NULL)
			return no_memory(s->m->cx);
	}
	field_of(s, "auth_header_value_format", SV(""), field);
	TRY(renamed(s->m->cx, tmpl_check(s->m->cx, f, s->place | TMPL_BEARER), field, "placeholder"));
	return put_text(s, "auth_header", f);
}

/* preset NULL: none, which also follows from params that are written out. */
static struct err auth(const struct section *s, const char *preset)
{
	struct sv a = s->rq.auth_method;
	char field[FIELD];

	if (a.n == 0 && !s->m->custom && s->rq.params == NULL)
		return OK;                       /* the built-in definition's own */
	if (a.n == 0 && preset != NULL)
		a = sv_of(preset);
	if (a.n == 0 || sv_eqz(a, "none"))
		return WORDS(s, "auth", "none");
	if (sv_eqz(a, "client_secret_basic"))
		return WORDS(s, "auth", "basic");
	if (sv_eqz(a, "client_secret_post"))
		return WORDS(s, "auth", "post");
	if (sv_eqz(a, "bearer_access_token"))
		return WORDS(s, "auth", "bearer");
	field_of(s, "auth_method", SV(""), field);
	return bad_field(s->m->cx, field, "enum", "must be one of none, client_secret_basic, client_secret_post, bearer_access_token");
}

static struct err triggers(const struct section *s)
{
	struct triggers t = { .on_token_grant = s->rq.triggers == NULL };
	char field[FIELD];

	field_of(s, "triggers", SV(""), field);
	if (s->rq.triggers != NULL)
		TRY(node_decode(s->m->cx, s->rq.triggers,
		    &(struct node_decode){ trigger_rows, ARRAY_LEN(trigger_rows), field, NODE_IGNORE_UNKNOWN }, &t));
	static const char *const words[] = { "grant", "refresh" };
	return put_words(s, "on", t.on_token_grant ? words : words + 1, (size_t)t.on_token_grant + (size_t)t.on_token_refresh);
}

static bool is_one_of(struct sv s, const char *const *words)
{
	for (size_t i = 0; words[i] != NULL; i++)
		if (sv_eqz(s, words[i]))
			return true;
	return false;
}

/* known NULL: any key (user info).  rename: expires_in of an introspection may be absolute. */
static struct err response_map(const struct section *s, const char *const *known, const char *expires_as, struct node *into)
{
	const struct node *map = s->rq.response_map;

	if (map == NULL)
		return OK;
	TRY(texts_only(s, map, "response_map"));
	for (const struct node *c = map->first; c != NULL; c = c->next) {
		char field[FIELD];
		struct sv key = sv_eqz(c->key, "expires_in") && expires_as != NULL ? sv_of(expires_as) : c->key;

		field_of(s, "response_map", c->key, field);
		if (known != NULL && !is_one_of(c->key, known))
			return bad_field(s->m->cx, field, "unknown", "is not a field of this answer");
		TRY(renamed(s->m->cx, jpath_check(s->m->cx, node_text(c)), field, "path"));
		if (!node_set(mem(s), into, key, node_new_text(mem(s), node_text(c))))
			return no_memory(s->m->cx);
	}
	return OK;
}

/* ---- sections ---- */
static struct err open_section(struct section *s)
{
	const struct node *n = node_get(s->m->oauth2, s->name);
	char prefix[FIELD];

	s->rq.enabled = true;
	s->there = n != NULL && n->kind != NODE_NULL;
	s->patch = node_new(mem(s), NODE_MAP);
	s->clear = node_new(mem(s), NODE_MAP);
	if (s->patch == NULL || s->clear == NULL)
		return no_memory(s->m->cx);
	(void)snprintf(prefix, sizeof prefix, "oauth2.%s", s->name);
	if (s->there)
		TRY(node_decode(s->m->cx, n, &(struct node_decode){ request_rows, ARRAY_LEN(request_rows), prefix, NODE_IGNORE_UNKNOWN }, &s->rq));
	return OK;
}

static struct err close_section(const struct section *s)
{
	struct node *clear = s->clear->n == 0 ? NULL : s->clear;

	if (clear != NULL && !node_set(mem(s), s->m->clear, sv_of(s->key), clear))
		return no_memory(s->m->cx);
	return s->patch->n == 0 || node_set(mem(s), s->m->patch, sv_of(s->key), s->patch) ? OK : no_memory(s->m->cx);
}

static struct err nothing(const struct section *s) { return node_set(mem(s), s->m->patch, sv_of(s->key), node_new(mem(s), NODE_NULL)) ? OK : no_memory(s->m->cx); }

static struct err pkce(const struct section *s)
{
	const struct node *n = node_get(s->m->oauth2, "pkce");
	struct pkce p = { .enabled = false };

	if (n == NULL || n->kind == NODE_NULL)
		return s->m->custom ? put_text(s, "pkce", SV("unsupported")) : OK;
	TRY(node_decode(s->m->cx, n, &(struct node_decode){ pkce_rows, ARRAY_LEN(pkce_rows), "oauth2.pkce", NODE_IGNORE_UNKNOWN }, &p));
	if (p.code_challenge_method.n > 0 && !sv_eqz(p.code_challenge_method, "S256"))
		return bad_field(s->m->cx, "oauth2.pkce.code_challenge_method", "enum", "must be S256");
	if (node_get(n, "enabled") == NULL && !s->m->custom)
		return OK;
	return put_text(s, "pkce", p.enabled ? SV("supported") : SV("unsupported"));
}

static struct err authorize(struct mapping *m)
{
	struct section s = { .m = m, .name = "authorize_request", .key = "authorize", .place = TMPL_AUTHORIZE };
	const struct node *delimiter = node_get(m->oauth2, "scope_delimiter");

	TRY(open_section(&s));
	TRY(pkce(&s));
	if (delimiter != NULL && delimiter->kind != NODE_NULL) {
		if (!sv_eqz(node_text(delimiter), ",") && !sv_eqz(node_text(delimiter), " "))
			return bad_field(m->cx, "oauth2.scope_delimiter", "enum", "must be a comma or a space");
		TRY(put_text(&s, "scope_delimiter", node_text(delimiter)));
	}
	if (s.there || m->custom)
		TRY(endpoint(&s));
	TRY(params(&s));
	if (s.rq.params != NULL) {
		TRY(WORDS(&s, "omit", "response_type", "client_id", "redirect_uri", "response_mode"));
		TRY(put_words(&s, "scopes", NULL, 0));
	}
	return close_section(&s);
}

static const char *const token_keys[] = { "access_token", "refresh_token", "expires_in", "scope", "token_type", NULL };

static struct err token(struct mapping *m)
{
	struct section s = { .m = m, .name = "token_request", .key = "token", .place = TMPL_TOKEN };
	struct section answer = { .m = m, .key = "answer" };

	TRY(open_section(&s));
	if (!s.there && !m->custom)
		return OK;
	TRY(endpoint(&s));
	TRY(method(&s, "POST"));
	TRY(params(&s));
	TRY(auth(&s, NULL));
	TRY(content_type(&s));
	TRY(header_format(&s));
	if (s.rq.params != NULL)
		TRY(WORDS(&s, "omit", "grant_type", "redirect_uri", "client_id", "client_secret"));
	answer.patch = node_new(mem(&s), NODE_MAP);
	answer.clear = node_new(mem(&s), NODE_MAP);
	if (answer.patch == NULL || answer.clear == NULL)
		return no_memory(m->cx);
	TRY(response_map(&s, token_keys, NULL, answer.patch));
	if (s.rq.response_map != NULL && s.rq.response_map->n > 0)
		TRY(forget(&answer, "tokens"));
	if (sv_eqz(s.rq.response_content_type, "application/x-www-form-urlencoded"))
		TRY(put_text(&answer, "type", SV("form")));
	TRY(close_section(&answer));
	return close_section(&s);
}

static struct err refresh(struct mapping *m)
{
	struct section s = { .m = m, .name = "refresh_request", .key = "refresh", .place = TMPL_REFRESH };
	const struct node *n = node_get(m->oauth2, s.name);

	TRY(open_section(&s));
	if (!s.there) {
		if (n != NULL || m->custom) {    /* absent from a custom provider, or taken out: refresh tokens are not used */
			TRY(put_text(&s, "with", SV("none")));
			return close_section(&s);
		}
		return OK;
	}
	TRY(endpoint(&s));
	TRY(method(&s, "POST"));
	TRY(params(&s));
	TRY(auth(&s, NULL));
	TRY(content_type(&s));
	TRY(header_format(&s));
	if (s.rq.params != NULL)
		TRY(WORDS(&s, "omit", "grant_type", "client_id", "client_secret"));
	if (m->custom)
		TRY(put_text(&s, "with", SV("refresh_token")));
	if (s.rq.response_map != NULL && s.rq.response_map->n > 0) {
		struct node *answer = node_new(mem(&s), NODE_MAP);

		if (answer == NULL)
			return no_memory(m->cx);
		TRY(response_map(&s, token_keys, NULL, answer));
		TRY(put(&s, "answer", answer));
	}
	return close_section(&s);
}

static struct err user_info(struct mapping *m)
{
	struct section s = { .m = m, .name = "user_info_request", .key = "user_info", .place = TMPL_BEARER };
	const struct node *n = node_get(m->oauth2, s.name);

	TRY(open_section(&s));
	if (!s.there)
		return n == NULL ? OK : nothing(&s);
	TRY(endpoint(&s));
	TRY(method(&s, "GET"));
	TRY(params(&s));
	TRY(auth(&s, "bearer_access_token"));
	TRY(content_type(&s));
	TRY(header_format(&s));
	TRY(triggers(&s));
	if (s.rq.response_map != NULL && s.rq.response_map->n > 0) {
		struct node *map = node_new(mem(&s), NODE_MAP);

		if (map == NULL)
			return no_memory(m->cx);
		TRY(response_map(&s, NULL, NULL, map));
		TRY(forget(&s, "map"));
		TRY(put(&s, "map", map));
	}
	return close_section(&s);
}

static struct err introspection(struct mapping *m)
{
	static const char *const known[] = { "expires_in", "scope", NULL };
	struct section s = { .m = m, .name = "token_introspection_request", .key = "introspect", .place = TMPL_INTROSPECT };
	const struct node *n = node_get(m->oauth2, s.name);
	struct node *answer = node_new(m->cx->arena, NODE_MAP);

	TRY(open_section(&s));
	if (!s.there || !s.rq.enabled)
		return n == NULL ? OK : nothing(&s);
	if (answer == NULL)
		return no_memory(m->cx);
	bool relative = sv_eqz(s.rq.expiration_format, "relative_seconds");
	if (!relative && s.rq.expiration_format.n > 0 && !sv_eqz(s.rq.expiration_format, "absolute_unix_timestamp"))
		return bad_field(m->cx, "oauth2.token_introspection_request.expiration_format", "enum",
		    "must be absolute_unix_timestamp or relative_seconds");
	TRY(endpoint(&s));
	TRY(method(&s, "GET"));
	TRY(params(&s));
	TRY(auth(&s, "client_secret_basic"));
	TRY(content_type(&s));
	TRY(header_format(&s));
	TRY(triggers(&s));
	if (s.rq.params != NULL)
		TRY(WORDS(&s, "omit", "token", "client_id", "client_secret"));
	TRY(response_map(&s, known, relative ? NULL : "expires_at", answer));
	TRY(put(&s, "answer", answer));
	return close_section(&s);
}

/* Ours beside Arcade's: values of the definition's variables, and one of its environments. */
static struct err ours(struct mapping *m)
{
	const struct node *vars = node_get(m->oauth2, "variables"), *env = node_get(m->oauth2, "environment");
	struct arena *a = m->cx->arena;

	if (vars != NULL && vars->kind != NODE_MAP && vars->kind != NODE_NULL)
		return bad_field(m->cx, "oauth2.variables", "type", "must be an object of strings");
	if (vars != NULL && !node_set(a, m->patch, SV("values"), node_copy(a, vars)))
		return no_memory(m->cx);
	if (env != NULL && env->kind != NODE_NULL && node_text(env).p == NULL)
		return bad_field(m->cx, "oauth2.environment", "type", "must be a string");
	return env == NULL || node_set(a, m->patch, SV("environment"), node_copy(a, env)) ? OK : no_memory(m->cx);
}

struct err pdef_from_oauth2(struct ctx *cx, const struct node *base, const struct node *oauth2, struct node **merged)
{
	struct mapping m = { .cx = cx, .oauth2 = oauth2, .custom = base == NULL };
	struct node *plain = node_new(cx->arena, NODE_MAP);

	*merged = NULL;
	m.patch = node_new(cx->arena, NODE_MAP);
	m.clear = node_new(cx->arena, NODE_MAP);
	if (plain == NULL || m.patch == NULL || m.clear == NULL)
		return no_memory(cx);
	if (oauth2 != NULL && oauth2->kind != NODE_MAP && oauth2->kind != NODE_NULL)
		return bad_field(cx, "oauth2", "type", "must be an object");
	TRY(authorize(&m));
	TRY(token(&m));
	TRY(refresh(&m));
	TRY(user_info(&m));
	TRY(introspection(&m));
	TRY(ours(&m));
	plain = node_merge(cx->arena, base == NULL ? plain : base, m.clear);
	*merged = plain == NULL ? NULL : node_merge(cx->arena, plain, m.patch);
	return *merged == NULL ? no_memory(cx) : OK;
}
