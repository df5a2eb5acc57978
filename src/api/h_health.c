/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api.h"
#include "api/handlers.h"
#include "core/buf.h"
#include "core/jout.h"
#include "core/logf.h"
#include "domain/people.h"
#include "domain/watch.h"

/* Why not; NULL: healthy.  The store is read now; of its writes the last ones count, and jobs write every 15 s. */
static const char *why_not(struct request *rq)
{
	struct server_stats st = { .draining = false };
	bool needed;

	if (rq->server != NULL)
		server_stats(rq->server, &st);
	if (st.draining)
		return "the engine is shutting down";
	if (IS_ERR(people_setup_needed(rq->cx, rq->en, &needed))) {
		log_cause(rq->cx, LOG_ERROR, "health.store");
		(void)forgive(rq->cx);
		return "the store does not answer";
	}
	return watch_trouble(rq->en);
}

/* 503 says why (contract 3.13). */
struct err h_health_show(struct request *rq)
{
	struct jout w = JOUT(rq->out);
	const char *why = why_not(rq);

	jout_open(&w, NULL);
	jout_bool(&w, "healthy", why == NULL);
	if (why != NULL) {
		jout_strz(&w, "reason", why);
		rq->status = 503;
	}
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

struct err h_health_swagger(struct request *rq)
{
	return api_openapi(rq->cx, rq->en->config->public_url, rq->en->version, rq->out);
}
