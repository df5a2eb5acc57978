/* SPDX-License-Identifier: Apache-2.0 */
#include "core/otp.h"
#include "core/digest.h"
#include "core/shortage.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>

enum { SHA1 = 20, TENTHS = 1000000 };

void otp_code(struct sv secret, int64_t step, char out[static OTP_DIGITS + 1])
{
	unsigned char count[8], mac[SHA1];
	unsigned n = sizeof mac;
	int tries = 0;

	for (int i = 0; i < 8; i++)
		count[i] = (unsigned char)((uint64_t)step >> (56 - 8 * i));
	while (HMAC(EVP_sha1(), secret.p, (int)secret.n, count, sizeof count, mac, &n) == NULL) {
		if (shortage_again(&tries))
			continue;
		fputs("HMAC of the crypto library failed; stopping\n", stderr);
		abort();
	}
	const unsigned char *at = mac + (mac[SHA1 - 1] & 15); /* RFC 4226 section 5.3 */
	uint32_t v = (uint32_t)(at[0] & 127) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
	(void)snprintf(out, OTP_DIGITS + 1, "%06u", (unsigned)(v % TENTHS));
}

int64_t otp_step(struct sv secret, int64_t now, struct sv code)
{
	int64_t step = now / SEC(OTP_STEP_S), found = -1;

	for (int64_t s = step - 1; s <= step + 1; s++) {
		char want[OTP_DIGITS + 1];

		otp_code(secret, s, want);
		if (code.n == OTP_DIGITS && same_bytes((struct sv){ want, OTP_DIGITS }, code))
			found = s;
	}
	return found;
}

void otp_base32(struct buf *b, struct sv in)
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	uint32_t bits = 0;
	int have = 0;

	for (size_t i = 0; i < in.n; i++) {
		bits = bits << 8 | (unsigned char)in.p[i];
		for (have += 8; have >= 5; have -= 5)
			buf_char(b, digit[bits >> (have - 5) & 31]);
	}
	if (have > 0)
		buf_char(b, digit[bits << (5 - have) & 31]);
}
