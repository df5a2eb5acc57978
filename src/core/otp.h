/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OTP_H
#define OTP_H
/* otp.h: one-time passwords of time, RFC 6238 as every authenticator app does them: HMAC-SHA-1, 30 s, six digits. */
#include "core/buf.h"
enum { OTP_DIGITS = 6, OTP_SECRET = 20, OTP_STEP_S = 30 };
void otp_code(struct sv secret, int64_t step, char out[static OTP_DIGITS + 1]) NONNULL(3);
/* The step whose code this is, one step either way for clocks that differ; constant time for each.  -1: of none. */
int64_t otp_step(struct sv secret, int64_t now, struct sv code);
void otp_base32(struct buf *b, struct sv in) NONNULL(1); /* RFC 4648, no padding */
#endif
