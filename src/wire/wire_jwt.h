/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_JWT_H
#define WIRE_JWT_H
/* wire_jwt.h: the JWT that stands for a client's secret (RFC 7523; the definition's `jwt` section): ES256, RS256,
 * HS256.
 *
 * Promises: iat and exp are set unless the claims name them; the key is PEM (or the bytes themselves for HS256) and is
 * never shown.
 */
#include "core/buf.h"
/* arg: struct wire_env.  E_CONFIG when the key cannot be used. */
struct err wire_jwt(struct ctx *cx, void *arg, struct buf *out) MUST_USE NONNULL(1, 2, 3);
#endif
