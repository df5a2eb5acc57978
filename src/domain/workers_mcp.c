/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/workers_mcp.h"
#include "core/text.h"
#include "core/url.h"
#include "domain/mcp_token.h"
#include "domain/provider_mint.h"
#include "domain/timeline.h"
#include "domain/worker_vault.h"
#include <stdio.h>

enum { CLIENT_MOST = 1000, URL_MOST = 2048, SEGMENT_MOST = 50 };
#define ASK_TIMEOUT SEC(10)

/* ---- what it sends along ---- */
static struct err vault_of(struct ctx *cx, struct engine *en, const struct workers_mcp_change *c,
			   struct worker_vault *v)
{
	if (c->was != NULL && !c->whole)
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
/* ---- its client at an authorization server ---- */
static struct err check_client(struct ctx *cx, const struct worker_write *in)
{
	struct err e = OK;
	struct url u;
	bool good = false;

	if (in->client_id.n > CLIENT_MOST || text_has_control(in->client_id))
		e = bad_field(cx, "mcp.oauth2.client_id", "max", "must have at most %d bytes and no control characters",
			      CLIENT_MOST);
	if (in->client_secret != NULL &&
	    (secret_view(in->client_secret).n > CLIENT_MOST || text_has_control(secret_view(in->client_secret))))
		e = bad_field(cx, "mcp.oauth2.client_secret", "max",
			      "must have at most %d bytes and no control characters", CLIENT_MOST);
	if (in->authorization_url.n > 0)
		TRY(url_look(cx, in->authorization_url, &u, &good));
	if (in->authorization_url.n > 0 &&
	    (in->authorization_url.n > URL_MOST || !good || u.fragment.n > 0 || (!u.https && !u.loopback)))
		e = bad_field(cx, "mcp.oauth2.authorization_url", "url",
			      "must be an https address of at most %d bytes without fragment", URL_MOST);
	if (in->external_id.n > 0 && !text_is_id(in->external_id, SEGMENT_MOST, "_-"))
		e = bad_field(cx, "mcp.oauth2.external_id", "id", "must have 1 to %d letters, digits, _ and -",
			      SEGMENT_MOST);
	return e;
}
static struct err take_client(struct ctx *cx, const struct workers_mcp_change *c, struct worker_row *row,
			      struct worker_vault_change *vault)
{
	const struct worker_write *in = c->in;

	TRY(check_client(cx, in));
	if (c->was != NULL && in->external_id.n > 0 && !sv_eq(in->external_id, c->was->external_id))
		return bad_field(cx, "mcp.oauth2.external_id", "immutable",
				 "cannot be changed: the redirect address hangs on it");
	if (c->was == NULL) {
		row->external_id = in->external_id;
		if (in->external_id.n == 0)
			TRY(provider_mint_external(cx, &row->external_id));
	}
	if (in->client_id.p != NULL)
		row->client_id = in->client_id;
	if (in->client_id.p != NULL && in->client_id.n == 0) /* no client, no secret of it */
		vault->client_secret = SV("");
	if (in->authorization_url.p != NULL)
		row->authorization_url = in->authorization_url;
	if (in->client_secret != NULL)
		vault->client_secret = secret_view(in->client_secret);
	return OK;
}
/* The client's secret is for the authorization server that this address named; another may name any. */
static struct err keeps_secret(struct ctx *cx, const struct workers_mcp_change *c, const struct worker_vault *v,
			       bool elsewhere)
{
	struct sv id = c->in->client_id;
	bool other = elsewhere || (id.p != NULL && !sv_eq(id, c->was->client_id)), none = id.p != NULL && id.n == 0;

	if (!other || none || v->client_secret.n == 0 || c->in->client_secret != NULL)
		return OK;
	return bad_field(cx, "mcp.oauth2.client_secret", "required",
			 "must be given again when mcp.uri or the client changes: it would be sent elsewhere");
}
struct err workers_mcp_change(struct ctx *cx, struct engine *en, const struct workers_mcp_change *c,
			      struct worker_put *put, struct secret **box)
{
	struct worker_vault_change in = { c->in->headers, c->in->secrets, SV_NONE };
	struct worker_row *row = &put->row;
	bool elsewhere = c->was != NULL && !sv_eq(row->uri, c->was->uri);
	struct worker_vault v;

	*box = NULL;
	TRY(vault_of(cx, en, c, &v));
	TRY(stays_home(cx, c, &v));
	if (c->was != NULL)
		TRY(keeps_secret(cx, c, &v, elsewhere));
	if (c->moved && sends_mask(c->in->headers))
		return bad_field(cx, "mcp.headers", "value",
				 "must be given in clear when mcp.uri moves to another host");
	TRY(take_client(cx, c, row, &in));
	TRY(worker_vault_merge(cx, &in, &v));
	if (elsewhere || c->was == NULL)
		row->era = SV("");
	TRY(worker_vault_pack(cx, &v, box));
	put->secret = *box;
	put->forgets = c->was != NULL && (elsewhere || c->in->oauth2);
	return OK;
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
/* Who the catalogue is read for, with his token.  *none: the server wants one, and nobody has agreed yet. */
static struct err token_of(struct ctx *cx, struct engine *en, const struct worker_row *w, struct access *out,
			   bool *none)
{
	struct mcp_auth a;

	*out = (struct access){ .state = ACCESS_NONE };
	TRY(mcp_auth_read(cx, w, &a));
	*none = a.there;
	if (!a.there || a.user.n == 0)
		return OK;
	TRY(mcp_token_get(cx, en, w, a.user, out));
	*none = out->state != ACCESS_OK;
	return OK;
}
static const char waits[] = "the server wants a user's authorization: ask for it at /v1/workers/{id}/authorize";

/* A 401: what the server wants is found out now, so that a link can be given when it is asked for. */
static struct err wants_token(struct ctx *cx, struct engine *en, const struct worker_row *w,
			      const struct mcp_worker_told *told, char why[static 240])
{
	struct worker_row row = *w;
	const struct mcp_auth_find in = { &row, told->answer.challenge, &timeline_system };

	if (w->auth.n == 0)
		TRY(mcp_auth_find(cx, en, &in, why));
	if (why[0] == '\0')
		(void)snprintf(why, 240, "%s", waits);
	return OK;
}
/* A registered client that its issuer does not know any more is registered anew before anybody asks for a link: what
 * gives links of tools does not ask the server. */
static struct err renewed(struct ctx *cx, struct engine *en, const struct worker_row *w, char why[static 240])
{
	struct worker_row row = *w;
	const struct mcp_auth_find in = { &row, SV_NONE, &timeline_system };
	bool over = false;

	TRY(mcp_auth_over(cx, en, w, &over));
	return over ? mcp_auth_find(cx, en, &in, why) : OK;
}
static struct err told_of(struct ctx *cx, struct engine *en, const struct worker_row *w,
			  const struct mcp_worker_told *told, bool *other)
{
	struct sv before;

	if (told->catalogue.p == NULL)
		return OK;
	TRY(store_worker_catalogue(cx, en->store, w->id, &before));
	if (w->told_at != 0 && sv_eq(told->catalogue, before) && sv_eq(told->era, w->era))
		return OK;
	*other = true;
	return store_worker_told(cx, en->store,
				 &(struct worker_told){ store_worker_as(w), told->catalogue, told->era });
}
struct err workers_mcp_tell(struct ctx *cx, struct engine *en, const struct worker_row *w, char why[static 240],
			    bool *other)
{
	CLEANUP(access_clear) struct access access = { .state = ACCESS_NONE };
	struct mcp_worker_ask ask = { w, NULL, patience(w) };
	struct mcp_worker_told told = { .catalogue = SV_NONE };
	bool none = false;

	*other = false;
	TRY(token_of(cx, en, w, &access, &none));
	if (none) /* no failure of the server's: as soon as somebody has agreed, it is asked */
		return renewed(cx, en, w, why);
	ask.token = access.token;
	TRY(without_secret(cx, mcp_worker_tools(cx, en, &ask, &told), why));
	if (why[0] != '\0')
		return OK;
	*other = told.answer.fate == MCP_NO_TOKEN && w->auth.n == 0; /* its tools need a user now */
	if (told.answer.fate == MCP_NO_TOKEN)
		return wants_token(cx, en, w, &told, why);
	(void)snprintf(why, 240, "%s", told.answer.say);
	return told_of(cx, en, w, &told, other);
}
struct err workers_mcp_health(struct ctx *cx, struct engine *en, const struct worker_row *w, struct worker_health *out)
{
	CLEANUP(access_clear) struct access access = { .state = ACCESS_NONE };
	struct mcp_worker_ask ask = { w, NULL, patience(w) };
	struct mcp_worker_told told = { .catalogue = SV_NONE };
	char why[240] = "";
	bool none = false;

	TRY(token_of(cx, en, w, &access, &none));
	ask.token = access.token;
	TRY(without_secret(cx, mcp_worker_greet(cx, en, &ask, &told), why));
	bool wants_consent = told.answer.fate == MCP_NO_TOKEN;
	if (wants_consent && w->auth.n == 0) /* contract 3.5: a 401 counts with OAuth metadata only */
		TRY(mcp_auth_offered(cx, en, w, told.answer.challenge, why));
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
