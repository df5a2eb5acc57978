/* SPDX-License-Identifier: Apache-2.0 */
/* conf_workers.c: tools.directors[].workers[] of engine.yaml (contract 5.2). */
#include "app/conf_raw.h"
#include "core/arena.h"
#include "core/text.h"
#include <string.h>

enum { WORKERS_MOST = 1000, TIMEOUT_S = 30, RETRY = 3, RETRY_MOST = 10, URI_MOST = 2048, SECRET_MOST = 100 };
#define KEY "tools.directors.workers"

struct http_item {
	struct sv uri;
	struct secret *secret;
	int64_t timeout, retry;
};
static const struct nfield http_fields[] = {
	NSV(struct http_item, uri, NREQ, 1, URI_MOST),
	NSECRET(struct http_item, secret, NOPT, 1, SECRET_MOST),
	NI64(struct http_item, timeout, NOPT, 1, 3600),
	NI64(struct http_item, retry, NOPT, 0, RETRY_MOST),
};
struct mcp_item {
	struct sv uri;
	int64_t timeout, retry;
	const struct node *headers, *secrets, *oauth2;
};
static const struct nfield mcp_fields[] = {
	NSV(struct mcp_item, uri, NREQ, 1, URI_MOST),
	NI64(struct mcp_item, timeout, NOPT, 1, 3600),
	NI64(struct mcp_item, retry, NOPT, 0, RETRY_MOST),
	NNODE(struct mcp_item, headers, NOPT),
	NNODE(struct mcp_item, secrets, NOPT),
	NNODE(struct mcp_item, oauth2, NOPT),
};
static bool is_off(const struct node *item)
{
	const struct node *e = node_get(item, "enabled");

	return e != NULL && e->kind == NODE_BOOL && !e->b;
}
static struct err check(struct ctx *cx, struct conf_raw *raw, const struct node *n, struct worker_conf *w)
{
	struct url *at = &raw->c.worker_peers[raw->c.n_workers];
	bool mcp = w->mcp != NULL;

	if (!text_is_id(sv_of(w->id), 100, "._-"))
		return conf_bad(cx, n, KEY, "id must be 1 to 100 of A-Z a-z 0-9 . _ -");
	if (IS_ERR(url_parse(cx, sv_of(w->uri), "uri", at)) || (at->query.n > 0 && !mcp) || at->fragment.n > 0) {
		(void)forgive(cx);
		return conf_bad(cx, n, KEY, "%s: %s", w->id,
				mcp ? "mcp.uri must be an http or https address without fragment"
				    : "http.uri must be an http or https address before /worker");
	}
	if (w->secret == NULL && !mcp)
		return conf_bad(cx, n, KEY, "%s: http.secret is required unless api.development is true", w->id);
	for (size_t i = 0; i < raw->c.n_workers; i++)
		if (strcmp(raw->c.workers[i].id, w->id) == 0)
			return conf_bad(cx, n, KEY, "id '%s' is used twice", w->id);
	return OK;
}
static struct err http_section(struct ctx *cx, struct conf_raw *raw, const struct node *http, struct worker_conf *w)
{
	const struct node_decode how = { http_fields, ARRAY_LEN(http_fields), KEY ".http", NODE_IGNORE_UNKNOWN };
	struct http_item it = { .timeout = TIMEOUT_S, .retry = RETRY };

	TRY(conf_env_secret(cx, raw->env, node_text_at(http, "secret")));
	struct err e = conf_decode(cx, http, &how, &it);
	if (it.secret == NULL && raw->c.development)
		it.secret = secret_copy(SV("dev"));
	*w = (struct worker_conf){
		.uri = arena_text(cx->arena, it.uri), .secret = it.secret, .timeout_s = it.timeout, .retry = it.retry
	};
	return e;
}
/* What looks like a number or a truth value is a text here all the same (contract 5.1). */
static bool as_text(struct node *n)
{
	if (n->kind == NODE_INT || n->kind == NODE_BOOL)
		n->kind = n->text.p == NULL ? n->kind : NODE_TEXT;
	return n->kind == NODE_TEXT;
}
/* A map of texts, all of which may be secrets. */
static struct err texts_of(struct ctx *cx, struct conf_raw *raw, const struct node *map, const char *name)
{
	if (map == NULL)
		return OK;
	if (map->kind != NODE_MAP)
		return conf_bad(cx, map, KEY, "mcp.%s must be a map of texts", name);
	for (struct node *t = map->first; t != NULL; t = t->next) {
		if (!as_text(t))
			return conf_bad(cx, t, KEY, "mcp.%s.%.*s must be a text", name, SV_FMT(sv_upto(t->key, 100)));
		TRY(conf_env_secret(cx, raw->env, t->text));
	}
	return OK;
}
static struct err mcp_section(struct ctx *cx, struct conf_raw *raw, const struct node *mcp, struct worker_conf *w)
{
	const struct node_decode how = { mcp_fields, ARRAY_LEN(mcp_fields), KEY ".mcp", NODE_IGNORE_UNKNOWN };
	struct mcp_item it = { .timeout = TIMEOUT_S, .retry = RETRY };

	TRY(conf_decode(cx, mcp, &how, &it));
	TRY(texts_of(cx, raw, it.headers, "headers"));
	TRY(texts_of(cx, raw, it.secrets, "secrets"));
	TRY(texts_of(cx, raw, it.oauth2, "oauth2"));
	*w = (struct worker_conf){
		.uri = arena_text(cx->arena, it.uri), .mcp = mcp, .timeout_s = it.timeout, .retry = it.retry
	};
	return OK;
}
static struct err one(struct ctx *cx, struct conf_raw *raw, const struct node *n)
{
	const struct node *http = node_get(n, "http"), *mcp = node_get(n, "mcp");
	struct worker_conf *w = &raw->c.workers[raw->c.n_workers];
	struct sv lacks = conf_env_undefined(raw->env, n), id = node_text_at(n, "id");

	if (is_off(n))
		return OK;
	if (n->kind != NODE_MAP || (http == NULL) == (mcp == NULL) || (http != NULL ? http : mcp)->kind != NODE_MAP)
		return conf_bad(
		    cx, n, KEY,
		    "each must be {id, enabled, http: {uri, secret, timeout, retry}} or {id, enabled, mcp: {uri, "
		    "timeout, retry, headers, secrets, oauth2}}");
	if (lacks.p != NULL)
		return conf_bad(cx, n, KEY, "%.*s", SV_FMT(lacks));
	if (raw->c.n_workers == WORKERS_MOST)
		return conf_bad(cx, n, KEY, "must be at most %d", WORKERS_MOST);
	struct err e = mcp != NULL ? mcp_section(cx, raw, mcp, w) : http_section(cx, raw, http, w);
	w->id = arena_text(cx->arena, sv_trim(id.p == NULL ? SV("") : id));
	if (!IS_ERR(e) && (w->id == NULL || w->uri == NULL))
		e = fail(cx, E_INTERNAL, "out of memory", "configuration");
	if (!IS_ERR(e))
		e = check(cx, raw, n, w);
	if (IS_ERR(e))
		secret_drop(&w->secret);
	else
		raw->c.n_workers++;
	return e;
}
static struct err director(struct ctx *cx, struct conf_raw *raw, const struct node *d)
{
	const struct node *list = node_get(d, "workers");

	if (d->kind != NODE_MAP || (list != NULL && list->kind != NODE_LIST))
		return conf_bad(cx, d, "tools.directors", "each must be {id, enabled, workers: [...]}");
	for (const struct node *n = list == NULL || is_off(d) ? NULL : list->first; n != NULL; n = n->next)
		TRY(one(cx, raw, n));
	return OK;
}
struct err conf_workers(struct ctx *cx, struct conf_raw *raw, const struct node *tools)
{
	const struct node *list = node_get(tools, "directors");

	if (tools->kind != NODE_MAP || (list != NULL && list->kind != NODE_LIST))
		return conf_bad(cx, tools, "tools", "must be {directors: [...]}");
	raw->c.workers = arena_array(cx->arena, WORKERS_MOST + 1, sizeof *raw->c.workers);
	raw->c.worker_peers = arena_array(cx->arena, WORKERS_MOST + 1, sizeof *raw->c.worker_peers);
	if (raw->c.workers == NULL || raw->c.worker_peers == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "configuration");
	for (const struct node *d = list == NULL ? NULL : list->first; d != NULL; d = d->next)
		TRY(director(cx, raw, d));
	return OK;
}
