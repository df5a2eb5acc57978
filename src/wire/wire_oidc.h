/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_OIDC_H
#define WIRE_OIDC_H
/* wire_oidc.h: what is asked of an OpenID Connect issuer that people sign in with: its metadata and keys
 * (Discovery 1.0), a code for an ID token (RFC 6749, PKCE S256), user info when the ID token lacks the email (Core 1.0
 * section 5.3.2).
 *
 * Promises: metadata counts only when it names the issuer that was asked, byte for byte; endpoints are https (http to
 *           loopback in development, as the egress guard allows); redirects are not followed; a code is sent once.
 *           Documents have at most 256 KB.  Nothing that comes back gets into `why`.
 */
#include "core/node.h"
#include "core/secret.h"
#include "wire/wire_idtoken.h"
struct net;
struct wire_oidc_meta {                                         /* text in cx->arena */
	struct sv authorize_url, token_url, keys_url, user_url; /* user_url p NULL: it has none */
	bool post_only;                                         /* client_secret_post, and not basic */
	bool sends_iss;                                         /* RFC 9207: every answer names the issuer */
};
/* Where an issuer's metadata is. */
struct err wire_oidc_where(struct ctx *cx, struct sv issuer, struct sv *url) MUST_USE NONNULL(1, 3);
/* *text: the document, to be kept by the caller and read again by wire_oidc_meta; p NULL: why says what is wrong. */
struct err wire_oidc_discover(struct ctx *cx, struct net *net, struct sv issuer, struct sv *text,
			      char why[static 240]) MUST_USE NONNULL(1, 2, 4, 5);
struct err wire_oidc_keys(struct ctx *cx, struct net *net, struct sv keys_url, struct sv *text,
			  char why[static 240]) MUST_USE NONNULL(1, 2, 4, 5);
/* E_UPSTREAM: not usable (say: why). */
struct err wire_oidc_meta(struct ctx *cx, struct sv issuer, struct sv text, struct wire_oidc_meta *out) MUST_USE
    NONNULL(1, 4);

struct wire_oidc_ask {
	struct net *net;
	const struct wire_oidc_meta *meta;
	struct sv client_id;
	const struct secret *client_secret; /* NULL: a public client */
	struct sv code, redirect_uri, verifier;
};
struct wire_oidc_answer {
	struct sv id_token, access_token; /* in cx->arena; access p NULL: none */
	char why[240];                    /* "": there is one */
};
struct err wire_oidc_redeem(struct ctx *cx, const struct wire_oidc_ask *ask, struct wire_oidc_answer *out) MUST_USE
    NONNULL(1, 2, 3);
/* Adds the email to `who`, when the issuer says it of the same subject; else who stays as it was. */
struct err wire_oidc_user(struct ctx *cx, const struct wire_oidc_ask *ask, struct sv access_token,
			  struct wire_idtoken *who) MUST_USE NONNULL(1, 2, 4);
#endif
