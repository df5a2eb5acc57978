/* SPDX-License-Identifier: Apache-2.0 */
/* t_way_auth.c: the authorization routes through the whole pipeline: who may call, what is refused, how it is said. */
#include "domain/projects.h"
#include "tt_api.h"

#define AUTHORIZE                                                                                                 \
	"{\"auth_requirement\":{\"provider_id\":\"discord\",\"oauth2\":{\"scopes\":[\"identify\"]}},\"user_id\":" \
	"\"alice@example.com\"}"

static const char *start(struct tt_api *w)
{
	struct tt_answer a = tt_send(w, "POST", "/v1/auth/authorize", AUTHORIZE);

	CHECK_ROW(a.body, a.status == 200 && tt_has(a.body, "\"status\":\"pending\""));
	return a.body;
}

/* The browser's part and the app's: the connection is there afterwards. */
static const char *consent(struct tt_api *w)
{
	const char *body = start(w);
	struct tt_answer a = tt_send(w, "GET", tt_value(w, body, "url") + strlen("http://localhost:9099"), NULL);

	CHECK(a.status == 303);
	w->cookie = tt_set_cookie(w, &a, "tb_9099");
	const char *state = tt_param(w->cx, sv_of(tt_location(w, &a)), "state");
	tt_net_answer("token", 200, TT_TOKENS("tok-a", "identify"));
	tt_net_answer("userinfo", 200, "{\"id\":\"1\"}");
	a = tt_send(w, "GET",
		    arena_printf(w->cx->arena, "/api/v1/oauth/discord/callback?%s", tt_query(w->cx, "c0de", state)),
		    NULL);
	w->cookie = NULL;
	CHECK(a.status == 303 && strncmp(tt_location(w, &a), TT_VERIFIER, strlen(TT_VERIFIER)) == 0);
	return arena_printf(w->cx->arena, "{\"flow_id\":\"%s\",\"user_id\":\"alice@example.com\"}",
			    tt_param(w->cx, sv_of(tt_location(w, &a)), "flow_id"));
}

TEST(from_link_to_token)
{
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	tt_api_begin(tt_ctx(), &w);
	const char *first = start(&w), *id = tt_value(&w, first, "id");
	CHECK(tt_has(first, "\"url\":\"http://localhost:9099/connect/") && !tt_has(first, "context"));
	CHECK(strcmp(tt_value(&w, start(&w), "id"), id) == 0);
	const char *confirm = consent(&w);
	struct tt_answer a = tt_send(&w, "POST", "/v1/auth/confirm_user", confirm);
	CHECK_ROW(a.body, a.status == 200 && strcmp(tt_value(&w, a.body, "auth_id"), id) == 0);
	CHECK(tt_has(a.body, "\"next_uri\":\"http://localhost:9099/api/v1/oauth/callback_success\""));
	a = tt_send(&w, "GET", arena_printf(w.cx->arena, "/v1/auth/status?id=%s&wait=45", id), NULL);
	CHECK_ROW(a.body, a.status == 200 && tt_has(a.body, "\"context\":{\"token\":\"tok-a\",\"user_info\":{"));
	CHECK(!tt_has(a.body, "\"url\""));
	a = tt_send(&w, "POST", "/v1/auth/authorize", AUTHORIZE);
	CHECK_ROW(a.body, a.status == 200 && tt_has(a.body, "\"status\":\"completed\"") && tt_has(a.body, "tok-a"));
	a = tt_send(&w, "GET", arena_printf(w.cx->arena, "/tb/v1/authorizations/%s", id), NULL);
	CHECK_ROW(a.body,
		  a.status == 200 && tt_has(a.body, "\"reason\":null") && tt_has(a.body, "\"step\":\"link_opened\""));
	CHECK(!tt_has(a.body, "tok-a"));
	a = tt_send(&w, "GET", "/tb/v1/authorizations?limit=1", NULL);
	CHECK_ROW(a.body, a.status == 200 && tt_has(a.body, "\"page_count\":1") && tt_has(a.body, id));
}

TEST(the_alias_of_confirm_user_and_a_mismatch)
{
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	tt_api_begin(tt_ctx(), &w);
	const char *id = tt_value(&w, start(&w), "id");
	const char *flow = tt_value(&w, consent(&w), "flow_id");
	const char *bad = arena_printf(w.cx->arena, "{\"flow_id\":\"%s\",\"user_id\":\"mallory\"}", flow);
	struct tt_answer a = tt_send(&w, "POST", "/api/v1/oauth/confirm_user", bad);
	CHECK_ROW(a.body,
		  a.status == 400 && tt_has(a.body, "\"error\":\"user_mismatch\"") && tt_has(a.body, "\"code\":400"));
	a = tt_send(&w, "GET", arena_printf(w.cx->arena, "/v1/auth/status?id=%s", id), NULL);
	CHECK_ROW(a.body, a.status == 200 && tt_has(a.body, "\"status\":\"failed\""));
	a = tt_send(&w, "GET", arena_printf(w.cx->arena, "/v1/auth/status?id=%s&wait=45", id), NULL);
	CHECK_ROW(a.body,
		  a.status == 410 && tt_has(a.body, "authorization_failed") && tt_has(a.head, "x-should-retry: false"));
	a = tt_send(&w, "GET", arena_printf(w.cx->arena, "/tb/v1/authorizations/%s", id), NULL);
	CHECK_ROW(a.body, tt_has(a.body, "\"reason\":{\"code\":\"user_mismatch\",\"cause\":"));
}

TEST(a_wait_is_over_in_time)
{
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	tt_api_begin(tt_ctx(), &w);
	const char *id = tt_value(&w, start(&w), "id");
	int64_t before = clock_mono();
	struct tt_answer a = tt_send(&w, "GET", arena_printf(w.cx->arena, "/v1/auth/status?id=%s&wait=1", id), NULL);
	CHECK_ROW(a.body, a.status == 200 && tt_has(a.body, "\"status\":\"pending\""));
	CHECK(clock_mono() - before >= MSEC(900) && clock_mono() - before < SEC(20));
	a = tt_send(&w, "GET", arena_printf(w.cx->arena, "/v1/auth/status?id=%s&wait=-5", id), NULL);
	CHECK(a.status == 200);
}

TEST(credentials)
{
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };
	struct ctx *cx = tt_ctx();

	tt_api_begin(cx, &w);
	const struct {
		const char *header;
		int status;
		const char *says;
	} t[] = {
		{ w.made, 200, "items" },
		{ arena_printf(cx->arena, "Bearer %s", w.made), 200, "items" },
		{ arena_printf(cx->arena, "bearer   %s ", w.made), 200, "items" },
		{ arena_printf(cx->arena, "BEARER %s", w.made), 200, "items" },
		{ arena_printf(cx->arena, "  %s  ", w.made), 200, "items" },
		{ NULL, 401, "Missing Authorization header" },
		{ "   ", 401, "Missing Authorization header" },
		{ "My API Key", 401, "Invalid API key" },
		{ "Bearer", 401, "Invalid API key" },
		{ "Basic YTpi", 401, "Invalid API key" },
		{ "arc_0123456789abcdefghijklmnopqrstuvwxyzABCD", 401, "Invalid API key" },
		{ arena_printf(cx->arena, "Token %s", w.made), 401, "Invalid API key" },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		w.key = t[i].header;
		struct tt_answer a = tt_send(&w, "GET", "/v1/admin/auth_providers", NULL);
		CHECK_ROW(t[i].header == NULL ? "none" : t[i].header,
			  a.status == t[i].status && tt_has(a.body, t[i].says));
		CHECK_ROW(a.body, a.status == 200 || tt_has(a.body, "\"name\":\"invalid_authorization\""));
	}
}

TEST(bodies_that_are_refused)
{
	static const struct {
		const char *name, *type, *body;
		int status;
		const char *says;
	} t[] = {
		{ "no body", "application/json", "", 400, "malformed_request" },
		{ "not JSON", "application/json", "{\"user_id\":", 400, "not valid JSON" },
		{ "a list", "application/json", "[1]", 400, "must be a JSON object" },
		{ "text", "application/json", "{} {}", 400, "not valid JSON" },
		{ "not UTF-8", "application/json", "{\"user_id\":\"\xff\"}", 400, "malformed_request" },
		{ "duplicate keys", "application/json", "{\"user_id\":\"a\",\"user_id\":\"b\"}", 400,
		  "malformed_request" },
		{ "other type", "text/plain", AUTHORIZE, 415, "unsupported_media_type" },
		{ "form", "application/x-www-form-urlencoded", "a=b", 415, "unsupported_media_type" },
		{ "type with charset", "Application/JSON; charset=utf-8", AUTHORIZE, 200, "pending" },
		{ "no requirement", NULL, "{\"user_id\":\"a\"}", 400, "\"field\":\"auth_requirement\"" },
		{ "empty requirement", NULL, "{\"user_id\":\"a\",\"auth_requirement\":{}}", 400,
		  "\"field\":\"auth_requirement\"" },
		{ "no user", NULL, "{\"auth_requirement\":{\"provider_id\":\"discord\"}}", 400,
		  "\"field\":\"user_id\",\"rule\":\"required\"" },
		{ "empty user", NULL, "{\"user_id\":\"  \",\"auth_requirement\":{\"provider_id\":\"discord\"}}", 400,
		  "\"field\":\"user_id\"" },
		{ "user is a number", NULL, "{\"user_id\":7,\"auth_requirement\":{\"provider_id\":\"discord\"}}", 400,
		  "must be a string" },
		{ "scopes a string", NULL,
		  "{\"user_id\":\"a\",\"auth_requirement\":{\"provider_id\":\"discord\",\"oauth2\":{\"scopes\":\"x\"}}"
		  "}",
		  400, "auth_requirement.oauth2.scopes" },
		{ "type of provider", NULL,
		  "{\"user_id\":\"a\",\"auth_requirement\":{\"provider_id\":\"discord\",\"provider_type\":\"saml\"}}",
		  400, "auth_requirement.provider_type" },
		{ "odd case of type", NULL,
		  "{\"user_id\":\"b\",\"auth_requirement\":{\"provider_id\":\"discord\",\"provider_type\":\"OAuth2\"}}",
		  200, "pending" },
		{ "unknown provider", NULL, "{\"user_id\":\"a\",\"auth_requirement\":{\"provider_id\":\"nope\"}}", 400,
		  "auth_provider_not_found" },
		{ "next_uri not http", NULL,
		  "{\"user_id\":\"a\",\"next_uri\":\"javascript:alert(1)\",\"auth_requirement\":{\"provider_id\":"
		  "\"discord\"}}",
		  400, "\"field\":\"next_uri\"" },
	};
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	tt_api_begin(tt_ctx(), &w);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		w.type = t[i].type;
		struct tt_answer a = tt_send(&w, "POST", "/v1/auth/authorize", t[i].body);
		CHECK_ROW(arena_printf(w.cx->arena, "%s: %d %s", t[i].name, a.status, a.body),
			  a.status == t[i].status && tt_has(a.body, t[i].says));
	}
}

TEST(a_body_nested_too_deep_is_refused)
{
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };
	CLEANUP(buf_free) struct buf b = BUF(4096);

	tt_api_begin(tt_ctx(), &w);
	buf_str(&b, "{\"a\":");
	for (int i = 0; i < 100; i++)
		buf_char(&b, '[');
	for (int i = 0; i < 100; i++)
		buf_char(&b, ']');
	buf_str(&b, "}");
	buf_char(&b, '\0');
	struct tt_answer a = tt_send(&w, "POST", "/v1/auth/authorize", b.p);
	CHECK_ROW(a.body, a.status == 400 && tt_has(a.body, "malformed_request"));
}

TEST(status_questions_that_are_refused)
{
	static const struct {
		const char *target;
		int status;
		const char *says;
	} t[] = {
		{ "/v1/auth/status", 400, "\"field\":\"id\",\"rule\":\"required\"" },
		{ "/v1/auth/status?id=", 400, "\"field\":\"id\"" },
		{ "/v1/auth/status?id=ar_nobody", 404, "not_found" },
		{ "/v1/auth/status?id=ar_nobody&wait=1", 404, "not_found" },
		{ "/v1/auth/status?id=a&wait=x", 400, "\"field\":\"wait\",\"rule\":\"integer\"" },
		{ "/v1/auth/status?id=a&wait=1.5", 400, "\"field\":\"wait\"" },
		{ "/v1/auth/status?id=a&id=b", 400, "malformed_request" },
		{ "/v1/auth/nothing", 404, "route_not_found" },
		{ "/_stainless_unknown_path", 404, "route_not_found" },
	};
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	tt_api_begin(tt_ctx(), &w);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct tt_answer a = tt_send(&w, "GET", t[i].target, NULL);
		CHECK_ROW(t[i].target, a.status == t[i].status && tt_has(a.body, t[i].says));
		CHECK_ROW(t[i].target, tt_has(a.head, "x-should-retry: false"));
	}
	CHECK(tt_send(&w, "DELETE", "/v1/auth/status", NULL).status == 404); /* no 405 (contract 1.5) */
}

TEST(the_scoped_twin_asks_for_the_keys_own_project)
{
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };
	struct project p;
	struct ctx *cx = tt_ctx();

	tt_api_begin(cx, &w);
	CHECK(!IS_ERR(project_find(cx, w.f.en, SV_NONE, SV("default"), &p)));
	const struct {
		const char *target;
		int status;
	} t[] = {
		{ "/v1/orgs/default/projects/default/admin/auth_providers", 200 },
		{ arena_printf(cx->arena, "/v1/orgs/%s/projects/%s/admin/auth_providers", p.org_id, p.id), 200 },
		{ arena_printf(cx->arena, "/tb/v1/orgs/%s/projects/%s/api_keys", p.org_id, p.id), 200 },
		{ "/v1/orgs/default/projects/another/admin/auth_providers", 403 },
		{ arena_printf(cx->arena, "/v1/orgs/another/projects/%s/admin/auth_providers", p.id), 403 },
		{ "/v1/orgs/default/projects/default/nothing", 404 },
		{ "/v1/orgs/default/projects/default/health", 200 },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct tt_answer a = tt_send(&w, "GET", t[i].target, NULL);
		CHECK_ROW(t[i].target, a.status == t[i].status);
	}
	w.key = NULL;
	w.control = true;
	CHECK(tt_send(&w, "GET", "/v1/orgs/default/projects/another/admin/auth_providers", NULL).status == 404);
	CHECK(tt_send(&w, "GET", "/v1/orgs/default/projects/default/admin/auth_providers", NULL).status == 200);
}

TEST(a_dry_run_of_the_verifier)
{
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	tt_api_begin(tt_ctx(), &w);
	struct tt_answer a = tt_send(&w, "POST", "/v1/auth/validate_custom_verifier",
				     "{\"user_id\":\"u\",\"verifier_url\":\"https://app.example/v\"}");
	CHECK_ROW(a.body, a.status == 200 && tt_has(a.body, "\"next_uri\":\"https://app.example/v?flow_id="));
	const char *confirm =
	    arena_printf(w.cx->arena, "{\"flow_id\":\"%s\",\"user_id\":\"u\"}", tt_value(&w, a.body, "flow_id"));
	a = tt_send(&w, "POST", "/v1/auth/confirm_user", confirm);
	CHECK_ROW(a.body, a.status == 200);
	a = tt_send(&w, "POST", "/v1/auth/validate_custom_verifier",
		    "{\"user_id\":\"u\",\"verifier_url\":\"ftp://x\"}");
	CHECK_ROW(a.body, a.status == 400 && tt_has(a.body, "\"field\":\"verifier_url\""));
}

TEST(what_anyone_may_ask)
{
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	tt_api_begin(tt_ctx(), &w);
	w.key = NULL;
	w.f.e.config.max_worker_timeout_s = 300;
	struct tt_answer a = tt_send(&w, "GET", "/v1/health", NULL);
	CHECK_ROW(a.body,
		  a.status == 200 && strncmp(a.body, "{\"healthy\":true,\"checks\":[{\"name\":\"serving\",", 44) == 0);
	a = tt_send(&w, "HEAD", "/v1/health", NULL);
	CHECK(a.status == 200);
	a = tt_send(&w, "GET", "/v1/config", NULL);
	CHECK_ROW(a.body,
		  a.status == 200 &&
		      tt_has(a.body, "\"callback_url_template\":\"http://localhost:9099/api/v1/oauth/{id}/callback\""));
	CHECK(tt_has(a.body, "\"clientId\":") && tt_has(a.body, "\"timeout_max_seconds\":300"));
	a = tt_send(&w, "GET", "/v1/swagger", NULL);
	CHECK(a.status == 200 && tt_has(a.body, "\"openapi\":\"3.0.3\""));
}

/* Every allocation of a run fails once: the answer is an error or complete, never half. */
TEST(the_api_without_memory)
{
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	tt_api_begin(tt_ctx(), &w);
	struct tt_answer a = tt_send(&w, "POST", "/v1/auth/confirm_user", consent(&w));
	CHECK_ROW(a.body, a.status == 200);
	const struct {
		const char *method, *target, *body;
	} t[] = {
		{ "POST", "/v1/auth/authorize", AUTHORIZE },
		{ "GET", "/v1/admin/auth_providers", NULL },
		{ "GET", "/v1/admin/user_connections", NULL },
		{ "GET", "/tb/v1/events", NULL },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		w.fail_alloc = 0;
		const char *good = tt_send(&w, t[i].method, t[i].target, t[i].body).body;
		long n = w.allocs;
		CHECK_ROW(t[i].target, n > 0);
		for (w.fail_alloc = 1; w.fail_alloc <= n; w.fail_alloc++) {
			a = tt_send(&w, t[i].method, t[i].target, t[i].body);
			CHECK_ROW(arena_printf(w.cx->arena, "%s: allocation %ld: %d %s", t[i].target, w.fail_alloc,
					       a.status, a.body),
				  a.status == 200 ? strcmp(a.body, good) == 0 : a.status >= 400);
		}
	}
}
