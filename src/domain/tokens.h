/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOKENS_H
#define TOKENS_H
/* tokens.h: a token set as the two JSON texts that get sealed (design 6), and back.
 *
 *   access:   {"token":"…","type":"Bearer"}
 *   refresh:  {"refresh_token":"…","answer":{…}}      refresh_token only when there is one; answer is the provider's
 * whole answer without access_token and refresh_token (id_token, webhook, … are secrets too)
 *
 * Promises: clear text is in struct secret only, and wiped on the way.
 */
#include "wire/wire.h"
struct err tokens_pack(struct ctx *cx, const struct token_set *set, struct secret **access,
		       struct secret **refresh) MUST_USE NONNULL(1, 2, 3, 4);
/* type: 32 bytes.  E_INTERNAL when the text is not of that form. */
struct err tokens_access(struct ctx *cx, const struct secret *access, struct secret **token, char *type) MUST_USE
    NONNULL(1, 2, 3, 4);
/* *refresh_token NULL when there is none. */
struct err tokens_refresh(struct ctx *cx, const struct secret *refresh, struct secret **refresh_token) MUST_USE
    NONNULL(1, 2, 3);
#endif
