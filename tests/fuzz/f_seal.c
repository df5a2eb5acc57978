/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes as they come from a store somebody else may have written to: none opens but one that was closed here. */
#include "core/text.h"
#include "fuzz.h"
#include "seal/keyring.h"
#include <stdlib.h>

static struct data_key *key;
static void let_go(void) { data_key_drop(&key); }

static void closed_here(struct ctx *cx, struct sv plain)
{
	struct box box = { NULL, 0 };
	struct secret *got = NULL;

	MUST(!IS_ERR(seal_close(cx, key, SV("t.c:p:r"), plain, &box)));
	MUST(!IS_ERR(seal_open(cx, key, SV("t.c:p:r"), box_view(&box), &got)) && sv_eq(secret_view(got), plain));
	secret_drop(&got);
	for (size_t i = 0; i < box.n; i += 7) {
		box.p[i] ^= 1;
		MUST(IS_ERR(seal_open(cx, key, SV("t.c:p:r"), box_view(&box), &got)) && got == NULL);
		(void)forgive(cx);
		box.p[i] ^= 1;
	}
	box_free(&box);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char raw[32] = "0123456789abcdef0123456789abcde";
	struct ctx *cx = fuzz_ctx();
	struct secret *got = NULL;

	if (key == NULL) {
		MUST(!IS_ERR(data_key_new(cx, "dk_1", (struct sv){ raw, sizeof raw }, &key)));
		MUST(atexit(let_go) == 0);
	}
	MUST(IS_ERR(seal_open(cx, key, SV("t.c:p:r"), fuzz_sv(data, size), &got)) && got == NULL);
	(void)forgive(cx);
	if (size <= 256)
		closed_here(cx, fuzz_sv(data, size));
	return 0;
}
