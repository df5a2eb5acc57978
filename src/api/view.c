/* SPDX-License-Identifier: Apache-2.0 */
#include "api/view.h"
#include "api/etag.h"
#include "core/arena.h"
#include "core/text.h"
#include "domain/projects.h"
#include "model/reason.h"
#include <stdio.h>

const char *view_status(enum auth_status s)
{
	switch (s) {
	case AUTH_PENDING: return "pending";
	case AUTH_COMPLETED: return "completed";
	case AUTH_FAILED:
	default: return "failed";
	}
}

void view_list(struct jout *w, const char *key, struct sv_list v)
{
	jout_list(w, key);
	for (size_t i = 0; i < v.n; i++)
		jout_str(w, NULL, v.v[i]);
	jout_list_end(w);
}

/* ---- authorizations ---- */
static void context(struct jout *w, const struct access *a)
{
	jout_open(w, "context");
	if (a->token != NULL)
		jout_str(w, "token", secret_view(a->token));
	if (a->user_info != NULL)
		jout_raw(w, "user_info", secret_view(a->user_info));
	else
		jout_raw(w, "user_info", SV("{}"));
	jout_close(w);
}

void view_authorization(struct jout *w, const struct auth_view *v)
{
	jout_open(w, NULL);
	jout_strz(w, "id", v->id);
	jout_strz(w, "status", view_status(v->status));
	jout_str(w, "provider_id", v->provider_id);
	jout_str(w, "user_id", v->user_id);
	view_list(w, "scopes", v->scopes);
	if (v->status == AUTH_PENDING)
		jout_str(w, "url", v->url);
	if (v->status == AUTH_COMPLETED)
		context(w, &v->access);
	jout_close(w);
}

void view_reason_as(struct jout *w, int reason, struct reason_words words)
{
	if (reason == REASON_NONE) {
		jout_null(w, "reason");
		return;
	}
	jout_open(w, "reason");
	jout_strz(w, "code", reason_code((enum reason)reason));
	jout_str(w, "cause", words.cause);
	jout_str(w, "fix", words.fix);
	jout_close(w);
}

void view_reason(struct jout *w, int reason)
{
	view_reason_as(
	    w, reason,
	    (struct reason_words){ sv_of(reason_cause((enum reason)reason)), sv_of(reason_fix((enum reason)reason)) });
}

/* ---- providers ---- */
static void secret_shape(struct jout *w, const struct provider *p)
{
	char hint[3 + sizeof p->client_secret_end];

	jout_open(w, "client_secret");
	jout_strz(w, "binding", p->binding == BIND_STATIC ? "static" : "project");
	jout_bool(w, "editable", p->binding == BIND_PROJECT);
	jout_bool(w, "exists", p->client_secret_box.p != NULL);
	if (p->client_secret_end[0] != '\0' && snprintf(hint, sizeof hint, "...%s", p->client_secret_end) > 0)
		jout_strz(w, "hint", hint);
	jout_close(w);
}

static void binding(struct jout *w, const struct provider *p)
{
	jout_open(w, "binding");
	jout_strz(w, "type", p->binding == BIND_STATIC ? "static" : "project");
	if (p->binding == BIND_PROJECT)
		jout_strz(w, "id", p->project_id);
	jout_close(w);
}

/* Its stored row cannot be used any more. */
static void out_of_use(struct jout *w, const struct provider *p)
{
	jout_open(w, "reason");
	jout_strz(w, "code", "out_of_use");
	jout_strz(w, "cause", p->refused);
	jout_strz(w, "fix", p->refused_fix);
	jout_close(w);
}

static bool of_the_client(struct sv key)
{
	return sv_eqz(key, "client_id") || sv_eqz(key, "client_secret") || sv_eqz(key, "redirect_uri");
}

struct err view_provider(struct ctx *cx, struct jout *w, const struct provider *p)
{
	struct node *oauth2;

	TRY(pdef_to_oauth2(cx, p->def, &oauth2));
	jout_open(w, NULL);
	jout_strz(w, "id", p->unique_id);
	jout_strz(w, "description", p->description == NULL ? "" : p->description);
	jout_strz(w, "type", "oauth2");
	jout_strz(w, "provider_id", p->type_id[0] == '\0' ? NULL : p->type_id);
	jout_strz(w, "external_id", p->external_id);
	jout_strz(w, "status", p->active ? "active" : "inactive");
	if (p->refused != NULL)
		out_of_use(w, p);
	binding(w, p);
	jout_time(w, "created_at", p->created_at);
	jout_time(w, "updated_at", p->updated_at);
	etag_field(w, p->updated_at);
	jout_open(w, "oauth2");
	jout_strz(w, "client_id", p->client_id);
	secret_shape(w, p);
	jout_strz(w, "redirect_uri", p->redirect_uri);
	for (const struct node *c = oauth2->first; c != NULL; c = c->next) {
		const char *key = of_the_client(c->key) ? NULL : arena_text(cx->arena, c->key);
		if (key != NULL)
			jout_node(w, key, c);
	}
	jout_close(w);
	jout_close(w);
	return OK;
}

/* ---- stories ---- */
void view_timeline(struct jout *w, const struct journal_list *l)
{
	jout_list(w, "events");
	for (size_t i = 0; i < l->n; i++) {
		jout_open(w, NULL);
		jout_time(w, "at", l->v[i].at);
		jout_str(w, "step", l->v[i].step);
		jout_str(w, "outcome", l->v[i].outcome);
		jout_str(w, "reason", l->v[i].reason);
		jout_str(w, "cause", l->v[i].cause);
		jout_str(w, "fix", l->v[i].fix);
		jout_raw(w, "data", l->v[i].data);
		jout_close(w);
	}
	jout_list_end(w);
}

/* ---- connections, keys, people, projects ---- */
void view_connection_fields(struct jout *w, const struct connection_view *c)
{
	jout_str(w, "id", c->id);
	jout_str(w, "connection_id", c->id);
	jout_str(w, "connection_status", c->status);
	jout_str(w, "reason", c->reason.n == 0 ? SV_NONE : c->reason);
	jout_str(w, "provider_id", c->provider_id);
	jout_str(w, "provider_type", c->provider_type);
	jout_str(w, "provider_description", c->provider_description);
	jout_raw(w, "provider_user_info", c->user_info.p == NULL ? SV("null") : c->user_info);
	view_list(w, "scopes", c->scopes);
	jout_str(w, "user_id", c->user_id);
	jout_time(w, "expires_at", c->expires_at);
	jout_time(w, "last_used_at", c->last_used_at);
	jout_time(w, "created_at", c->created_at);
	jout_time(w, "updated_at", c->updated_at);
}

void view_connection(struct jout *w, const struct connection_view *c)
{
	jout_open(w, NULL);
	view_connection_fields(w, c);
	jout_close(w);
}

void view_key(struct jout *w, const struct api_key *k)
{
	char hint[sizeof k->last4 + 3];

	(void)snprintf(hint, sizeof hint, "...%s", k->last4);
	jout_open(w, NULL);
	jout_strz(w, "id", k->id);
	jout_strz(w, "name", k->name);
	jout_strz(w, "hint", hint);
	jout_time(w, "created_at", k->created_at);
	jout_time(w, "expires_at", k->expires_at);
	jout_time(w, "revoked_at", k->revoked_at);
	jout_time(w, "last_used_at", k->last_used_at);
	jout_close(w);
}

void view_account(struct jout *w, const struct account *a)
{
	jout_open(w, NULL);
	jout_strz(w, "id", a->id);
	jout_strz(w, "email", a->email);
	jout_time(w, "created_at", a->created_at);
	jout_time(w, "last_sign_in_at", a->last_sign_in_at);
	jout_bool(w, "has_password", a->has_password);
	jout_close(w);
}

void view_member(struct jout *w, const struct member *m)
{
	jout_open(w, NULL);
	jout_strz(w, "account_id", m->account.id);
	jout_strz(w, "email", m->account.email);
	jout_strz(w, "role", role_name(m->role));
	jout_time(w, "created_at", m->account.created_at);
	jout_time(w, "last_sign_in_at", m->account.last_sign_in_at);
	etag_field(w, m->version);
	jout_close(w);
}

void view_project_fields(struct jout *w, const struct engine *en, const struct project *p)
{
	char logo[128];

	jout_strz(w, "id", p->id);
	jout_strz(w, "org_id", p->org_id);
	jout_strz(w, "name", p->name);
	jout_bool(w, "is_default", project_is_default(en, p));
	jout_strz(w, "color", p->color[0] == '\0' ? NULL : p->color);
	if (p->logo_tag[0] == '\0')
		jout_null(w, "logo_url");
	else if (snprintf(logo, sizeof logo, "/assets/projects/%s/logo?v=%s", p->id, p->logo_tag) > 0)
		jout_strz(w, "logo_url", logo);
	jout_time(w, "created_at", p->created_at);
	etag_field(w, p->version);
}

void view_project(struct jout *w, const struct engine *en, const struct project *p)
{
	jout_open(w, NULL);
	view_project_fields(w, en, p);
	jout_close(w);
}
