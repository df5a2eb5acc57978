/* SPDX-License-Identifier: Apache-2.0 */
#include "api/caller.h"
#include "api/etag.h"
#include "api/handlers.h"
#include "api/input.h"
#include "api/page_list.h"
#include "api/view_tool.h"
#include "api/view_worker.h"
#include "core/text.h"
#include "domain/workers_mcp.h"

enum { TEXT_BYTES = 4096, SECRET_BYTES = 1000, NUMBER_MOST = 1000000 };

/* ---- answers ---- */
static struct err view(struct request *rq, struct jout *w, const struct worker_row *r)
{
	return view_worker(rq->cx, w, &(struct view_worker){ rq->en, r, caller_project(rq) });
}
static struct err answer(struct request *rq, const struct worker_row *r, int status)
{
	struct jout w = JOUT(rq->out);

	TRY(view(rq, &w, r));
	etag_write(rq, r->updated_at);
	rq->status = status;
	return jout_done(rq->cx, &w);
}

/* ---- bodies ---- */
/* The section of either kind: what one does not have stays away. */
struct section {
	struct sv uri;
	struct secret *secret;
	int64_t timeout, retry;
	const struct node *headers, *secrets, *oauth2;
	struct client {
		struct sv client_id, authorization_url, external_id;
		struct secret *client_secret;
	} client;
};
struct worker_body {
	struct sv id, type;
	const struct node *enabled, *http, *mcp;
};
static const struct nfield http_fields[] = {
	NSV(struct section, uri, NOPT, 0, TEXT_BYTES),
	NSECRET(struct section, secret, NOPT, 0, SECRET_BYTES),
	NI64(struct section, timeout, NOPT, 0, NUMBER_MOST),
	NI64(struct section, retry, NOPT, 0, NUMBER_MOST),
};
static const struct nfield mcp_fields[] = {
	NSV(struct section, uri, NOPT, 0, TEXT_BYTES),
	NI64(struct section, timeout, NOPT, 0, NUMBER_MOST),
	NI64(struct section, retry, NOPT, 0, NUMBER_MOST),
	NNODE(struct section, headers, NOPT),
	NNODE(struct section, secrets, NOPT),
	NNODE(struct section, oauth2, NOPT),
};
static const struct nfield client_fields[] = {
	NSV(struct client, client_id, NOPT, 0, TEXT_BYTES),
	NSV(struct client, authorization_url, NOPT, 0, TEXT_BYTES),
	NSV(struct client, external_id, NOPT, 0, TEXT_BYTES),
	NSECRET(struct client, client_secret, NOPT, 0, TEXT_BYTES),
};
static const struct nfield worker_fields[] = {
	NSV(struct worker_body, id, NOPT, 0, TEXT_BYTES),
	NSV(struct worker_body, type, NOPT, 0, TEXT_BYTES),
	NNODE(struct worker_body, enabled, NOPT),
	NNODE(struct worker_body, http, NOPT),
	NNODE(struct worker_body, mcp, NOPT),
};
static void section_clear(struct section *b)
{
	secret_drop(&b->secret);
	secret_drop(&b->client.client_secret);
}

/* One section or the other, and the type that it says (contract 3.5). */
static struct err kind_of(struct request *rq, const struct worker_body *b, bool *mcp)
{
	*mcp = b->mcp != NULL || sv_ieq(b->type, SV("mcp"));
	if (b->type.n > 0 && !sv_ieq(b->type, SV("http")) && !sv_ieq(b->type, SV("mcp")))
		return bad_field(rq->cx, "type", "enum", "must be http or mcp");
	if (b->http != NULL && b->mcp != NULL)
		return bad_field(rq->cx, "mcp", "one", "must not stand beside http: a worker is of one kind");
	if (*mcp && (b->http != NULL || sv_ieq(b->type, SV("http"))))
		return bad_field(rq->cx, "type", "enum", "must be %s, as the section beside it says",
				 b->mcp != NULL ? "mcp" : "http");
	if (b->enabled != NULL && b->enabled->kind != NODE_BOOL)
		return bad_field(rq->cx, "enabled", "bool", "must be true or false");
	return OK;
}
static struct err read_section(struct request *rq, const struct worker_body *b, bool mcp, struct section *h)
{
	const struct node_decode http = { http_fields, ARRAY_LEN(http_fields), "http", NODE_IGNORE_UNKNOWN };
	const struct node_decode as_mcp = { mcp_fields, ARRAY_LEN(mcp_fields), "mcp", NODE_IGNORE_UNKNOWN };
	const struct node_decode oauth2 = { client_fields, ARRAY_LEN(client_fields), "mcp.oauth2",
					    NODE_IGNORE_UNKNOWN };
	const struct node *n = mcp ? b->mcp : b->http;

	if (n != NULL)
		TRY(node_decode(rq->cx, n, mcp ? &as_mcp : &http, h));
	return h->oauth2 == NULL ? OK : node_decode(rq->cx, h->oauth2, &oauth2, &h->client);
}
static void take(const struct worker_body *b, const struct section *h, struct worker_write *w)
{
	w->unique_id = b->id;
	w->enabled = b->enabled == NULL ? -1 : b->enabled->b;
	w->uri = input_or_none(h->uri);
	w->secret = h->secret != NULL && secret_view(h->secret).n > 0 ? h->secret : NULL;
	w->headers = h->headers;
	w->secrets = h->secrets;
	w->client_id = h->client.client_id;
	w->authorization_url = h->client.authorization_url;
	w->external_id = h->client.external_id;
	w->client_secret = h->client.client_secret;
	w->oauth2 = w->client_id.p != NULL || w->authorization_url.p != NULL || w->client_secret != NULL;
	w->timeout_s = h->timeout;
	w->retry = h->retry;
}
static struct err body_of(struct request *rq, struct worker_write *w, struct section *h)
{
	struct worker_body b = { .id = SV_NONE };

	TRY(INPUT(rq, worker_fields, &b));
	TRY(kind_of(rq, &b, &w->mcp));
	TRY(read_section(rq, &b, w->mcp, h));
	take(&b, h, w);
	return OK;
}
/* A worker keeps its kind. */
static struct err patch_of(struct request *rq, const struct worker_row *was, struct worker_write *w, struct section *h)
{
	struct worker_body b = { .id = SV_NONE };
	bool mcp;

	TRY(INPUT(rq, worker_fields, &b));
	TRY(kind_of(rq, &b, &mcp));
	w->mcp = workers_mcp_is(was);
	if ((b.type.n > 0 || b.http != NULL || b.mcp != NULL) && mcp != w->mcp)
		return bad_field(rq->cx, "type", "immutable", "must be %.*s: a worker keeps its type",
				 SV_FMT(was->type));
	TRY(read_section(rq, &b, w->mcp, h));
	take(&b, h, w);
	return OK;
}

/* ---- handlers ---- */
struct err h_worker_list(struct request *rq)
{
	struct jout w = JOUT(rq->out);
	struct worker_rows rows;
	struct page page;
	int64_t seen = 0;
	size_t n = 0;

	TRY(page_list_ask(rq, &page));
	TRY(workers_list(rq->cx, rq->en, caller_project(rq), &rows));
	page_list_open(&w);
	for (size_t i = 0; i < rows.n; i++) {
		if (page.q.n > 0 && !text_finds(rows.v[i].unique_id, page.q) && !text_finds(rows.v[i].uri, page.q))
			continue;
		if (seen++ < page.offset || (int64_t)n >= page.limit)
			continue;
		TRY(view(rq, &w, &rows.v[i]));
		n++;
	}
	page_list_close(&w, &(struct page_list_end){ page, n, seen });
	return jout_done(rq->cx, &w);
}
struct err h_worker_create(struct request *rq)
{
	CLEANUP(section_clear) struct section h = { .timeout = -1, .retry = -1 };
	struct actor by = caller_actor(rq);
	struct worker_write w = { .project_id = caller_project(rq), .by = &by };
	struct worker_row r;

	TRY(body_of(rq, &w, &h));
	TRY(workers_create(rq->cx, rq->en, &w, &r));
	return answer(rq, &r, 201);
}
struct err h_worker_patch(struct request *rq)
{
	CLEANUP(section_clear) struct section h = { .timeout = -1, .retry = -1 };
	struct actor by = caller_actor(rq);
	struct worker_write w = { .project_id = caller_project(rq), .by = &by };
	struct worker_row r;

	TRY(workers_get(rq->cx, rq->en, caller_project(rq), rq->params[0], &r));
	TRY(patch_of(rq, &r, &w, &h));
	if (w.unique_id.n > 0 && !sv_eq(w.unique_id, rq->params[0]))
		return bad_field(rq->cx, "id", "immutable", "must be the id of the path: a worker keeps its id");
	w.unique_id = rq->params[0];
	TRY(workers_patch(rq->cx, rq->en, &w, &r));
	return answer(rq, &r, 200);
}
struct err h_worker_show(struct request *rq)
{
	struct worker_row r;

	TRY(workers_get(rq->cx, rq->en, caller_project(rq), rq->params[0], &r));
	return answer(rq, &r, 200);
}
struct err h_worker_delete(struct request *rq)
{
	struct actor by = caller_actor(rq);

	TRY(workers_remove(rq->cx, rq->en, caller_project(rq), rq->params[0], &by));
	rq->status = 204;
	return OK;
}
struct err h_worker_health(struct request *rq)
{
	struct jout w = JOUT(rq->out);
	struct worker_health health;
	struct worker_row r;

	TRY(workers_get(rq->cx, rq->en, caller_project(rq), rq->params[0], &r));
	TRY(workers_health(rq->cx, rq->en, &r, &health));
	jout_open(&w, NULL);
	jout_str(&w, "id", r.unique_id);
	jout_bool(&w, "enabled", r.enabled);
	jout_bool(&w, "healthy", health.healthy);
	jout_strz(&w, "message", health.message);
	jout_close(&w);
	return jout_done(rq->cx, &w);
}
struct test_body {
	struct sv type;
	const struct node *http, *mcp;
};
static const struct nfield test_fields[] = {
	NSV(struct test_body, type, NOPT, 0, TEXT_BYTES),
	NNODE(struct test_body, http, NOPT),
	NNODE(struct test_body, mcp, NOPT),
};
static void server_info(struct jout *w, const struct worker_health *h)
{
	if (h->server_name.p == NULL)
		return;
	jout_open(w, "serverInfo");
	jout_str(w, "name", h->server_name);
	jout_str(w, "version", h->server_version.p == NULL ? SV("") : h->server_version);
	jout_str(w, "description", h->server_about.p == NULL ? SV("") : h->server_about);
	jout_close(w);
}
struct err h_worker_test(struct request *rq)
{
	struct test_body b = { .type = SV_NONE };
	struct worker_write at = { .mcp = false };
	struct jout w = JOUT(rq->out);
	struct worker_health health;

	TRY(INPUT(rq, test_fields, &b));
	TRY(kind_of(rq, &(struct worker_body){ .type = b.type, .http = b.http, .mcp = b.mcp }, &at.mcp));
	at.uri = node_text_at(at.mcp ? b.mcp : b.http, "uri");
	if (at.uri.n == 0)
		return bad_field(rq->cx, at.mcp ? "mcp.uri" : "http.uri", "required", "is required");
	TRY(workers_test(rq->cx, rq->en, &at, &health));
	jout_open(&w, NULL);
	jout_bool(&w, "success", health.healthy);
	jout_strz(&w, "message", health.message);
	server_info(&w, &health);
	jout_close(&w);
	return jout_done(rq->cx, &w);
}

static struct err show_tool(struct request *rq, struct jout *w, const struct tool *t)
{
	const struct tool_needs_ask ask = { caller_project(rq), SV_NONE, NULL };
	struct tool_needs needs;

	TRY(tool_needs_of(rq->cx, rq->en, &ask, t, &needs));
	return view_tool(rq->cx, w, &(struct view_tool){ .tool = t, .needs = &needs });
}
struct err h_worker_tools(struct request *rq)
{
	CLEANUP(toolbox_let_go) const struct tool_set *set = toolbox_hold(rq->en);
	struct tool_set of = toolbox_of(set, caller_project(rq));
	struct jout w = JOUT(rq->out);
	struct worker_row r;
	struct page page;
	int64_t seen = 0;
	size_t n = 0;

	TRY(page_list_ask(rq, &page));
	TRY(workers_get(rq->cx, rq->en, caller_project(rq), rq->params[0], &r));
	page_list_open(&w);
	for (size_t i = 0; i < of.n; i++) {
		if (!sv_eq(of.v[i].worker_id, r.unique_id))
			continue;
		if (page.q.n > 0 && !text_finds(of.v[i].qualified, page.q) && !text_finds(of.v[i].description, page.q))
			continue;
		if (seen++ < page.offset || n == (size_t)page.limit)
			continue;
		TRY(show_tool(rq, &w, &of.v[i]));
		n++;
	}
	page_list_close(&w, &(struct page_list_end){ page, n, seen });
	return jout_done(rq->cx, &w);
}
