/* SPDX-License-Identifier: Apache-2.0 */
/* Form bodies and queries: pairs that were read, written and read again are the same pairs. */
#include "core/codec.h"
#include "core/text.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(buf_free) struct buf b = BUF(16 << 20);
	struct ctx *cx = fuzz_ctx();
	struct sv rest = fuzz_sv(data, size), again;
	struct pair p, q;
	bool bad = false, worse = false;
	size_t n = 0;

	while (form_next(cx->arena, &rest, &p, &bad)) {
		MUST(p.name.p != NULL && p.value.p != NULL);
		MUST(++n <= size + 1);
		form_add(&b, p.name, p.value);
	}
	if (bad)
		return 0;
	again = buf_view(&b);
	rest = fuzz_sv(data, size);
	while (form_next(cx->arena, &rest, &p, &bad))
		MUST(form_next(cx->arena, &again, &q, &worse) && sv_eq(p.name, q.name) && sv_eq(p.value, q.value));
	MUST(!form_next(cx->arena, &again, &q, &worse) && !worse);
	return 0;
}
