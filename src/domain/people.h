/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PEOPLE_H
#define PEOPLE_H
/* people.h: accounts, the first one, sign-in, sessions, members.  All of it is for lane POOL.
 *
 * Promises: emails are lower-cased, at most 254 bytes (RFC 5321 4.5.3.1.3), one '@', no white space or controls;
 * passwords 10..256 bytes of UTF-8 (bad_field "email", "password").  Sign-in takes the same time for an unknown email;
 * is throttled per email and address, per address and per email, or, where this browser has signed
 * in to the account before, by itself (device.h); "wrong email or password" whatever was wrong
 * (E_UNAUTHENTICATED).  A session ends 12 h after its last use and 7 days after its start; the store holds a keyed hash
 * of its token.  A project always keeps an owner; only an owner or the operator makes, changes or removes an owner.
 * Needs:    en->store, en->throttle.
 */
#include "core/digest.h"
#include "core/secret.h"
#include "domain/device.h"
#include "domain/engine.h"
#include "model/person.h"
enum { CSRF_TEXT = 44 };

/* ---- the first account ---- */
/* A new one-time token for the set-up page (43 url-safe characters); an older one stops working.  E_CONFLICT when there
 * is an account already. */
struct err people_setup_begin(struct ctx *cx, struct engine *en, struct secret **token) MUST_USE NONNULL(1, 2, 3);
struct err people_setup_needed(struct ctx *cx, struct engine *en, bool *needed) MUST_USE
    NONNULL(1, 2, 3); /* no account yet */
struct people_try {
	struct sv token, email, password, client_ip;
	struct sv code;   /* of the second factor; n 0: none */
	struct sv device; /* the browser's cookie of device.h; n 0: none */
};                        /* token: set-up only */
/* Owner of the default project.  E_FORBIDDEN: wrong or used token. */
struct err people_setup(struct ctx *cx, struct engine *en, const struct people_try *in, struct account *out) MUST_USE
    NONNULL(1, 2, 3, 4);

/* ---- sign-in and sessions ---- */
struct signed_in {
	struct account account;
	struct secret *token;     /* the cookie's value, 43 url-safe characters */
	char device[DEVICE_TEXT]; /* of people_sign_in: for the browser to keep */
};
void signed_in_clear(struct signed_in *s) NONNULL(1);
/* E_SECOND_FACTOR: the password is right, and the account has a second factor: ask for a code. */
struct err people_sign_in(struct ctx *cx, struct engine *en, const struct people_try *in,
			  struct signed_in *out) MUST_USE NONNULL(1, 2, 3, 4);
/* A session without a password: after people_setup, or for the demo. */
struct err people_session_start(struct ctx *cx, struct engine *en, const struct account *a,
				struct secret **token) MUST_USE NONNULL(1, 2, 3, 4);
/* The same for somebody who came by way of another issuer. */
struct err people_session_from(struct ctx *cx, struct engine *en, const struct account *a, struct sv client_ip,
			       struct secret **token) MUST_USE NONNULL(1, 2, 3, 5);
/* E_UNAUTHENTICATED: no such session, or over.  Notes its use at most once a minute. */
struct err people_session(struct ctx *cx, struct engine *en, struct sv token, struct account *out) MUST_USE
    NONNULL(1, 2, 4);
/* The same in two steps, for who must look again later and keeps the keyed hash instead of the token. */
struct sha256 people_session_mac(const struct engine *en, struct sv token) NONNULL(1);
struct err people_session_of(struct ctx *cx, struct engine *en, const struct sha256 *mac, struct account *out) MUST_USE
    NONNULL(1, 2, 3, 4);
/* When a session began, and when it ends if nobody uses it any more; E_UNAUTHENTICATED. */
struct session_times {
	int64_t began, ends;
};
struct err people_session_times(struct ctx *cx, struct engine *en, struct sv token, struct session_times *out) MUST_USE
    NONNULL(1, 2, 4);
struct err people_sign_out(struct ctx *cx, struct engine *en, struct sv token) MUST_USE NONNULL(1, 2);
struct err people_sign_out_everywhere(struct ctx *cx, struct engine *en, struct sv account_id) MUST_USE NONNULL(1, 2);
/* Is it the account's password?  Throttled as signing in is. */
struct err people_password_is(struct ctx *cx, struct engine *en, const struct people_try *in, bool *same) MUST_USE
    NONNULL(1, 2, 3, 4);
/* Somebody sets his own: E_BAD_INPUT "current_password" unless it is that (throttled as signing in is); an account that
 * has none needs a session of the last ten minutes (E_FORBIDDEN), so that one left open is not made to last. */
struct password_own {
	const struct account *account;
	struct sv session, current, password, client_ip;
	const struct actor *by;
};
struct err people_password_own(struct ctx *cx, struct engine *en, const struct password_own *in) MUST_USE
    NONNULL(1, 2, 3);
/* A keyed hash of a one-time value; one key serves several uses, which do not meet. */
struct sha256 people_mac(const struct engine *en, char use, struct sv value) NONNULL(1);
/* For forms: bound to the session (or, before sign-in, to the browser's cookie value) by HMAC. */
void people_csrf(const struct engine *en, struct sv cookie_value, char out[static CSRF_TEXT]) NONNULL(1);
bool people_csrf_ok(const struct engine *en, struct sv cookie_value, struct sv given) NONNULL(1);

/* ---- accounts ---- */
/* email lower-cased and checked into out; bad_field "email". */
struct err people_email(struct ctx *cx, struct sv in, char out[static EMAIL_MAX]) MUST_USE NONNULL(1, 3);
bool people_is_user(const struct account *a, struct sv user_id)
    NONNULL(1); /* the built-in verifier's comparison (design 5) */
/* by_role: the acting member's role; ROLE_OWNER for the operator (policy has already let the action pass). */
struct account_new {
	struct sv email, password, project_id;
	enum role role;
	const struct actor *by;
	enum role by_role;
};
/* Account and membership in one act.  E_CONFLICT: the email has an account.  E_FORBIDDEN: role above the actor's. */
struct err people_account_add(struct ctx *cx, struct engine *en, const struct account_new *in,
			      struct account *out) MUST_USE NONNULL(1, 2, 3, 4);
struct account_list {
	struct account *v;
	size_t n;
	int64_t total;
}; /* in cx->arena */
struct err people_account_list(struct ctx *cx, struct engine *en, const struct page *page,
			       struct account_list *out) MUST_USE NONNULL(1, 2, 3, 4);
struct err people_account_get(struct ctx *cx, struct engine *en, struct sv id, struct account *out) MUST_USE
    NONNULL(1, 2, 4);
/* Changes the password and ends all sessions of the account. */
struct err people_password_set(struct ctx *cx, struct engine *en, struct sv account_id, struct sv password,
			       const struct actor *by) MUST_USE NONNULL(1, 2, 5);

/* ---- members ---- */
struct err people_role(struct ctx *cx, struct engine *en, struct sv project_id, struct sv account_id,
		       enum role *out) MUST_USE NONNULL(1, 2, 5); /* ROLE_NONE: not a member */
struct member_list {
	struct member *v;
	size_t n;
	int64_t total;
}; /* in cx->arena */
struct err people_member_list(struct ctx *cx, struct engine *en, struct sv project_id, const struct page *page,
			      struct member_list *out) MUST_USE NONNULL(1, 2, 4, 5);
struct member_change {
	struct sv project_id, account_id;
	enum role role;
	const struct actor *by;
	enum role by_role;
};
/* Adds or changes; E_NOT_FOUND: no such account; E_FORBIDDEN: above the actor, or added by another than the operator or
 * an owner of the default project, whom everybody else asks in by an invitation; E_CONFLICT: the last owner. */
struct err people_member_put(struct ctx *cx, struct engine *en, const struct member_change *in,
			     struct member *out) MUST_USE NONNULL(1, 2, 3, 4);
struct err people_member_remove(struct ctx *cx, struct engine *en, const struct member_change *in) MUST_USE
    NONNULL(1, 2, 3);                                                              /* role ignored */
struct err people_prune(struct ctx *cx, struct engine *en) MUST_USE NONNULL(1, 2); /* a job: sessions that are over */
#endif
