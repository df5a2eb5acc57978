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
static bool is_off(const struct node *item)
{
	const struct node *e = node_get(item, "enabled");

	return e != NULL && e->kind == NODE_BOOL && !e->b;
}
static struct err check(struct ctx *cx, struct conf_raw *raw, const struct node *n, struct worker_conf *w)
{
	struct url *at = &raw->c.worker_peers[raw->c.n_workers];

	if (!text_is_id(sv_of(w->id), 100, "._-"))
		return conf_bad(cx, n, KEY, "id must be 1 to 100 of A-Z a-z 0-9 . _ -");
	if (IS_ERR(url_parse(cx, sv_of(w->uri), "uri", at)) || at->query.n > 0 || at->fragment.n > 0) {
		(void)forgive(cx);
		return conf_bad(cx, n, KEY, "%s: http.uri must be an http or https address before /worker", w->id);
	}
	if (w->secret == NULL)
		return conf_bad(cx, n, KEY, "%s: http.secret is required unless api.development is true", w->id);
	for (size_t i = 0; i < raw->c.n_workers; i++)
		if (strcmp(raw->c.workers[i].id, w->id) == 0)
			return conf_bad(cx, n, KEY, "id '%s' is used twice", w->id);
	return OK;
}
static struct err one(struct ctx *cx, struct conf_raw *raw, const struct node *n)
{
	const struct node *http = node_get(n, "http");
	const struct node_decode how = { http_fields, ARRAY_LEN(http_fields), KEY ".http", NODE_IGNORE_UNKNOWN };
	struct http_item it = { .timeout = TIMEOUT_S, .retry = RETRY };
	struct worker_conf *w = &raw->c.workers[raw->c.n_workers];
	struct sv lacks = conf_env_undefined(raw->env, n);

	if (is_off(n))
		return OK;
	if (n->kind != NODE_MAP || http == NULL || http->kind != NODE_MAP)
		return conf_bad(cx, n, KEY, "each must be {id, enabled, http: {uri, secret, timeout, retry}}");
	if (lacks.p != NULL)
		return conf_bad(cx, n, KEY, "%.*s", SV_FMT(lacks));
	if (raw->c.n_workers == WORKERS_MOST)
		return conf_bad(cx, n, KEY, "must be at most %d", WORKERS_MOST);
	TRY(conf_env_secret(cx, raw->env, node_text_at(http, "secret")));
	struct err e = conf_decode(cx, http, &how, &it);
	if (it.secret == NULL && raw->c.development)
		it.secret = secret_copy(SV("dev"));
	*w = (struct worker_conf){
		.id = arena_text(cx->arena, sv_trim(node_text_at(n, "id").p == NULL ? SV("") : node_text_at(n, "id"))),
		.uri = arena_text(cx->arena, it.uri),
		.secret = it.secret,
		.timeout_s = it.timeout,
		.retry = it.retry
	};
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
