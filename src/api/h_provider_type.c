/* SPDX-License-Identifier: Apache-2.0 */
#include "api/caller.h"
#include "api/handlers.h"
#include "core/text.h"
#include "domain/provider_check.h"
#include "domain/provider_mint.h"

/* ---- the included providers, as their definitions tell them ---- */
static bool has_word(const struct node *list, const char *word)
{
	for (const struct node *c = list == NULL ? NULL : list->first; c != NULL; c = c->next)
		if (sv_eqz(c->text, word))
			return true;
	return false;
}

static void texts(struct jout *w, const char *key, const struct node *list)
{
	jout_list(w, key);
	for (const struct node *c = list == NULL ? NULL : list->first; c != NULL; c = c->next)
		jout_str(w, NULL, c->text);
	jout_list_end(w);
}

static void scopes(struct jout *w, const struct node *known)
{
	jout_list(w, "scopes");
	for (const struct node *c = known == NULL ? NULL : known->first; c != NULL; c = c->next) {
		jout_open(w, NULL);
		jout_str(w, "name", c->key);
		jout_str(w, "meaning", node_text_at(c, "meaning"));
		jout_str(w, "approval", node_text_at(c, "approval"));
		jout_close(w);
	}
	jout_list_end(w);
}

/* What a person has to give: a fixed one is not asked for. */
static void variables(struct jout *w, const struct node *decls)
{
	jout_list(w, "variables");
	for (const struct node *c = decls == NULL ? NULL : decls->first; c != NULL; c = c->next) {
		const struct node *words = node_get(c, "enum"), *preset = node_get(c, "default");
		if (node_get(c, "fixed") != NULL)
			continue;
		jout_open(w, NULL);
		jout_str(w, "name", c->key);
		jout_str(w, "description", node_text_at(c, "description"));
		jout_str(w, "default", preset == NULL ? SV_NONE : preset->text);
		jout_bool(w, "required", preset == NULL);
		jout_str(w, "pattern", node_text_at(c, "pattern"));
		if (words == NULL)
			jout_null(w, "values");
		else
			texts(w, "values", words);
		jout_close(w);
	}
	jout_list_end(w);
}

static void names(struct jout *w, const char *key, const struct node *map)
{
	jout_list(w, key);
	for (const struct node *c = map == NULL ? NULL : map->first; c != NULL; c = c->next)
		jout_str(w, NULL, c->key);
	jout_list_end(w);
}

static void type(struct jout *w, const struct node *d)
{
	struct sv pkce = node_text(node_path(d, SV("authorize.pkce"))), id = node_text_at(d, "id");
	struct sv name = node_text_at(d, "name");

	jout_open(w, NULL);
	jout_str(w, "id", id);
	jout_str(w, "name", name.n > 0 ? name : id);
	jout_str(w, "docs", node_text_at(d, "docs"));
	jout_str(w, "console", node_text_at(d, "console"));
	jout_bool(w, "pkce", !sv_eqz(pkce, "unsupported"));
	jout_bool(w, "refresh", node_get(d, "refresh") != NULL);
	jout_bool(w, "revoke", node_get(d, "revoke") != NULL);
	jout_bool(w, "secret_required", !has_word(node_path(d, SV("token.auth")), "none"));
	texts(w, "default_scopes", node_path(d, SV("scopes.default")));
	scopes(w, node_path(d, SV("scopes.known")));
	variables(w, node_get(d, "variables"));
	names(w, "environments", node_get(d, "environments"));
	texts(w, "unsure", node_get(d, "unsure"));
	jout_close(w);
}

struct err h_provider_type_list(struct request *rq)
{
	const struct pdef_library *l = registry_library(rq->en->registry);
	struct jout w = JOUT(rq->out);
	int64_t n = 0;

	jout_open(&w, NULL);
	jout_list(&w, "items");
	for (size_t i = 0; i < pdef_library_count(l); i++) {
		const struct node *d = pdef_library_at(l, i);
		if (d == NULL || sv_eqz(node_text_at(d, "id"), "oauth2")) /* the frame of custom ones, no provider */
			continue;
		type(&w, d);
		n++;
	}
	jout_list_end(&w);
	jout_i64(&w, "total_count", n);
	jout_close(&w);
	return jout_done(rq->cx, &w);
}

/* ---- the redirect address before there is a provider ---- */
/* Nothing is kept: only who was told this segment can name it, and the unique index lets one of two through. */
struct err h_provider_type_redirect(struct request *rq)
{
	CLEANUP(buf_free) struct buf uri = BUF(4096);
	struct jout w = JOUT(rq->out);
	struct sv external;

	TRY(provider_mint_external(rq->cx, &external));
	buf_str(&uri, rq->en->config->public_url);
	buf_str(&uri, "/api/v1/oauth/");
	buf_sv(&uri, external);
	buf_str(&uri, "/callback");
	TRY(buf_done(rq->cx, &uri, "redirect address"));
	jout_open(&w, NULL);
	jout_str(&w, "external_id", external);
	jout_str(&w, "redirect_uri", buf_view(&uri));
	jout_close(&w);
	return jout_done(rq->cx, &w);
}

/* ---- the test of a set-up ---- */
static void check(struct jout *w, const struct provider_check *c)
{
	jout_open(w, NULL);
	jout_strz(w, "name", c->name);
	jout_strz(w, "outcome", provider_check_word(c->outcome));
	jout_str(w, "cause", c->cause);
	jout_str(w, "fix", c->fix);
	jout_str(w, "asked", c->asked);
	jout_str(w, "answered", c->answered);
	jout_close(w);
}

struct err h_provider_type_test(struct request *rq)
{
	const struct provider *p = providers_by_id(rq->en, caller_project(rq), rq->params[0]);
	struct actor by = caller_actor(rq);
	struct provider_checks l;
	struct jout w = JOUT(rq->out);

	if (p == NULL)
		return refuse(rq->cx, E_NOT_FOUND, "auth provider %.*s not found", SV_FMT(sv_upto(rq->params[0], 100)));
	TRY(provider_check_run(rq->cx, rq->en, &(struct provider_check_ask){ p, caller_project(rq), &by }, &l));
	jout_open(&w, NULL);
	jout_bool(&w, "ok", l.ok);
	jout_list(&w, "checks");
	for (size_t i = 0; i < l.n; i++)
		check(&w, &l.v[i]);
	jout_list_end(&w);
	jout_close(&w);
	return jout_done(rq->cx, &w);
}
