/* SPDX-License-Identifier: Apache-2.0 */
#include "api/pipeline.h"
#include "api/api_inside.h"
#include "api/authn.h"
#include "api/etag.h"
#include "api/problem.h"
#include "core/hub.h"
#include "core/text.h"
#include "domain/policy.h"
#include <assert.h>

typedef struct err step_fn(struct request *rq);
static step_fn match, limit, authenticate, authorize, handle;
enum { FIRST_STEP, AUTHENTICATE = 2, HANDLE = 4 };

/* The whole life of a request, in reading order. */
static const struct {
	const char *name;
	step_fn *run;
} steps[] = {
	{ "match", match },
	{ "limit", limit },
	[AUTHENTICATE] = { "authenticate", authenticate },
	{ "authorize", authorize },
	[HANDLE] = { "handle", handle },
};

static bool is_control(enum err_code c) { return c == E_TAKE_POOL || c == E_TAKE_CALL || c == E_PARK; }

/* An answer of the API is its caller's alone, and nothing but what its type says. */
static void api_headers(struct request *rq)
{
	if (rq->content_type == NULL && rq->out->n > 0)
		buf_sv(rq->head, SV("Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"));
}

static struct err run(struct request *rq, size_t from)
{
	struct err e = OK;

	for (size_t i = from; i < ARRAY_LEN(steps) && !IS_ERR(e); i++)
		e = steps[i].run(rq);
	if (is_control(e.code)) {
		rq->lane = e.code == E_TAKE_POOL ? LANE_POOL : e.code == E_TAKE_CALL ? LANE_CALL : LANE_INLINE;
		return e;
	}
	if (IS_ERR(e))
		problem_write(rq, e);
	api_headers(rq);
	return OK;
}

struct err pipeline_serve(struct request *rq) { return run(rq, FIRST_STEP); }

/* While it slept its key may have been revoked, its session ended, its role taken: it is asked again at every run. */
static bool has_slept(const struct request *rq) { return rq->park.topic != 0; }

struct err pipeline_again(struct request *rq)
{
	return run(rq, rq->by.is == WHO_NOBODY || has_slept(rq) ? AUTHENTICATE : HANDLE);
}

/* ---- the steps ---- */
static struct err match(struct request *rq)
{
	struct err e = route_find(rq, api_routes(rq->app));

	if (e.code == E_NO_ROUTE)
		rq->route = NULL;
	return e;
}

static struct err limit(struct request *rq)
{
	assert(rq->route != NULL); /* match found it */
	if (rq->route->max_body > 0 && rq->body.n > rq->route->max_body)
		return refuse(rq->cx, E_TOO_LARGE, "the request body must be at most %zu bytes here",
			      rq->route->max_body);
	return OK;
}

static struct err authenticate(struct request *rq) { return has_slept(rq) ? authn_again(rq) : authn_who(rq); }
static struct err authorize(struct request *rq) { return authn_may(rq); }

/* Only a body that is there has a type; a missing JSON body is the handler's to name. */
static struct err accept(struct request *rq)
{
	const char *want = rq->route->body == BODY_JSON ? "application/json" : "application/x-www-form-urlencoded";
	struct sv type = http_header_in(rq, "Content-Type"), coding = http_header_in(rq, "Content-Encoding");

	if (rq->route->body == BODY_NONE || rq->body.n == 0)
		return OK;
	if (coding.n > 0 && !sv_ieq(coding, SV("identity"))) /* nothing is ever unpacked: no body grows in memory */
		return refuse(rq->cx, E_MEDIA_TYPE, "the request body must be sent without a Content-Encoding");
	if (type.p != NULL)
		type = sv_trim(sv_cut(&type, ';'));
	if (sv_ieq(type, sv_of(want)))
		return OK;
	return refuse(rq->cx, E_MEDIA_TYPE, "the Content-Type of the request must be %s", want);
}

static struct err handle(struct request *rq)
{
	if (!has_slept(rq)) /* else it has been looked at, and its headers are gone */
		TRY(accept(rq));
	if (rq->lane == LANE_INLINE && rq->route->lane != LANE_INLINE) {
		rq->peer_key = hub_topic(rq->route->path, sv_of(rq->by.project_id));
		return (struct err){ rq->route->lane == LANE_POOL ? E_TAKE_POOL : E_TAKE_CALL };
	}
	if (rq->lane == LANE_POOL && rq->route->lane == LANE_CALL) {
		rq->peer_key = hub_topic(rq->route->path, sv_of(rq->by.project_id));
		return (struct err){ E_TAKE_CALL };
	}
	rq->cx->want = (struct precondition){ .kind = WANT_ANY }; /* a connection keeps its context */
	if (rq->route->tagged)
		TRY(etag_ask(rq));
	TRY(rq->route->handle(rq));
	if (rq->status == 0)
		rq->status = rq->route->ok;
	TRY(buf_done(rq->cx, rq->out, "answer")); /* a page or a header that did not fit is no answer */
	return buf_done(rq->cx, rq->head, "answer's head");
}

/* ---- rows ---- */
static struct err row_ok(struct ctx *cx, const struct route *r)
{
	if (r->who == 0)
		return refuse(cx, E_CONFIG, "route %s %s admits nobody", method_name(r->method), r->path);
	if ((r->who & WHO(WHO_ANYONE)) != 0)
		return OK;
	if (r->needs == NULL || !policy_knows(r->needs))
		return refuse(cx, E_CONFIG, "route %s %s needs an action that nobody knows: %s", method_name(r->method),
			      r->path, r->needs == NULL ? "none" : r->needs);
	return OK;
}

struct err pipeline_check(struct ctx *cx, const struct route_table *tables, size_t n)
{
	for (size_t t = 0; t < n; t++)
		for (size_t i = 0; i < tables[t].n; i++)
			TRY(row_ok(cx, &tables[t].rows[i]));
	return OK;
}
