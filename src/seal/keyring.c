/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/keyring.h"
#include "core/arena.h"
#include "core/codec.h"
#include "core/digest.h"
#include "core/text.h"
#include "seal/keyfile.h"
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

/* Root values shorter than this are refused outside development (design 6). */
enum { ROOT_LEAST = 32, ID_MOST = 40, KEY = 32 };
struct root {
	char id[ID_MOST + 1];
	struct data_key *key;
};
struct keyring {
	struct root *v;
	size_t n, main;
	char *file;         /* NULL: no key comes from one */
	uint8_t print[KEY]; /* of the file's key */
};

void keyring_free(struct keyring *k)
{
	if (k == NULL)
		return;
	for (size_t i = 0; i < k->n; i++)
		data_key_free(k->v[i].key);
	free(k->v);
	free(k->file);
	wipe(k->print, sizeof k->print);
	free(k);
}
static void kdf_drop(EVP_KDF **k) { EVP_KDF_free(*k); }
static void kdf_ctx_drop(EVP_KDF_CTX **c) { EVP_KDF_CTX_free(*c); }
static void *bytes_of(struct sv s)
{
	return (void *)(uintptr_t)s.p;
} /* OSSL_PARAM wants it writable and does not write */

/* HKDF-SHA-256 (RFC 5869) without salt; info parts the key from the name made of the same value. */
static bool hkdf(struct sv value, struct sv info, uint8_t out[static KEY])
{
	CLEANUP(kdf_drop) EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	CLEANUP(kdf_ctx_drop) EVP_KDF_CTX *c = EVP_KDF_CTX_new(kdf);
	char digest[] = "SHA256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, bytes_of(value), value.n),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, bytes_of(info), info.n),
		OSSL_PARAM_construct_end(),
	};

	return c != NULL && EVP_KDF_derive(c, out, KEY, params) == 1;
}
static struct err add(struct ctx *cx, struct keyring *k, struct sv id, struct sv value)
{
	struct root *r = &k->v[k->n];
	uint8_t raw[KEY];

	if (!text_is_id(id, ID_MOST, "-_."))
		return refuse(cx, E_CONFIG, "security.root_keys: an id must be 1 to 40 of A-Z a-z 0-9 - _ .");
	for (size_t i = 0; i < k->n; i++)
		if (sv_eqz(id, k->v[i].id))
			return refuse(cx, E_CONFIG, "security.root_keys: id %s is used twice", k->v[i].id);
	if (!sv_copy(id, r->id, sizeof r->id))
		return fail(cx, E_INTERNAL, "id too long", "root key");
	bool ok = hkdf(value, SV("tokenbooth root key"), raw);
	struct err e = ok ? data_key_new(cx, r->id, (struct sv){ (const char *)raw, KEY }, &r->key)
			  : fail(cx, E_INTERNAL, "HKDF is not available", "root key %s", r->id);
	wipe(raw, sizeof raw);
	TRY(e);
	k->n++;
	return OK;
}
static bool print_of(struct sv value, uint8_t out[static KEY])
{
	return hkdf(value, SV("tokenbooth root key name"), out);
}
/* The file's key is named by what it is, so that another folder's file is told as "missing", not as damage. */
static struct err add_file(struct ctx *cx, struct keyring *k, struct sv value)
{
	CLEANUP(buf_free) struct buf id = BUF(ID_MOST);

	if (!print_of(value, k->print))
		return fail(cx, E_INTERNAL, "HKDF is not available", "root.key");
	buf_str(&id, "file-");
	enc_hex(&id, (struct sv){ (const char *)k->print, 4 });
	TRY(buf_done(cx, &id, "root key id"));
	return add(cx, k, buf_view(&id), value);
}
static struct err add_configured(struct ctx *cx, struct keyring *k, const struct keyring_how *how)
{
	size_t mains = 0;

	for (size_t i = 0; i < how->n; i++) {
		struct sv v = secret_view(how->keys[i].value);

		if (v.n < ROOT_LEAST && (!how->development || v.n == 0))
			return refuse(cx, E_CONFIG,
				      "security.root_keys: the value of %s has %zu bytes; at least %d are needed "
				      "(openssl rand -base64 32)",
				      how->keys[i].id, v.n, ROOT_LEAST);
		if (how->keys[i].is_default) {
			k->main = k->n;
			mains++;
		}
		TRY(add(cx, k, sv_of(how->keys[i].id), v));
	}
	if (mains > 1)
		return refuse(cx, E_CONFIG, "security.root_keys: %zu keys say default; only one may", mains);
	if (mains == 0 && how->n > 1)
		return refuse(cx, E_CONFIG, "security.root_keys: one of the %zu keys must say default: true", how->n);
	return OK;
}
/* *out stays NULL when there is no file and the configuration has keys. */
static struct err file_value(struct ctx *cx, const struct keyring_how *how, struct secret **out)
{
	struct err e = keyfile_read(cx, how->file, out);

	if (e.code != E_NOT_FOUND || (how->n == 0 && !how->may_create))
		return e;
	(void)forgive(cx);
	return how->n > 0 ? OK : keyfile_make(cx, how->file, out);
}
struct err keyring_load(struct ctx *cx, const struct keyring_how *how, struct keyring **out)
{
	CLEANUP(keyring_drop) struct keyring *k = calloc(1, sizeof *k);
	CLEANUP(secret_drop) struct secret *file = NULL;

	*out = NULL;
	if (k != NULL)
		k->v = calloc(how->n + 1, sizeof *k->v);
	if (k == NULL || k->v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "keyring");
	TRY(add_configured(cx, k, how));
	if (how->file != NULL)
		TRY(file_value(cx, how, &file));
	if (file != NULL) {
		k->file = strdup(how->file);
		if (k->file == NULL)
			return fail(cx, E_INTERNAL, "out of memory", "keyring");
		TRY(add_file(cx, k, secret_view(file)));
	}
	if (k->n == 0)
		return refuse(cx, E_NOT_FOUND, "there is no root key: neither security.root_keys nor a key file");
	*out = TAKE(k);
	return OK;
}
struct err keyring_still(struct ctx *cx, const struct keyring *k)
{
	CLEANUP(secret_drop) struct secret *now = NULL;
	uint8_t print[KEY];

	if (k->file == NULL)
		return OK;
	TRY(keyfile_read(cx, k->file, &now));
	if (now == NULL || !print_of(secret_view(now), print))
		return fail(cx, E_INTERNAL, "HKDF is not available", "root.key");
	bool same = memcmp(print, k->print, KEY) == 0; /* a name made of the key, no secret */
	wipe(print, sizeof print);
	return same ? OK : refuse(cx, E_CONFIG, "%s holds another key than the one in use; put that one back", k->file);
}
const char *keyring_default_id(const struct keyring *k) { return k->v[k->main].id; }
struct err keyring_wrap(struct ctx *cx, const struct keyring *k, struct sv where, struct sv plain, struct box *out)
{
	return seal_close(cx, k->v[k->main].key, where, plain, out);
}
struct err keyring_unwrap(struct ctx *cx, const struct keyring *k, const struct wrapped *in, struct secret **out)
{
	const char *id = in->key_id;

	*out = NULL;
	for (size_t i = 0; i < k->n; i++) {
		if (strcmp(k->v[i].id, id) != 0)
			continue;
		struct err e = seal_open(cx, k->v[i].key, in->where, in->box, out);
		if (e.code != E_INTERNAL || strcmp(cx->cause.say, "box does not open") != 0)
			return e;
		(void)forgive(cx);
		return refuse(cx, E_CONFIG,
			      "root key %s does not open the store: its value is not the one the store was made with",
			      id);
	}
	return refuse(cx, E_CONFIG, "root key %s is missing; put back %s", id,
		      strncmp(id, "file-", 5) == 0 ? "the file root.key that was made with this store, from your backup"
						   : "its entry under security.root_keys in engine.yaml");
}
