/* SPDX-License-Identifier: Apache-2.0 */
/* Which addresses may be called: a line of URL, a line of allow-list, a line of connect_to, the rest an address in
 * bytes (4 or 16).  Against the plain rule: with an empty list no call reaches this machine, its networks or a metadata
 * service. */
#include "core/text.h"
#include "fuzz.h"
#include "net/guard.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

enum { MOST = 8 };

/* By arithmetic on the whole number, not by the product's table. */
static bool plainly_private4(uint32_t a)
{
	uint32_t top = a >> 24;

	return top == 0 || top == 10 || top == 127 || top >= 224 || a >> 16 == 0xA9FE || a >> 20 == 0xAC1 ||
	       a >> 16 == 0xC0A8 || a >> 22 == (100u << 24 | 64u << 16) >> 22 || a == 0xA83F8110;
}

static bool plainly_private6(const uint8_t b[16])
{
	static const uint8_t zero[12];
	uint32_t last = (uint32_t)b[12] << 24 | (uint32_t)b[13] << 16 | (uint32_t)b[14] << 8 | b[15];

	if (memcmp(b, zero, 10) == 0 && (b[10] == 0xFF || memcmp(b, zero, 12) == 0))
		return true; /* ::, ::1, v4-mapped and v4-compatible: never as they are */
	if (b[0] == 0 && b[1] == 0x64 && b[2] == 0xFF && b[3] == 0x9B)
		return plainly_private4(last);
	return (b[0] & 0xFE) == 0xFC || (b[0] == 0xFE && b[1] >= 0x80) || b[0] == 0xFF;
}

static struct sv_list split(struct sv line, struct sv v[MOST])
{
	struct sv_list l = { v, 0 };

	while (line.p != NULL && line.n > 0 && l.n < MOST)
		v[l.n++] = sv_cut(&line, ' ');
	return l;
}

static void addresses(const struct guard *g, struct sv raw)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (raw.n >= 4) {
		memcpy(&v4.sin_addr, raw.p, 4);
		bool may = guard_address(g, GUARD_PUBLIC, (struct sockaddr *)&v4);
		MUST(!may || !plainly_private4(ntohl(v4.sin_addr.s_addr)));
		MUST(guard_address(g, GUARD_LOOPBACK, (struct sockaddr *)&v4) == ((uint8_t)raw.p[0] == 127));
	}
	if (raw.n >= 16) {
		memcpy(&v6.sin6_addr, raw.p, 16);
		bool may = guard_address(g, GUARD_PUBLIC, (struct sockaddr *)&v6);
		MUST(!may || !plainly_private6((const uint8_t *)raw.p));
	}
	MUST(!guard_address(g, GUARD_REFUSED, (struct sockaddr *)&v4) &&
	     !guard_address(g, GUARD_LISTED, (struct sockaddr *)&v4));
}

/* A literal of ours in the URL is refused before any socket is made. */
static void literal(const struct guard *g, const struct url *u)
{
	char host[64];
	struct in_addr v4;
	struct in6_addr v6;
	const char *why = NULL;
	enum guard_level level = guard_url(g, u, &why);

	MUST(why != NULL && (level != GUARD_REFUSED || why[0] != '\0'));
	MUST(level == GUARD_REFUSED || level == GUARD_PUBLIC);
	MUST(level == GUARD_REFUSED || (u->https && !u->loopback));
	if (!sv_copy(u->host, host, sizeof host) || level == GUARD_REFUSED)
		return;
	MUST(inet_pton(AF_INET, host, &v4) != 1 || !plainly_private4(ntohl(v4.s_addr)));
	MUST(inet_pton(AF_INET6, host, &v6) != 1 || !plainly_private6(v6.s6_addr));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx *cx = fuzz_ctx();
	struct sv rest = fuzz_sv(data, size), text = sv_cut(&rest, '\n'), v[2][MOST];
	struct guard_how how = { .allowlist = split(sv_cut(&rest, '\n'), v[0]),
				 .connect_to = split(sv_cut(&rest, '\n'), v[1]) };
	CLEANUP(guard_drop) struct guard *none = NULL, *some = NULL;
	const char *why = NULL;
	struct url u;
	bool is_url = !IS_ERR(url_parse(cx, text, "url", &u));

	(void)forgive(cx);
	MUST(!IS_ERR(guard_new(cx, &(struct guard_how){ .development = false }, &none)));
	addresses(none, rest);
	if (is_url)
		literal(none, &u);
	for (size_t i = 0; i < how.allowlist.n + how.connect_to.n; i++)
		if (!text_is_utf8(i < how.allowlist.n ? v[0][i] : v[1][i - how.allowlist.n]))
			return 0; /* configuration is UTF-8 */
	struct err e = guard_new(cx, &how, &some);
	fuzz_outcome(cx, e);
	MUST(IS_ERR(e) == (some == NULL));
	/* what a list adds is never less */
	if (some != NULL && is_url && guard_url(none, &u, &why) != GUARD_REFUSED)
		MUST(guard_url(some, &u, &why) != GUARD_REFUSED);
	return 0;
}
