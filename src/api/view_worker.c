/* SPDX-License-Identifier: Apache-2.0 */
#include "api/view_worker.h"
#include "api/etag.h"
#include "api/view.h"
#include "core/text.h"
#include "domain/mcp_token.h"
#include "domain/worker_vault.h"
#include "domain/workers_mcp.h"
#include <stdio.h>

enum { HINT_FROM = 12, HINT = 4 };

static void secret_of(struct jout *w, const char *key, struct sv binding, bool exists, struct sv hint)
{
	char text[16];

	jout_open(w, key);
	jout_str(w, "binding", binding);
	jout_bool(w, "editable", !sv_eqz(binding, "static"));
	jout_bool(w, "exists", exists);
	if (hint.n > 0 && snprintf(text, sizeof text, "...%.7s", hint.p) > 0)
		jout_strz(w, "hint", text);
	jout_close(w);
}
static void http(struct jout *w, const struct worker_row *r)
{
	jout_open(w, "http");
	jout_str(w, "uri", r->uri);
	jout_i64(w, "timeout", r->timeout_s);
	jout_i64(w, "retry", r->retry);
	secret_of(w, "secret", r->binding, true, r->hint);
	jout_close(w);
}
/* The end of a value that is long enough to bear it. */
static struct sv hint_of(struct sv value)
{
	struct sv end = sv_from(value, value.n < HINT ? 0 : value.n - HINT);

	return value.n >= HINT_FROM && text_is_id(end, HINT, "-_.!$+/=") ? end : SV_NONE;
}
/* The operator's, or the one that was found; where it comes back to has to be told to who registers one by hand. */
static struct err client(struct ctx *cx, struct jout *w, const struct view_worker *v, const struct worker_vault *vault)
{
	struct sv redirect = mcp_auth_redirect(cx, v->en, v->row->external_id), name, id = v->row->client_id;
	const struct provider *p;
	struct mcp_auth a;

	TRY(mcp_auth_read(cx, v->row, &a));
	TRY(mcp_auth_name(cx, v->row, &name));
	p = providers_of_worker(v->en, v->row->project_id, name);
	if (p != NULL && id.n == 0)
		id = sv_of(p->client_id);
	jout_str(w, "external_id", v->row->external_id);
	jout_str(w, "redirect_uri", redirect);
	jout_open(w, "oauth2");
	jout_str(w, "client_id", id);
	secret_of(w, "client_secret", v->row->binding, vault->client_secret.n > 0, hint_of(vault->client_secret));
	jout_str(w, "authorization_url", v->row->authorization_url);
	jout_str(w, "redirect_uri", redirect);
	jout_str(w, "external_id", v->row->external_id);
	view_list(w, "supported_scopes", a.supported);
	jout_close(w);
	return OK;
}
static struct err mcp(struct ctx *cx, struct jout *w, const struct view_worker *v)
{
	struct worker_vault vault;

	TRY(worker_vault_open(cx, v->en, v->row, &vault));
	jout_open(w, "mcp");
	jout_str(w, "uri", v->row->uri);
	jout_i64(w, "timeout", v->row->timeout_s);
	jout_i64(w, "retry", v->row->retry);
	jout_open(w, "headers");
	for (const struct node *h = vault.headers->first; h != NULL; h = h->next) {
		jout_key(w, h->key);
		jout_str(w, NULL, worker_vault_shown(h));
	}
	jout_close(w);
	jout_open(w, "secrets");
	for (const struct node *s = vault.secrets->first; s != NULL; s = s->next) {
		jout_key(w, s->key);
		secret_of(w, NULL, v->row->binding, true, hint_of(node_text(s)));
	}
	jout_close(w);
	TRY(client(cx, w, v, &vault));
	jout_close(w);
	return OK;
}
/* met: somebody has agreed, so that the tools could be read. */
static struct err requirements(struct ctx *cx, struct jout *w, const struct view_worker *v)
{
	bool needed = false, met = true;

	if (workers_mcp_is(v->row))
		TRY(mcp_token_met(cx, v->en, v->row, &needed, &met));
	jout_open(w, "requirements");
	jout_bool(w, "met", met);
	if (needed) {
		jout_open(w, "authorization");
		jout_bool(w, "met", met);
		jout_open(w, "oauth2");
		jout_bool(w, "met", met);
		jout_close(w);
		jout_close(w);
	}
	jout_close(w);
	return OK;
}
struct err view_worker(struct ctx *cx, struct jout *w, const struct view_worker *v)
{
	const struct worker_row *r = v->row;

	jout_open(w, NULL);
	jout_str(w, "id", r->unique_id);
	jout_str(w, "type", r->type);
	jout_bool(w, "enabled", r->enabled);
	jout_bool(w, "managed", false);
	jout_open(w, "binding");
	jout_str(w, "type", r->binding);
	jout_str(w, "id", v->project_id);
	jout_close(w);
	if (workers_mcp_is(r))
		TRY(mcp(cx, w, v));
	else
		http(w, r);
	TRY(requirements(cx, w, v));
	etag_field(w, r->updated_at);
	jout_close(w);
	return OK;
}
