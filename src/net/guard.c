/* SPDX-License-Identifier: Apache-2.0 */
#include "net/guard.h"
#include "core/text.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* An address as 16 bytes and its family, so that one comparison serves both. */
struct addr {
	bool v6;
	uint8_t b[16];
};
struct net_range {
	struct addr base;
	unsigned bits;
};
struct target {
	struct sv host, port; /* "": any */
};
struct guard {
	const struct url *peers;
	size_t n_peers;
	bool development, proxied;
	struct net_range *ranges;
	size_t n_ranges;
	struct sv *names; /* "api.internal" or "*.internal" */
	size_t n_names;
	struct target *targets;
	size_t n_targets;
};

/* ---- addresses ---- */
static bool addr_of_text(struct sv host, struct addr *out)
{
	char z[64];

	*out = (struct addr){ .v6 = false };
	if (!sv_copy(host, z, sizeof z))
		return false;
	if (inet_pton(AF_INET, z, out->b) == 1)
		return true;
	out->v6 = true;
	return inet_pton(AF_INET6, z, out->b) == 1;
}

static bool addr_of_sockaddr(const struct sockaddr *sa, struct addr *out)
{
	*out = (struct addr){ .v6 = sa->sa_family == AF_INET6 };
	if (sa->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, sa, sizeof in);
		memcpy(out->b, &in.sin_addr, 4);
		return true;
	}
	if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, sa, sizeof in6);
		memcpy(out->b, &in6.sin6_addr, 16);
		return true;
	}
	return false;
}

static bool in_range(const struct addr *a, const struct addr *base, unsigned bits)
{
	if (a->v6 != base->v6)
		return false;
	for (unsigned i = 0; i < bits; i += 8) {
		unsigned left = bits - i < 8 ? bits - i : 8;
		uint8_t mask = (uint8_t)(0xFFu << (8 - left));

		if (((a->b[i / 8] ^ base->b[i / 8]) & mask) != 0)
			return false;
	}
	return true;
}

#define V4(p, q, r, s, n)                                         \
	{                                                         \
		{ .v6 = false, .b = { (p), (q), (r), (s) } }, (n) \
	}
#define V6(p, q, r, s, n)                                        \
	{                                                        \
		{ .v6 = true, .b = { (p), (q), (r), (s) } }, (n) \
	}

/* IANA's special-purpose registries (RFC 6890), and one metadata service that lives at a public address. */
static const struct net_range not_public[] = {
	V4(0, 0, 0, 0, 8),        V4(10, 0, 0, 0, 8),       V4(100, 64, 0, 0, 10),
	V4(127, 0, 0, 0, 8),      V4(169, 254, 0, 0, 16),   V4(172, 16, 0, 0, 12),
	V4(192, 0, 0, 0, 24),     V4(192, 0, 2, 0, 24),     V4(192, 88, 99, 0, 24),
	V4(192, 168, 0, 0, 16),   V4(198, 18, 0, 0, 15),    V4(198, 51, 100, 0, 24),
	V4(203, 0, 113, 0, 24),   V4(224, 0, 0, 0, 4),      V4(240, 0, 0, 0, 4),
	V4(168, 63, 129, 16, 32), V6(0x20, 0x01, 0, 0, 23), V6(0x20, 0x01, 0x0d, 0xb8, 32),
	V6(0x20, 0x02, 0, 0, 16), V6(0x3f, 0xff, 0, 0, 20),
};
/* Of IPv6 only this is global unicast; mapped, translated, local and multicast addresses all lie outside. */
static const struct net_range v6_unicast = V6(0x20, 0, 0, 0, 3);

static bool is_public(const struct addr *a)
{
	if (a->v6 && !in_range(a, &v6_unicast.base, v6_unicast.bits))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(not_public); i++)
		if (in_range(a, &not_public[i].base, not_public[i].bits))
			return false;
	return true;
}

static bool is_loopback(const struct addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	return a->v6 ? memcmp(a->b, one, sizeof one) == 0 : a->b[0] == 127;
}

static bool is_listed(const struct guard *g, const struct addr *a)
{
	for (size_t i = 0; i < g->n_ranges; i++)
		if (in_range(a, &g->ranges[i].base, g->ranges[i].bits))
			return true;
	return false;
}

bool guard_address(const struct guard *g, enum guard_level level, const struct sockaddr *sa)
{
	struct addr a;

	if (level == GUARD_ANY)
		return true;
	if (!addr_of_sockaddr(sa, &a))
		return false;
	switch (level) {
	case GUARD_PUBLIC: return is_public(&a) || is_listed(g, &a);
	case GUARD_LISTED: return is_listed(g, &a);
	case GUARD_LOOPBACK: return is_loopback(&a);
	case GUARD_ANY: return true;
	case GUARD_REFUSED:
	default: return false;
	}
}

/* ---- names ---- */
static bool name_listed(const struct guard *g, struct sv host)
{
	for (size_t i = 0; i < g->n_names; i++) {
		struct sv n = g->names[i];

		if (sv_ieq(n, host))
			return true;
		if (sv_starts(n, SV("*.")) && host.n >= n.n && sv_ieq(sv_from(host, host.n - n.n + 1), sv_from(n, 1)))
			return true;
	}
	return false;
}

static bool is_target(const struct guard *g, const struct url *u)
{
	for (size_t i = 0; i < g->n_targets; i++) {
		const struct target *t = &g->targets[i];

		if ((t->host.n == 0 || sv_ieq(t->host, u->host)) && (t->port.n == 0 || sv_eq(t->port, u->port)))
			return true;
	}
	return false;
}

static bool is_peer(const struct guard *g, const struct url *u)
{
	for (size_t i = 0; i < g->n_peers; i++) {
		const struct url *p = &g->peers[i];

		if (p->https == u->https && sv_eq(p->host, u->host) && sv_eq(p->port, u->port))
			return true;
	}
	return false;
}
enum guard_level guard_url(const struct guard *g, const struct url *u, const char **why)
{
	struct addr a;
	bool literal = addr_of_text(u->host, &a), listed = literal && is_listed(g, &a);
	bool dev = g->development && u->loopback;

	*why = "";
	if (name_listed(g, u->host) || listed || is_peer(g, u))
		return GUARD_ANY;
	if (!u->https && !dev) {
		*why = "http is allowed only to hosts of security.ssrf_allowlist";
		return g->n_ranges > 0 && !literal && !g->proxied ? GUARD_LISTED : GUARD_REFUSED;
	}
	if (is_target(g, u))
		return GUARD_ANY;
	if (dev)
		return g->proxied ? GUARD_ANY : GUARD_LOOPBACK;
	if ((literal && !is_public(&a)) || u->loopback) {
		*why = "private, loopback and special addresses are refused unless security.ssrf_allowlist has them";
		return GUARD_REFUSED;
	}
	return g->proxied ? GUARD_ANY : GUARD_PUBLIC;
}

/* ---- reading the lists ---- */
static bool read_range(struct sv t, struct net_range *out)
{
	struct sv rest = t, head = sv_cut(&rest, '/');
	int64_t bits = 0;

	if (!addr_of_text(head, &out->base))
		return false;
	bits = out->base.v6 ? 128 : 32;
	if (rest.p != NULL && !sv_i64(rest, 0, bits, &bits))
		return false;
	out->bits = (unsigned)bits;
	return true;
}

static bool is_name(struct sv t)
{
	struct sv n = sv_starts(t, SV("*.")) ? sv_from(t, 2) : t;

	return text_is_id(n, 253, ".-_");
}

static struct err read_allowlist(struct ctx *cx, struct guard *g, struct sv_list list)
{
	for (size_t i = 0; i < list.n; i++) {
		if (read_range(list.v[i], &g->ranges[g->n_ranges]))
			g->n_ranges++;
		else if (is_name(list.v[i]))
			g->names[g->n_names++] = list.v[i];
		else
			return refuse(
			    cx, E_CONFIG,
			    "security.ssrf_allowlist: '%.*s' is neither a host, *.host, an address nor a CIDR",
			    SV_FMT(list.v[i]));
	}
	return OK;
}

/* As curl --connect-to; the host may be an IPv6 address in brackets. */
static struct sv cut_host(struct sv *rest)
{
	size_t at;

	if (!sv_starts(*rest, SV("[")) || !sv_find(*rest, SV("]:"), &at))
		return sv_cut(rest, ':');
	struct sv host = { rest->p + 1, at - 1 };
	*rest = sv_from(*rest, at + 2);
	return host;
}

static bool port_or_empty(struct sv p)
{
	int64_t n;

	return p.p != NULL && (p.n == 0 || sv_i64(p, 1, 65535, &n));
}

static struct err read_targets(struct ctx *cx, struct guard *g, struct sv_list list)
{
	for (size_t i = 0; i < list.n; i++) {
		struct sv rest = list.v[i];
		struct sv host = cut_host(&rest), port = sv_cut(&rest, ':'), to = cut_host(&rest);

		if (!port_or_empty(port) || !port_or_empty(rest) || to.n == 0)
			return refuse(cx, E_CONFIG,
				      "network.connect_to: '%.*s' is not HOST:PORT:CONNECT-TO-HOST:CONNECT-TO-PORT",
				      SV_FMT(list.v[i]));
		g->targets[g->n_targets++] = (struct target){ .host = host, .port = port };
	}
	return OK;
}

void guard_free(struct guard *g)
{
	if (g == NULL)
		return;
	free(g->ranges);
	free(g->names);
	free(g->targets);
	free(g);
}

struct err guard_new(struct ctx *cx, const struct guard_how *how, struct guard **out)
{
	CLEANUP(guard_drop) struct guard *g = calloc(1, sizeof *g);

	*out = NULL;
	if (g == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "guard");
	g->development = how->development;
	g->proxied = how->proxied;
	g->ranges = calloc(how->allowlist.n + 1, sizeof *g->ranges);
	g->names = calloc(how->allowlist.n + 1, sizeof *g->names);
	g->targets = calloc(how->connect_to.n + 1, sizeof *g->targets);
	if (g->ranges == NULL || g->names == NULL || g->targets == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "guard");
	g->peers = how->peers;
	g->n_peers = how->n_peers;
	TRY(read_allowlist(cx, g, how->allowlist));
	TRY(read_targets(cx, g, how->connect_to));
	*out = TAKE(g);
	return OK;
}
