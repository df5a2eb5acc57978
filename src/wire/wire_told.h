/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_TOLD_H
#define WIRE_TOLD_H
/* wire_told.h: what was asked and what came, in one line each, fit for the timeline.
 *
 * Promises: no secret that is known to the call's environment, no query, no value of a parameter but the harmless ones
 * named in wire_told.c, no value of an answer's member but a lifetime.
 */
#include "net/net.h"
#include "wire/wire_body.h"
struct wire_told {
	struct sv method, url;
	const struct wire_pairs *params; /* NULL: a body of its own */
	const char *client;              /* how the client showed itself: "basic", …; NULL: not at all */
};
void wire_told_asked(const struct wire_env *e, const struct wire_told *in, struct wire_outcome *how) NONNULL(1, 2, 3);
void wire_told_reply(const struct wire_env *e, const struct net_reply *r, struct wire_outcome *how) NONNULL(1, 2, 3);
/* tree NULL: it could not be read. */
void wire_told_members(const struct wire_env *e, const struct node *tree, struct wire_outcome *how) NONNULL(1, 3);
#endif
