/* SPDX-License-Identifier: Apache-2.0 */
#include "http/proxies.h"
#include "core/text.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* Every address is held as IPv6; IPv4 as ::ffff:a.b.c.d. */
struct ip {
	uint8_t b[16];
};
struct range {
	struct ip ip;
	unsigned bits;
};
struct proxies {
	size_t n;
	struct range r[];
};
static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

static bool read_ip(struct sv text, struct ip *ip, bool *v4)
{
	char z[IP_TEXT];

	if (!sv_copy(text, z, sizeof z))
		return false;
	*v4 = inet_pton(AF_INET, z, ip->b + 12) == 1;
	if (*v4)
		memcpy(ip->b, mapped, sizeof mapped);
	return *v4 || inet_pton(AF_INET6, z, ip->b) == 1;
}

static void write_ip(const struct ip *ip, char out[static IP_TEXT])
{
	bool v4 = memcmp(ip->b, mapped, sizeof mapped) == 0;

	if (inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? ip->b + 12 : ip->b, out, IP_TEXT) == NULL)
		out[0] = '\0';
}

static bool within(const struct ip *ip, const struct range *r)
{
	size_t whole = r->bits / 8;
	unsigned rest = r->bits % 8;

	if (memcmp(ip->b, r->ip.b, whole) != 0)
		return false;
	return rest == 0 || (unsigned)(ip->b[whole] ^ r->ip.b[whole]) >> (8 - rest) == 0;
}

static bool read_range(struct sv text, struct range *r)
{
	struct sv bits = text, ip = sv_cut(&bits, '/');
	int64_t n = 128;
	bool v4;

	if (!read_ip(ip, &r->ip, &v4))
		return false;
	if (bits.p != NULL && !sv_i64(bits, 0, v4 ? 32 : 128, &n))
		return false;
	r->bits = (unsigned)(v4 && bits.p != NULL ? n + 96 : n);
	return true;
}

void proxies_free(struct proxies *p) { free(p); }

struct err proxies_new(struct ctx *cx, const struct sv_list *cidrs, struct proxies **out)
{
	*out = NULL;
	if (cidrs->n == 0)
		return OK;
	CLEANUP(proxies_drop) struct proxies *p = calloc(1, sizeof *p + cidrs->n * sizeof p->r[0]);
	if (p == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "%zu trusted proxies", cidrs->n);
	for (; p->n < cidrs->n; p->n++)
		if (!read_range(cidrs->v[p->n], &p->r[p->n]))
			return refuse(cx, E_CONFIG, "api.trusted_proxies: \"%.*s\" is neither an address nor a CIDR",
				      SV_FMT(cidrs->v[p->n]));
	*out = TAKE(p);
	return OK;
}

void proxies_text(const struct sockaddr *sa, char out[static IP_TEXT])
{
	struct ip ip = { { 0 } };

	out[0] = '\0';
	if (sa->sa_family == AF_INET) {
		struct sockaddr_in in;
		memcpy(&in, sa, sizeof in);
		memcpy(ip.b, mapped, sizeof mapped);
		memcpy(ip.b + 12, &in.sin_addr, 4);
		write_ip(&ip, out);
	} else if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;
		memcpy(&in6, sa, sizeof in6);
		memcpy(ip.b, &in6.sin6_addr, sizeof ip.b);
		write_ip(&ip, out);
	}
}

static bool trusted(const struct proxies *p, const struct ip *ip)
{
	for (size_t i = 0; i < p->n; i++)
		if (within(ip, &p->r[i]))
			return true;
	return false;
}

bool proxies_client(const struct proxies *p, const char *peer, struct sv forwarded, char out[static IP_TEXT])
{
	struct ip ip;
	bool v4;

	if (!sv_copy(sv_of(peer), out, IP_TEXT))
		out[0] = '\0';
	if (p == NULL || !read_ip(sv_of(peer), &ip, &v4))
		return false;
	while (trusted(p, &ip) && forwarded.n > 0) {
		size_t at = forwarded.n;
		while (at > 0 && forwarded.p[at - 1] != ',')
			at--;
		if (!read_ip(sv_trim(sv_from(forwarded, at)), &ip, &v4))
			return false;
		write_ip(&ip, out);
		forwarded = sv_upto(forwarded, at == 0 ? 0 : at - 1);
	}
	return trusted(p, &ip);
}
