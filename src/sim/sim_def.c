/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/sim_def.h"
#include "core/text.h"
#include <stddef.h>

static const char *const rules[] = { "optional", "required", "ignored", NULL };
static const char *const renews[] = { "never", "rotates", "keeps", NULL };
static const char *const forms[] = { "space", "comma", "list", "absent", NULL };
static const char *const answers[] = { "json", "form", "form_unless_json_asked", NULL };
static const char *const ends[] = { "token", "family", "grant", NULL };
static const char *const revoke_auths[] = { "client", "bearer", "none", NULL };

static struct sv form_word = SV_INIT("form");
static const struct sv_list form_only = { &form_word, 1 };

static const struct nfield authorize_fields[] = {
	NLIST(struct sim_authorize, paths, NREQ, 8),
	NSV(struct sim_authorize, scope_param, NOPT, 0, 40),
	NSV(struct sim_authorize, also_scope_param, NOPT, 1, 40),
	NSV(struct sim_authorize, delimiter, NOPT, 1, 1),
	NSV(struct sim_authorize, iss, NOPT, 1, 200),
	NENUM(struct sim_authorize, pkce, NOPT, rules),
	NBOOL(struct sim_authorize, remembers_scopes, NOPT),
	NBOOL(struct sim_authorize, response_type_required, NOPT),
	NBOOL(struct sim_authorize, state_required, NOPT),
	NBOOL(struct sim_authorize, scope_required, NOPT),
	NI64(struct sim_authorize, code_lifetime_s, NOPT, 1, 3600),
	NNODE(struct sim_authorize, extra_callback, NOPT),
	NNODE(struct sim_authorize, offline, NOPT),
	NNODE(struct sim_authorize, offline_scope, NOPT),
	NNODE(struct sim_authorize, scope_names, NOPT),
	NNODE(struct sim_authorize, scope_holds, NOPT),
};
static const struct nfield token_fields[] = {
	NLIST(struct sim_token_rules, paths, NREQ, 8),
	NLIST(struct sim_token_rules, bodies, NREQ, 2),
	NLIST(struct sim_token_rules, client_auth, NREQ, 3),
	NI64(struct sim_token_rules, lifetime_s, NOPT, 0, 315360000),
	NENUM(struct sim_token_rules, renews, NREQ, renews),
	NENUM(struct sim_token_rules, scope_form, NOPT, forms),
	NENUM(struct sim_token_rules, answer, NOPT, answers),
	NBOOL(struct sim_token_rules, grant_type_required, NOPT),
	NBOOL(struct sim_token_rules, redirect_uri_required, NOPT),
	NNODE(struct sim_token_rules, fields, NREQ),
	NNODE(struct sim_token_rules, errors, NREQ),
	NNODE(struct sim_token_rules, refresh_fields, NOPT),
	NSV(struct sim_token_rules, access_prefix, NOPT, 1, 20),
};
static const struct nfield revoke_fields[] = {
	NLIST(struct sim_revoke_rules, paths, NREQ, 8),
	NSV(struct sim_revoke_rules, method, NOPT, 3, 6),
	NSV(struct sim_revoke_rules, token_param, NOPT, 1, 40),
	NENUM(struct sim_revoke_rules, auth, NOPT, revoke_auths),
	NENUM(struct sim_revoke_rules, ends, NREQ, ends),
	NI64(struct sim_revoke_rules, status, NOPT, 200, 299),
	NNODE(struct sim_revoke_rules, body, NOPT),
	NNODE(struct sim_revoke_rules, unknown, NOPT),
	NLIST(struct sim_revoke_rules, bodies, NOPT, 2),
};
struct parts {
	const struct node *authorize, *token, *revoke;
	struct sim_def d;
};
#define PNODE(f)                                                                               \
	{                                                                                      \
		.name = #f, .kind = NF_NODE, .at = offsetof(struct parts, f), .required = true \
	}
#define DNODE(f)                                                               \
	{                                                                      \
		.name = #f, .kind = NF_NODE, .at = offsetof(struct parts, d.f) \
	}
#define DLIST(f, req)                                                                                           \
	{                                                                                                       \
		.name = #f, .kind = NF_LIST_SV, .at = offsetof(struct parts, d.f), .required = (req), .hi = 200 \
	}
static const struct nfield top_fields[] = {
	PNODE(authorize),
	PNODE(token),
	{ .name = "revoke", .kind = NF_NODE, .at = offsetof(struct parts, revoke) },
	DLIST(hosts, true),
	DLIST(scopes, false),
	DLIST(prefixes, false),
	{ .name = "user_agent_required", .kind = NF_BOOL, .at = offsetof(struct parts, d.user_agent_required) },
	DNODE(unauthorized),
	DNODE(no_agent),
	DNODE(no_scope),
	DNODE(not_found),
	DNODE(rate_limit),
	DNODE(users),
	DNODE(api),
	DNODE(bots),
};

static struct err part(struct ctx *cx, const struct node *n, const struct node_decode *how, void *out)
{
	struct err e = node_decode(cx, n, how, out);

	if (e.code == E_BAD_INPUT) {
		cx->cause.code = E_CONFIG;
		return (struct err){ E_CONFIG };
	}
	return e;
}

bool sim_def_has(struct sv_list list, struct sv word)
{
	for (size_t i = 0; i < list.n; i++)
		if (sv_eq(list.v[i], word))
			return true;
	return false;
}

bool sim_def_held(const struct sim_def *d, struct sv_list list, struct sv scope)
{
	const struct node *all = d->authorize.scope_holds;

	for (const struct node *c = all == NULL ? NULL : all->first; c != NULL; c = c->next)
		for (const struct node *one = sim_def_has(list, c->key) ? c->first : NULL; one != NULL; one = one->next)
			if (sv_eq(one->text, scope))
				return true;
	return false;
}

bool sim_def_fits(struct sv pattern, struct sv path, struct sv params[static 2])
{
	size_t n = 0;

	while (pattern.p != NULL || path.p != NULL) {
		struct sv a = pattern.p == NULL ? SV_NONE : sv_cut(&pattern, '/');
		struct sv b = path.p == NULL ? SV_NONE : sv_cut(&path, '/');

		if (a.p == NULL || b.p == NULL)
			return false;
		if (sv_starts(a, SV("{")) && b.n > 0 && n < 2)
			params[n++] = b;
		else if (!sv_eq(a, b))
			return false;
	}
	return true;
}

bool sim_def_path(struct sv_list patterns, struct sv path)
{
	struct sv unused[2];

	for (size_t i = 0; i < patterns.n; i++)
		if (sim_def_fits(patterns.v[i], path, unused))
			return true;
	return false;
}

static void defaults(struct sim_def *d)
{
	d->authorize.scope_param = SV("scope");
	d->authorize.delimiter = SV(" ");
	d->authorize.response_type_required = true;
	d->authorize.code_lifetime_s = 600;
	d->token.grant_type_required = true;
	d->token.redirect_uri_required = true;
	d->token.access_prefix = SV("sim_at_");
	d->revoke.method = SV("POST");
	d->revoke.token_param = SV("token");
	d->revoke.status = 200;
	d->revoke.bodies = form_only;
}

static struct err scope_rules(struct ctx *cx, const struct sim_authorize *a)
{
	if (a->scope_names != NULL && a->scope_names->kind != NODE_MAP)
		return refuse(cx, E_CONFIG, "%s:%d: simulate.authorize.scope_names must be a map of scopes to scopes",
			      a->scope_names->file, a->scope_names->line);
	if (a->scope_holds != NULL && a->scope_holds->kind != NODE_MAP)
		return refuse(cx, E_CONFIG, "%s:%d: simulate.authorize.scope_holds must be a map of scopes to lists",
			      a->scope_holds->file, a->scope_holds->line);
	return OK;
}

struct err sim_def_read(struct ctx *cx, const struct node *tree, struct sim_def *out)
{
	const struct node *s = node_get(tree, "simulate");
	struct parts p = { .authorize = NULL };

	*out = (struct sim_def){ .id = node_text_at(tree, "id"), .name = node_text_at(tree, "name") };
	if (s == NULL)
		return refuse(cx, E_CONFIG, "provider %.*s has no simulate section, so it cannot be simulated",
			      SV_FMT(out->id));
	defaults(out);
	p.d = *out;
	TRY(part(cx, s, &(struct node_decode){ top_fields, ARRAY_LEN(top_fields), "simulate", NODE_REFUSE_UNKNOWN },
		 &p));
	*out = p.d;
	TRY(part(cx, p.authorize,
		 &(struct node_decode){ authorize_fields, ARRAY_LEN(authorize_fields), "simulate.authorize",
					NODE_REFUSE_UNKNOWN },
		 &out->authorize));
	TRY(part(cx, p.token,
		 &(struct node_decode){ token_fields, ARRAY_LEN(token_fields), "simulate.token", NODE_REFUSE_UNKNOWN },
		 &out->token));
	TRY(scope_rules(cx, &out->authorize));
	out->has_revoke = p.revoke != NULL;
	if (!out->has_revoke)
		return OK;
	return part(
	    cx, p.revoke,
	    &(struct node_decode){ revoke_fields, ARRAY_LEN(revoke_fields), "simulate.revoke", NODE_REFUSE_UNKNOWN },
	    &out->revoke);
}
