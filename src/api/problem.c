/* SPDX-License-Identifier: Apache-2.0 */
#include "api/problem.h"
#include "core/logf.h"
#include "core/text.h"
#include "pages/pages.h"
#include <stdio.h>

enum { RETRY_MOST_S = 60 };
struct kind {
	int status;
	const char *name;
	int retry_s; /* when nobody said how long: 0 = no Retry-After */
};

/* The one place where an error becomes a status; -Wswitch-enum keeps it complete. */
static struct kind kind_of(enum err_code c)
{
	switch (c) {
	case E_OK: return (struct kind){ 200, "ok", 0 };
	case E_BAD_INPUT: return (struct kind){ 400, "malformed_request", 0 };
	case E_USER_MISMATCH: return (struct kind){ 400, "user_mismatch", 0 };
	case E_PROVIDER_UNKNOWN: return (struct kind){ 400, "auth_provider_not_found", 0 };
	case E_PROVIDER_AMBIGUOUS: return (struct kind){ 400, "multiple_auth_providers", 0 };
	case E_TOOL_NEEDS: return (struct kind){ 400, "tool_requirements_not_met", 0 };
	case E_UNAUTHENTICATED: return (struct kind){ 401, "invalid_authorization", 0 };
	case E_SECOND_FACTOR: return (struct kind){ 401, "second_factor_required", 0 };
	case E_CSRF: return (struct kind){ 403, "csrf_failed", 0 };
	case E_FORBIDDEN: return (struct kind){ 403, "forbidden", 0 };
	case E_TOOL_CONSENT: return (struct kind){ 403, "tool_authorization_required", 0 };
	case E_NOT_FOUND: return (struct kind){ 404, "not_found", 0 };
	case E_NO_ROUTE: return (struct kind){ 404, "route_not_found", 0 };
	case E_CONFLICT: return (struct kind){ 409, "conflict", 0 };
	case E_GONE: return (struct kind){ 410, "authorization_failed", 0 };
	case E_PRECONDITION: return (struct kind){ 412, "precondition_failed", 0 };
	case E_TOO_LARGE: return (struct kind){ 413, "payload_too_large", 0 };
	case E_MEDIA_TYPE: return (struct kind){ 415, "unsupported_media_type", 0 };
	case E_RATE: return (struct kind){ 429, "rate_limit_exceeded", 10 };
	case E_UPSTREAM: return (struct kind){ 502, "upstream_error", 0 };
	case E_BUSY: return (struct kind){ 503, "service_unavailable", 1 };
	case E_PROVIDER_DOWN: return (struct kind){ 503, "provider_unavailable", 5 };
	case E_INTERNAL:
	case E_CONFIG:
	case E_STALE:
	case E_TAKE_POOL:
	case E_TAKE_CALL:
	case E_PARK:
	case E__COUNT:
	default: return (struct kind){ 500, "internal_server_error", 0 };
	}
}

int problem_status(enum err_code c) { return kind_of(c).status; }
const char *problem_name(enum err_code c) { return kind_of(c).name; }

static void number_header(struct request *rq, const char *name, int v)
{
	char z[16];

	(void)snprintf(z, sizeof z, "%d", v);
	http_header(rq, name, sv_of(z));
}

static void retry_headers(struct request *rq, const struct kind *k)
{
	int s = rq->cx->cause.retry_after_s > 0 ? rq->cx->cause.retry_after_s : k->retry_s;

	if (k->status >= 400 && k->status < 500 && k->status != 429)
		http_header(rq, "x-should-retry", SV("false"));
	if (k->retry_s == 0)
		return;
	s = s > RETRY_MOST_S ? RETRY_MOST_S : s;
	number_header(rq, "Retry-After", s);
	number_header(rq, "Retry-After-Ms", s * 1000);
}

static void field_errors(struct jout *w, const struct cause *c)
{
	if (c->n_fields == 0)
		return;
	jout_list(w, "field_errors");
	for (size_t i = 0; i < c->n_fields; i++) {
		jout_open(w, NULL);
		jout_strz(w, "field", c->fields[i].field);
		jout_strz(w, "rule", c->fields[i].rule);
		jout_strz(w, "message", c->fields[i].message);
		jout_close(w);
	}
	jout_list_end(w);
}

static void body(struct request *rq, const struct kind *k, const char *say)
{
	struct jout w = JOUT(rq->out);

	jout_open(&w, NULL);
	jout_strz(&w, "name", k->name);
	jout_strz(&w, "message", say);
	field_errors(&w, &rq->cx->cause);
	if (sv_eqz(SV("user_mismatch"), k->name)) { /* both envelopes in one (contract 2.4) */
		jout_i64(&w, "code", k->status);
		jout_strz(&w, "error", k->name);
		jout_strz(&w, "msg", say);
	}
	jout_close(&w);
}

static const char *say_of(const struct request *rq, enum err_code c)
{
	if (c == E_USER_MISMATCH)
		return "An error occurred during verification";
	if (c == E_CONFIG || c == E_STALE || c == E_INTERNAL || rq->cx->cause.say[0] == '\0')
		return problem_status(c) == 500 ? "internal server error" : "the request was refused";
	return rq->cx->cause.say;
}

/* A refusal's words hold the caller's own, and he may have put a token where an id belongs: they are for his answer
 * only. */
static void note(const struct request *rq, int status)
{
	const struct cause *c = &rq->cx->cause;

	if (status >= 500)
		log_cause(rq->cx, status == 500 ? LOG_ERROR : LOG_WARN, "api.refused");
	else
		log_event(rq->cx, LOG_DEBUG, "api.refused", LOG_STR("code", err_name(c->code)),
			  LOG_INT("status", status), LOG_STR("field", c->n_fields > 0 ? &c->fields[0].field[0] : NULL),
			  LOG_STR("where", c->where));
}

/* A person's browser at an address that does not exist. */
static bool lost_person(const struct request *rq)
{
	size_t at;

	return rq->route == NULL && !sv_starts(rq->path, SV("/v1/")) && !sv_starts(rq->path, SV("/tb/")) &&
	       sv_find(http_header_in(rq, "Accept"), SV("text/html"), &at);
}

void problem_write(struct request *rq, struct err e)
{
	struct kind k = kind_of(e.code);

	note(rq, k.status);
	buf_clear(rq->out);
	buf_clear(rq->head);
	rq->status = k.status;
	rq->content_type = NULL;
	retry_headers(rq, &k);
	if (pages_has(rq->route) || lost_person(rq))
		pages_problem(rq, k.status);
	else
		body(rq, &k, say_of(rq, e.code));
	if (k.status == 401)
		http_header(rq, "WWW-Authenticate", SV("Bearer")); /* RFC 9110 section 11.6.1 */
	if (!buf_ok(rq->out))
		buf_clear(rq->out); /* the status alone is better than half a sentence */
}

void problem_refuse(struct request *rq, int status, const char *say)
{
	static const struct kind kinds[] = {
		{ 400, "malformed_request", 0 },   { 408, "request_timeout", 0 },     { 413, "payload_too_large", 0 },
		{ 414, "uri_too_long", 0 },        { 431, "headers_too_large", 0 },   { 501, "not_implemented", 0 },
		{ 503, "service_unavailable", 1 }, { 505, "version_unsupported", 0 },
	};
	struct kind k = { status, "internal_server_error", 0 };

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (kinds[i].status == status)
			k = kinds[i];
	rq->status = status;
	rq->content_type = NULL;
	retry_headers(rq, &k);
	body(rq, &k, say);
}
