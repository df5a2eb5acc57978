/* SPDX-License-Identifier: Apache-2.0 */
#include "model/pdef_from_part.h"
#include "core/arena.h"
#include "core/text.h"
#include "core/url.h"
#include "model/jpath.h"
#include <stdio.h>

enum { FIELD = 96 };
static const struct nfield request_rows[] = {
	NSV(struct pdef_request, endpoint, NOPT, 1, 1000),
	NSV(struct pdef_request, method, NOPT, 0, 10),
	NSV(struct pdef_request, auth_method, NOPT, 0, 64),
	NSV(struct pdef_request, auth_header_value_format, NOPT, 0, 200),
	NSV(struct pdef_request, request_content_type, NOPT, 0, 100),
	NSV(struct pdef_request, response_content_type, NOPT, 0, 100),
	NSV(struct pdef_request, expiration_format, NOPT, 0, 64),
	NNODE(struct pdef_request, params, NOPT),
	NNODE(struct pdef_request, response_map, NOPT),
	NNODE(struct pdef_request, triggers, NOPT),
	NBOOL(struct pdef_request, enabled, NOPT),
};
struct triggers {
	bool on_token_grant, on_token_refresh;
};
static const struct nfield trigger_rows[] = { NBOOL(struct triggers, on_token_grant, NOPT),
					      NBOOL(struct triggers, on_token_refresh, NOPT) };

static struct err no_memory(struct ctx *cx) { return fail(cx, E_INTERNAL, "out of memory", "reading oauth2"); }
static struct arena *mem(const struct pdef_part *s) { return s->m->cx->arena; }

struct err pdef_from_part_put(const struct pdef_part *s, const char *key, struct node *v)
{
	return node_set(mem(s), s->patch, sv_of(key), v) ? OK : no_memory(s->m->cx);
}

struct err pdef_from_part_text(const struct pdef_part *s, const char *key, struct sv v)
{
	return pdef_from_part_put(s, key, node_new_text(mem(s), v));
}

struct err pdef_from_part_words(const struct pdef_part *s, const char *key, const char *const *words, size_t n)
{
	struct node *list = node_new(mem(s), NODE_LIST);

	for (size_t i = 0; i < n; i++)
		if (!node_add(list, node_new_text(mem(s), sv_of(words[i]))))
			return no_memory(s->m->cx);
	return pdef_from_part_put(s, key, list);
}

struct err pdef_from_part_forget(const struct pdef_part *s, const char *key)
{
	return node_set(mem(s), s->clear, sv_of(key), node_new(mem(s), NODE_NULL)) ? OK : no_memory(s->m->cx);
}

static void field_of(const struct pdef_part *s, const char *part, struct sv key, char out[static FIELD])
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
struct err pdef_from_part_endpoint(const struct pdef_part *s)
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
	return pdef_from_part_text(s, "url", e);
}

static struct err texts_only(const struct pdef_part *s, const struct node *map, const char *part)
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
struct err pdef_from_part_params(const struct pdef_part *s)
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
	TRY(pdef_from_part_forget(s, "params"));
	TRY(pdef_from_part_forget(s, "rename"));
	return pdef_from_part_put(s, "params", copy);
}

static struct err method(const struct pdef_part *s, const char *preset)
{
	static const char *const known[] = { "GET", "POST", "PUT", "PATCH", "DELETE" };
	struct sv m = s->rq.method.n > 0 ? s->rq.method : sv_of(preset);
	char field[FIELD];

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (sv_ieq(m, sv_of(known[i])))
			return s->rq.method.n > 0 || s->m->custom ? pdef_from_part_text(s, "method", sv_of(known[i]))
								  : OK;
	field_of(s, "method", SV(""), field);
	return bad_field(s->m->cx, field, "enum", "must be one of GET, POST, PUT, PATCH, DELETE");
}

static struct err content_type(const struct pdef_part *s)
{
	struct sv t = s->rq.request_content_type;
	char field[FIELD];

	if (t.n == 0)
		return OK;
	if (sv_eqz(t, "application/json") || sv_eqz(t, "application/x-www-form-urlencoded"))
		return pdef_from_part_text(s, "content_type", sv_eqz(t, "application/json") ? SV("json") : SV("form"));
	field_of(s, "request_content_type", SV(""), field);
	return bad_field(s->m->cx, field, "enum", "must be application/x-www-form-urlencoded or application/json");
}

/* "{token}", "{{token}}" and "{{access_token}}" mean the same. */
static struct err header_format(const struct pdef_part *s)
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
	return pdef_from_part_text(s, "auth_header", f);
}

static struct err word(const struct pdef_part *s, const char *w) { return pdef_from_part_words(s, "auth", &w, 1); }

/* preset NULL: none, which also follows from params that are written out. */
static struct err auth(const struct pdef_part *s, const char *preset)
{
	struct sv a = s->rq.auth_method;
	char field[FIELD];

	if (a.n == 0 && !s->m->custom && s->rq.params == NULL)
		return OK; /* the built-in definition's own */
	if (a.n == 0 && preset != NULL)
		a = sv_of(preset);
	if (a.n == 0 || sv_eqz(a, "none"))
		return word(s, "none");
	if (sv_eqz(a, "client_secret_basic"))
		return word(s, "basic");
	if (sv_eqz(a, "client_secret_post"))
		return word(s, "post");
	if (sv_eqz(a, "bearer_access_token"))
		return word(s, "bearer");
	field_of(s, "auth_method", SV(""), field);
	return bad_field(s->m->cx, field, "enum",
			 "must be one of none, client_secret_basic, client_secret_post, bearer_access_token");
}

struct err pdef_from_part_triggers(const struct pdef_part *s)
{
	struct triggers t = { .on_token_grant = s->rq.triggers == NULL };
	char field[FIELD];

	field_of(s, "triggers", SV(""), field);
	if (s->rq.triggers != NULL)
		TRY(node_decode(
		    s->m->cx, s->rq.triggers,
		    &(struct node_decode){ trigger_rows, ARRAY_LEN(trigger_rows), field, NODE_IGNORE_UNKNOWN }, &t));
	static const char *const words[] = { "grant", "refresh" };
	return pdef_from_part_words(s, "on", t.on_token_grant ? words : words + 1,
				    (size_t)t.on_token_grant + (size_t)t.on_token_refresh);
}

static bool is_one_of(struct sv s, const char *const *words)
{
	for (size_t i = 0; words[i] != NULL; i++)
		if (sv_eqz(s, words[i]))
			return true;
	return false;
}

/* known NULL: any key (user info).  rename: expires_in of an introspection may be absolute. */
struct err pdef_from_part_map(const struct pdef_part *s, const char *const *known, const char *expires_as,
			      struct node *into)
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

struct err pdef_from_part_call(const struct pdef_part *s, const char *preset_method, const char *preset_auth)
{
	TRY(method(s, preset_method));
	TRY(auth(s, preset_auth));
	TRY(content_type(s));
	return header_format(s);
}

struct err pdef_from_part_open(struct pdef_part *s)
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
		TRY(node_decode(
		    s->m->cx, n,
		    &(struct node_decode){ request_rows, ARRAY_LEN(request_rows), prefix, NODE_IGNORE_UNKNOWN },
		    &s->rq));
	return OK;
}

struct err pdef_from_part_close(const struct pdef_part *s)
{
	struct node *clear = s->clear->n == 0 ? NULL : s->clear;

	if (clear != NULL && !node_set(mem(s), s->m->clear, sv_of(s->key), clear))
		return no_memory(s->m->cx);
	return s->patch->n == 0 || node_set(mem(s), s->m->patch, sv_of(s->key), s->patch) ? OK : no_memory(s->m->cx);
}

struct err pdef_from_part_nothing(const struct pdef_part *s)
{
	return node_set(mem(s), s->m->patch, sv_of(s->key), node_new(mem(s), NODE_NULL)) ? OK : no_memory(s->m->cx);
}
