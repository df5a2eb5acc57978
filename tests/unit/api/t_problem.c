/* SPDX-License-Identifier: Apache-2.0 */
#include "api/problem.h"
#include "tt_api.h"

TEST(every_code_has_its_status_and_name)
{
	static const struct {
		enum err_code code;
		int status;
		const char *name;
	} t[] = {
		{ E_OK, 200, "ok" },
		{ E_BAD_INPUT, 400, "malformed_request" },
		{ E_USER_MISMATCH, 400, "user_mismatch" },
		{ E_PROVIDER_UNKNOWN, 400, "auth_provider_not_found" },
		{ E_PROVIDER_AMBIGUOUS, 400, "multiple_auth_providers" },
		{ E_TOOL_NEEDS, 400, "tool_requirements_not_met" },
		{ E_UNAUTHENTICATED, 401, "invalid_authorization" },
		{ E_SECOND_FACTOR, 401, "second_factor_required" },
		{ E_FORBIDDEN, 403, "forbidden" },
		{ E_CSRF, 403, "csrf_failed" },
		{ E_TOOL_CONSENT, 403, "tool_authorization_required" },
		{ E_NOT_FOUND, 404, "not_found" },
		{ E_NO_ROUTE, 404, "route_not_found" },
		{ E_CONFLICT, 409, "conflict" },
		{ E_GONE, 410, "authorization_failed" },
		{ E_PRECONDITION, 412, "precondition_failed" },
		{ E_TOO_LARGE, 413, "payload_too_large" },
		{ E_MEDIA_TYPE, 415, "unsupported_media_type" },
		{ E_RATE, 429, "rate_limit_exceeded" },
		{ E_INTERNAL, 500, "internal_server_error" },
		{ E_UPSTREAM, 502, "upstream_error" },
		{ E_BUSY, 503, "service_unavailable" },
		{ E_PROVIDER_DOWN, 503, "provider_unavailable" },
		{ E_CONFIG, 500, "internal_server_error" },
		{ E_STALE, 500, "internal_server_error" },
		{ E_TAKE_POOL, 500, "internal_server_error" },
		{ E_TAKE_CALL, 500, "internal_server_error" },
		{ E_PARK, 500, "internal_server_error" },
	};
	_Static_assert(ARRAY_LEN(t) == E__COUNT, "a code without a row");
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		CHECK_ROW(t[i].name, (size_t)t[i].code == i);
		CHECK_ROW(t[i].name, problem_status(t[i].code) == t[i].status);
		CHECK_ROW(t[i].name, strcmp(problem_name(t[i].code), t[i].name) == 0);
	}
}

struct wrote {
	struct tt_answer a;
	struct buf out, head;
};
static void wrote_end(struct wrote *w)
{
	buf_free(&w->out);
	buf_free(&w->head);
}

struct failure {
	enum err_code code;
	const char *say;
	int after;
};
static void answer_for(struct wrote *w, struct failure in)
{
	struct ctx *cx = tt_ctx();
	(void)forgive(cx);
	struct err e = in.say == NULL ? (struct err){ in.code } : refuse(cx, in.code, "%s", in.say);
	struct engine en = { .version = "t" };

	w->out = BUF(65536);
	w->head = BUF(4096);
	struct request rq = { .cx = cx, .en = &en, .path = SV("/v1/x"), .out = &w->out, .head = &w->head };
	cx->cause.retry_after_s = in.after;
	problem_write(&rq, e);
	buf_char(&w->out, '\0');
	buf_char(&w->head, '\0');
	w->a = (struct tt_answer){ rq.status, "", w->out.p, w->head.p, NULL };
}

TEST(what_a_repetition_cannot_mend_says_so)
{
	static const enum err_code never[] = { E_BAD_INPUT, E_USER_MISMATCH, E_UNAUTHENTICATED,
					       E_FORBIDDEN, E_NOT_FOUND,     E_CONFLICT,
					       E_GONE,      E_TOO_LARGE,     E_MEDIA_TYPE };
	static const enum err_code maybe[] = { E_RATE, E_INTERNAL, E_UPSTREAM, E_BUSY, E_PROVIDER_DOWN };

	for (size_t i = 0; i < ARRAY_LEN(never); i++) {
		CLEANUP(wrote_end) struct wrote w = { .out = BUF(0) };
		answer_for(&w, (struct failure){ never[i], "because", 0 });
		CHECK_ROW(err_name(never[i]), tt_has(w.a.head, "x-should-retry: false\r\n"));
	}
	for (size_t i = 0; i < ARRAY_LEN(maybe); i++) {
		CLEANUP(wrote_end) struct wrote w = { .out = BUF(0) };
		answer_for(&w, (struct failure){ maybe[i], "because", 0 });
		CHECK_ROW(err_name(maybe[i]), !tt_has(w.a.head, "x-should-retry"));
	}
}

TEST(retry_headers_are_whole_seconds_of_at_most_a_minute)
{
	static const struct {
		enum err_code code;
		int after;
		const char *seconds, *ms;
	} t[] = {
		{ E_RATE, 7, "Retry-After: 7\r\n", "Retry-After-Ms: 7000\r\n" },
		{ E_RATE, 0, "Retry-After: 10\r\n", "Retry-After-Ms: 10000\r\n" },
		{ E_RATE, 900, "Retry-After: 60\r\n", "Retry-After-Ms: 60000\r\n" },
		{ E_BUSY, 0, "Retry-After: 1\r\n", "Retry-After-Ms: 1000\r\n" },
		{ E_PROVIDER_DOWN, 30, "Retry-After: 30\r\n", "Retry-After-Ms: 30000\r\n" },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		CLEANUP(wrote_end) struct wrote w = { .out = BUF(0) };
		answer_for(&w, (struct failure){ t[i].code, "later", t[i].after });
		CHECK_ROW(t[i].seconds, tt_has(w.a.head, t[i].seconds) && tt_has(w.a.head, t[i].ms));
	}
}

TEST(a_mismatch_has_both_envelopes)
{
	CLEANUP(wrote_end) struct wrote w = { .out = BUF(0) };

	answer_for(&w, (struct failure){ E_USER_MISMATCH, "somebody else", 0 });
	CHECK(strcmp(w.a.body,
		     "{\"name\":\"user_mismatch\",\"message\":\"An error occurred during verification\",\"code\":400,"
		     "\"error\":\"user_mismatch\",\"msg\":\"An error occurred during verification\"}") == 0);
}

TEST(an_error_of_our_own_keeps_its_cause_to_itself)
{
	CLEANUP(wrote_end) struct wrote w = { .out = BUF(0) };

	answer_for(&w, (struct failure){ E_INTERNAL, "disk said no", 0 });
	CHECK(w.a.status == 500 && !tt_has(w.a.body, "disk") && tt_has(w.a.body, "internal_server_error"));
}

TEST(fields_are_named)
{
	CLEANUP(wrote_end) struct wrote w = { .out = BUF(4096), .head = BUF(4096) };
	struct ctx *cx = tt_ctx();
	struct engine en = { .version = "t" };
	struct request rq = { .cx = cx, .en = &en, .path = SV("/v1/x"), .out = &w.out, .head = &w.head };

	problem_write(&rq, bad_field(cx, "oauth2.client_id", "required", "is required"));
	buf_char(&w.out, '\0');
	CHECK(tt_has(w.out.p, "\"field_errors\":[{\"field\":\"oauth2.client_id\",\"rule\":\"required\",\"message\":"));
	CHECK(tt_has(w.out.p, "\"message\":\"failed to validate request body: "));
}

TEST(the_server_refuses_in_the_same_envelope)
{
	static const struct {
		int status;
		const char *name;
	} t[] = { { 400, "malformed_request" },   { 408, "request_timeout" },     { 413, "payload_too_large" },
		  { 414, "uri_too_long" },        { 431, "headers_too_large" },   { 501, "not_implemented" },
		  { 503, "service_unavailable" }, { 505, "version_unsupported" }, { 500, "internal_server_error" } };

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		CLEANUP(wrote_end) struct wrote w = { .out = BUF(4096), .head = BUF(4096) };
		struct ctx *cx = tt_ctx();
		struct request rq = { .cx = cx, .out = &w.out, .head = &w.head };
		problem_refuse(&rq, t[i].status, "no");
		CHECK_ROW(t[i].name, rq.status == t[i].status);
		buf_char(&w.out, '\0');
		CHECK_ROW(t[i].name, tt_has(w.out.p, t[i].name) && tt_has(w.out.p, "\"message\":\"no\""));
	}
}
