/* SPDX-License-Identifier: Apache-2.0 */
#include "api/view_worker.h"
#include "api/etag.h"
#include "core/text.h"
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
static void secret(struct jout *w, const char *key, bool exists, struct sv hint)
{
	secret_of(w, key, SV("project"), exists, hint);
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
		secret(w, NULL, true, hint_of(node_text(s)));
	}
	jout_close(w);
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
	jout_open(w, "requirements");
	jout_bool(w, "met", true);
	jout_close(w);
	etag_field(w, r->updated_at);
	jout_close(w);
	return OK;
}
