/* SPDX-License-Identifier: Apache-2.0 */
#include "api/caller.h"
#include "api/handlers.h"
#include "api/input.h"
#include "api/page_list.h"
#include "api/view_tool.h"
#include "core/text.h"
#include "domain/workers.h"
#include <stdio.h>

enum { TEXT_BYTES = 4096, SECRET_BYTES = 1000, NUMBER_MOST = 1000000 };

/* ---- answers ---- */
static void secret_shape(struct jout *w, const struct worker_row *r)
{
	char hint[WORKER_HINT + 8];

	jout_open(w, "secret");
	jout_strz(w, "binding", "project");
	jout_bool(w, "editable", true);
	jout_bool(w, "exists", true);
	if (r->hint.n > 0 && snprintf(hint, sizeof hint, "...%.7s", r->hint.p) > 0)
		jout_strz(w, "hint", hint);
	jout_close(w);
}
static void view(struct request *rq, struct jout *w, const struct worker_row *r)
{
	jout_open(w, NULL);
	jout_str(w, "id", r->unique_id);
	jout_str(w, "type", r->type);
	jout_bool(w, "enabled", r->enabled);
	jout_bool(w, "managed", false);
	jout_open(w, "binding");
	jout_strz(w, "type", "project");
	jout_str(w, "id", caller_project(rq));
	jout_close(w);
	jout_open(w, "http");
	jout_str(w, "uri", r->uri);
	jout_i64(w, "timeout", r->timeout_s);
	jout_i64(w, "retry", r->retry);
	secret_shape(w, r);
	jout_close(w);
	jout_open(w, "requirements");
	jout_bool(w, "met", true);
	jout_close(w);
	jout_close(w);
}
static struct err answer(struct request *rq, const struct worker_row *r, int status)
{
	struct jout w = JOUT(rq->out);

	view(rq, &w, r);
	rq->status = status;
	return jout_done(rq->cx, &w);
}

/* ---- bodies ---- */
struct http_body {
	struct sv uri;
	struct secret *secret;
	int64_t timeout, retry;
};
struct worker_body {
	struct sv id, type;
	const struct node *enabled, *http, *mcp;
};
static const struct nfield http_fields[] = {
	NSV(struct http_body, uri, NOPT, 0, TEXT_BYTES),
	NSECRET(struct http_body, secret, NOPT, 0, SECRET_BYTES),
	NI64(struct http_body, timeout, NOPT, 0, NUMBER_MOST),
	NI64(struct http_body, retry, NOPT, 0, NUMBER_MOST),
};
static const struct nfield worker_fields[] = {
	NSV(struct worker_body, id, NOPT, 0, TEXT_BYTES),
	NSV(struct worker_body, type, NOPT, 0, TEXT_BYTES),
	NNODE(struct worker_body, enabled, NOPT),
	NNODE(struct worker_body, http, NOPT),
	NNODE(struct worker_body, mcp, NOPT),
};
static void http_clear(struct http_body *b) { secret_drop(&b->secret); }

static struct err kind_of(struct request *rq, const struct worker_body *b)
{
	if (b->mcp != NULL || sv_ieq(b->type, SV("mcp")))
		return bad_field(rq->cx, "type", "enum", "must be http: this version speaks to http workers only");
	if (b->type.n > 0 && !sv_ieq(b->type, SV("http")))
		return bad_field(rq->cx, "type", "enum", "must be http");
	if (b->enabled != NULL && b->enabled->kind != NODE_BOOL)
		return bad_field(rq->cx, "enabled", "bool", "must be true or false");
	return OK;
}
static struct err body_of(struct request *rq, struct worker_write *w, struct http_body *h)
{
	struct worker_body b = { .id = SV_NONE };

	TRY(INPUT(rq, worker_fields, &b));
	TRY(kind_of(rq, &b));
	if (b.http != NULL)
		TRY(node_decode(
		    rq->cx, b.http,
		    &(struct node_decode){ http_fields, ARRAY_LEN(http_fields), "http", NODE_IGNORE_UNKNOWN }, h));
	w->unique_id = b.id;
	w->enabled = b.enabled == NULL ? -1 : b.enabled->b;
	w->uri = input_or_none(h->uri);
	w->secret = h->secret != NULL && secret_view(h->secret).n > 0 ? h->secret : NULL;
	w->timeout_s = h->timeout;
	w->retry = h->retry;
	return OK;
}

/* ---- handlers ---- */
struct err h_worker_list(struct request *rq)
{
	struct jout w = JOUT(rq->out);
	struct worker_rows rows;
	struct page page;
	size_t n = 0;

	TRY(page_list_ask(rq, &page));
	TRY(workers_list(rq->cx, rq->en, caller_project(rq), &rows));
	page_list_open(&w);
	for (size_t i = (size_t)page.offset; i < rows.n && n < (size_t)page.limit; i++, n++)
		view(rq, &w, &rows.v[i]);
	page_list_close(&w, &(struct page_list_end){ page, n, (int64_t)rows.n });
	return jout_done(rq->cx, &w);
}
struct err h_worker_create(struct request *rq)
{
	CLEANUP(http_clear) struct http_body h = { .timeout = -1, .retry = -1 };
	struct actor by = caller_actor(rq);
	struct worker_write w = { .project_id = caller_project(rq), .by = &by };
	struct worker_row r;

	TRY(body_of(rq, &w, &h));
	TRY(workers_create(rq->cx, rq->en, &w, &r));
	return answer(rq, &r, 201);
}
struct err h_worker_patch(struct request *rq)
{
	CLEANUP(http_clear) struct http_body h = { .timeout = -1, .retry = -1 };
	struct actor by = caller_actor(rq);
	struct worker_write w = { .project_id = caller_project(rq), .by = &by };
	struct worker_row r;

	TRY(body_of(rq, &w, &h));
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
struct err h_worker_test(struct request *rq)
{
	struct test_body b = { .type = SV_NONE };
	struct jout w = JOUT(rq->out);
	struct worker_health health;

	TRY(INPUT(rq, test_fields, &b));
	TRY(kind_of(rq, &(struct worker_body){ .type = b.type, .mcp = b.mcp }));
	struct sv uri = node_text_at(b.http, "uri");
	if (uri.n == 0)
		return bad_field(rq->cx, "http.uri", "required", "is required");
	TRY(workers_test(rq->cx, rq->en, uri, &health));
	jout_open(&w, NULL);
	jout_bool(&w, "success", health.healthy);
	jout_strz(&w, "message", health.message);
	jout_close(&w);
	return jout_done(rq->cx, &w);
}

static struct err show_tool(struct request *rq, struct jout *w, const struct secret_page *known, const struct tool *t)
{
	const struct tool_needs_ask ask = { caller_project(rq), SV_NONE, known };
	struct tool_needs needs;

	TRY(tool_needs_of(rq->cx, rq->en, &ask, t, &needs));
	return view_tool(rq->cx, w, &(struct view_tool){ .tool = t, .needs = &needs });
}
struct err h_worker_tools(struct request *rq)
{
	CLEANUP(toolbox_let_go) const struct tool_set *set = toolbox_hold(rq->en);
	struct tool_set of = toolbox_of(set, caller_project(rq));
	const struct page all = { .limit = INT32_MAX };
	struct jout w = JOUT(rq->out);
	struct secret_page known;
	struct worker_row r;
	struct page page;
	int64_t seen = 0;
	size_t n = 0;

	TRY(page_list_ask(rq, &page));
	TRY(workers_get(rq->cx, rq->en, caller_project(rq), rq->params[0], &r));
	TRY(secrets_list(rq->cx, rq->en, caller_project(rq), &all, &known));
	page_list_open(&w);
	for (size_t i = 0; i < of.n; i++) {
		if (!sv_eq(of.v[i].worker_id, r.unique_id))
			continue;
		if (seen++ < page.offset || n == (size_t)page.limit)
			continue;
		TRY(show_tool(rq, &w, &known, &of.v[i]));
		n++;
	}
	page_list_close(&w, &(struct page_list_end){ page, n, seen });
	return jout_done(rq->cx, &w);
}
