/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_JWS_H
#define WIRE_JWS_H
/* wire_jws.h: a signed token of somebody else's (RFC 7515, compact form) against the keys he published (RFC 7517).
 *
 * Promises: RS256, PS256, ES256 and EdDSA (Ed25519) only: "none" and HMACs are refused, since a public key is no shared
 *           secret; a key is used with the algorithm of its own kind only; RSA has 2048 to 8192 bits; extensions that
 *           must be understood (crit) are not.  A token that names no key is checked only when one key alone may be
 *           meant.  Every answer is a constant sentence: nothing of the token gets into it.
 */
#include "core/node.h"
enum wire_jws_fate {
	JWS_GOOD,
	JWS_NO_KEY, /* signed by a key that is not among these: he may have changed them */
	JWS_BAD
};
struct wire_jws {
	enum wire_jws_fate fate;
	const char *why;            /* NULL: good */
	const struct node *payload; /* a JSON object, in cx->arena; of a good one only */
};
/* keys: the document {"keys":[…]}; at most 100 of them are looked at. */
struct err wire_jws_check(struct ctx *cx, struct sv token, const struct node *keys, struct wire_jws *out) MUST_USE
    NONNULL(1, 4);
#endif
