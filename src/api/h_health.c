/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api.h"
#include "api/handlers.h"
#include "core/buf.h"
#include "core/jout.h"
#include "core/logf.h"
#include "domain/people.h"

/* Healthy: the store answers.  503 says why it does not (contract 3.13). */
struct err h_health_show(struct request *rq)
{
	struct jout w = JOUT(rq->out);
	bool needed;
	struct err e = people_setup_needed(rq->cx, rq->en, &needed);

	jout_open(&w, NULL);
	jout_bool(&w, "healthy", !IS_ERR(e));
	if (IS_ERR(e)) {
		log_cause(rq->cx, LOG_ERROR, "health.store");
		jout_strz(&w, "reason", "the store does not answer");
		rq->status = 503;
		(void)forgive(rq->cx);
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
