/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VISITOR_H
#define VISITOR_H
/* visitor.h: the person in the browser: cookies, session, and whether a form came from our own page (design 8).
 *
 * Cookies:  on https "__Host-tb…" with Secure; on loopback http "tb…_<port>" without, since cookies ignore ports.
 *           HttpOnly, SameSite=Lax, Path=/.  One for the browser (flows are bound to it), one for the session, one that
 *           carries the set-up token from its URL to its form, one an invitation's, one a sign-in with an
 *           issuer, and one tells a browser that was here before (domain/device.h).
 * Promises: a form that changes something needs both a good Origin (or Sec-Fetch-Site) and a token bound to a cookie.
 */
#include "domain/engine.h"
#include "http/request.h"
#include "model/person.h"
enum visitor_cookie { VISITOR_BROWSER, VISITOR_SESSION, VISITOR_SETUP, VISITOR_INVITE, VISITOR_OIDC, VISITOR_DEVICE };
enum { VISITOR_NAME = 40 };
/* The cookie's name under this public address. */
void visitor_name(const struct config *c, enum visitor_cookie which, char out[static VISITOR_NAME]) NONNULL(1, 3);
struct sv visitor_cookie(const struct request *rq, enum visitor_cookie which) NONNULL(1); /* p NULL: none */
void visitor_set(struct request *rq, enum visitor_cookie which, struct sv value) NONNULL(1);
void visitor_drop(struct request *rq, enum visitor_cookie which) NONNULL(1);
/* Whoever has just signed in to this account was here: the cookie of domain/device.h. */
void visitor_was_here(struct request *rq, const char *email) NONNULL(1, 2);
/* The browser's cookie, given now when it has none; in cx->arena. */
struct err visitor_browser(struct request *rq, struct sv *out) MUST_USE NONNULL(1, 2);
/* Lane POOL.  *in false: nobody is signed in (also when the session is over). */
struct err visitor_account(struct request *rq, struct account *out, bool *in) MUST_USE NONNULL(1, 2, 3);
/* Does the request come from a page of ours?  Origin must be our public address; without one Sec-Fetch-Site must be
 * same-origin.  Neither header (no browser of today): !strict. */
bool visitor_own_origin(const struct request *rq, bool strict) NONNULL(1);
/* For a posted form: origin and token.  E_FORBIDDEN with what to do. */
struct err visitor_form(struct request *rq, struct sv cookie_value) MUST_USE NONNULL(1);
/* A field of the posted form, in cx->arena; p NULL absent; E_BAD_INPUT when malformed or given twice. */
struct err visitor_field(struct request *rq, const char *name, struct sv *out) MUST_USE NONNULL(1, 2, 3);
/* Under another Host than the public one: the redirect there is written, true.  Never twice in a row, so that a proxy
 * that rewrites Host does not make a loop. */
bool visitor_moved(struct request *rq) NONNULL(1);
/* HEAD, or a browser that only fetches ahead: nobody has clicked. */
bool visitor_only_looks(const struct request *rq) NONNULL(1);
/* A path of our own to come back to: "/…" of the pages that need sign-in, else "/dashboard". */
struct sv visitor_return(struct sv asked);
#endif
