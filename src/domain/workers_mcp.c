/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/workers_mcp.h"
#include "core/text.h"
#include "domain/worker_vault.h"
#include <stdio.h>

#define ASK_TIMEOUT SEC(10)

/* ---- what it sends along ---- */
static struct err vault_of(struct ctx *cx, struct engine *en, const struct workers_mcp_change *c,
			   struct worker_vault *v)
{
	if (c->was != NULL)
		return worker_vault_open(cx, en, c->was, v);
	*v = (struct worker_vault){ .client_secret = SV("") };
	v->headers = v->secrets = node_new(cx->arena, NODE_MAP);
	return v->headers == NULL ? fail(cx, E_INTERNAL, "out of memory", "a worker") : OK;
}
/* What was meant for one host is not sent to another unless it is given again. */
static struct err stays_home(struct ctx *cx, const struct workers_mcp_change *c, const struct worker_vault *v)
{
	if (!c->moved)
		return OK;
	if (v->headers->n > 0 && c->in->headers == NULL)
		return bad_field(cx, "mcp.headers", "required",
				 "must be given again when mcp.uri moves to another host: they would be sent there");
	for (const struct node *s = v->secrets->first; s != NULL; s = s->next)
		if (node_text(node_get_sv(c->in->secrets, s->key)).n == 0 &&
		    (c->in->secrets == NULL || node_get_sv(c->in->secrets, s->key) == NULL))
			return bad_field(
			    cx, "mcp.secrets", "required",
			    "must be given again when mcp.uri moves to another host: they would be sent there");
	return OK;
}
static bool sends_mask(const struct node *headers)
{
	for (const struct node *h = headers == NULL || headers->kind != NODE_MAP ? NULL : headers->first; h != NULL;
	     h = h->next)
		if (sv_eqz(node_text(h), worker_vault_mask))
			return true;
	return false;
}
struct err workers_mcp_change(struct ctx *cx, struct engine *en, const struct workers_mcp_change *c,
			      struct worker_row *row, struct secret **box)
{
	const struct worker_vault_change in = { c->in->headers, c->in->secrets, SV_NONE };
	struct worker_vault v;

	*box = NULL;
	TRY(vault_of(cx, en, c, &v));
	TRY(stays_home(cx, c, &v));
	if (c->moved && sends_mask(c->in->headers))
		return bad_field(cx, "mcp.headers", "value",
				 "must be given in clear when mcp.uri moves to another host");
	TRY(worker_vault_merge(cx, &in, &v));
	if (c->moved || c->was == NULL)
		row->era = SV("");
	return worker_vault_pack(cx, &v, box);
}

/* ---- asking ---- */
static int64_t patience(const struct worker_row *w)
{
	return SEC(w->timeout_s) < ASK_TIMEOUT ? SEC(w->timeout_s) : ASK_TIMEOUT;
}
/* A header names a secret that is not there: the operator's to mend, and no trouble of ours. */
static struct err without_secret(struct ctx *cx, struct err e, char why[static 240])
{
	if (e.code != E_TOOL_NEEDS)
		return e;
	(void)snprintf(why, 240, "%.230s", cx->cause.say);
	return forgive(cx);
}
struct err workers_mcp_tell(struct ctx *cx, struct engine *en, const struct worker_row *w, char why[static 240],
			    bool *other)
{
	const struct mcp_worker_ask ask = { w, NULL, patience(w) };
	struct mcp_worker_told told = { .catalogue = SV_NONE };

	*other = false;
	TRY(without_secret(cx, mcp_worker_tools(cx, en, &ask, &told), why));
	if (why[0] != '\0')
		return OK;
	(void)snprintf(why, 240, "%s", told.answer.say);
	if (told.catalogue.p == NULL || (sv_eq(told.catalogue, w->catalogue) && sv_eq(told.era, w->era)))
		return OK;
	*other = true;
	return store_worker_told(cx, en->store, &(struct worker_told){ w->id, told.catalogue, told.era });
}
struct err workers_mcp_health(struct ctx *cx, struct engine *en, const struct worker_row *w, struct worker_health *out)
{
	const struct mcp_worker_ask ask = { w, NULL, patience(w) };
	struct mcp_worker_told told = { .catalogue = SV_NONE };
	char why[240] = "";

	TRY(without_secret(cx, mcp_worker_greet(cx, en, &ask, &told), why));
	bool wants_consent = told.answer.fate == MCP_NO_TOKEN;
	out->healthy = why[0] == '\0' && (told.answer.fate == MCP_ANSWERED || wants_consent);
	(void)snprintf(out->message, sizeof out->message, "%s",
		       why[0] != '\0'  ? why
		       : wants_consent ? "ok; the server wants a user's authorization"
		       : out->healthy  ? "ok"
				       : told.answer.say);
	out->server_name = told.server.name;
	out->server_version = told.server.version;
	out->server_about = told.server.instructions;
	return OK;
}
