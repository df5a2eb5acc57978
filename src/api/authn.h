/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHN_H
#define AUTHN_H
/* authn.h: who is asking, and whether he may (contract 1.1, 1.2; design 15).
 *
 * In this order: a row for anyone asks nothing; the control socket is the operator; an Authorization header is an API
 * key, raw or after "Bearer " in any case; else the session cookie, where the row admits sessions.  A request that
 * changes something and rests on the cookie alone must come from our own origin.
 *
 * Promises: authn_who returns E_TAKE_POOL before any effect when a session must be looked up and the run is INLINE.
 */
#include "http/route.h"
struct err authn_who(struct request *rq) MUST_USE NONNULL(1);
/* Whether he whom authn_who found is still let in, for a request that has slept: a key may be revoked or over, a
 * session ended.  E_UNAUTHENTICATED; E_TAKE_POOL as authn_who.  authn_may comes after it: roles change too. */
struct err authn_again(struct request *rq) MUST_USE NONNULL(1);
/* Fills by.project_id and by.role and checks the row's action: E_FORBIDDEN, E_NOT_FOUND for an unknown project. */
struct err authn_may(struct request *rq) MUST_USE NONNULL(1);
/* The credential in an Authorization header's value. */
struct sv authn_credential(struct sv header);
#endif
