/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/text.h"
#include "model/pdef_from_part.h"

struct pkce {
	bool enabled;
	struct sv code_challenge_method;
};
static const struct nfield pkce_rows[] = { NBOOL(struct pkce, enabled, NOPT),
					   NSV(struct pkce, code_challenge_method, NOPT, 0, 32) };
#define WORDS(s, key, ...)                                                     \
	pdef_from_part_words((s), (key), (const char *const[]){ __VA_ARGS__ }, \
			     sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

static struct err no_memory(struct ctx *cx) { return fail(cx, E_INTERNAL, "out of memory", "reading oauth2"); }

static struct err pkce(const struct pdef_part *s)
{
	const struct node *n = node_get(s->m->oauth2, "pkce");
	struct pkce p = { .enabled = false };

	if (n == NULL || n->kind == NODE_NULL)
		return s->m->custom ? pdef_from_part_text(s, "pkce", SV("unsupported")) : OK;
	TRY(node_decode(s->m->cx, n,
			&(struct node_decode){ pkce_rows, ARRAY_LEN(pkce_rows), "oauth2.pkce", NODE_IGNORE_UNKNOWN },
			&p));
	if (p.code_challenge_method.n > 0 && !sv_eqz(p.code_challenge_method, "S256"))
		return bad_field(s->m->cx, "oauth2.pkce.code_challenge_method", "enum", "must be S256");
	if (node_get(n, "enabled") == NULL && !s->m->custom)
		return OK;
	return pdef_from_part_text(s, "pkce", p.enabled ? SV("supported") : SV("unsupported"));
}

static struct err authorize(struct pdef_mapping *m)
{
	struct pdef_part s = { .m = m, .name = "authorize_request", .key = "authorize", .place = TMPL_AUTHORIZE };
	const struct node *delimiter = node_get(m->oauth2, "scope_delimiter");

	TRY(pdef_from_part_open(&s));
	TRY(pkce(&s));
	if (delimiter != NULL && delimiter->kind != NODE_NULL) {
		if (!sv_eqz(node_text(delimiter), ",") && !sv_eqz(node_text(delimiter), " "))
			return bad_field(m->cx, "oauth2.scope_delimiter", "enum", "must be a comma or a space");
		TRY(pdef_from_part_text(&s, "scope_delimiter", node_text(delimiter)));
	}
	if (s.there || m->custom)
		TRY(pdef_from_part_endpoint(&s));
	TRY(pdef_from_part_params(&s));
	if (s.rq.params != NULL) {
		TRY(WORDS(&s, "omit", "response_type", "client_id", "redirect_uri", "response_mode"));
		TRY(pdef_from_part_words(&s, "scopes", NULL, 0));
	}
	return pdef_from_part_close(&s);
}

static const char *const token_keys[] = { "access_token", "refresh_token", "expires_in", "scope", "token_type", NULL };

static struct err token(struct pdef_mapping *m)
{
	struct pdef_part s = { .m = m, .name = "token_request", .key = "token", .place = TMPL_TOKEN };
	struct pdef_part answer = { .m = m, .key = "answer" };

	TRY(pdef_from_part_open(&s));
	if (!s.there && !m->custom)
		return OK;
	TRY(pdef_from_part_endpoint(&s));
	TRY(pdef_from_part_call(&s, "POST", NULL));
	TRY(pdef_from_part_params(&s));

	if (s.rq.params != NULL)
		TRY(WORDS(&s, "omit", "grant_type", "redirect_uri", "client_id", "client_secret"));
	answer.patch = node_new(m->cx->arena, NODE_MAP);
	answer.clear = node_new(m->cx->arena, NODE_MAP);
	if (answer.patch == NULL || answer.clear == NULL)
		return no_memory(m->cx);
	TRY(pdef_from_part_map(&s, token_keys, NULL, answer.patch));
	if (s.rq.response_map != NULL && s.rq.response_map->n > 0)
		TRY(pdef_from_part_forget(&answer, "tokens"));
	if (sv_eqz(s.rq.response_content_type, "application/x-www-form-urlencoded"))
		TRY(pdef_from_part_text(&answer, "type", SV("form")));
	TRY(pdef_from_part_close(&answer));
	return pdef_from_part_close(&s);
}

static struct err refresh(struct pdef_mapping *m)
{
	struct pdef_part s = { .m = m, .name = "refresh_request", .key = "refresh", .place = TMPL_REFRESH };
	const struct node *n = node_get(m->oauth2, s.name);

	TRY(pdef_from_part_open(&s));
	if (!s.there) {
		if (n != NULL ||
		    m->custom) { /* absent from a custom provider, or taken out: refresh tokens are not used */
			TRY(pdef_from_part_text(&s, "with", SV("none")));
			return pdef_from_part_close(&s);
		}
		return OK;
	}
	TRY(pdef_from_part_endpoint(&s));
	TRY(pdef_from_part_call(&s, "POST", NULL));
	TRY(pdef_from_part_params(&s));

	if (s.rq.params != NULL)
		TRY(WORDS(&s, "omit", "grant_type", "client_id", "client_secret"));
	if (m->custom)
		TRY(pdef_from_part_text(&s, "with", SV("refresh_token")));
	if (s.rq.response_map != NULL && s.rq.response_map->n > 0) {
		struct node *answer = node_new(m->cx->arena, NODE_MAP);

		if (answer == NULL)
			return no_memory(m->cx);
		TRY(pdef_from_part_map(&s, token_keys, NULL, answer));
		TRY(pdef_from_part_put(&s, "answer", answer));
	}
	return pdef_from_part_close(&s);
}

static struct err user_info(struct pdef_mapping *m)
{
	struct pdef_part s = { .m = m, .name = "user_info_request", .key = "user_info", .place = TMPL_BEARER };
	const struct node *n = node_get(m->oauth2, s.name);

	TRY(pdef_from_part_open(&s));
	if (!s.there)
		return n == NULL ? OK : pdef_from_part_nothing(&s);
	TRY(pdef_from_part_endpoint(&s));
	TRY(pdef_from_part_call(&s, "GET", "bearer_access_token"));
	TRY(pdef_from_part_params(&s));

	TRY(pdef_from_part_triggers(&s));
	if (s.rq.response_map != NULL && s.rq.response_map->n > 0) {
		struct node *map = node_new(m->cx->arena, NODE_MAP);

		if (map == NULL)
			return no_memory(m->cx);
		TRY(pdef_from_part_map(&s, NULL, NULL, map));
		TRY(pdef_from_part_forget(&s, "map"));
		TRY(pdef_from_part_put(&s, "map", map));
	}
	return pdef_from_part_close(&s);
}

static struct err introspection(struct pdef_mapping *m)
{
	static const char *const known[] = { "expires_in", "scope", NULL };
	struct pdef_part s = {
		.m = m, .name = "token_introspection_request", .key = "introspect", .place = TMPL_INTROSPECT
	};
	const struct node *n = node_get(m->oauth2, s.name);
	struct node *answer = node_new(m->cx->arena, NODE_MAP);

	TRY(pdef_from_part_open(&s));
	if (!s.there || !s.rq.enabled)
		return n == NULL ? OK : pdef_from_part_nothing(&s);
	if (answer == NULL)
		return no_memory(m->cx);
	bool relative = sv_eqz(s.rq.expiration_format, "relative_seconds");
	if (!relative && s.rq.expiration_format.n > 0 && !sv_eqz(s.rq.expiration_format, "absolute_unix_timestamp"))
		return bad_field(m->cx, "oauth2.token_introspection_request.expiration_format", "enum",
				 "must be absolute_unix_timestamp or relative_seconds");
	TRY(pdef_from_part_endpoint(&s));
	TRY(pdef_from_part_call(&s, "GET", "client_secret_basic"));
	TRY(pdef_from_part_params(&s));

	TRY(pdef_from_part_triggers(&s));
	if (s.rq.params != NULL)
		TRY(WORDS(&s, "omit", "token", "client_id", "client_secret"));
	TRY(pdef_from_part_map(&s, known, relative ? NULL : "expires_at", answer));
	TRY(pdef_from_part_put(&s, "answer", answer));
	return pdef_from_part_close(&s);
}

/* Ours beside Arcade's: values of the definition's variables, and one of its environments. */
static struct err ours(struct pdef_mapping *m)
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
	struct pdef_mapping m = { .cx = cx, .oauth2 = oauth2, .custom = base == NULL };
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
