/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/seal.h"
#include "core/rnd.h"
#include "core/text.h"
#include "seal/keyring.h"
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdatomic.h>

/* A box: version, key id length, key id, nonce, ciphertext, tag.  Everything before the nonce is authenticated too. */
enum {
	VERSION = 1,
	NONCE = 12,
	TAG = 16,
	KEY = 32,
	ID_MOST = 40,
	HEAD_MOST = 2 + ID_MOST,
	PLAIN_MOST = 1 << 20,
	PLACE_USUAL = 160
};
/* Contexts keep the key schedule, which is most of the cost of a small box (NIST SP 800-38D needs only a new nonce). */
enum { SLOTS = 16 };
struct slot {
	atomic_flag busy;
	EVP_CIPHER_CTX *close, *open;
};
struct data_key {
	EVP_CIPHER *cipher;
	uint8_t head[HEAD_MOST];
	size_t head_n;
	struct slot slots[SLOTS];
	uint8_t key[KEY];
};

void data_key_free(struct data_key *k)
{
	if (k == NULL)
		return;
	for (size_t i = 0; i < SLOTS; i++) {
		EVP_CIPHER_CTX_free(k->slots[i].close);
		EVP_CIPHER_CTX_free(k->slots[i].open);
	}
	EVP_CIPHER_free(k->cipher);
	wipe(k, sizeof *k);
	free(k);
}
static EVP_CIPHER_CTX *context(const struct data_key *k, int enc)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();

	if (c != NULL && EVP_CipherInit_ex2(c, k->cipher, k->key, NULL, enc, NULL) != 1) {
		EVP_CIPHER_CTX_free(c);
		c = NULL;
	}
	return c;
}
struct err data_key_new(struct ctx *cx, const char *name, struct sv raw32, struct data_key **out)
{
	CLEANUP(data_key_drop) struct data_key *k = calloc(1, sizeof *k);
	size_t n = strlen(name);

	*out = NULL;
	if (k == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "data key");
	if (raw32.n != KEY || n == 0 || n > ID_MOST)
		return fail(cx, E_INTERNAL, "a key of the store is damaged", "data key of %zu bytes, name of %zu",
			    raw32.n, n);
	memcpy(k->key, raw32.p, KEY);
	k->head[0] = VERSION;
	k->head[1] = (uint8_t)n;
	memcpy(k->head + 2, name, n);
	k->head_n = 2 + n;
	k->cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	if (k->cipher == NULL)
		return fail(cx, E_INTERNAL, "AES-256-GCM is not available", "EVP_CIPHER_fetch");
	for (size_t i = 0; i < SLOTS; i++)
		atomic_flag_clear(&k->slots[i].busy);
	*out = TAKE(k);
	return OK;
}
void box_free(struct box *b)
{
	free(b->p);
	*b = (struct box){ .p = NULL };
}

/* A context for this call: a slot's when one is free, else one of its own. */
struct lent {
	struct slot *slot;
	EVP_CIPHER_CTX *c;
};
static void lent_back(struct lent *l)
{
	if (l->slot != NULL)
		atomic_flag_clear_explicit(&l->slot->busy, memory_order_release);
	else
		EVP_CIPHER_CTX_free(l->c);
}
static struct lent lend(const struct data_key *k, int enc)
{
	struct data_key *own = (struct data_key *)(uintptr_t)k; /* the slots lock themselves; the key does not change */
	size_t first = (size_t)(((uintptr_t)pthread_self() >> 12) * 0x9E3779B97F4A7C15u >> 32);

	for (size_t i = 0; i < SLOTS; i++) {
		struct slot *s = &own->slots[(first + i) % SLOTS];
		EVP_CIPHER_CTX **c = enc ? &s->close : &s->open;

		if (atomic_flag_test_and_set_explicit(&s->busy, memory_order_acquire))
			continue;
		if (*c == NULL)
			*c = context(k, enc);
		return (struct lent){ s, *c };
	}
	return (struct lent){ NULL, context(k, enc) };
}
/* What is authenticated beside the text, in one piece where it fits: each call costs more than its bytes. */
static bool feed(EVP_CIPHER_CTX *c, const struct data_key *k, struct sv where)
{
	uint8_t both[HEAD_MOST + PLACE_USUAL];
	int n = 0;

	if (where.n > PLACE_USUAL)
		return EVP_CipherUpdate(c, NULL, &n, k->head, (int)k->head_n) == 1 &&
		       EVP_CipherUpdate(c, NULL, &n, (const uint8_t *)where.p, (int)where.n) == 1;
	memcpy(both, k->head, k->head_n);
	if (where.n > 0)
		memcpy(both + k->head_n, where.p, where.n);
	return EVP_CipherUpdate(c, NULL, &n, both, (int)(k->head_n + where.n)) == 1;
}
static bool close_box(EVP_CIPHER_CTX *c, const struct data_key *k, struct sv where, struct sv plain, uint8_t *box)
{
	uint8_t *nonce = box + k->head_n, *text = nonce + NONCE;
	int n = 0;

	memcpy(box, k->head, k->head_n);
	rnd_bytes(nonce, NONCE);
	return EVP_CipherInit_ex2(c, NULL, NULL, nonce, 1, NULL) == 1 && feed(c, k, where) &&
	       (plain.n == 0 || EVP_CipherUpdate(c, text, &n, (const uint8_t *)plain.p, (int)plain.n) == 1) &&
	       EVP_CipherFinal_ex(c, text + plain.n, &n) == 1 &&
	       EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, TAG, text + plain.n) == 1;
}
struct err seal_close(struct ctx *cx, const struct data_key *k, struct sv where, struct sv plain, struct box *out)
{
	size_t size = k->head_n + NONCE + plain.n + TAG;

	*out = (struct box){ .p = NULL };
	if (plain.n > PLAIN_MOST || where.n > PLAIN_MOST)
		return fail(cx, E_TOO_LARGE, "a secret is too large to be stored", "%zu bytes", plain.n);
	CLEANUP(lent_back) struct lent l = lend(k, 1);
	uint8_t *p = malloc(size);
	if (l.c == NULL || p == NULL) {
		free(p);
		return fail(cx, E_INTERNAL, "out of memory", "seal");
	}
	if (!close_box(l.c, k, where, plain, p)) {
		free(p);
		return fail(cx, E_INTERNAL, "sealing failed", "%.*s", SV_FMT(where));
	}
	*out = (struct box){ p, size };
	return OK;
}

static bool open_box(EVP_CIPHER_CTX *c, const struct data_key *k, struct sv where, struct sv box, uint8_t *plain)
{
	const uint8_t *nonce = (const uint8_t *)box.p + k->head_n, *text = nonce + NONCE;
	size_t len = box.n - k->head_n - NONCE - TAG;
	uint8_t tag[TAG];
	int n = 0;

	memcpy(tag, text + len, TAG);
	const OSSL_PARAM with[] = { OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, TAG),
				    OSSL_PARAM_construct_end() };
	return EVP_CipherInit_ex2(c, NULL, NULL, nonce, 0, with) == 1 && feed(c, k, where) &&
	       (len == 0 || EVP_CipherUpdate(c, plain, &n, text, (int)len) == 1) &&
	       EVP_CipherFinal_ex(c, plain + len, &n) == 1;
}
struct err seal_open(struct ctx *cx, const struct data_key *k, struct sv where, struct sv box, struct secret **out)
{
	size_t least = k->head_n + NONCE + TAG;
	char *plain;

	*out = NULL;
	if (box.p == NULL || box.n < least || box.n > least + PLAIN_MOST || where.n > PLAIN_MOST ||
	    memcmp(box.p, k->head, k->head_n) != 0)
		return fail(cx, E_INTERNAL, "box does not open", "%.*s: another key's box, or not a box",
			    SV_FMT(where));
	CLEANUP(secret_drop) struct secret *s = secret_blank(box.n - least, &plain);
	CLEANUP(lent_back) struct lent l = lend(k, 0);
	if (l.c == NULL || s == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "seal");
	if (!open_box(l.c, k, where, box, (uint8_t *)plain))
		return fail(cx, E_INTERNAL, "box does not open", "%.*s", SV_FMT(where));
	*out = TAKE(s);
	return OK;
}
