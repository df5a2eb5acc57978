/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"
#include "core/hub.h"
#include "core/jout.h"
#include "core/logf.h"
#include "core/rnd.h"
#include "core/text.h"
#include "domain/run_record.h"
#include "domain/runner_inner.h"
#include "domain/secret_names.h"
#include "domain/tool_needs.h"
#include "domain/workers_mcp.h"
#include "store/store_connection.h"
#include "store/store_secret.h"
#include "store/store_worker.h"
#include "wire/wire_worker.h"
#include <assert.h>
#include <stdio.h>

enum { BODY_MOST = 8 << 20, PAUSE_MOST_MS = 2000 };

static void run_clear(struct run *r)
{
	secret_drop(&r->secret);
	access_clear(&r->access);
	toolbox_release(r->fresh);
}

/* ---- which tool ---- */
struct err runner_find(struct ctx *cx, const struct tool_set *s, const struct run_ask *ask, const struct tool **out)
{
	struct toolname name;

	*out = NULL;
	if (ask->tool_name.n == 0)
		return bad_field(cx, "tool_name", "required", "is required");
	TRY(toolname_parse(cx, ask->tool_name, ask->tool_version, &name));
	*out = toolbox_find(s, ask->project_id, &name);
	if (*out != NULL)
		return OK;
	return refuse(cx, E_NOT_FOUND, "tool %.*s not found", SV_FMT(sv_trim(ask->tool_name)));
}

/* ---- what it needs ---- */
struct err runner_consent(struct ctx *cx, struct run *r)
{
	const struct run_ask *ask = r->ask;
	struct sv asked_as;

	if (!r->t->auth.there)
		return OK;
	if (ask->user_id.n == 0)
		return bad_field(cx, "user_id", "required", "is required: the tool acts with a user's token");
	TRY(tool_needs_provider(cx, r->en, r->t, &r->provider, &asked_as));
	const struct access_ask look = { .project_id = ask->project_id,
					 .user_id = ask->user_id,
					 .provider = r->provider,
					 .scopes = r->t->auth.scopes,
					 .connection_id = SV_NONE,
					 .lane = ask->lane,
					 .park_over = ask->park_over };
	TRY(access_get(cx, r->en, &look, &r->access));
	if (r->access.state == ACCESS_OK)
		return OK;
	return refuse(cx, E_TOOL_CONSENT, "authorization required for tool %.*s: %s", SV_FMT(r->t->qualified),
		      r->access.state == ACCESS_NARROW ? "the user has not granted all of its scopes"
						       : "the user has not granted access yet");
}
/* As the catalogue holds it: a change of it is there before whoever made it has his answer. */
static struct err find_worker(struct ctx *cx, struct run *r)
{
	r->worker = *r->t->worker;
	return workers_mcp_is(&r->worker) ? OK : store_worker_secret(cx, r->en->store, &r->worker, &r->secret);
}

/* ---- the request (contract 4.4) ---- */
static void key_value(struct jout *w, struct sv key, struct sv value)
{
	jout_open(w, NULL);
	jout_str(w, "key", key);
	jout_str(w, "value", value);
	jout_close(w);
}
/* As declared by the tool; only what it declares. */
static struct err put_secrets(struct ctx *cx, const struct run *r, struct jout *w)
{
	jout_list(w, "secrets");
	for (size_t i = 0; i < r->t->secrets.n; i++) {
		CLEANUP(secret_drop) struct secret *value = NULL;
		struct sv key = r->t->secrets.v[i];
		struct err e = store_secret_open(cx, r->en->store, r->ask->project_id, key, &value);

		if (e.code == E_NOT_FOUND)
			return refuse(cx, E_TOOL_NEEDS, "secret not found: %.*s", SV_FMT(sv_upto(key, 100)));
		TRY(e);
		key_value(w, key, secret_view(value));
		secret_names_used(r->en, r->ask->project_id, key, cx->now);
	}
	jout_list_end(w);
	return OK;
}
static void put_metadata(const struct run *r, struct jout *w)
{
	jout_list(w, "metadata");
	for (size_t i = 0; i < r->t->metadata.n; i++) {
		struct sv key = r->t->metadata.v[i];

		if (sv_ieq(key, SV("client_id")) && r->provider != NULL)
			key_value(w, key, sv_of(r->provider->client_id));
		else if (sv_ieq(key, SV("coordinator_url")))
			key_value(w, key, sv_of(r->en->config->public_url));
	}
	jout_list_end(w);
}
static struct err put_context(struct ctx *cx, const struct run *r, struct jout *w)
{
	jout_open(w, "context");
	if (r->access.token != NULL) {
		jout_open(w, "authorization");
		jout_str(w, "token", secret_view(r->access.token));
		jout_raw(w, "user_info", r->access.user_info == NULL ? SV("{}") : secret_view(r->access.user_info));
		jout_close(w);
	}
	TRY(put_secrets(cx, r, w));
	put_metadata(r, w);
	if (r->ask->user_id.n > 0)
		jout_str(w, "user_id", r->ask->user_id);
	jout_close(w);
	return OK;
}
static struct err write_body(struct ctx *cx, const struct run *r, const struct run_done *out, struct buf *body)
{
	struct jout w = JOUT(body);
	char run_id[ID_TEXT];

	id_uuid(run_id);
	jout_open(&w, NULL);
	jout_strz(&w, "run_id", run_id);
	jout_strz(&w, "execution_id", out->call_id);
	jout_time(&w, "created_at", r->started_at);
	jout_open(&w, "tool");
	jout_str(&w, "name", r->t->name);
	jout_str(&w, "toolkit", r->t->toolkit);
	jout_str(&w, "version", r->t->told_version); /* null when it told none (contract 4.10) */
	jout_close(&w);
	if (r->ask->input == NULL)
		jout_raw(&w, "inputs", SV("{}"));
	else
		jout_node(&w, "inputs", r->ask->input);
	TRY(put_context(cx, r, &w));
	jout_close(&w);
	return jout_done(cx, &w);
}

/* ---- the call ---- */
static bool certainly_not_run(const struct wire_worker_answer *a)
{
	return a->fate == WORKER_UNREACHABLE || a->status == 503;
}
bool runner_again(const struct run *r, const struct wire_worker_answer *a)
{
	return certainly_not_run(a) && r->tries < r->worker.retry && clock_mono() < r->until;
}
int64_t runner_left(const struct run *r)
{
	int64_t left = r->until - clock_mono();

	return left > MSEC(1) ? left : MSEC(1);
}
struct err runner_lost(struct ctx *cx, struct err e, struct wire_worker_answer *a)
{
	if (!IS_ERR(e) || !a->sent)
		return e;
	*a = (struct wire_worker_answer){ .fate = WORKER_LOST, .sent = true };
	(void)snprintf(a->say, sizeof a->say, "%.200s", cx->cause.say);
	log_cause(cx, LOG_ERROR, "execution.answer_lost");
	return forgive(cx);
}
void runner_pause(struct ctx *cx, struct run *r)
{
	if (r->tries > 0)
		clock_pause(MSEC(r->tries < 5 ? 50 << r->tries : PAUSE_MOST_MS));
	r->tries++;
	cx->now = clock_now();
}
static struct err invoke(struct ctx *cx, struct run *r, struct sv body, struct wire_worker_answer *a)
{
	struct wire_worker at = { r->en->net, r->worker.uri, r->secret, 0 };

	do {
		runner_pause(cx, r);
		at.timeout = runner_left(r);
		TRY(runner_lost(cx, wire_worker_invoke(cx, &at, body, a), a));
	} while (runner_again(r, a));
	return OK;
}
/* Asked again it may fare better (contract 3.8): the way to the worker failed, or what stands there did.  An answer
 * that came and is of no use would come again, and the tool would have run twice. */
static bool may_help(const struct wire_worker_answer *a)
{
	switch (a->fate) {
	case WORKER_UNREACHABLE:
	case WORKER_TIMEOUT:
	case WORKER_CUT:
	case WORKER_BUSY: return true;
	case WORKER_REFUSED: return a->status >= 500 || a->status == 429;
	case WORKER_ANSWERED:
	case WORKER_UNREADABLE:
	case WORKER_LOST:
	default: return false;
	}
}
static void of_transport(const struct run *r, const struct wire_worker_answer *a, struct run_done *out)
{
	static const struct {
		const char *kind, *words;
	} of[] = {
		[WORKER_UNREACHABLE] = { "NETWORK_TRANSPORT_RUNTIME_UNREACHABLE", "could not be reached" },
		[WORKER_TIMEOUT] = { "NETWORK_TRANSPORT_RUNTIME_TIMEOUT",
				     "did not answer in time; the tool may have run" },
		[WORKER_CUT] = { "NETWORK_TRANSPORT_RUNTIME_UNMAPPED", "gave an answer that broke off" },
		[WORKER_REFUSED] = { "NETWORK_TRANSPORT_RUNTIME_UNMAPPED", "refused the call" },
		[WORKER_BUSY] = { "NETWORK_TRANSPORT_RUNTIME_UNREACHABLE", "is not available" },
		[WORKER_UNREADABLE] = { "NETWORK_TRANSPORT_RUNTIME_UNMAPPED", "gave an answer that cannot be read" },
		[WORKER_ANSWERED] = { "NETWORK_TRANSPORT_RUNTIME_UNMAPPED", "gave an answer of another shape" },
		[WORKER_LOST] = { "NETWORK_TRANSPORT_RUNTIME_UNMAPPED",
				  "was called, and its answer cannot be taken; the tool may have run" },
	};

	out->error_kind = of[a->fate].kind;
	out->can_retry = may_help(a);
	out->not_run = certainly_not_run(a);
	(void)snprintf(out->error_message, sizeof out->error_message, "worker %.100s %s%s%.120s", r->t->worker_id.p,
		       of[a->fate].words, a->say[0] == '\0' ? "" : ": ", a->say);
}
static void take_answer(const struct run *r, const struct wire_worker_answer *a, struct run_done *out)
{
	if (a->fate != WORKER_ANSWERED || !wire_worker_fits(a->json)) {
		of_transport(r, a, out);
		return;
	}
	out->output = node_get(a->json, "output");
	out->success = node_get(a->json, "success")->b;
}

/* ---- afterwards ---- */
struct sv runner_kind(const struct run_done *out)
{
	struct sv told = node_text(node_path(out->output, SV("error.kind")));

	return out->success              ? SV("")
	       : out->error_kind != NULL ? sv_of(out->error_kind)
	       : told.p == NULL          ? SV("UNKNOWN")
					 : told;
}
/* The provider did not take the token: it is renewed before the next call (contract 4.7). */
static struct err upstream_refused(struct ctx *cx, const struct run *r, const struct run_done *out)
{
	if (r->provider == NULL || !sv_eqz(runner_kind(out), "UPSTREAM_RUNTIME_AUTH_ERROR"))
		return OK;
	struct err e = store_connection_force(cx, r->en->store, r->ask->project_id, sv_of(r->access.connection_id));
	return e.code == E_NOT_FOUND ? forgive(cx) : e;
}
static struct err record(struct ctx *cx, const struct run *r, struct run_done *out)
{
	CLEANUP(buf_free) struct buf data = BUF(4096);
	struct jout w = JOUT(&data);
	const struct execution_row row = { .id = sv_of(out->id),
					   .project_id = r->ask->project_id,
					   .call_id = sv_of(out->call_id),
					   .type = SV("immediate"),
					   .status = out->success ? SV("completed") : SV("failed"),
					   .toolkit = r->t->toolkit,
					   .tool = r->t->name,
					   .version = r->t->version,
					   .worker_id = r->t->worker_id,
					   .user_id = r->ask->user_id,
					   .error_kind = sv_upto(runner_kind(out), 100),
					   .tries = r->tries,
					   .started_at = r->started_at,
					   .finished_at = out->finished_at };

	jout_open(&w, NULL);
	jout_str(&w, "tool", r->t->full);
	jout_str(&w, "worker", r->t->worker_id);
	jout_str(&w, "user_id", r->ask->user_id);
	jout_str(&w, "error_kind", row.error_kind);
	jout_i64(&w, "tries", r->tries);
	jout_i64(&w, "took_ms", out->took / MSEC(1));
	jout_close(&w);
	TRY(jout_done(cx, &w));
	const struct event ev = { .project_id = row.project_id,
				  .kind = "tool.executed",
				  .by = *r->ask->by,
				  .resource_type = "execution",
				  .resource_id = row.id,
				  .outcome = out->success ? "ok" : "failed",
				  .data = buf_view(&data) };
	if (r->ask->keeper != NULL)
		return r->ask->keeper->record(cx, r->ask->keeper->arg, out, &ev);
	return run_record_begin(cx, r->en, &(struct execution_add){ &row, &ev }, &out->record);
}
/* The tool has run: its answer counts even when our own store is in trouble. */
static void settle(struct ctx *cx, const struct run *r, struct run_done *out)
{
	struct err e = upstream_refused(cx, r, out), saved = record(cx, r, out);

	if (IS_ERR(e) || IS_ERR(saved)) {
		log_cause(cx, LOG_ERROR, "execution.not_recorded");
		(void)forgive(cx);
	}
}

/* ---- all of it ---- */
static struct err name_it(struct ctx *cx, const struct run *r, struct run_done *out)
{
	const struct run_keeper *k = r->ask->keeper;

	if (k == NULL) {
		id_ksuid("te_", r->started_at, out->id);
		id_ksuid("tc_", r->started_at, out->call_id);
		return OK;
	}
	return sv_copy(k->id, out->id, sizeof out->id) && sv_copy(k->call_id, out->call_id, sizeof out->call_id)
		   ? OK
		   : fail(cx, E_INTERNAL, "a text does not fit", "execution");
}
static struct err on_call(struct ctx *cx, struct run *r, struct run_done *out)
{
	CLEANUP(buf_free) struct buf body = BUF(BODY_MOST);
	struct wire_worker_answer a;

	TRY(find_worker(cx, r));
	bool mcp = workers_mcp_is(&r->worker);
	r->started_at = clock_now();
	TRY(name_it(cx, r, out));
	if (!mcp)
		TRY(write_body(cx, r, out, &body));
	if (r->ask->keeper != NULL)
		TRY(r->ask->keeper->sending(cx, r->ask->keeper->arg, r->t));
	int64_t from = clock_mono();
	r->until = from + SEC(r->worker.timeout_s);
	TRY(mcp ? runner_mcp(cx, r, &a) : invoke(cx, r, buf_view(&body), &a));
	out->took = clock_mono() - from;
	out->finished_at = clock_now();
	take_answer(r, &a, out);
	settle(cx, r, out);
	return OK;
}
struct err runner_run(struct ctx *cx, struct engine *en, const struct run_ask *ask, struct run_done *out)
{
	CLEANUP(toolbox_let_go) const struct tool_set *set = toolbox_hold(en);
	CLEANUP(run_clear) struct run r = { .en = en, .ask = ask };

	*out = (struct run_done){ .id = "" };
	TRY(runner_find(cx, set, ask, &r.t));
	assert(r.t != NULL); /* it was found */
	if (ask->input != NULL && ask->input->kind != NODE_MAP)
		return bad_field(cx, "input", "object", "must be an object");
	struct err e = runner_consent(cx, &r);
	out->peer_key = e.code == E_TAKE_CALL ? r.access.peer_key : hub_topic("worker", r.t->worker_row);
	out->topic = r.access.topic;
	out->park_until = r.access.park_until;
	TRY(e);
	return ask->lane == ACCESS_CALL ? on_call(cx, &r, out) : (struct err){ E_TAKE_CALL };
}
