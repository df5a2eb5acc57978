/* SPDX-License-Identifier: Apache-2.0 */
#include "api/caller.h"
#include "api/handlers.h"
#include "api/input.h"
#include "api/view.h"
#include "core/rnd.h"
#include "core/text.h"
#include "domain/runner.h"
#include "domain/tool_needs.h"
#include <stdio.h>

enum { NAME_BYTES = 1024, USER_ID_BYTES = 1024, URL_BYTES = 2048 };

/* Somebody signed in acts for himself when he names nobody (contract 1.1). */
static struct sv user_of(const struct request *rq, struct sv given)
{
	given = sv_trim(given);
	return given.n == 0 && rq->by.is == WHO_SESSION ? sv_of(rq->by.email) : given;
}

/* ---- POST /v1/tools/execute ---- */
struct execute_body {
	struct sv tool_name, tool_version, user_id, run_at;
	bool include_error_stacktrace;
	const struct node *input;
};
static const struct nfield execute_fields[] = {
	NSV(struct execute_body, tool_name, NREQ, 1, NAME_BYTES),
	NSV(struct execute_body, tool_version, NOPT, 0, NAME_BYTES),
	NSV(struct execute_body, user_id, NOPT, 0, USER_ID_BYTES),
	NSV(struct execute_body, run_at, NOPT, 0, NAME_BYTES),
	NBOOL(struct execute_body, include_error_stacktrace, NOPT),
	NNODE(struct execute_body, input, NOPT),
};

/* What the worker said, without what it left out; the stack trace is for who asked for it. */
static void put_error(struct jout *w, const struct node *error, bool stacktrace)
{
	jout_open(w, "error");
	for (const struct node *n = error->first; n != NULL; n = n->next) {
		if (n->kind == NODE_NULL || (sv_eqz(n->key, "stacktrace") && !stacktrace))
			continue;
		jout_key(w, n->key);
		jout_node(w, NULL, n);
	}
	jout_close(w);
}
static void put_own_error(struct jout *w, const struct run_done *r)
{
	jout_open(w, "error");
	jout_strz(w, "message", r->error_message);
	jout_strz(w, "kind", r->error_kind);
	jout_bool(w, "can_retry", true);
	jout_close(w);
}
/* requires_authorization of old workers (contract 4.5). */
static void put_authorization(struct jout *w, const struct node *a)
{
	struct sv id = node_text_at(a, "authorization_id"), url = node_text_at(a, "authorization_url");

	if (a == NULL || a->kind != NODE_MAP)
		return;
	jout_open(w, "authorization");
	jout_str(w, "id", id.p == NULL ? node_text_at(a, "id") : id);
	jout_str(w, "url", url.p == NULL ? node_text_at(a, "url") : url);
	jout_node(w, "scopes", node_get(a, "scopes"));
	jout_str(w, "status", node_text_at(a, "status"));
	jout_close(w);
}
static void put_output(struct jout *w, const struct run_done *r, bool stacktrace)
{
	const struct node *value = node_get(r->output, "value"), *error = node_get(r->output, "error");
	const struct node *logs = node_get(r->output, "logs");

	jout_open(w, "output");
	if (value != NULL && value->kind != NODE_NULL)
		jout_node(w, "value", value);
	if (r->error_kind != NULL)
		put_own_error(w, r);
	else if (error != NULL && error->kind == NODE_MAP)
		put_error(w, error, stacktrace);
	if (logs != NULL && logs->kind == NODE_LIST)
		jout_node(w, "logs", logs);
	put_authorization(w, node_get(r->output, "requires_authorization"));
	jout_close(w);
}
static struct err put_done(struct request *rq, const struct run_done *r, bool stacktrace)
{
	struct jout w = JOUT(rq->out);
	char ms[32];

	(void)snprintf(ms, sizeof ms, "%lld.%03d", (long long)(r->took / MSEC(1)), (int)(r->took % MSEC(1)));
	jout_open(&w, NULL);
	jout_strz(&w, "id", r->id);
	jout_strz(&w, "execution_id", r->call_id);
	jout_strz(&w, "execution_type", "immediate");
	jout_time(&w, "finished_at", r->finished_at);
	jout_raw(&w, "duration", sv_of(ms));
	jout_strz(&w, "status", r->success ? "completed" : "failed");
	put_output(&w, r, stacktrace);
	jout_bool(&w, "success", r->success);
	jout_close(&w);
	return jout_done(rq->cx, &w);
}
struct err h_run_execute(struct request *rq)
{
	struct execute_body in = { .tool_name = SV_NONE };
	struct actor by = caller_actor(rq);
	struct run_done done;

	TRY(INPUT(rq, execute_fields, &in));
	if (in.run_at.n > 0)
		return bad_field(rq->cx, "run_at", "unsupported",
				 "must be absent: this version runs tools at once, and keeps no schedule");
	const struct run_ask ask = { .project_id = caller_project(rq),
				     .tool_name = in.tool_name,
				     .tool_version = input_or_none(in.tool_version),
				     .user_id = user_of(rq, in.user_id),
				     .input = in.input,
				     .lane = caller_lane(rq),
				     .park_over = rq->park_over,
				     .by = &by };
	struct err e = runner_run(rq->cx, rq->en, &ask, &done);
	rq->peer_key = done.peer_key;
	if (e.code == E_PARK) {
		rq->park.topic = done.topic;
		rq->park.until = done.park_until;
	}
	return IS_ERR(e) ? e : put_done(rq, &done, in.include_error_stacktrace);
}

/* ---- POST /v1/tools/authorize ---- */
struct authorize_body {
	struct sv tool_name, tool_version, user_id, next_uri;
};
static const struct nfield authorize_fields[] = {
	NSV(struct authorize_body, tool_name, NREQ, 1, NAME_BYTES),
	NSV(struct authorize_body, tool_version, NOPT, 0, NAME_BYTES),
	NSV(struct authorize_body, user_id, NOPT, 0, USER_ID_BYTES),
	NSV(struct authorize_body, next_uri, NOPT, 0, URL_BYTES),
};
/* A tool that needs nobody's consent has it (contract 3.7). */
static struct err nothing_needed(struct request *rq, struct sv user_id)
{
	struct jout w = JOUT(rq->out);
	char id[ID_TEXT];

	id_ksuid("ar_", rq->cx->now, id);
	jout_open(&w, NULL);
	jout_strz(&w, "id", id);
	jout_strz(&w, "status", "completed");
	jout_str(&w, "user_id", user_id);
	jout_list(&w, "scopes");
	jout_list_end(&w);
	jout_close(&w);
	return jout_done(rq->cx, &w);
}
static struct err authorize(struct request *rq, const struct tool *t, const struct authorize_body *in)
{
	struct actor by = caller_actor(rq);
	struct sv user = user_of(rq, in->user_id);
	const struct auth_ask ask = { .project_id = caller_project(rq),
				      .user_id = user,
				      .next_uri = input_or_none(in->next_uri),
				      .provider = { .project_id = caller_project(rq),
						    .id = t->auth.id,
						    .provider_id = t->auth.provider_id,
						    .provider_type = t->auth.provider_type },
				      .scopes = t->auth.scopes,
				      .lane = caller_lane(rq),
				      .park_over = rq->park_over,
				      .by = &by };
	CLEANUP(auth_view_clear) struct auth_view v = { .id = "" };
	struct jout w = JOUT(rq->out);

	if (!t->auth.there)
		return nothing_needed(rq, user);
	struct err e = authorize_start(rq->cx, rq->en, &ask, &v);
	rq->peer_key = v.access.peer_key;
	if (e.code == E_PARK) {
		rq->park.topic = v.access.topic;
		rq->park.until = v.access.park_until;
	}
	TRY(e);
	http_header(rq, "Cache-Control", SV("no-store")); /* RFC 6749 section 5.1 */
	view_authorization(&w, &v);
	return jout_done(rq->cx, &w);
}
struct err h_run_authorize(struct request *rq)
{
	CLEANUP(toolbox_let_go) const struct tool_set *set = toolbox_hold(rq->en);
	struct authorize_body in = { .tool_name = SV_NONE };
	const struct tool *t;

	TRY(INPUT(rq, authorize_fields, &in));
	TRY(runner_find(rq->cx, set,
			&(struct run_ask){ .project_id = caller_project(rq),
					   .tool_name = in.tool_name,
					   .tool_version = input_or_none(in.tool_version) },
			&t));
	return authorize(rq, t, &in);
}
