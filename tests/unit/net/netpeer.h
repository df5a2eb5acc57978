/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NETPEER_H
#define NETPEER_H
/* netpeer.h: a small server for tests: a thread a connection, answers chosen by the request's path, over TCP, a unix
 * socket or TLS with a certificate made on the spot for peer.example. */
#include "core/base.h"
struct peer;
struct peer_how {
	bool tls;
	const char *unix_path; /* instead of a loopback port */
	const char *location;  /* what /to redirects to */
};
struct peer *peer_start(const struct peer_how *how);
void peer_stop(struct peer *p);
int peer_port(const struct peer *p) NONNULL(1);
const char *peer_ca(const struct peer *p) NONNULL(1); /* PEM file of its certificate */
int peer_requests(struct peer *p) NONNULL(1);         /* whole request heads that arrived */
int peer_connections(struct peer *p) NONNULL(1);
#endif
