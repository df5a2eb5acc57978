/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEYRING_H
#define KEYRING_H
/* keyring.h: root keys, and what they wrap.
 *
 * Owns:     the root keys of this process, from security.root_keys (HKDF-SHA-256 of the value, >= 32 bytes unless
 * development) or from the file root.key (0600, made on first run only, fsynced with its folder). Promises: several
 * root keys, one default; wrap uses the default, unwrap the one named.  A group- or world-readable or foreign file is
 * refused (E_CONFIG) with the chmod to type.
 */
#include "seal/seal.h"
struct keyring;
struct root_key {
	const char *id;
	bool is_default;
	const struct secret *value;
};
struct keyring_how {
	const struct root_key *keys;
	size_t n;
	const char *file;
	bool may_create;
	bool development;
};
void keyring_free(struct keyring *k);
/* E_NOT_FOUND when `file` is absent, no keys are configured and may_create is false. */
struct err keyring_load(struct ctx *cx, const struct keyring_how *how, struct keyring **out) MUST_USE NONNULL(1, 2, 3);
/* Is the key of the file it was read from still there, and ours alone?  E_NOT_FOUND, or E_CONFIG with what is wrong.
 * Configured keys always are: they are read at start. */
struct err keyring_still(struct ctx *cx, const struct keyring *k) MUST_USE NONNULL(1, 2);
const char *keyring_default_id(const struct keyring *k) NONNULL(1) RETURNS_NONNULL;
struct err keyring_wrap(struct ctx *cx, const struct keyring *k, struct sv where, struct sv plain,
			struct box *out) MUST_USE NONNULL(1, 2, 5);
/* E_CONFIG when the root key `key_id` is not among ours: "root key X is missing; …". */
struct wrapped {
	const char *key_id;
	struct sv where, box;
};
struct err keyring_unwrap(struct ctx *cx, const struct keyring *k, const struct wrapped *in,
			  struct secret **out) MUST_USE NONNULL(1, 2, 3, 4);
/* A data key from 32 raw bytes; `name` goes into the boxes as key id (<= 40 bytes). */
struct err data_key_new(struct ctx *cx, const char *name, struct sv raw32, struct data_key **out) MUST_USE
    NONNULL(1, 2, 4);
static inline void keyring_drop(struct keyring **k)
{
	keyring_free(*k);
	*k = NULL;
}
#endif
