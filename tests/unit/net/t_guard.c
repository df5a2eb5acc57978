/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "net/guard.h"
#include "tt.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

static struct guard *guard_with(const char *list, const char *to, bool development)
{
	struct ctx *cx = tt_ctx();
	struct sv v[8], w[8];
	size_t n = 0, m = 0;
	struct guard *g = NULL;

	for (struct sv rest = sv_of(list); rest.p != NULL && rest.n > 0;)
		v[n++] = arena_sv(cx->arena, sv_cut(&rest, ' '));
	if (to[0] != '\0')
		w[m++] = sv_of(to);
	struct sv *kept = arena_array(cx->arena, n + m + 1, sizeof *kept);
	CHECK(kept != NULL);
	memcpy(kept, v, n * sizeof *v);
	memcpy(kept + n, w, m * sizeof *w);
	struct guard_how how = { .allowlist = { kept, n }, .connect_to = { kept + n, m }, .development = development };
	if (IS_ERR(guard_new(cx, &how, &g)))
		CHECK(cx->cause.code == E_CONFIG);
	return g;
}

TEST(guard_level_depends_on_scheme_host_and_port)
{
	static const struct {
		const char *list, *to, *url;
		bool development;
		enum guard_level want;
	} t[] = {
		{ "", "", "https://discord.com/api", false, GUARD_PUBLIC },
		{ "", "", "http://discord.com/api", false, GUARD_REFUSED },
		{ "", "", "http://discord.com/api", true, GUARD_REFUSED },
		{ "", "", "https://127.0.0.1/", false, GUARD_REFUSED },
		{ "", "", "https://localhost/", false, GUARD_REFUSED },
		{ "", "", "https://[::1]/", false, GUARD_REFUSED },
		{ "", "", "https://169.254.169.254/latest", false, GUARD_REFUSED },
		{ "", "", "https://0x7f.1/", false, GUARD_REFUSED },
		{ "", "", "https://2130706433/", false, GUARD_REFUSED },
		{ "", "", "https://[::ffff:8.8.8.8]/", false, GUARD_REFUSED },
		{ "", "", "https://10.1.2.3/", true, GUARD_REFUSED },
		{ "", "", "http://127.0.0.1:8080/", true, GUARD_LOOPBACK },
		{ "", "", "http://localhost:8080/", true, GUARD_LOOPBACK },
		{ "", "", "http://localhost.evil.example/", true, GUARD_REFUSED },
		{ "10.0.0.0/8", "", "http://10.1.2.3/", false, GUARD_ANY },
		{ "10.0.0.0/8", "", "https://10.1.2.3/", false, GUARD_ANY },
		{ "10.0.0.0/8", "", "http://11.1.2.3/", false, GUARD_REFUSED },
		{ "10.0.0.0/8", "", "http://worker.example/", false, GUARD_LISTED },
		{ "10.0.0.0/8", "", "https://worker.example/", false, GUARD_PUBLIC },
		{ "api.internal", "", "http://api.internal/", false, GUARD_ANY },
		{ "api.internal", "", "http://API.internal/", false, GUARD_ANY },
		{ "api.internal", "", "http://x.api.internal/", false, GUARD_REFUSED },
		{ "*.internal", "", "http://x.internal/", false, GUARD_ANY },
		{ "*.internal", "", "http://internal/", false, GUARD_REFUSED },
		{ "*.internal", "", "http://xinternal/", false, GUARD_REFUSED },
		{ "", "discord.com:443:127.0.0.1:8443", "https://discord.com/api", false, GUARD_ANY },
		{ "", "discord.com:443:127.0.0.1:8443", "https://discord.com:8443/", false, GUARD_PUBLIC },
		{ "", "discord.com:443:127.0.0.1:8443", "https://cdn.discord.com/", false, GUARD_PUBLIC },
		{ "", "discord.com:443:127.0.0.1:8443", "http://discord.com:443/", false, GUARD_REFUSED },
		{ "", "::127.0.0.1:8443", "https://anything.example/", false, GUARD_ANY },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		CLEANUP(guard_drop) struct guard *g = guard_with(t[i].list, t[i].to, t[i].development);
		struct url u;
		const char *why;

		CHECK_ROW(t[i].url, g != NULL && !IS_ERR(url_parse(tt_ctx(), sv_of(t[i].url), "url", &u)));
		enum guard_level got = guard_url(g, &u, &why);
		CHECK_ROW(t[i].url, got == t[i].want);
		CHECK_ROW(t[i].url, got != GUARD_REFUSED || why[0] != '\0');
	}
}

static bool allows(const struct guard *g, enum guard_level level, const char *ip)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, ip, &v4.sin_addr) == 1)
		return guard_address(g, level, (const struct sockaddr *)&v4);
	CHECK(inet_pton(AF_INET6, ip, &v6.sin6_addr) == 1);
	return guard_address(g, level, (const struct sockaddr *)&v6);
}

TEST(guard_refuses_every_address_that_is_not_public)
{
	static const char *const bad[] = { "0.0.0.0",
					   "0.1.2.3",
					   "10.0.0.1",
					   "100.64.0.1",
					   "100.100.100.200",
					   "127.0.0.1",
					   "127.255.255.254",
					   "169.254.169.254",
					   "172.16.0.1",
					   "172.31.255.255",
					   "192.0.0.192",
					   "192.0.2.1",
					   "192.168.1.1",
					   "198.18.0.1",
					   "198.51.100.7",
					   "203.0.113.9",
					   "224.0.0.1",
					   "255.255.255.255",
					   "168.63.129.16",
					   "::",
					   "::1",
					   "::ffff:127.0.0.1",
					   "::ffff:8.8.8.8",
					   "64:ff9b::7f00:1",
					   "fc00::1",
					   "fd00:ec2::254",
					   "fe80::1",
					   "ff02::1",
					   "2001:db8::1",
					   "2002:7f00:1::",
					   "2001::1",
					   "100::1" };
	static const char *const good[] = { "8.8.8.8",    "1.1.1.1",     "172.15.0.1",
					    "172.32.0.1", "100.128.0.1", "2606:4700::1111" };
	CLEANUP(guard_drop) struct guard *g = guard_with("", "", true);

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_ROW(bad[i], !allows(g, GUARD_PUBLIC, bad[i]) && !allows(g, GUARD_LISTED, bad[i]));
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		CHECK_ROW(good[i], allows(g, GUARD_PUBLIC, good[i]) && !allows(g, GUARD_LISTED, good[i]) &&
				       !allows(g, GUARD_LOOPBACK, good[i]) && !allows(g, GUARD_REFUSED, good[i]));
	CHECK(allows(g, GUARD_LOOPBACK, "127.0.0.1") && allows(g, GUARD_LOOPBACK, "::1"));
	CHECK(!allows(g, GUARD_LOOPBACK, "10.0.0.1") && !allows(g, GUARD_LOOPBACK, "::ffff:127.0.0.1"));
}

TEST(guard_lets_listed_ranges_through)
{
	CLEANUP(guard_drop) struct guard *g = guard_with("10.1.0.0/16 fd00::/8 192.168.7.7", "", false);

	CHECK(allows(g, GUARD_PUBLIC, "10.1.2.3") && allows(g, GUARD_LISTED, "10.1.255.255"));
	CHECK(allows(g, GUARD_PUBLIC, "fd12::1") && allows(g, GUARD_PUBLIC, "192.168.7.7"));
	CHECK(!allows(g, GUARD_PUBLIC, "10.2.0.1") && !allows(g, GUARD_PUBLIC, "192.168.7.8"));
	CHECK(!allows(g, GUARD_PUBLIC, "::ffff:10.1.2.3"));
}

TEST(guard_names_a_list_entry_it_cannot_read)
{
	static const char *const lists[] = { "10.0.0.0/33", "10.0.0.0/", "http://x", "a,b", "fd00::/129", "*." };
	static const char *const targets[] = { "discord.com", "discord.com:443", "discord.com:443:127.0.0.1",
					       "d:70000:h:1", "d:x:h:1",         "d:443::8443" };

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		CHECK_ROW(lists[i], guard_with(lists[i], "", false) == NULL);
	for (size_t i = 0; i < ARRAY_LEN(targets); i++)
		CHECK_ROW(targets[i], guard_with("", targets[i], false) == NULL);
}
