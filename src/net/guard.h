/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUARD_H
#define GUARD_H
/* guard.h: which hosts and addresses may be called (design 12).
 *
 * Owns:     the allow-list and the connect_to list, taken apart; both borrowed texts must outlive the guard.
 * Promises: the level of a call depends on scheme, host and port only, which is also what libcurl keys its kept
 *           connections by: a connection opened under one level is never used under another.
 *           Addresses outside the public unicast space (RFC 6890 and its registry, v4-mapped and translated IPv6, the
 *           metadata services of the clouds) are refused unless a CIDR of the list holds them or the list names the
 * host. Needs:    core.  Knows no libcurl.
 */
#include "core/node.h"
#include "core/url.h"
struct sockaddr;
struct guard;
struct guard_how {
	struct sv_list allowlist;  /* "api.internal", "*.internal", "10.0.0.0/8" */
	struct sv_list connect_to; /* HOST:PORT:CONNECT-TO-HOST:CONNECT-TO-PORT */
	const struct url *peers;   /* their origins may be called; borrowed */
	size_t n_peers;
	bool development; /* http and https to loopback are allowed */
	bool proxied;     /* sockets go to the proxy: only names and literals can be checked */
};
enum guard_level {
	GUARD_REFUSED,
	GUARD_PUBLIC,   /* public addresses, and those of a listed CIDR */
	GUARD_LISTED,   /* only those of a listed CIDR: http to a name that is not itself listed */
	GUARD_LOOPBACK, /* only 127/8 and ::1 */
	GUARD_ANY       /* named in the list, an origin of peers, target of connect_to, or behind the proxy */
};
void guard_free(struct guard *g);
struct err guard_new(struct ctx *cx, const struct guard_how *how, struct guard **out) MUST_USE
    NONNULL(1, 2, 3); /* E_CONFIG */
/* *why: a constant sentence when refused. */
enum guard_level guard_url(const struct guard *g, const struct url *u, const char **why) NONNULL(1, 2, 3);
bool guard_address(const struct guard *g, enum guard_level level, const struct sockaddr *sa) NONNULL(1, 3);
static inline void guard_drop(struct guard **g)
{
	guard_free(*g);
	*g = NULL;
}
#endif
