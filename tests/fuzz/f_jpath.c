/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions of response_map: a line of expression, the rest a JSON document. */
#include "core/jdoc.h"
#include "core/text.h"
#include "fuzz.h"
#include "model/jpath.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx *cx = fuzz_ctx();
	struct sv doc = fuzz_sv(data, size), expr = sv_cut(&doc, '\n'), text;
	const struct node *root, *got = NULL;
	struct err e = jpath_check(cx, expr);

	fuzz_outcome(cx, e);
	if (IS_ERR(e))
		return 0;
	if (doc.p == NULL || IS_ERR(jdoc_parse(cx, doc, "answer", &root))) {
		(void)forgive(cx);
		MUST(!IS_ERR(jdoc_parse(cx, SV("{\"a\":[{\"b\":1,\"c\":\"x\"},{\"b\":true}],\"t\":\"e30.e30.x\"}"),
					"answer", &root)));
	}
	MUST(!IS_ERR(jpath_get(cx, expr, root, &got)));
	MUST(got == NULL || !IS_ERR(jpath_text(cx, got, &text)));
	return 0;
}
