/* SPDX-License-Identifier: Apache-2.0 */
#ifndef THROTTLE_H
#define THROTTLE_H
/* throttle.h: how often somebody may try.  Bounded memory, thread-safe, in this process only; forgets at restart.
 *
 * Promises: throttle_take counts one try and returns E_RATE (cause.retry_after_s 1..60) when the budget of this key is
 *           spent; a refused try costs nothing more.  Rates are in throttle.c, one row a kind.  The table is keyed by a
 *           keyed hash, so that nobody can choose two keys that push each other out.
 *           What a restart forgives is bounded: starting takes longer than a burst is worth, and nobody outside can
 * cause one; keeping it would mean a durable write for every wrong guess, which is what a flood of them is after.
 */
#include "core/base.h"
struct throttle;
enum throttle_kind {
	THROTTLE_SIGN_IN_IP,
	THROTTLE_SIGN_IN_ACCOUNT /* key: email and ip */,
	THROTTLE_ACCOUNT /* key: email */,
	THROTTLE_SETUP_IP,
	THROTTLE_KEY_IP /* wrong API keys only */,
	THROTTLE_LINK /* key: authorization; clicks that begin a flow */,
	THROTTLE_LINK_IP,
	THROTTLE__COUNT
};
void throttle_free(struct throttle *t);
struct throttle *throttle_new(void) MADE_BY(throttle_free) MUST_USE;
struct err throttle_take(struct ctx *cx, struct throttle *t, enum throttle_kind kind, struct sv key) MUST_USE
    NONNULL(1, 2);
void throttle_give_back(struct throttle *t, enum throttle_kind kind, struct sv key)
    NONNULL(1); /* the try was a good one */
static inline void throttle_drop(struct throttle **t)
{
	throttle_free(*t);
	*t = NULL;
}
#endif
