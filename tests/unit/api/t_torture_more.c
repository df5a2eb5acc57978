/* SPDX-License-Identifier: Apache-2.0 */
/* t_torture_more.c: as t_torture.c, for what needs more than a request to begin with: sessions, pages, secrets, workers
 * and their tools, waits, numbers, backup. */
#include "domain/secret_names.h"
#include "domain/toolbox.h"
#include "tt_torture.h"

#define SIGN_IN "{\"email\":\"ada@example.com\",\"password\":\"a long sentence\"}"
TEST(status_without_each_allocation)
{
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };
	struct tt_scopes scopes = { .v = { SV("identify") }, .n = 1 };

	tt_api_begin(tt_ctx(), &w);
	(void)tt_consent(w.cx, w.f.en, tt_ask(w.f.en, "has", &scopes), TT_TOKENS("tok", "identify"));
	const char *waits = tt_value(&w, tt_ask_for(&w, "waits"), "id"),
		   *has = tt_value(&w, tt_ask_for(&w, "has"), "id");
	const struct tt_call t[] = {
		{ "pending", "GET", arena_printf(w.cx->arena, "/v1/auth/status?id=%s", waits), NULL, 200, 0,
		  "\"pending\"" },
		{ "pending, waits", "GET", arena_printf(w.cx->arena, "/v1/auth/status?id=%s&wait=0", waits), NULL, 200,
		  0, "\"url\":" },
		{ "completed", "GET", arena_printf(w.cx->arena, "/v1/auth/status?id=%s", has), NULL, 200, 0,
		  "\"token\":\"tok\"" },
		{ "none", "GET", "/v1/auth/status?id=ar_none", NULL, 404, 0, NULL },
		{ "numbers", "GET", "/metrics", NULL, 200, 0, "tokenbooth_http_requests_total" },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		tt_torture(&w, &t[i], TT_SHORT);
	tt_whole(&w);
}

TEST(secrets_without_each_allocation)
{
	static const struct tt_call t[] = {
		{ "set", "PUT", "/v1/admin/secrets/KEY", "{\"value\":\"s3cret-%ld\"}", 200, 0, NULL },
		{ "set new", "POST", "/v1/admin/secrets/N%ld", "{\"value\":\"s3cret\"}", 200, 0, NULL },
		{ "list", "GET", "/v1/admin/secrets", NULL, 200, 0, "\"KEY\"" },
		{ "delete", "DELETE", "/v1/admin/secrets/N%ld", NULL, 204, 404, NULL },
	};
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	tt_api_begin(tt_ctx(), &w);
	CHECK(!IS_ERR(secret_names_open(w.cx, w.f.en, &w.f.en->secret_names)));
	CHECK(tt_send(&w, "PUT", "/v1/admin/secrets/KEY", "{\"value\":\"first\"}").status < 300);
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		tt_torture(&w, &t[i], TT_SHORT);
	struct tt_answer a = tt_send(&w, "GET", "/v1/admin/secrets", NULL);
	CHECK_ROW(a.body, a.status == 200 && !tt_has(a.body, "s3cret"));
	tt_whole(&w);
	secret_names_free(w.f.en->secret_names);
	w.f.en->secret_names = NULL;
}

TEST(workers_and_tools_without_each_allocation)
{
	static const struct tt_call t[] = {
		{ "worker add", "POST", "/v1/workers",
		  "{\"id\":\"w%ld\",\"type\":\"http\",\"http\":{\"uri\":\"https://w.example\",\"secret\":\"s\","
		  "\"timeout\":5,\"retry\":0}}",
		  201, 409, "\"id\":\"w" },
		{ "workers", "GET", "/v1/workers", NULL, 200, 0, "\"odd\"" },
		{ "worker", "GET", "/v1/workers/odd", NULL, 200, 0, "\"odd\"" },
		{ "worker health", "GET", "/v1/workers/odd/health", NULL, 200, 0, NULL },
		{ "worker tools", "GET", "/v1/workers/odd/tools", NULL, 200, 0, "\"Do\"" },
		{ "tools", "GET", "/v1/tools", NULL, 200, 0, "\"Do\"" },
		{ "tool", "GET", "/v1/tools/Odd.Do", NULL, 200, 0, "\"Do\"" },
		{ "execute", "POST", "/v1/tools/execute", "{\"tool_name\":\"Odd.Do\",\"user_id\":\"u%ld\"}", 200, 0,
		  NULL },
		{ "worker remove", "DELETE", "/v1/workers/w%ld", NULL, 204, 404, NULL },
	};
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	tt_api_begin(tt_ctx(), &w);
	w.f.e.config.max_worker_timeout_s = 300;
	CHECK(!IS_ERR(secret_names_open(w.cx, w.f.en, &w.f.en->secret_names)));
	CHECK(!IS_ERR(toolbox_open(w.cx, w.f.en, &w.f.en->tools)));
	tt_net_answer("worker.health", 200, "{\"status\":\"ok\"}");
	tt_net_answer(
	    "worker.tools", 200,
	    "[{\"name\":\"Do\",\"toolkit\":{\"name\":\"Odd\",\"version\":\"1.0.0\"},\"input\":{\"parameters\":[]},"
	    "\"output\":null,\"requirements\":{}}]");
	tt_net_answer("worker.invoke", 200, "{\"success\":true,\"output\":{\"value\":\"well\"}}");
	struct tt_answer a =
	    tt_send(&w, "POST", "/v1/workers",
		    "{\"id\":\"odd\",\"type\":\"http\",\"http\":{\"uri\":\"https://w.example\",\"secret\":"
		    "\"s\",\"timeout\":5,\"retry\":0}}");
	CHECK_ROW(a.body, a.status == 201);
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		tt_torture(&w, &t[i], TT_SHORT);
	a = tt_send(&w, "POST", "/v1/tools/execute", "{\"tool_name\":\"Odd.Do\",\"user_id\":\"u\"}");
	CHECK_ROW(a.body, a.status == 200 && tt_has(a.body, "\"well\""));
	tt_whole(&w);
	toolbox_drop(&w.f.en->tools);
	secret_names_free(w.f.en->secret_names);
	w.f.en->secret_names = NULL;
}

/* ---- sessions ---- */
static void account(struct tt_api *w)
{
	(void)tt_account(w, "ada@example.com", "owner");
	w->key = NULL;
	w->origin = TT_ORIGIN;
}
TEST(sessions_without_each_allocation)
{
	static const struct tt_call in = { "sign in", "POST", "/tb/v1/sessions", SIGN_IN, 201, 0, "ada@example.com" },
				    shown[] = {
					    { "who", "GET", "/tb/v1/sessions/current", NULL, 200, 0,
					      "ada@example.com" },
					    { "dashboard", "GET", "/dashboard", NULL, 200, 0, NULL },
				    };
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	tt_api_begin(tt_ctx(), &w);
	account(&w);
	tt_torture(&w, &in, TT_COSTLY);
	tt_sign_in(&w, "ada@example.com");
	for (size_t i = 0; i < ARRAY_LEN(shown); i++)
		tt_torture(&w, &shown[i], TT_SHORT);
	struct tt_answer a = { .status = 0 };
	for (long k = 1; a.status != 204; k++) { /* out: in force or not at all, and never a success that is none */
		w.fail_any = k;
		a = tt_send(&w, "DELETE", "/tb/v1/sessions/current", NULL);
		w.fail_any = 0;
		CHECK_ROW(a.body, a.status == 204 || a.status >= 500 || a.status == 401);
		struct tt_answer now = tt_send(&w, "GET", "/tb/v1/sessions/current", NULL);
		CHECK_ROW(now.body, now.status == 401 || (now.status == 200 && a.status != 204));
		if (now.status == 401 && a.status != 204)
			tt_sign_in(&w, "ada@example.com");
	}
	tt_whole(&w);
}

/* ---- the browser's pages ---- */
/* A click and the provider's answer to it; the answer's page. */
static struct tt_answer through_provider(struct tt_api *w, const char *user, const char *query, long k)
{
	const char *link = strstr(tt_value(w, tt_ask_for(w, user), "url"), "/connect/"), *session = w->cookie,
		   *key = w->key;

	CHECK(link != NULL);
	w->key = NULL;
	w->accept = "text/html";
	struct tt_answer a = tt_send(w, "GET", link, NULL);
	CHECK(a.status == 303);
	const char *browser = tt_set_cookie(w, &a, "tb_9099"),
		   *state = tt_param(w->cx, sv_of(tt_location(w, &a)), "state");
	w->cookie = session == NULL ? browser : arena_printf(w->cx->arena, "%s; %s", browser, session);
	const char *target =
	    query != NULL ? arena_printf(w->cx->arena, "%s&state=%s", query, state) : tt_query(w->cx, "c0de", state);
	w->fail_any = k;
	a = tt_send(w, "GET", arena_printf(w->cx->arena, "/api/v1/oauth/discord/callback?%s", target), NULL);
	w->fail_any = 0;
	w->key = key;
	return a;
}
TEST(pages_without_each_allocation)
{
	static const struct tt_call t[] = {
		{ "sign-in", "GET", "/sign-in", NULL, 200, 0, "password" },
		{ "success", "GET", "/api/v1/oauth/callback_success", NULL, 200, 0, NULL },
		{ "no flow", "GET", "/api/v1/oauth/callback_verify?flow_id=nope", NULL, 404, 0, NULL },
		{ "no link", "GET", "/connect/nope", NULL, 404, 0, NULL },
	};
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };
	struct tt_answer a = { .status = 0 };

	tt_api_begin(tt_ctx(), &w);
	const char *key = w.key;
	account(&w);
	w.key = key;
	w.origin = NULL;
	w.accept = "text/html";
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		tt_torture(&w, &t[i], TT_SHORT);
	for (long k = 1; a.status != 400 && a.status != 403 && a.status != 200; k += 5) { /* the user said no */
		w.cookie = NULL;
		a = through_provider(&w, arena_printf(w.cx->arena, "no-%ld", k), "error=access_denied", k);
		CHECK_ROW(a.body, a.status >= 500 || tt_has(a.body, "The user said no") || tt_has(a.body, "said no"));
	}
	tt_whole(&w);
}
TEST(the_built_in_verifier_without_each_allocation)
{
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };
	struct tt_answer a = { .status = 0 };

	tt_api_begin(tt_ctx(), &w);
	const char *key = w.key;
	w.f.e.config.verifier_url = NULL;
	account(&w);
	tt_sign_in(&w, "ada@example.com");
	w.key = key;
	w.csrf = NULL;
	tt_net_answer("token", 200, TT_TOKENS("tok-b", "identify"));
	tt_net_answer("userinfo", 200, "{\"id\":\"1\"}");
	a = through_provider(&w, "ada@example.com", NULL, 0);
	CHECK_ROW(a.body, a.status == 303);
	w.key = NULL;
	const char *page = tt_location(&w, &a) + strlen(TT_ORIGIN);
	tt_torture(&w, &(struct tt_call){ "verify", "GET", page, NULL, 200, 0, "Is this you?" }, TT_SHORT);
	a = tt_send(&w, "GET", page, NULL);
	const char *form =
	    arena_printf(w.cx->arena, "csrf=%s&flow_id=%s", tt_hidden(&w, strstr(a.body, "callback_verify"), "csrf"),
			 tt_hidden(&w, a.body, "flow_id"));
	a.status = 0;
	for (long k = 1; a.status != 200; k++) { /* until it is done; then once only */
		w.fail_any = k;
		a = tt_send(&w, "POST", "/api/v1/oauth/callback_verify", form);
		w.fail_any = 0;
		CHECK_ROW(a.body, a.status >= 500 || tt_has(a.body, "Discord is connected"));
	}
	tt_tortured(a.route);
	CHECK(tt_count(w.cx, w.f.en, "SELECT count(*) FROM connections WHERE status = 'live'") == 1);
	tt_whole(&w);
}

/* ---- backup ---- */
TEST(a_backup_without_each_allocation)
{
	static const struct tt_call make = { "backup", "POST", "/tb/v1/backup", NULL, 201, 0, "\"file\":" };
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	tt_api_begin(tt_ctx(), &w);
	w.f.e.config.data_dir = w.f.e.s.dir;
	w.key = NULL;
	w.control = true;
	tt_torture(&w, &make, TT_COSTLY);
	tt_whole(&w);
}
