/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PASSWORD_H
#define PASSWORD_H
/* password.h: Argon2id, encoded form.  Costs are in password.c with their source.
 *
 * Promises: at most two hashes are computed at once and at most eight wait (each takes 64 MiB): more is E_BUSY.
 */
#include "core/base.h"
enum { PASSWORD_TEXT = 160, PASSWORD_LEAST = 10, PASSWORD_MOST = 256 };
struct err password_check_rules(struct ctx *cx, struct sv password) MUST_USE NONNULL(1); /* bad_field "password" */
struct err password_hash(struct ctx *cx, struct sv password, char out[static PASSWORD_TEXT]) MUST_USE NONNULL(1, 3);
/* encoded NULL: does the same work against a hash nobody has the password of, and says false. */
struct err password_verify(struct ctx *cx, const char *encoded, struct sv password, bool *same) MUST_USE NONNULL(1, 4);
#endif
