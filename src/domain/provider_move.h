/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_MOVE_H
#define PROVIDER_MOVE_H
/* provider_move.h: has an edit of a provider moved an address that gets its client secret or its users' tokens to
 * another host?
 *
 * A stored secret is write-only and its grants were given to somebody: whoever may edit a provider must not be able to
 * have either sent to a host of his own.  So such an edit has to bring the secret again, and ends the connections as a
 * changed client does (design 5).  An attempt that was begun before it ends, too: it would send the new secret to the
 * old host, or what the old host gave to the new one. Needs: definitions as JSON text (provider_revisions).
 */
#include "core/base.h"
struct db;
/* secret: scheme, host or port of an address that may get the secret or a user's token differ, or a value or
 * environment that an address is made of does.  stored: the same for the token, refresh, exchange, revocation and
 * introspection addresses, which get what is stored; the user info address is only asked about a token just given, so
 * that to have one does not end what there is. */
struct provider_move {
	bool secret, stored;
};
struct err provider_move_find(struct ctx *cx, struct sv before, struct sv after, struct provider_move *out) MUST_USE
    NONNULL(1, 4);
/* *moved: the secret would go to another host than when revision `then` was written.  Of two revisions of one provider.
 * An unknown one has moved. */
struct provider_revisions {
	struct sv then, now;
};
struct err provider_move_since(struct ctx *cx, struct db *db, const struct provider_revisions *of, bool *moved) MUST_USE
    NONNULL(1, 2, 3, 4);
#endif
