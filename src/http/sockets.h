/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SOCKETS_H
#define SOCKETS_H
/* sockets.h: bound sockets for the listeners.
 *
 * Promises: "localhost" is 127.0.0.1 and, where IPv6 works, ::1 with the same port; an address somebody else listens on
 * is refused although the sockets share their port among the loops; E_CONFIG says which address, why, and the mend.
 */
#include "http/server.h"
struct sockaddr_storage;
enum { SOCKETS_PER_ADDRESS = 4 };
struct sockets {
	struct sockaddr_storage *addr;
	size_t n;
	int port;
}; /* in cx->arena */
/* Resolves one address, takes a port when it is 0, and makes sure that nobody else listens there. */
struct err sockets_claim(struct ctx *cx, const struct listen *at, struct sockets *out) MUST_USE NONNULL(1, 2, 3);
/* One socket more on it, to be shared with the others; *fd is the caller's. */
struct err sockets_bind(struct ctx *cx, const struct sockaddr_storage *at, int *fd) MUST_USE NONNULL(1, 2, 3);
/* The unix socket at `path`, mode 0600; a dead one in its place is removed. */
struct err sockets_control(struct ctx *cx, const char *path, int *fd) MUST_USE NONNULL(1, 2, 3);
#endif
