/* SPDX-License-Identifier: Apache-2.0 */
#include "core/digest.h"
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

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

struct sha256 hmac_sha256(struct sv key, struct sv in)
{
	struct sha256 h;
	const unsigned char *bytes = (const unsigned char *)(in.n == 0 ? "" : in.p);

	if (key.n > INT_MAX)
		stop();
	if (HMAC(sha(), key.n == 0 ? "" : key.p, (int)key.n, bytes, in.n, h.b, NULL) == NULL)
		stop();
	return h;
}

bool same_bytes(struct sv a, struct sv b) { return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0); }
