/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/workers_static.h"
#include "core/logf.h"
#include "core/rnd.h"
#include "core/text.h"
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
static struct err add(struct ctx *cx, struct engine *en, const struct worker_conf *c)
{
	const struct event ev = event_of(en, "worker.created", sv_of(c->id));
	struct worker_row row;
	char id[ID_TEXT];

	id_ksuid("wk_", cx->now, id);
	const struct worker_put put = { .row = { .id = sv_of(id),
						 .project_id = ev.project_id,
						 .unique_id = sv_of(c->id),
						 .type = SV("http"),
						 .binding = SV("static"),
						 .uri = sv_of(c->uri),
						 .hint = SV(""),
						 .enabled = true,
						 .timeout_s = c->timeout_s,
						 .retry = c->retry },
					.secret = c->secret,
					.event = &ev };
	return store_worker_add(cx, en->store, &put, &row);
}
static struct err change(struct ctx *cx, struct engine *en, const struct worker_conf *c, const struct worker_row *was)
{
	CLEANUP(secret_drop) struct secret *secret = NULL;
	const struct event ev = event_of(en, "worker.updated", sv_of(c->id));
	struct worker_put put = { .row = *was, .secret = c->secret, .event = &ev };
	struct worker_row row;

	TRY(store_worker_secret(cx, en->store, was, &secret));
	put.row.uri = sv_of(c->uri);
	put.row.timeout_s = c->timeout_s;
	put.row.retry = c->retry;
	if (secret_equal(secret, secret_view(c->secret)) && sv_eq(was->uri, put.row.uri) &&
	    was->timeout_s == c->timeout_s && was->retry == c->retry)
		return OK;
	return store_worker_change(cx, en->store, &put, &row);
}
static struct err one(struct ctx *cx, struct engine *en, const struct worker_conf *c)
{
	struct worker_row was;
	struct err e = store_worker_get(cx, en->store, sv_of(store_default_project(en->store)), sv_of(c->id), &was);

	if (e.code == E_NOT_FOUND)
		return add(cx, en, c);
	TRY(e);
	if (sv_eqz(was.binding, "static"))
		return change(cx, en, c, &was);
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
		const struct event ev = event_of(en, "worker.deleted", w->unique_id);

		if (sv_eqz(w->binding, "static") && !declared(en->config, w->unique_id))
			TRY(store_worker_remove(cx, en->store, &(struct worker_end){ w->id, &ev }));
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
