/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONNECT_H
#define CONNECT_H
/* connect.h: the browser's way: click, callback, verification (contract 2.4–2.6, design 8).  Knows no HTTP: it is told
 * the cookie and the query and answers with what the page layer shall do. */
#include "domain/authorize.h"
/* What the browser gets next. */
enum next_kind {
	NEXT_REDIRECT,      /* 303 to url */
	NEXT_RETRY_SOON,    /* exchange still running: a page that refreshes itself */
	NEXT_SIGN_IN,       /* built-in verifier: sign in, then come back to url */
	NEXT_CONFIRM,       /* built-in verifier, signed in as the right account: the confirm page */
	NEXT_WRONG_ACCOUNT, /* signed in as another account: offer to sign in as another */
	NEXT_DONE,          /* success page; url: next_uri or p NULL */
	NEXT_FAILED,        /* page with reason; url: where to try again, or p NULL; back: the app */
	NEXT_GONE           /* nothing there (unknown, expired link) */
};
struct next {
	enum next_kind kind;
	int reason; /* enum reason */
	struct sv url, back, provider_name, user_id, account_email;
	struct sv project_id; /* whose page it is; p NULL: nobody knows */
	struct sv message;    /* the provider's own words, redacted; p NULL */
	bool set_cookie;
	char cookie[44];   /* a new browser cookie to set */
	int http_hint;     /* 200, 303, 400, 404, 410, 429: what fits */
	uint64_t peer_key; /* before E_TAKE_CALL */
	bool test;         /* a verifier test, not a real connection */
};
struct browser {
	struct sv cookie; /* p NULL: none */
	struct sv client_ip;
};
/* GET /connect/{token}: POOL.  E_RATE when 20 flows are live. */
struct err connect_click(struct ctx *cx, struct engine *en, struct sv token, const struct browser *br,
			 struct next *out) MUST_USE NONNULL(1, 2, 4, 5);
/* GET callback; external_id p NULL for the generic aliases.  POOL checks, without any effect, and answers or returns
 * E_TAKE_CALL (out->peer_key); CALL checks again, commits `redeeming` and redeems. */
struct callback_in {
	struct sv external_id, query;
	struct browser br;
	enum access_lane lane;
};
struct err connect_callback(struct ctx *cx, struct engine *en, const struct callback_in *in, struct next *out) MUST_USE
    NONNULL(1, 2, 3, 4);
/* POST callback (form_post): keeps the form sealed under a one-time handle; the page redirects to ?tb_form=<handle>. */
struct err connect_form_post(struct ctx *cx, struct engine *en, struct sv external_id, struct sv form,
			     struct next *out) MUST_USE NONNULL(1, 2, 5);

/* POST /v1/auth/confirm_user (contract 2.4).  E_NOT_FOUND, E_BAD_INPUT (wrong state), E_USER_MISMATCH (final). */
struct confirm_in {
	struct sv project_id, flow_id, user_id;
	const struct actor *by;
};
struct confirmed {
	char authorization_id[40];
	struct sv next_uri;
};
struct err connect_confirm(struct ctx *cx, struct engine *en, const struct confirm_in *in,
			   struct confirmed *out) MUST_USE NONNULL(1, 2, 3, 4);
/* POST /v1/auth/validate_custom_verifier (contract 2.5). */
struct verifier_test_in {
	struct sv project_id, user_id, verifier_url;
	const struct actor *by;
};
struct verifier_test {
	char flow_id[44];
	struct sv next_uri;
};
struct err connect_test_verifier(struct ctx *cx, struct engine *en, const struct verifier_test_in *in,
				 struct verifier_test *out) MUST_USE NONNULL(1, 2, 3, 4);
/* Built-in verifier page: GET shows (NEXT_SIGN_IN / NEXT_CONFIRM / NEXT_WRONG_ACCOUNT / NEXT_DONE / NEXT_FAILED);
 * confirm by POST. */
struct verify_in {
	struct sv flow_id;
	struct browser br;
	struct sv account_id, account_email; /* "" when not signed in */
	bool confirm;
};
struct err connect_verify(struct ctx *cx, struct engine *en, const struct verify_in *in, struct next *out) MUST_USE
    NONNULL(1, 2, 3, 4);
/* Job: ends authorizations and flows whose time is over, hands unverified token sets to the revoke rule.  In
 * batches until `until`. */
struct err flows_expire(struct ctx *cx, struct engine *en, const struct job_time *until) MUST_USE NONNULL(1, 2);
/* The job that removes what ended long ago: flows after 7 days; authorizations after 90, when they complete no
 * connection that lives. */
struct err flows_prune(struct ctx *cx, struct engine *en, const struct job_time *until) MUST_USE NONNULL(1, 2);
#endif
