/* SPDX-License-Identifier: Apache-2.0 */
/* t_way_browser.c: the pages, as a browser goes through them. */
#include "domain/people.h"
#include "pages/pages.h"
#include "tt_api.h"

static const char *form(struct tt_api *w, const char *csrf, const char *rest)
{
	return arena_printf(w->cx->arena, "csrf=%s&%s", csrf, rest);
}

static void safe(const struct tt_answer *a)
{
	static const char *const want[] = {
		"Content-Security-Policy: default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
		"frame-ancestors 'none'; form-action 'self'",
		"Referrer-Policy: same-origin\r\n", "X-Content-Type-Options: nosniff\r\n", "Cache-Control: no-store\r\n"
	};

	for (size_t i = 0; i < ARRAY_LEN(want); i++)
		CHECK_ROW(want[i], tt_has(a->head, want[i]));
	CHECK_ROW(a->body,
		  strncmp(a->type, "text/html", 9) == 0 && !tt_has(a->body, "<script") && !tt_has(a->body, " style="));
	CHECK_ROW(a->body,
		  tt_has(a->body, "<html lang=\"en\">") && tt_has(a->body, "<main ") && tt_has(a->body, "</html>"));
}

/* The first account; w has its session afterwards. */
static void set_up(struct tt_api *w)
{
	CLEANUP(secret_drop) struct secret *token = NULL;

	w->key = NULL;
	CHECK(!IS_ERR(people_setup_begin(w->cx, w->f.en, &token)));
	const char *url = arena_text(w->cx->arena, pages_setup_url(w->cx, w->f.en, secret_view(token)));
	struct tt_answer a = tt_send(w, "GET", url + strlen("http://localhost:9099"), NULL);
	CHECK(a.status == 303 && strcmp(tt_location(w, &a), "/setup") == 0);
	w->cookie = tt_set_cookie(w, &a, "tb_setup_9099");
	a = tt_send(w, "GET", "/setup", NULL);
	CHECK(a.status == 200);
	safe(&a);
	w->origin = "http://localhost:9099";
	const char *csrf = tt_hidden(w, a.body, "csrf");
	a = tt_send(w, "POST", "/setup", form(w, csrf, "email=ada%40example.com&password=short"));
	CHECK_ROW(a.body,
		  a.status == 400 && tt_has(a.body, "role=\"alert\"") && tt_has(a.body, "value=\"ada@example.com\""));
	a = tt_send(w, "POST", "/setup", form(w, "wrong", "email=ada%40example.com&password=a+long+sentence"));
	CHECK_ROW(a.body, a.status == 403);
	a = tt_send(w, "POST", "/setup", form(w, csrf, "email=ada%40example.com&password=a+long+sentence"));
	CHECK_ROW(a.body, a.status == 303 && strcmp(tt_location(w, &a), "/dashboard") == 0);
	CHECK(tt_has(a.head, "tb_setup_9099=; Path=/; Max-Age=0"));
	w->cookie = tt_set_cookie(w, &a, "tb_session_9099");
}

TEST(set_up_dashboard_sign_out_sign_in)
{
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	tt_api_begin(tt_ctx(), &w);
	w.key = NULL;
	struct tt_answer a = tt_send(&w, "GET", "/setup", NULL);
	CHECK_ROW(a.body, a.status == 403 && tt_has(a.body, "one-time set-up address"));
	set_up(&w);
	a = tt_send(&w, "GET", "/dashboard", NULL);
	CHECK_ROW(a.head, a.status == 200 && strncmp(a.type, "text/html", 9) == 0 &&
			      tt_has(a.head, "Content-Encoding: gzip\r\n") &&
			      tt_has(a.head, "Vary: Accept-Encoding\r\n") &&
			      tt_has(a.head, "script-src 'self'; style-src 'self'") && !tt_has(a.head, "unsafe-"));
	a = tt_send(&w, "GET", "/tb/v1/sessions/current", NULL);
	CHECK_ROW(a.body, a.status == 200 && tt_has(a.body, "ada@example.com"));
	char bound[CSRF_TEXT];
	const char *csrf = bound, *session = strstr(w.cookie, "tb_session_9099=");
	people_csrf(w.f.en, sv_of(session + strlen("tb_session_9099=")), bound);
	a = tt_send(&w, "POST", "/sign-out", "csrf=wrong");
	CHECK(a.status == 403);
	a = tt_send(&w, "POST", "/sign-out", form(&w, csrf, "x=1"));
	CHECK(a.status == 303 && tt_has(a.head, "tb_session_9099=; Path=/; Max-Age=0"));
	a = tt_send(&w, "GET", "/dashboard", NULL);
	CHECK(a.status == 303 && strcmp(tt_location(&w, &a), "/sign-in?return=%2Fdashboard") == 0);
	w.cookie = NULL;
	a = tt_send(&w, "GET", "/sign-in?return=https%3A%2F%2Fevil.example", NULL);
	CHECK(a.status == 200 && strcmp(tt_hidden(&w, a.body, "return"), "/dashboard") == 0);
	safe(&a);
	csrf = tt_hidden(&w, a.body, "csrf");
	const char *mine = tt_set_cookie(&w, &a, "tb_9099");
	a = tt_send(&w, "POST", "/sign-in", form(&w, csrf, "email=ada%40example.com&password=a+long+sentence"));
	CHECK_ROW(a.body, a.status == 403); /* without the cookie the form was made for */
	w.cookie = mine;
	a = tt_send(&w, "POST", "/sign-in", form(&w, csrf, "email=ada%40example.com&password=wrong+one+here"));
	CHECK_ROW(a.body, a.status == 401 && tt_has(a.body, "role=\"alert\"") && !tt_has(a.body, "wrong one here"));
	w.origin = "https://evil.example";
	a = tt_send(&w, "POST", "/sign-in", form(&w, csrf, "email=ada%40example.com&password=a+long+sentence"));
	CHECK_ROW(a.body, a.status == 403);
	w.origin = NULL;
	a = tt_send(&w, "POST", "/sign-in",
		    form(&w, csrf, "email=ada%40example.com&password=a+long+sentence&return=%2Fdashboard"));
	CHECK_ROW(a.body, a.status == 303 && tt_set_cookie(&w, &a, "tb_session_9099")[0] != '\0');
	a = tt_send(&w, "GET", "/setup", NULL);
	CHECK_ROW(a.body, a.status == 200 && tt_has(a.body, "This engine is set up"));
}

/* Up to the built-in verifier; w has browser and session cookie afterwards.  Returns the page's address. */
static const char *to_verifier(struct tt_api *w, const char *user)
{
	struct auth_view v;
	struct tt_scopes scopes = { { SV_INIT("identify") }, 1 };
	const char *session = w->cookie == NULL ? "" : w->cookie;

	CHECK(!IS_ERR(tt_authorize(w->cx, w->f.en, tt_ask(w->f.en, user, &scopes), &v)));
	const char *link = arena_text(w->cx->arena, v.url);
	struct tt_answer a = tt_send(w, "GET", link + strlen("http://localhost:9099"), NULL);
	CHECK(a.status == 303);
	w->cookie = arena_printf(w->cx->arena, "%s; %s", tt_set_cookie(w, &a, "tb_9099"), session);
	tt_net_answer("token", 200, TT_TOKENS("tok-b", "identify"));
	tt_net_answer("userinfo", 200, "{\"id\":\"1\"}");
	const char *state = tt_param(w->cx, sv_of(tt_location(w, &a)), "state");
	a = tt_send(w, "GET",
		    arena_printf(w->cx->arena, "/api/v1/oauth/discord/callback?%s", tt_query(w->cx, "c0de", state)),
		    NULL);
	CHECK_ROW(a.body, a.status == 303);
	const char *to = tt_location(w, &a);
	CHECK_ROW(to, strncmp(to, "http://localhost:9099/api/v1/oauth/callback_verify?flow_id=", 59) == 0);
	return to + strlen("http://localhost:9099");
}

TEST(the_built_in_verifier_confirms_the_right_account)
{
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	tt_api_begin(tt_ctx(), &w);
	w.f.e.config.verifier_url = NULL;
	set_up(&w);
	const char *page = to_verifier(&w, "ada@example.com");
	struct tt_answer a = tt_send(&w, "GET", page, NULL);
	CHECK_ROW(a.body, a.status == 200 && tt_has(a.body, "Is this you?") && tt_has(a.body, "Discord"));
	safe(&a);
	const char *csrf = tt_hidden(&w, strstr(a.body, "callback_verify"), "csrf"),
		   *flow = tt_hidden(&w, a.body, "flow_id");
	w.origin = "http://localhost:9099";
	a = tt_send(&w, "POST", "/api/v1/oauth/callback_verify",
		    arena_printf(w.cx->arena, "csrf=wrong&flow_id=%s", flow));
	CHECK(a.status == 403);
	a = tt_send(&w, "POST", "/api/v1/oauth/callback_verify",
		    arena_printf(w.cx->arena, "csrf=%s&flow_id=%s", csrf, flow));
	CHECK_ROW(a.body,
		  a.status == 200 && tt_has(a.body, "Discord is connected") && tt_has(a.body, "close this window"));
	CHECK(tt_count(w.cx, w.f.en, "SELECT count(*) FROM connections") == 1);
}

TEST(the_built_in_verifier_asks_to_sign_in_and_refuses_another_account)
{
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	tt_api_begin(tt_ctx(), &w);
	w.f.e.config.verifier_url = NULL;
	set_up(&w);
	const char *session = w.cookie;
	w.cookie = NULL;
	const char *page = to_verifier(&w, "bob@example.com");
	struct tt_answer a = tt_send(&w, "GET", page, NULL);
	CHECK_ROW(a.body, a.status == 200 && tt_has(a.body, "action=\"/sign-in\""));
	CHECK_ROW(a.body, strncmp(tt_hidden(&w, a.body, "return"), "/api/v1/oauth/callback_verify?flow_id=", 38) == 0);
	w.cookie = arena_printf(w.cx->arena, "%s %s", w.cookie, session);
	a = tt_send(&w, "GET", page, NULL);
	CHECK_ROW(a.body, a.status == 403 && tt_has(a.body, "another account") && tt_has(a.body, "ada@example.com"));
	CHECK(!tt_has(a.body, "bob@example.com"));
	CHECK(tt_count(w.cx, w.f.en, "SELECT count(*) FROM connections") == 0);
	a = tt_send(&w, "GET", "/api/v1/oauth/callback_verify", NULL);
	CHECK(a.status == 404);
	a = tt_send(&w, "GET", "/api/v1/oauth/callback_verify?flow_id=nope", NULL);
	CHECK_ROW(a.body, a.status == 404 && tt_has(a.body, "not valid"));
}

TEST(a_link_that_is_only_looked_at_is_not_clicked)
{
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };
	struct tt_scopes scopes = { { SV_INIT("identify") }, 1 };
	struct auth_view v;

	tt_api_begin(tt_ctx(), &w);
	CHECK(!IS_ERR(tt_authorize(w.cx, w.f.en, tt_ask(w.f.en, "u", &scopes), &v)));
	const char *link = arena_text(w.cx->arena, v.url) + strlen("http://localhost:9099");
	struct tt_answer a = tt_send(&w, "HEAD", link, NULL);
	CHECK(a.status == 200);
	w.purpose = "prefetch;prerender";
	a = tt_send(&w, "GET", link, NULL);
	CHECK(a.status == 503);
	CHECK(tt_count(w.cx, w.f.en, "SELECT count(*) FROM flows") == 0);
	w.purpose = NULL;
	w.host = "127.0.0.1:9099";
	a = tt_send(&w, "GET", link, NULL);
	CHECK(a.status == 303 && strncmp(tt_location(&w, &a), "http://localhost:9099/connect/", 30) == 0);
	CHECK(tt_has(tt_location(&w, &a), "?moved=1") && tt_count(w.cx, w.f.en, "SELECT count(*) FROM flows") == 0);
	a = tt_send(&w, "GET", arena_printf(w.cx->arena, "%s?moved=1", link), NULL);
	CHECK(a.status == 303 &&
	      tt_count(w.cx, w.f.en, "SELECT count(*) FROM flows") == 1); /* a proxy that rewrites Host: no loop */
	CHECK(tt_has(a.head, "Set-Cookie: tb_9099=") && tt_has(a.head, "; HttpOnly; SameSite=Lax\r\n"));
}

TEST(pages_for_what_went_wrong)
{
	static const struct {
		const char *target;
		int status;
		const char *says;
	} t[] = {
		{ "/connect/nobody", 404, "not valid" },
		{ "/api/v1/oauth/discord/callback?state=x&code=y", 400, "</html>" },
		{ "/api/v1/oauth/discord/callback", 400, "</html>" },
		{ "/api/v1/oauth/none/callback?state=x&code=y", 400, "</html>" },
		{ "/oauth/callback?state=x&code=y", 400, "</html>" },
		{ "/api/v1/oauth/callback_success", 200, "The app can now go on" },
		{ "/api/v1/oauth/callback_success?test=true", 200, "Your verifier works" },
		{ "/assets/nothing.js", 404, "no such file" },
		{ "/nowhere", 404, "no page at this address" },
	};
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	tt_api_begin(tt_ctx(), &w);
	w.key = NULL;
	w.accept = "text/html,*/*";
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct tt_answer a = tt_send(&w, "GET", t[i].target, NULL);
		CHECK_ROW(arena_printf(w.cx->arena, "%s: %d %s", t[i].target, a.status, a.body),
			  (a.status == t[i].status || (t[i].status == 400 && a.status == 404)) &&
			      tt_has(a.body, t[i].says));
		safe(&a);
	}
	w.accept = NULL;
	CHECK(tt_has(tt_send(&w, "GET", "/nowhere", NULL).body, "route_not_found"));
}

TEST(denied_at_the_provider)
{
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };
	struct tt_scopes scopes = { { SV_INIT("identify") }, 1 };
	struct auth_view v;

	tt_api_begin(tt_ctx(), &w);
	CHECK(!IS_ERR(tt_authorize(w.cx, w.f.en, tt_ask(w.f.en, "u", &scopes), &v)));
	struct tt_answer a = tt_send(&w, "GET", arena_text(w.cx->arena, v.url) + strlen("http://localhost:9099"), NULL);
	w.cookie = tt_set_cookie(&w, &a, "tb_9099");
	const char *state = tt_param(w.cx, sv_of(tt_location(&w, &a)), "state");
	a = tt_send(
	    &w, "GET",
	    arena_printf(
		w.cx->arena,
		"/api/v1/oauth/discord/callback?error=access_denied&error_description=%%3Cscript%%3Ehi&state=%s",
		state),
	    NULL);
	CHECK_ROW(a.body,
		  a.status == 400 && tt_has(a.body, "was not connected") && tt_has(a.body, "<code>denied</code>"));
	safe(&a);
}

TEST(the_style_sheet_is_kept_for_ever_under_its_version)
{
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	tt_api_begin(tt_ctx(), &w);
	struct tt_answer a = tt_send(&w, "GET", "/api/v1/oauth/callback_success", NULL);
	const char *at = strstr(a.body, "/assets/tb.css?v=");
	CHECK(at != NULL);
	a = tt_send(&w, "GET", arena_text(w.cx->arena, (struct sv){ at, strcspn(at, "\"") }), NULL);
	CHECK(a.status == 200 && strncmp(a.type, "text/css", 8) == 0 && tt_has(a.head, "immutable") &&
	      tt_has(a.head, "ETag: \""));
	CHECK(tt_has(a.body, "prefers-color-scheme: dark"));
	a = tt_send(&w, "GET", "/assets/tb.svg", NULL);
	CHECK(a.status == 200 && strcmp(a.type, "image/svg+xml") == 0);
	a = tt_send(&w, "GET", "/", NULL);
	CHECK(a.status == 303 && strcmp(tt_location(&w, &a), "/dashboard") == 0);
}

/* Every allocation of a run fails once: the answer is complete or an error (without words, when even those have no
 * memory), never half. */
TEST(pages_without_memory)
{
	static const char *const targets[] = { "/sign-in",           "/setup",
					       "/connect/nobody",    "/api/v1/oauth/callback_success",
					       "/assets/tb.css?v=1", "/nowhere" };
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	tt_api_begin(tt_ctx(), &w);
	w.key = NULL;
	w.accept = "text/html";
	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		w.fail_alloc = 0;
		int good = tt_send(&w, "GET", targets[i], NULL).status;
		long n = w.allocs;
		for (w.fail_alloc = 1; w.fail_alloc <= n; w.fail_alloc++) {
			struct tt_answer a = tt_send(&w, "GET", targets[i], NULL);
			CHECK_ROW(
			    arena_printf(w.cx->arena, "%s: allocation %ld: %d", targets[i], w.fail_alloc, a.status),
			    a.status == good || a.status >= 400);
			CHECK_ROW(targets[i], a.status != good || good == 303 || a.type[5] != 'h' ||
						  a.body[0] == '\0' || tt_has(a.body, "</html>"));
			CHECK_ROW(targets[i], a.status != 200 || a.body[0] != '\0');
		}
	}
}
