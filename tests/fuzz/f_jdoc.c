/* SPDX-License-Identifier: Apache-2.0 */
/* JSON text: what was read writes to a text that reads to the same tree. */
#include "core/jdoc.h"
#include "core/jout.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(buf_free) struct buf b = BUF(16 << 20);
	struct jout w = JOUT(&b);
	struct ctx *cx = fuzz_ctx();
	const struct node *one, *two;
	struct err e = jdoc_parse(cx, fuzz_sv(data, size), "request body", &one);

	fuzz_outcome(cx, e);
	if (IS_ERR(e))
		return 0;
	jout_node(&w, NULL, one);
	MUST(!IS_ERR(jout_done(cx, &w)));
	MUST(!IS_ERR(jdoc_parse(cx, buf_view(&b), "copy", &two)));
	MUST(node_equal(one, two));
	return 0;
}
