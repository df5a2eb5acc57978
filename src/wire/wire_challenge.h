/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_CHALLENGE_H
#define WIRE_CHALLENGE_H
/* wire_challenge.h: WWW-Authenticate of a server that wants a token (RFC 9110 11.6.1, RFC 6750 3, RFC 9728 5.1).
 *
 * Promises: of several challenges the first Bearer counts; a name that stands twice and text that is no challenge are
 * read as far as they make sense, never beyond the text.
 */
#include "core/node.h"
struct wire_challenge {
	bool bearer;                               /* there is one */
	struct sv resource_metadata, scope, error; /* in cx->arena; p NULL: not said */
};
/* header n 0: none came. */
struct err wire_challenge_read(struct ctx *cx, struct sv header, struct wire_challenge *out) MUST_USE NONNULL(1, 3);
/* A list of scopes between spaces; at most `most`, the rest is left out. */
struct err wire_challenge_scopes(struct ctx *cx, struct sv scope, size_t most, struct sv_list *out) MUST_USE
    NONNULL(1, 4);
#endif
