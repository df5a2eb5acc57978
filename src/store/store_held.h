/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_HELD_H
#define STORE_HELD_H
/* store_held.h: which tokens are held: keyed hashes of a pair, in columns beside its boxes.
 *
 * Some providers give one token out again at every consent of the same account, also to another user of ours.
 * Revoking it for one holder would end it for all, so whoever gives a pair up asks here first (store_revocation.h).
 */
#include "core/secret.h"
#include "store/store.h"
struct held_macs { /* in cx->arena; p NULL: no such token */
	struct sv access, refresh;
};
/* Of the two texts of domain/tokens.h, NULL: none. */
struct err store_held_macs(struct ctx *cx, const struct store *st, const struct secret *access,
			   const struct secret *refresh_json, struct held_macs *out) MUST_USE NONNULL(1, 2, 5);
/* Does a live connection or an unverified flow hold one of the two?  The caller has ended its own row before. */
struct err store_held(struct ctx *cx, struct tx *tx, const struct held_macs *macs, bool *held) MUST_USE
    NONNULL(1, 2, 3, 4);
/* At start: those of live connections that were made before there were macs. */
struct err store_held_fill(struct ctx *cx, struct store *st) MUST_USE NONNULL(1, 2);
#endif
