/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api_inside.h"
#include "api/caller.h"
#include "api/handlers.h"
#include "api/input.h"
#include "api/repeats.h"
#include "api/view.h"
#include "api/view_run.h"
#include "core/arena.h"
#include "core/hub.h"
#include "core/logf.h"
#include "core/rnd.h"
#include "core/text.h"
#include "domain/run_record.h"
#include "domain/schedules.h"
#include "domain/tool_needs.h"
#include "http/route.h"
#include <stdio.h>

enum { NAME_BYTES = 1024, USER_ID_BYTES = 1024, URL_BYTES = 2048 };
#define REPEATS_WAIT SEC(50) /* the SDKs give up after a minute, and ask again */

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
	view_run_output(&w, r, stacktrace);
	jout_bool(&w, "success", r->success);
	jout_close(&w);
	return jout_done(rq->cx, &w);
}
/* The tool has run and is recorded: an answer that is too large to be passed on is told in place of it, and no refusal,
 * which would lead to its being run again. */
static struct err put_outcome(struct request *rq, struct run_done *r, bool stacktrace)
{
	struct err e = put_done(rq, r, stacktrace);

	if (!IS_ERR(e))
		return OK;
	log_cause(rq->cx, LOG_ERROR, "execution.answer_lost");
	(void)forgive(rq->cx);
	buf_clear(rq->out);
	r->success = false;
	r->output = NULL;
	r->error_kind = "NETWORK_TRANSPORT_RUNTIME_UNMAPPED";
	r->can_retry = false;
	(void)snprintf(r->error_message, sizeof r->error_message,
		       "the tool has run, and its answer is too large to be passed on");
	return put_done(rq, r, stacktrace);
}
/* A time without zone is UTC. */
static struct err time_of(struct request *rq, struct sv text, int64_t *out)
{
	text = sv_trim(text);
	if (time_parse(text, out))
		return OK;
	const char *utc = arena_printf(rq->cx->arena, "%.*sZ", SV_FMT(sv_upto(text, NAME_BYTES)));
	if (utc != NULL && time_parse(sv_of(utc), out))
		return OK;
	return bad_field(rq->cx, "run_at", "time",
			 "must be a time such as 2026-09-02T20:10:14 (UTC) or 2026-09-02T22:10:14+02:00");
}
static struct err put_off(struct request *rq, const struct execute_body *in, const struct run_ask *run)
{
	struct schedule_ask ask = { .run = *run, .stacktrace = in->include_error_stacktrace };
	struct jout w = JOUT(rq->out);
	struct schedule_row row;

	TRY(time_of(rq, in->run_at, &ask.at));
	if (caller_lane(rq) == ACCESS_INLINE)
		return (struct err){ E_TAKE_POOL };
	TRY(schedules_create(rq->cx, rq->en, &ask, &row));
	jout_open(&w, NULL);
	jout_str(&w, "id", row.id);
	jout_strz(&w, "execution_type", "scheduled");
	jout_time(&w, "run_at", row.run_at);
	jout_str(&w, "status", row.status);
	jout_bool(&w, "success", true);
	jout_close(&w);
	return jout_done(rq->cx, &w);
}
static void leave_record(void *record) { run_record_leave(record); }
/* *ran: from here on it may have had an effect. */
static struct err execute(struct request *rq, const struct execute_body *in, bool *ran)
{
	struct actor by = caller_actor(rq);
	struct run_done done;
	const struct run_ask ask = { .project_id = caller_project(rq),
				     .tool_name = in->tool_name,
				     .tool_version = input_or_none(in->tool_version),
				     .user_id = caller_user(rq, in->user_id),
				     .input = in->input,
				     .lane = caller_lane(rq),
				     .park_over = rq->park_over,
				     .by = &by };
	if (in->run_at.n > 0) {
		struct err later = put_off(rq, in, &ask);

		*ran = !IS_ERR(later);
		return later;
	}
	struct err e = runner_run(rq->cx, rq->en, &ask, &done);
	if (done.record != NULL) {
		rq->after = leave_record;
		rq->after_arg = done.record;
	}
	rq->peer_key = done.peer_key;
	if (e.code == E_PARK) {
		rq->park.topic = done.topic;
		rq->park.until = done.park_until;
	}
	*ran = !IS_ERR(e);
	return IS_ERR(e) ? e : put_outcome(rq, &done, in->include_error_stacktrace);
}
/* The same request is being carried out: its end is waited for. */
static struct err wait_for_it(struct request *rq, const struct repeats_key *key)
{
	if (rq->park_over)
		return refuse(rq->cx, E_BUSY, "a request with this Idempotency-Key is still being carried out");
	rq->park.topic = repeats_topic(key);
	rq->park.until = rq->cx->now + REPEATS_WAIT;
	return (struct err){ E_PARK };
}
static struct err once(struct request *rq, const struct execute_body *in, const struct repeats_key *key)
{
	struct repeats *all = api_repeats(rq->app);
	bool acts = rq->lane == LANE_CALL || (rq->lane == LANE_POOL && in->run_at.n > 0), ran = false;

	switch (repeats_find(all, key, acts, rq->out)) {
	case REPEATS_RUNS: return wait_for_it(rq, key);
	case REPEATS_DONE: http_header(rq, "Idempotent-Replayed", SV("true")); return OK;
	case REPEATS_GONE:
		return refuse(rq->cx, E_CONFLICT,
			      "the request with this Idempotency-Key was carried out; its answer is not kept any more");
	case REPEATS_OTHER: return bad_header(rq->cx, "Idempotency-Key", "another", "was used for another request");
	case REPEATS_NEW:
	default: break;
	}
	struct err e = execute(rq, in, &ran);
	if (acts) {
		repeats_end(all, key, ran, IS_ERR(e) ? SV_NONE : buf_view(rq->out));
		hub_publish(rq->en->hub, repeats_topic(key));
	}
	return e;
}
struct err h_run_execute(struct request *rq)
{
	struct execute_body in = { .tool_name = SV_NONE };
	struct repeats_key key;
	bool ran;

	TRY(INPUT(rq, execute_fields, &in));
	TRY(repeats_key(rq, api_repeats(rq->app), &key));
	return key.name == 0 ? execute(rq, &in, &ran) : once(rq, &in, &key);
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
	struct sv user = caller_user(rq, in->user_id);
	const struct auth_ask ask = { .project_id = caller_project(rq),
				      .user_id = user,
				      .next_uri = input_or_none(in->next_uri),
				      .provider = { .project_id = caller_project(rq),
						    .id = t->auth.id,
						    .provider_id = t->auth.provider_id,
						    .provider_type = t->auth.provider_type,
						    .worker = t->auth.worker },
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
	if (t->auth.worker.n > 0)
		secret_drop(&v.access.token);             /* for the MCP server and nobody else */
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
