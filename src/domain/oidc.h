/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OIDC_H
#define OIDC_H
/* oidc.h: signing in with an OpenID Connect issuer of engine.yaml (sign_in.oidc).  Lane CALL.
 *
 * Owns:     the issuers' metadata and keys in memory (an hour; keys again, once a minute at most, when a token names
 * one that is not among them), and the client secrets, sealed. Promises: authorization code with PKCE S256, state,
 * nonce.  All three are MACs over the value of one cookie, which also says which issuer, since when, and where to go
 * afterwards: nothing is stored before somebody is known, and an answer is of use to the browser that began only, for
 * ten minutes, at that issuer's own redirect address (RFC 9700 section 4.4), once as far as that browser goes (the page
 * drops the cookie).  Answers that name an issuer (RFC 9207) name this one.  Who comes in is store_identity.h's to
 * decide: by issuer and subject, never by an email that is not verified, never before there is a first account. Needs:
 * en->store, en->net, en->throttle.
 */
#include "domain/people.h"
struct oidc;
struct err oidc_open(struct ctx *cx, struct engine *en, struct oidc **out) MUST_USE NONNULL(1, 2, 3);
void oidc_free(struct oidc *o);
struct oidc_start {
	struct sv id, back, client_ip; /* back: a path of ours (visitor_return) */
};
struct oidc_go {
	struct sv cookie, url;
}; /* in cx->arena */
/* E_NOT_FOUND: no such issuer.  E_UPSTREAM: it cannot be asked.  E_RATE. */
struct err oidc_begin(struct ctx *cx, struct engine *en, const struct oidc_start *in, struct oidc_go *out) MUST_USE
    NONNULL(1, 2, 3, 4);
struct oidc_back { /* what the browser brings; p NULL: absent */
	struct sv id, cookie, state, code, iss, error;
	struct sv client_ip, signed_in; /* signed_in: account of the session in this browser; n 0: none */
};
struct oidc_in {
	struct signed_in who;
	struct sv back; /* in cx->arena */
	bool ours;      /* state and cookie fit: the cookie is used up, whatever came of it */
	bool made;      /* the account is new */
};
/* E_FORBIDDEN: not begun in this browser, over, another issuer's answer, an ID token that is not good, or nobody asked
 * for that person.  E_CONFLICT: the email has an account (store_identity.h).  E_UPSTREAM.  E_RATE. */
struct err oidc_finish(struct ctx *cx, struct engine *en, const struct oidc_back *in, struct oidc_in *out) MUST_USE
    NONNULL(1, 2, 3, 4);
static inline void oidc_in_clear(struct oidc_in *i) { signed_in_clear(&i->who); }
#endif
