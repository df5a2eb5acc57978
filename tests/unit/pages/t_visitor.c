/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "pages/visitor.h"
#include "tt.h"

TEST(cookie_names)
{
	static const struct {
		bool https;
		const char *hostport;
		enum visitor_cookie which;
		const char *want;
	} t[] = {
		{ true, "tb.example", VISITOR_BROWSER, "__Host-tb" },
		{ true, "tb.example:8443", VISITOR_SESSION, "__Host-tb_session" },
		{ true, "tb.example", VISITOR_SETUP, "__Host-tb_setup" },
		{ false, "localhost:9099", VISITOR_BROWSER, "tb_9099" },
		{ false, "localhost:9099", VISITOR_SESSION, "tb_session_9099" },
		{ false, "[::1]:8080", VISITOR_BROWSER, "tb_8080" },
		{ false, "localhost", VISITOR_BROWSER, "tb_80" },
		{ false, "127.0.0.1", VISITOR_SETUP, "tb_setup_80" },
		{ false, "[::1]", VISITOR_BROWSER, "tb_80" },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct config c = { .public_https = t[i].https, .public_hostport = t[i].hostport };
		char name[VISITOR_NAME];
		visitor_name(&c, t[i].which, name);
		CHECK_ROW(t[i].want, strcmp(name, t[i].want) == 0);
	}
}

TEST(cookies_are_set_for_this_address_only)
{
	static const struct {
		bool https;
		const char *want;
	} t[] = {
		{ true, "Set-Cookie: __Host-tb_session=v; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax; Secure\r\n" },
		{ false, "Set-Cookie: tb_session_9099=v; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax\r\n" },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		CLEANUP(buf_free) struct buf head = BUF(1024);
		struct config c = { .public_https = t[i].https, .public_hostport = "localhost:9099" };
		struct engine en = { .config = &c };
		struct request rq = { .cx = tt_ctx(), .en = &en, .head = &head };
		visitor_set(&rq, VISITOR_SESSION, SV("v"));
		CHECK_ROW(t[i].want, sv_eqz(buf_view(&head), t[i].want));
	}
}

TEST(where_a_request_comes_from)
{
	static const struct {
		const char *origin, *site;
		bool strict, want;
	} t[] = {
		{ "http://localhost:9099", NULL, true, true },
		{ "HTTP://LOCALHOST:9099", NULL, true, true },
		{ "http://localhost:9099", "cross-site", true, true },
		{ "http://localhost:9098", NULL, false, false },
		{ "https://localhost:9099", NULL, false, false },
		{ "http://localhost:9099/", NULL, false, false },
		{ "null", NULL, false, false },
		{ "null", "same-origin", true, true },
		{ "null", "cross-site", false, false },
		{ "", NULL, false, false },
		{ "http://evil.example", "same-origin", false, false },
		{ NULL, "same-origin", true, true },
		{ NULL, "same-site", false, false },
		{ NULL, "cross-site", false, false },
		{ NULL, "none", false, false },
		{ NULL, NULL, false, true },
		{ NULL, NULL, true, false },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct config c = { .public_url = "http://localhost:9099" };
		struct engine en = { .config = &c };
		struct header h[2];
		struct request rq = { .cx = tt_ctx(), .en = &en, .headers = h };
		if (t[i].origin != NULL)
			h[rq.n_headers++] = (struct header){ SV("Origin"), sv_of(t[i].origin) };
		if (t[i].site != NULL)
			h[rq.n_headers++] = (struct header){ SV("Sec-Fetch-Site"), sv_of(t[i].site) };
		CHECK_ROW(t[i].origin != NULL ? t[i].origin : "no origin",
			  visitor_own_origin(&rq, t[i].strict) == t[i].want);
	}
}

TEST(ways_back_lead_to_our_own_pages_only)
{
	static const struct {
		const char *asked;
		bool kept;
	} t[] = {
		{ "/dashboard", true },
		{ "/dashboard/keys?x=1", true },
		{ "/api/v1/oauth/callback_verify?flow_id=abc", true },
		{ "", false },
		{ "https://evil.example", false },
		{ "//evil.example", false },
		{ "/\\evil.example", false },
		{ "/dashboardx", false },
		{ "/dashboard//evil", false },
		{ "/dashboard/../connect/x", false },
		{ "/dashboard\r\nSet-Cookie: a=b", false },
		{ "/dashboard\\x", false },
		{ "/connect/token", false },
		{ "/sign-out", false },
		{ "dashboard", false },
		{ "javascript:alert(1)", false },
		{ "/dashboard?\xff", false },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		CHECK_ROW(t[i].asked, sv_eqz(visitor_return(sv_of(t[i].asked)), t[i].kept ? t[i].asked : "/dashboard"));
	CHECK(sv_eqz(visitor_return(SV_NONE), "/dashboard"));
}

TEST(another_host_leads_to_the_public_one_once)
{
	static const struct {
		const char *host, *target, *location;
	} t[] = {
		{ "localhost:9099", "/connect/t", NULL },
		{ "LOCALHOST:9099", "/connect/t", NULL },
		{ "127.0.0.1:9099", "/connect/t", "http://localhost:9099/connect/t?moved=1" },
		{ "evil.example", "/connect/t?a=b", "http://localhost:9099/connect/t?a=b&moved=1" },
		{ "evil.example", "/connect/t?moved=1", NULL },
		{ "evil.example", "/connect/t?a=b&moved=1", NULL },
		{ "evil.example", "/connect/t?removed=1", "http://localhost:9099/connect/t?removed=1&moved=1" },
		{ "evil.example", "/connect/t?moved=12", "http://localhost:9099/connect/t?moved=12&moved=1" },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		CLEANUP(buf_free) struct buf out = BUF(1024);
		CLEANUP(buf_free) struct buf head = BUF(1024);
		struct config c = { .public_url = "http://localhost:9099", .public_hostport = "localhost:9099" };
		struct engine en = { .config = &c };
		struct request rq = { .cx = tt_ctx(),
				      .en = &en,
				      .out = &out,
				      .head = &head,
				      .host = sv_of(t[i].host),
				      .target = sv_of(t[i].target) };
		struct sv query = rq.target;
		size_t at;
		rq.path = sv_cut(&query, '?');
		rq.query = query.p == NULL ? SV("") : query;
		CHECK_ROW(t[i].target, visitor_moved(&rq) == (t[i].location != NULL));
		CHECK_ROW(t[i].target, t[i].location == NULL ||
					   (rq.status == 303 && sv_find(buf_view(&head), sv_of(t[i].location), &at)));
	}
}

TEST(looking_is_not_clicking)
{
	static const struct {
		enum method m;
		const char *name, *value;
		bool looks;
	} t[] = {
		{ M_GET, "Sec-Fetch-Mode", "navigate", false },
		{ M_HEAD, "Accept", "*/*", true },
		{ M_GET, "Sec-Purpose", "prefetch", true },
		{ M_GET, "Sec-Purpose", "prefetch;prerender", true },
		{ M_GET, "Purpose", "prefetch", true },
		{ M_GET, "X-Moz", "prefetch", true },
		{ M_GET, "Sec-Purpose", "", false },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct header h = { sv_of(t[i].name), sv_of(t[i].value) };
		struct request rq = { .method = t[i].m, .headers = &h, .n_headers = 1 };
		CHECK_ROW(t[i].value, visitor_only_looks(&rq) == t[i].looks);
	}
}
