/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_MOVE_H
#define PROVIDER_MOVE_H
/* provider_move.h: has an edit of a provider moved an address that gets its client secret or its users' tokens to
 * another host?
 *
 * A stored secret is write-only and its grants were given to somebody: whoever may edit a provider must not be able to
 * have either sent to a host of his own.  So such an edit has to bring the secret again, and ends the connections as a
 * changed client does (design 5). Needs: definitions as JSON text (provider_revisions).
 */
#include "core/base.h"
/* *moved: scheme, host or port of the token, refresh, exchange, revocation or introspection address differ, or a value
 * that an address is made of does. */
struct err provider_move_find(struct ctx *cx, struct sv before, struct sv after, bool *moved) MUST_USE NONNULL(1, 4);
#endif
