/* SPDX-License-Identifier: Apache-2.0 */
#include "core/digest.h"
#include "core/shortage.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 64 }; /* of SHA-256 */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static EVP_MD *md; /* fetched once: a fetch at each use costs more than the hash */
static pthread_key_t at_end;
static _Thread_local EVP_MD_CTX *mine; /* as costly to make; a finished one holds no more than its last result */

static void end(void *c) { EVP_MD_CTX_free(c); }

static void fetch(void)
{
	if (pthread_key_create(&at_end, end) == 0)
		md = EVP_MD_fetch(NULL, "SHA256", NULL);
}

static _Noreturn void stop(void)
{
	fputs("SHA-256 of the crypto library failed; stopping\n", stderr);
	abort();
}

static void wait_for_memory(int *tries)
{
	if (!shortage_again(tries))
		stop();
}

/* The thread's own context, ready for a new text. */
static EVP_MD_CTX *begin(void)
{
	int tries = 0;

	if (mine == NULL) {
		if (pthread_once(&once, fetch) != 0 || md == NULL)
			stop();
		while ((mine = EVP_MD_CTX_new()) == NULL)
			wait_for_memory(&tries);
		while (pthread_setspecific(at_end, mine) != 0)
			wait_for_memory(&tries);
	}
	while (EVP_DigestInit_ex2(mine, md, NULL) != 1)
		wait_for_memory(&tries);
	return mine;
}

static void add(EVP_MD_CTX *c, struct sv in)
{
	if (in.n > 0 && EVP_DigestUpdate(c, in.p, in.n) != 1)
		stop();
}

static void finish(EVP_MD_CTX *c, struct sha256 *out)
{
	if (EVP_DigestFinal_ex(c, out->b, NULL) != 1)
		stop();
}

struct sha256 sha256_of(struct sv in)
{
	EVP_MD_CTX *c = begin();
	struct sha256 h;

	add(c, in);
	finish(c, &h);
	return h;
}

/* One half of HMAC (RFC 2104): the hash of the padded key and then the text. */
static void half(const uint8_t pad[static BLOCK], struct sv in, struct sha256 *out)
{
	EVP_MD_CTX *c = begin();

	add(c, (struct sv){ (const char *)pad, BLOCK });
	add(c, in);
	finish(c, out);
}

/* Written out: HMAC() of OpenSSL 3 looks its algorithm up at every call, which costs four times as much as all of this.
 */
struct sha256 hmac_sha256(struct sv key, struct sv in)
{
	uint8_t inner[BLOCK] = { 0 }, outer[BLOCK];
	struct sha256 h;

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
	half(inner, in, &h);
	half(outer, sha256_view(&h), &h);
	OPENSSL_cleanse(inner, sizeof inner);
	OPENSSL_cleanse(outer, sizeof outer);
	return h;
}

bool same_bytes(struct sv a, struct sv b) { return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0); }
