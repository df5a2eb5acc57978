/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_IDTOKEN_H
#define WIRE_IDTOKEN_H
/* wire_idtoken.h: who an issuer says has signed in (OpenID Connect Core 1.0 section 3.1.3.7).
 *
 * Promises: signature (wire_jws.h), iss byte for byte, aud and azp, exp, nbf and iat with a minute of leeway, nonce in
 *           constant time, a subject of 1 to 255 bytes.  An email counts as verified only when the issuer says the JSON
 *           value true.
 */
#include "wire/wire_jws.h"
struct wire_idtoken_ask {
	struct sv token, issuer, client_id, nonce;
	const struct node *keys;
};
struct wire_idtoken {
	enum wire_jws_fate fate;
	const char *why;          /* NULL: good */
	struct sv subject, email; /* in cx->arena; email p NULL: not told */
	bool email_verified;
};
struct err wire_idtoken_check(struct ctx *cx, const struct wire_idtoken_ask *ask, struct wire_idtoken *out) MUST_USE
    NONNULL(1, 2, 3);
/* email and email_verified of claims, an ID token's or user info's. */
void wire_idtoken_email(const struct node *claims, struct wire_idtoken *out) NONNULL(2);
#endif
