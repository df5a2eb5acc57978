/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/sim_serve.h"
#include "core/arena.h"
#include "core/codec.h"
#include "core/logf.h"
#include "core/text.h"
#include "http/route.h"
#include <errno.h>
#include <time.h>

typedef struct err serve_fn(struct ctx *cx, struct sim_call *call);

static struct err unknown(struct ctx *cx, struct sim_call *call)
{
	return sim_answer_fixed(cx, call, call->def->not_found, 404);
}

static struct err no_agent(struct ctx *cx, struct sim_call *call)
{
	return sim_answer_fixed(cx, call, call->def->no_agent, 403);
}

/* What this request is: a row by path and method. */
static serve_fn *classify(struct sim_call *call)
{
	const struct sim_def *d = call->def;
	enum method m = call->rq->method;

	if (m == M_GET && sim_def_path(d->authorize.paths, call->path)) {
		call->kind = SV("authorize");
		return sim_authorize_page;
	}
	if (m == M_POST && sv_eqz(call->path, "/simulation/consent")) {
		call->kind = SV("consent");
		return sim_authorize_consent;
	}
	if (m == M_POST && sim_def_path(d->token.paths, call->path)) {
		size_t at;

		call->kind = sv_find(call->rq->body, SV("refresh_token"), &at) ? SV("refresh") : SV("token");
		return sim_token_serve;
	}
	if (d->has_revoke && sv_eqz(d->revoke.method, method_name(m)) && sim_def_path(d->revoke.paths, call->path)) {
		call->kind = SV("revoke");
		return sim_token_revoke;
	}
	call->kind = SV("api");
	return d->api == NULL ? unknown : sim_api_serve;
}

static struct sim_fault *fault_for(const struct sim_call *call)
{
	for (struct sim_fault *f = call->w->faults; f != NULL; f = f->next)
		if (f->times != 0 && (sv_eq(f->on, call->kind) || sv_eqz(f->on, "all")))
			return f;
	return NULL;
}

static void spend(struct sim_fault *f)
{
	if (f->times > 0)
		f->times--;
}

/* HTTP's date (RFC 9110 5.6.7) two hours ahead. */
static void skew(struct request *rq)
{
	time_t at = (time_t)(rq->cx->now / SEC(1)) + 7200;
	char text[64];
	struct tm tm;

	if (gmtime_r(&at, &tm) != NULL && strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm) > 0)
		rq->date = arena_sv(rq->cx->arena, sv_of(text));
}

/* Chunks that stop: the head promises more than comes. */
static void cut(struct request *rq)
{
	http_header(rq, "Transfer-Encoding", SV("chunked"));
	rq->close = true;
}

static void odd_answer(struct sim_call *call, const struct sim_fault *f)
{
	struct request *rq = call->rq;

	rq->status = f->status == 0 ? 200 : (int)f->status;
	if (f->content_type.p != NULL)
		rq->content_type = f->content_type.p;
	if (f->retry_after_s > 0) {
		const char *text = arena_printf(rq->cx->arena, "%lld", (long long)f->retry_after_s);
		http_header(rq, "Retry-After", sv_of(text == NULL ? "1" : text));
	}
	buf_clear(rq->out);
	buf_sv(rq->out, f->body.p == NULL ? SV("") : f->body);
}

/* Who is kept waiting waits on a thread of his own: nobody else is, and the request stays whole. */
static bool needs_thread(const struct sim_call *call, const struct sim_fault *f)
{
	return f != NULL && (f->delay_ms > 0 || f->hold_ms > 0) && call->rq->lane != LANE_CALL;
}
static void wait_ms(struct sim_world *w, int64_t ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

	if (ms <= 0)
		return;
	sim_world_unlock(w);
	while (nanosleep(&t, &t) != 0 && errno == EINTR)
		;
	sim_world_lock(w);
}

static void note(const struct sim_call *call)
{
	sim_world_note(call->w, &(struct sim_noted){
				    .method = method_name(call->rq->method),
				    .provider = call->def->id,
				    .kind = call->kind,
				    .host = call->rq->host,
				    .path = call->path,
				    .client_id = call->client_id.p == NULL ? SV("") : call->client_id,
				    .grant_type = call->grant_type.p == NULL ? SV("") : call->grant_type,
				    .user = call->user == NULL ? SV("") : call->user->name,
				    .status = call->rq->status == 0 ? 200 : call->rq->status,
				});
}

static struct err run(struct ctx *cx, struct sim_call *call, serve_fn *fn)
{
	struct sim_fault *f = fault_for(call);

	if (needs_thread(call, f)) {
		call->rq->peer_key = ++call->w->waits;
		return (struct err){ E_TAKE_CALL };
	}
	bool odd = f != NULL && (f->status != 0 || f->body.p != NULL);

	call->twist = f == NULL ? SIM_TWIST_NONE : f->twist;
	if (f != NULL) {
		spend(f);
		wait_ms(call->w, f->delay_ms);
	}
	if (!odd || f->after) {
		struct err e = fn(cx, call);

		if (e.code == E_BAD_INPUT) {
			(void)forgive(cx);
			e = sim_answer_fixed(cx, call, node_get(call->def->token.errors, "content"), 400);
		}
		TRY(e);
	}
	if (odd)
		odd_answer(call, f);
	if (call->twist == SIM_TWIST_SKEW)
		skew(call->rq);
	if (call->twist == SIM_TWIST_CUT)
		cut(call->rq);
	note(call);
	if (f != NULL)
		wait_ms(call->w, f->hold_ms);
	return OK;
}
static struct err counted(struct ctx *cx, struct sim_call *call, serve_fn *fn)
{
	struct sim_world *w = call->w;
	bool refresh = sv_eqz(call->kind, "refresh");

	w->refreshing += refresh;
	if (w->refreshing > w->most_refreshing)
		w->most_refreshing = w->refreshing;
	struct err e = run(cx, call, fn);
	w->refreshing -= refresh;
	return e;
}

static bool decode_path(struct ctx *cx, struct sv raw, struct sv *out)
{
	CLEANUP(buf_free) struct buf b = BUF(8192);

	if (!dec_pct(&b, raw))
		return false;
	*out = arena_sv(cx->arena, buf_view(&b));
	return out->p != NULL;
}

struct err sim_serve_provider(struct request *rq)
{
	struct sim_call call = { .rq = rq, .w = rq->app, .client_id = SV_NONE };
	struct ctx *cx = rq->cx;

	sim_world_lock(call.w);
	call.def = sim_world_def(call.w, rq->host);
	if (!decode_path(cx, rq->path, &call.path))
		call.path = SV("/");
	serve_fn *fn = classify(&call);
	if (call.def->user_agent_required && http_header_in(rq, "User-Agent").n == 0)
		fn = no_agent;
	rq->log_name = "provider";
	struct err e = counted(cx, &call, fn);
	sim_world_unlock(call.w);
	if (e.code != E_TAKE_CALL && IS_ERR(e)) {
		log_cause(cx, LOG_ERROR, "simulator.failed");
		(void)forgive(cx);
		rq->status = 500;
		e = OK;
	}
	return e;
}
