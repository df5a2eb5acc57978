/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api.h"
#include "api/api_inside.h"
#include "api/handlers.h"
#include "api/prepared.h"
#include "core/buf.h"
#include "core/jout.h"
#include "domain/health.h"

enum { OWN = 2 }; /* checks of the server itself */

/* ---- what only the server knows ---- */
static void serving(const struct server_stats *st, struct health_check *c)
{
	*c = (struct health_check){ .name = "serving" };
	if (!st->draining)
		return;
	c->status = HEALTH_FAIL;
	c->cause = "the engine is shutting down";
	c->fix = "Nothing to mend: requests that have begun are answered, new ones belong to another engine.";
}
static void lanes(const struct server_stats *st, struct health_check *c)
{
	const struct {
		const char *lane;
		uint64_t busy, most;
	} t[] = { { "connections", st->connections_open, st->connections_most },
		  { "parked", st->parked, st->parked_most },
		  { "pool", st->pool_busy, st->pool_most },
		  { "call", st->calls_busy, st->calls_most } };

	*c = (struct health_check){ .name = "lanes" };
	for (size_t i = 0; i < ARRAY_LEN(t) && c->status == HEALTH_OK; i++) {
		if (t[i].most == 0 || t[i].busy < t[i].most)
			continue;
		c->status = HEALTH_WARN;
		c->about = t[i].lane;
		c->cause = "as much is being done at once as may be, so that some requests are answered 503";
		c->fix =
		    "When it stays so, see what they wait for (tokenbooth_lane_busy in /metrics), then raise limits.";
	}
}

/* ---- the answer ---- */
static void write_check(struct jout *w, const struct health_check *c)
{
	static const char *const words[] = { [HEALTH_OK] = "ok", [HEALTH_WARN] = "warn", [HEALTH_FAIL] = "fail" };

	jout_open(w, NULL);
	jout_strz(w, "name", c->name);
	jout_strz(w, "status", words[c->status]);
	if (c->status == HEALTH_OK) {
		jout_null(w, "reason");
	} else {
		jout_open(w, "reason");
		jout_strz(w, "cause", c->cause);
		jout_strz(w, "fix", c->fix);
		if (c->about != NULL)
			jout_strz(w, "about", c->about);
		jout_close(w);
	}
	jout_close(w);
}

/* 503 says why (contract 3.13).  On the event thread and from memory, so that it answers when nothing else does. */
struct err h_health_show(struct request *rq)
{
	struct health_check all[OWN + HEALTH_CHECKS];
	struct server_stats st = { .draining = false };
	struct jout w = JOUT(rq->out);
	const char *why = NULL;

	if (rq->server != NULL)
		server_stats(rq->server, &st);
	serving(&st, &all[0]);
	lanes(&st, &all[1]);
	health_look(rq->en, all + OWN);
	for (size_t i = 0; i < ARRAY_LEN(all) && why == NULL; i++)
		if (all[i].status == HEALTH_FAIL)
			why = all[i].cause;
	jout_open(&w, NULL);
	jout_bool(&w, "healthy", why == NULL);
	if (why != NULL) {
		jout_strz(&w, "reason", why);
		rq->status = 503;
	}
	jout_list(&w, "checks");
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		write_check(&w, &all[i]);
	jout_list_end(&w);
	jout_close(&w);
	return jout_done(rq->cx, &w);
}

struct err h_health_config(struct request *rq)
{
	const struct config *c = rq->en->config;
	CLEANUP(buf_free) struct buf callback = BUF(4096);
	struct jout w = JOUT(rq->out);

	buf_str(&callback, c->public_url);
	buf_str(&callback, "/api/v1/oauth/{id}/callback");
	TRY(buf_done(rq->cx, &callback, "callback address"));
	jout_open(&w, NULL);
	jout_open(&w, "dashboard");
	jout_strz(&w, "authority", c->public_url);
	jout_strz(&w, "clientId", "tokenbooth");
	jout_strz(&w, "coordinatorUri", c->public_url);
	jout_close(&w);
	jout_open(&w, "oauth2");
	jout_str(&w, "callback_url_template", buf_view(&callback));
	jout_close(&w);
	jout_open(&w, "servers");
	jout_i64(&w, "timeout_max_seconds", c->max_worker_timeout_s);
	jout_close(&w);
	jout_close(&w);
	return jout_done(rq->cx, &w);
}

/* The same for everybody as long as the engine runs, and long: made once. */
struct err h_health_swagger(struct request *rq)
{
	struct prepared *kept = api_prepared(rq->app);

	if (prepared_give(kept, SV("/v1/swagger"), rq->out))
		return buf_done(rq->cx, rq->out, "the answer");
	TRY(api_openapi(rq->cx, rq->en->config->public_url, rq->en->version, rq->out));
	prepared_keep(kept, SV("/v1/swagger"), buf_view(rq->out));
	return OK;
}
