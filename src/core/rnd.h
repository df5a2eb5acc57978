/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RND_H
#define RND_H
/* rnd.h: random bytes and the ids made of them (contract 1.8).  A failing random source ends the process: nothing
 * sensible can be done without one. */
#include "core/base.h"
void rnd_bytes(void *p, size_t n) NONNULL(1);
uint64_t rnd_below(uint64_t n); /* 0..n-1, unbiased; n > 0 */
enum { ID_TEXT = 40, TOKEN_TEXT = 44 };
/* `prefix` ("ar_", with its underscore, at most 12 bytes), then 27 digits of base 62, in order of time by 16 us. */
void id_ksuid(const char *prefix, int64_t now, char out[static ID_TEXT]) NONNULL(1);
void id_uuid(char out[static ID_TEXT]);     /* version 4 */
void id_token(char out[static TOKEN_TEXT]); /* 32 random bytes as base64url, 43 characters */
#endif
