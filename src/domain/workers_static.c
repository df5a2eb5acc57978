/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/workers_static.h"
#include "core/arena.h"
#include "core/logf.h"
#include "core/rnd.h"
#include "core/text.h"
#include "domain/worker_vault.h"
#include "domain/workers_mcp.h"
#include "domain/workers_put.h"
#include "store/store_worker.h"

static struct event event_of(struct engine *en, const char *kind, struct sv id)
{
	return (struct event){ .project_id = sv_of(store_default_project(en->store)),
			       .kind = kind,
			       .by = { .type = "system", .id = "engine.yaml", .source = "SYSTEM" },
			       .resource_type = "worker",
			       .resource_id = id,
			       .outcome = "ok" };
}
static struct err changed(struct ctx *cx, struct engine *en, const struct worker_conf *c, struct worker_put *put,
			  const struct worker_row *was)
{
	CLEANUP(secret_drop) struct secret *old = NULL;
	const struct event ev = event_of(en, "worker.updated", sv_of(c->id));
	struct worker_row row;

	TRY(store_worker_secret(cx, en->store, was, &old));
	if (secret_equal(old, secret_view(put->secret)) && sv_eq(was->uri, put->row.uri) &&
	    was->timeout_s == c->timeout_s && was->retry == c->retry && sv_eq(was->client_id, put->row.client_id) &&
	    sv_eq(was->authorization_url, put->row.authorization_url))
		return OK;
	put->event = &ev;
	return workers_put_change(cx, en, put, &row);
}
static struct err keep(struct ctx *cx, struct engine *en, const struct worker_conf *c, struct worker_put *put,
		       const struct worker_row *was)
{
	const struct event ev = event_of(en, "worker.created", sv_of(c->id));
	struct worker_row row;

	if (was != NULL)
		return changed(cx, en, c, put, was);
	put->event = &ev;
	return store_worker_add(cx, en->store, put, &row);
}

/* ---- of kind mcp ---- */
static struct sv text_or_empty(const struct node *map, const char *key)
{
	struct sv s = node_text_at(map, key);

	return s.p == NULL ? SV("") : s;
}
/* Another client of its authorization server: what was found out with the old one is forgotten. */
static struct err other_client(struct ctx *cx, struct engine *en, const struct worker_row *was,
			       const struct worker_write *in, bool *out)
{
	struct worker_vault v = { .client_secret = SV("") };

	*out = false;
	if (was == NULL)
		return OK;
	TRY(worker_vault_open(cx, en, was, &v));
	*out = !sv_eq(was->client_id, in->client_id) || !sv_eq(was->authorization_url, in->authorization_url) ||
	       !secret_equal(in->client_secret, v.client_secret);
	return OK;
}
/* The API's words, which speak of a request. */
static struct err refused(struct ctx *cx, const struct worker_conf *c)
{
	static const struct sv request = SV_INIT("request body: ");
	struct sv say = arena_sv(cx->arena, sv_of(cx->cause.say));
	size_t at;

	(void)forgive(cx);
	if (say.p == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "worker %s", c->id);
	say = sv_find(say, request, &at) ? sv_from(say, at + request.n) : say;
	return refuse(cx, E_CONFIG, "engine.yaml: worker %s: %.*s", c->id, SV_FMT(say));
}
static struct err mcp(struct ctx *cx, struct engine *en, const struct worker_conf *c, struct worker_put *put,
		      const struct worker_row *was)
{
	const struct actor by = event_of(en, "", SV("")).by;
	const struct node *oauth2 = node_get(c->mcp, "oauth2"), *none = node_new(cx->arena, NODE_MAP),
			  *headers = node_get(c->mcp, "headers"), *secrets = node_get(c->mcp, "secrets");
	CLEANUP(secret_drop) struct secret *client = secret_copy(text_or_empty(oauth2, "client_secret"));
	CLEANUP(secret_drop) struct secret *vault = NULL;
	struct worker_write in = { .mcp = true,
				   .headers = headers == NULL ? none : headers,
				   .secrets = secrets == NULL ? none : secrets,
				   .client_id = text_or_empty(oauth2, "client_id"),
				   .authorization_url = text_or_empty(oauth2, "authorization_url"),
				   .external_id = text_or_empty(oauth2, "external_id"),
				   .client_secret = client,
				   .by = &by };

	if (none == NULL || client == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "worker %s", c->id);
	TRY(other_client(cx, en, was, &in, &in.oauth2));
	const struct workers_mcp_change change = { .in = &in, .was = was, .whole = true, .by = &by };
	struct err e = workers_mcp_change(cx, en, &change, put, &vault);
	if (!IS_ERR(e))
		e = keep(cx, en, c, put, was);
	return e.code == E_BAD_INPUT || e.code == E_CONFLICT ? refused(cx, c) : e;
}

/* ---- all of them ---- */
static struct err drop(struct ctx *cx, struct engine *en, const struct worker_row *w)
{
	const struct event ev = event_of(en, "worker.deleted", w->unique_id);

	return workers_put_remove(cx, en, w, &ev);
}
static struct err declare(struct ctx *cx, struct engine *en, const struct worker_conf *c, const struct worker_row *was)
{
	struct worker_put put = { .secret = c->secret };
	char id[ID_TEXT];

	id_ksuid("wk_", cx->now, id);
	if (was != NULL)
		put.row = *was;
	else
		put.row = (struct worker_row){ .id = sv_of(id),
					       .project_id = sv_of(store_default_project(en->store)),
					       .unique_id = sv_of(c->id),
					       .type = c->mcp != NULL ? SV("mcp") : SV("http"),
					       .binding = SV("static"),
					       .hint = SV(""),
					       .enabled = true };
	put.row.uri = sv_of(c->uri);
	put.row.timeout_s = c->timeout_s;
	put.row.retry = c->retry;
	return c->mcp != NULL ? mcp(cx, en, c, &put, was) : keep(cx, en, c, &put, was);
}
static struct err one(struct ctx *cx, struct engine *en, const struct worker_conf *c)
{
	struct worker_row was;
	struct err e = store_worker_get(cx, en->store, sv_of(store_default_project(en->store)), sv_of(c->id), &was);

	if (e.code == E_NOT_FOUND)
		return declare(cx, en, c, NULL);
	TRY(e);
	if (sv_eqz(was.binding, "static") && workers_mcp_is(&was) == (c->mcp != NULL))
		return declare(cx, en, c, &was);
	if (sv_eqz(was.binding, "static")) { /* of the other kind now */
		TRY(drop(cx, en, &was));
		return declare(cx, en, c, NULL);
	}
	log_event(cx, LOG_WARN, "worker.hidden", LOG_STR("worker", c->id),
		  LOG_STR("say", "the project has a worker of that id, which is used instead of engine.yaml's"));
	return OK;
}
static bool declared(const struct config *c, struct sv id)
{
	for (size_t i = 0; i < c->n_workers; i++)
		if (sv_eqz(id, c->workers[i].id))
			return true;
	return false;
}
static struct err drop_others(struct ctx *cx, struct engine *en)
{
	struct worker_rows rows;

	TRY(store_worker_all(cx, en->store, SV_NONE, &rows));
	for (size_t i = 0; i < rows.n; i++) {
		const struct worker_row *w = &rows.v[i];

		if (sv_eqz(w->binding, "static") && !declared(en->config, w->unique_id))
			TRY(drop(cx, en, w));
	}
	return OK;
}
struct err workers_static_sync(struct ctx *cx, struct engine *en)
{
	TRY(drop_others(cx, en));
	for (size_t i = 0; i < en->config->n_workers; i++)
		TRY(one(cx, en, &en->config->workers[i]));
	return OK;
}
