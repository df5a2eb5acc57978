/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_H
#define CLIENT_H
/* client.h: the command line as a client of the public API (design 15).
 *
 * Owns:     the way to the engine: over the network with --url and --key (else ARCADE_BASE_URL and ARCADE_API_KEY,
 * unless --data is given); else the control socket, as the operator; else, with no engine running on an existing
 * folder, the same route handlers in this process, under the folder's lock. Promises: an answer other than 2xx is an
 * error with the API's own message; an engine that cannot be reached is exit status 4.
 */
#include "app/cli.h"
#include "core/node.h"
struct client;
struct client_ask {
	const char *method;
	const char *path; /* of client_path */
	struct sv body;   /* JSON; p NULL: none */
};
struct client_answer {
	int status;
	struct sv body;          /* in cx->arena */
	const struct node *json; /* NULL: no body */
	struct sv revocation;    /* header Tokenbooth-Revocation; "" when absent */
};
void client_free(struct client *c);
struct err client_open(struct cli *cli, struct client **out) MUST_USE NONNULL(1, 2);
struct err client_call(struct cli *cli, struct client *c, const struct client_ask *ask,
		       struct client_answer *out) MUST_USE NONNULL(1, 2, 3, 4);
/* How long an answer may take, instead of two minutes. */
void client_patience(struct client *c, int64_t wait) NONNULL(1);
/* "/v1" + the project's part when --project is given + "/" + rest (+ "/" + id, percent-encoded); NULL: out of memory.
 */
struct client_path {
	const char *base, *rest, *id;
};
const char *client_path(struct cli *cli, const struct client_path *p) NONNULL(1, 2);
const char *client_where(const struct client *c) NONNULL(1) RETURNS_NONNULL; /* in words */
/* Is an engine listening on this socket? */
bool client_socket_alive(const char *path) NONNULL(1);
static inline void client_drop(struct client **c)
{
	client_free(*c);
	*c = NULL;
}
#endif
