/* SPDX-License-Identifier: Apache-2.0 */
#include "api/caller.h"
#include "api/handlers.h"
#include "api/view.h"
#include "core/text.h"
#include "domain/health.h"
#include "domain/overview.h"
#include "domain/policy.h"
#include "domain/projects.h"

static bool may(const struct request *rq, const char *action)
{
	enum policy_who who = rq->by.is == WHO_OPERATOR  ? POLICY_OPERATOR
			      : rq->by.is == WHO_API_KEY ? POLICY_KEY
							 : POLICY_MEMBER;

	return policy_allows(who, caller_role(rq), action);
}

static void counts(const struct request *rq, struct jout *w, const struct overview *o)
{
	const struct {
		const char *name, *action;
		int64_t n;
	} t[] = { { "providers", "providers:read", o->providers },
		  { "connections_active", "connections:read", o->count[COUNT_CONNECTIONS_ACTIVE] },
		  { "connections_expired", "connections:read", o->count[COUNT_CONNECTIONS_EXPIRED] },
		  { "authorizations_pending", "authorizations:read", o->count[COUNT_AUTHORIZATIONS_PENDING] },
		  { "authorizations_failed_24h", "authorizations:read", o->count[COUNT_AUTHORIZATIONS_FAILED] },
		  { "api_keys", "keys:read", o->count[COUNT_API_KEYS] },
		  { "members", "members:read", o->count[COUNT_MEMBERS] },
		  { "workers", "workers:read", o->count[COUNT_WORKERS] },
		  { "tools", "tools:read", o->tools },
		  { "secrets", "secrets:read", o->count[COUNT_SECRETS] },
		  { "executions_24h", "events:read", o->count[COUNT_EXECUTIONS] },
		  { "executions_failed_24h", "events:read", o->count[COUNT_EXECUTIONS_FAILED] } };

	jout_open(w, "counts");
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		if (may(rq, t[i].action))
			jout_i64(w, t[i].name, t[i].n);
		else
			jout_null(w, t[i].name);
	}
	jout_close(w);
}

/* What a newcomer does, in this order. */
static void first_steps(struct jout *w, const struct overview *o)
{
	const struct {
		const char *id;
		bool done;
	} t[] = { { "api_key", o->count[COUNT_API_KEYS] > 0 },
		  { "provider", o->providers > 0 },
		  { "authorization", o->count[COUNT_ANY_AUTHORIZATION] > 0 },
		  { "connection", o->count[COUNT_CONNECTIONS_ACTIVE] + o->count[COUNT_CONNECTIONS_EXPIRED] > 0 },
		  { "worker", o->count[COUNT_WORKERS] > 0 },
		  { "tool_run", o->count[COUNT_ANY_EXECUTION] > 0 } };

	jout_list(w, "first_steps");
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		jout_open(w, NULL);
		jout_strz(w, "id", t[i].id);
		jout_bool(w, "done", t[i].done);
		jout_close(w);
	}
	jout_list_end(w);
}

/* The worst of what /v1/health lists; a warning has a reason, too. */
static void health(const struct request *rq, struct jout *w)
{
	struct health_check all[HEALTH_CHECKS];
	const struct health_check *worst = &all[0];

	health_look(rq->en, all);
	for (size_t i = 1; i < HEALTH_CHECKS; i++)
		if (all[i].status > worst->status)
			worst = &all[i];
	jout_open(w, "health");
	jout_bool(w, "healthy", worst->status != HEALTH_FAIL);
	jout_strz(w, "reason", worst->status == HEALTH_OK ? NULL : worst->cause);
	jout_close(w);
}

struct err h_overview_show(struct request *rq)
{
	struct project p;
	struct overview o;
	struct jout w = JOUT(rq->out);

	TRY(project_find(rq->cx, rq->en, SV_NONE, caller_project(rq), &p));
	TRY(overview_of(rq->cx, rq->en, caller_project(rq), &o));
	jout_open(&w, NULL);
	jout_key(&w, SV("project"));
	view_project(&w, rq->en, &p);
	jout_strz(&w, "public_url", rq->en->config->public_url);
	jout_strz(&w, "version", rq->en->version);
	health(rq, &w);
	counts(rq, &w, &o);
	first_steps(&w, &o);
	jout_open(&w, "verification");
	jout_bool(&w, "custom", o.verification.verifier_url.n > 0);
	jout_str(&w, "verifier_url", o.verification.verifier_url);
	jout_close(&w);
	jout_close(&w);
	return jout_done(rq->cx, &w);
}
