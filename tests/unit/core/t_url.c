/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ip.h"
#include "core/text.h"
#include "core/url.h"
#include "tt.h"

TEST(urls_are_taken_apart)
{
	static const struct {
		struct sv in;
		const char *scheme, *host, *port, *path, *query, *fragment;
		bool https, loopback;
	} t[] = {
		{ SV_INIT("https://discord.com/api/oauth2?a=1&b=%20#f"), "https", "discord.com", "443", "/api/oauth2",
		  "a=1&b=%20", "f", true, false },
		{ SV_INIT("HTTP://EXAMPLE.com"), "http", "example.com", "80", "/", NULL, NULL, false, false },
		{ SV_INIT("http://localhost:9099/x"), "http", "localhost", "9099", "/x", NULL, NULL, false, true },
		{ SV_INIT("http://127.8.9.1/"), "http", "127.8.9.1", "80", "/", NULL, NULL, false, true },
		{ SV_INIT("http://[::1]:8/"), "http", "::1", "8", "/", NULL, NULL, false, true },
		{ SV_INIT("https://[2001:DB8::1]/"), "https", "2001:db8::1", "443", "/", NULL, NULL, true, false },
		{ SV_INIT("https://h/?"), "https", "h", "443", "/", NULL, NULL, true, false },
		{ SV_INIT("https://h?x"), "https", "h", "443", "/", "x", NULL, true, false },
		{ SV_INIT("http://localhost.example.com/"), "http", "localhost.example.com", "80", "/", NULL, NULL,
		  false, false },
		{ SV_INIT("http://0x7f.1/"), "http", "127.0.0.1", "80", "/", NULL, NULL, false, true },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		struct url u;

		CHECK_ROW(t[i].in.p, !IS_ERR(url_parse(cx, t[i].in, "next_uri", &u)));
		CHECK_ROW(u.scheme.p,
			  sv_eqz(u.scheme, t[i].scheme) && sv_eqz(u.host, t[i].host) && sv_eqz(u.port, t[i].port));
		CHECK_ROW(t[i].in.p, sv_eqz(u.path, t[i].path) && u.https == t[i].https && u.loopback == t[i].loopback);
		CHECK_ROW(t[i].in.p, t[i].query == NULL ? u.query.n == 0 : sv_eqz(u.query, t[i].query));
		CHECK_ROW(t[i].in.p, t[i].fragment == NULL ? u.fragment.n == 0 : sv_eqz(u.fragment, t[i].fragment));
	}
}

TEST(what_is_no_web_address_is_refused)
{
	static const struct sv t[] = {
		SV_INIT(""),
		SV_INIT("/path"),
		SV_INIT("example.com"),
		SV_INIT("//example.com/"),
		SV_INIT("ftp://example.com/"),
		SV_INIT("javascript:alert(1)"),
		SV_INIT("data:text/html,x"),
		SV_INIT("file:///etc/passwd"),
		SV_INIT("mailto:a@b.c"),
		SV_INIT("http://"),
		SV_INIT("http:///x"),
		SV_INIT("http:/example.com"),
		SV_INIT("http:////x"),
		SV_INIT("https://user@example.com/"),
		SV_INIT("https://user:pw@example.com/"),
		SV_INIT("https://example.com:99999/"),
		SV_INIT("https://example.com:x/"),
		SV_INIT("https://exa mple.com/"),
		SV_INIT("https://%ffexample.com/"),
		SV_INIT("https://b%C3%BCcher.example/"),
		SV_INIT("https://example.com/a b"),
		SV_INIT("https://example.com/\r\nSet-Cookie: a=b"),
		SV_INIT("https://example.com/\0"),
		SV_INIT("https://example.com\\@other.com/"),
		SV_INIT("https:\\\\example.com/"),
		SV_INIT("https://ex\xC3\xA4mple.com/"),
		SV_INIT("https://example.com/\xC3\xA4"),
		SV_INIT("https://[::1"),
		SV_INIT("https://[fe80::1%25eth0]/"),
		SV_INIT("https://[zz]/"),
		SV_INIT("http:example.com"),
		SV_INIT("x-custom://cb"),
		SV_INIT("https://exam<ple.com/"),
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		struct url u;

		CHECK_ROW(t[i].p, url_parse(cx, t[i], "next_uri", &u).code == E_BAD_INPUT);
		CHECK_ROW(cx->cause.say, strcmp(cx->cause.fields[0].field, "next_uri") == 0 &&
					     strcmp(cx->cause.fields[0].rule, "url") == 0);
	}
}

TEST(parameters_are_added)
{
	static const struct {
		const char *url, *value, *want;
	} t[] = {
		{ "https://h/p", "v", "https://h/p?flow_id=v" },
		{ "https://h/p?a=1", "v", "https://h/p?a=1&flow_id=v" },
		{ "https://h/p?", "v", "https://h/p?flow_id=v" },
		{ "https://h/p?a=1&", "v", "https://h/p?a=1&flow_id=v" },
		{ "https://h/p#f", "v", "https://h/p?flow_id=v#f" },
		{ "https://h/p?a=1#f?x", "a b&=/", "https://h/p?a=1&flow_id=a%20b%26%3D%2F#f?x" },
		{ "https://h", "", "https://h?flow_id=" },
		{ "https://h/p?a=1?", "v", "https://h/p?a=1?&flow_id=v" },
		{ "https://h/#", "v", "https://h/?flow_id=v#" },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();

		CHECK_ROW(t[i].url,
			  sv_eqz(url_with_param(cx, sv_of(t[i].url), "flow_id", sv_of(t[i].value)), t[i].want));
	}
}

TEST(urls_without_memory_are_an_inner_error)
{
	for (size_t cap = 0;; cap += 16) {
		struct ctx *cx = tt_ctx();
		CLEANUP(arena_drop) struct arena *small = arena_new(cap);
		struct arena *before = cx->arena;
		struct url u;

		cx->arena = small;
		struct err e = url_parse(cx, SV("https://example.com/a?b#c"), "u", &u);
		cx->arena = before;
		if (!IS_ERR(e))
			break;
		CHECK(e.code == E_INTERNAL);
	}
	for (long k = 1;; k++) {
		struct ctx *cx = tt_ctx();

		tt_fail_alloc(k);
		struct sv s = url_with_param(cx, SV("https://example.com/a?b#c"), "u", SV("v"));
		tt_fail_alloc(0);
		if (s.p != NULL)
			break;
	}
}

TEST(an_ipv6_network_is_one_guesser)
{
	static const struct {
		const char *ip, *want;
	} t[] = {
		{ "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::" },
		{ "2001:db8:1:2:ffff::", "2001:db8:1:2::" },
		{ "2001:db8:1:3::6", "2001:db8:1:3::" },
		{ "fe80::1", "fe80::" },
		{ "::1", "::" },
		{ "203.0.113.9", "203.0.113.9" },
		{ "", "" },
		{ "no address", "no address" },
		{ "2001:db8:1:2:3:4:5:6:7", "2001:db8:1:2:3:4:5:6:7" },
		{ "not an address, and longer than any address could ever be",
		  "not an address, and longer than any address could ever be" },
	};
	char net[IP_NET];

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		CHECK_ROW(t[i].ip, sv_eqz(ip_net(sv_of(t[i].ip), net), t[i].want));
}
