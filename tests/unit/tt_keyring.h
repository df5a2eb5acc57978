/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TT_KEYRING_H
#define TT_KEYRING_H
/* tt_keyring.h: a keyring of one configured key "main". */
#include "seal/keyring.h"
#include "tt.h"
static inline struct keyring *tt_keyring(struct ctx *cx, const char *value)
{
	struct keyring *k = NULL;
	CLEANUP(secret_drop) struct secret *s = secret_copy(sv_of(value));
	const struct root_key key = { .id = "main", .is_default = true, .value = s };

	CHECK(!IS_ERR(keyring_load(cx, &(struct keyring_how){ .keys = &key, .n = 1 }, &k)));
	return k;
}
#endif
