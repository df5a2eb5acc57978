/* SPDX-License-Identifier: Apache-2.0 */
#include "core/rnd.h"
#include "core/secret.h"
#include "core/shortage.h"
#include <assert.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rnd_bytes(void *p, size_t n)
{
	unsigned char *at = p;
	int tries = 0;

	while (n > 0) {
		size_t part = n > 1 << 20 ? 1 << 20 : n;

		if (RAND_bytes(at, (int)part) != 1) {
			if (shortage_again(&tries))
				continue;
			fputs("the source of random bytes failed; stopping\n", stderr);
			abort();
		}
		at += part;
		n -= part;
	}
}

uint64_t rnd_below(uint64_t n)
{
	uint64_t v, least;

	assert(n > 0);
	least = (0 - n) % n; /* 2^64 mod n: values below it would favour small results */
	do
		rnd_bytes(&v, sizeof v);
	while (v < least);
	return v % n;
}

/* KSUID: 32 bits of seconds since 2014-05-13T16:53:20Z, then 128 bits, as 27 digits of base 62.  Where those are all
 * random, rows made in one second stand all over a second's worth of every index by id; ours begin with 16 bits of the
 * second's fraction, so that they come nearly in order, and are followed by 112 random bits. */
enum { KSUID_BYTES = 20, KSUID_TIME = 6, KSUID_DIGITS = 27 };
static const int64_t ksuid_epoch_s = 1400000000;

void id_ksuid(const char *prefix, int64_t now, char out[static ID_TEXT])
{
	static const char digit[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	unsigned char b[KSUID_BYTES];
	size_t head = strlen(prefix);
	uint64_t when =
	    (uint64_t)(now / SEC(1) - ksuid_epoch_s) << 16 | (uint64_t)(now % SEC(1)) * 65536 / (uint64_t)SEC(1);

	assert(head + KSUID_DIGITS < ID_TEXT);
	for (unsigned i = 0; i < KSUID_TIME; i++)
		b[i] = (unsigned char)(when >> (8 * (KSUID_TIME - 1 - i)));
	rnd_bytes(b + KSUID_TIME, sizeof b - KSUID_TIME);
	memcpy(out, prefix, head);
	for (size_t at = KSUID_DIGITS; at-- > 0;) {
		unsigned left = 0;

		for (size_t i = 0; i < sizeof b; i++) {
			left = left << 8 | b[i];
			b[i] = (unsigned char)(left / 62);
			left %= 62;
		}
		out[head + at] = digit[left];
	}
	out[head + KSUID_DIGITS] = '\0';
}

void id_uuid(char out[static ID_TEXT])
{
	static const char digit[] = "0123456789abcdef";
	unsigned char b[16];
	char *at = out;

	rnd_bytes(b, sizeof b);
	b[6] = (unsigned char)((b[6] & 0x0F) | 0x40); /* RFC 9562 section 5.4: version 4 */
	b[8] = (unsigned char)((b[8] & 0x3F) | 0x80); /* section 4.1: variant */
	for (size_t i = 0; i < sizeof b; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		*at++ = digit[b[i] >> 4];
		*at++ = digit[b[i] & 15];
	}
	*at = '\0';
}

void id_token(char out[static TOKEN_TEXT])
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned char b[33];
	size_t at = 0;

	rnd_bytes(b, 32);
	b[32] = 0;
	for (size_t i = 0; i < sizeof b; i += 3) {
		unsigned v = (unsigned)b[i] << 16 | (unsigned)b[i + 1] << 8 | b[i + 2];

		for (unsigned k = 0; k < 4; k++)
			out[at++] = digit[v >> (18 - 6 * k) & 63];
	}
	out[TOKEN_TEXT - 1] = '\0';
	wipe(b, sizeof b);
}
