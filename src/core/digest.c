/* SPDX-License-Identifier: Apache-2.0 */
#include "core/digest.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 64 }; /* of SHA-256 */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static EVP_MD *md; /* fetched once: a fetch at each use costs more than the hash */

static void fetch(void) { md = EVP_MD_fetch(NULL, "SHA256", NULL); }

static _Noreturn void stop(void)
{
	fputs("SHA-256 of the crypto library failed; stopping\n", stderr);
	abort();
}

static const EVP_MD *sha(void)
{
	if (pthread_once(&once, fetch) != 0 || md == NULL)
		stop();
	return md;
}

struct sha256 sha256_of(struct sv in)
{
	struct sha256 h;

	if (EVP_Digest(in.n == 0 ? "" : in.p, in.n, h.b, NULL, sha(), NULL) != 1)
		stop();
	return h;
}

/* One half of HMAC (RFC 2104): the hash of the padded key and then the text. */
static void half(EVP_MD_CTX *c, const uint8_t pad[static BLOCK], struct sv in, struct sha256 *out)
{
	if (EVP_DigestInit_ex2(c, sha(), NULL) != 1 || EVP_DigestUpdate(c, pad, BLOCK) != 1 ||
	    EVP_DigestUpdate(c, in.n == 0 ? "" : in.p, in.n) != 1 || EVP_DigestFinal_ex(c, out->b, NULL) != 1)
		stop();
}

/* Written out: HMAC() of OpenSSL 3 looks its algorithm up at every call, which costs four times as much as all of this.
 */
struct sha256 hmac_sha256(struct sv key, struct sv in)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	uint8_t inner[BLOCK] = { 0 }, outer[BLOCK];
	struct sha256 h;

	if (c == NULL)
		stop();
	if (key.n > BLOCK) {
		h = sha256_of(key);
		key = sha256_view(&h);
	}
	if (key.n > 0)
		memcpy(inner, key.p, key.n);
	for (size_t i = 0; i < BLOCK; i++) {
		outer[i] = inner[i] ^ 0x5c;
		inner[i] ^= 0x36;
	}
	half(c, inner, in, &h);
	half(c, outer, sha256_view(&h), &h);
	EVP_MD_CTX_free(c);
	OPENSSL_cleanse(inner, sizeof inner);
	OPENSSL_cleanse(outer, sizeof outer);
	return h;
}

bool same_bytes(struct sv a, struct sv b) { return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0); }
