/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STATE_H
#define STATE_H
/* state.h: the states of authorizations and flows, and which moves between them are allowed: one table (design 8).
 *
 * Promises: every change of status passes state_move first, then the store's conditional write; words are the store's.
 */
#include "core/base.h"
enum state {
	STATE_NONE,
	AUTHORIZATION_PENDING,
	AUTHORIZATION_SUCCEEDED,
	AUTHORIZATION_FAILED,
	FLOW_STARTED,    /* clicked, at the provider */
	FLOW_REDEEMING,  /* the code is being redeemed */
	FLOW_UNVERIFIED, /* tokens held, nobody has confirmed yet */
	FLOW_DONE,
	FLOW_FAILED,
	STATE__COUNT
};
const char *state_word(enum state s) RETURNS_NONNULL; /* "pending" … */
enum state state_of_authorization(struct sv word);    /* STATE_NONE when unknown */
enum state state_of_flow(struct sv word);
bool state_is_end(enum state s);
bool state_allows(enum state from, enum state to);
/* E_STALE when the move is not allowed. */
struct err state_move(struct ctx *cx, enum state from, enum state to) MUST_USE NONNULL(1);
#endif
