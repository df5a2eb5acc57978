/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions over an answer: a line of condition, the rest a JSON document. */
#include "core/jdoc.h"
#include "core/text.h"
#include "fuzz.h"
#include "model/jpath.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx *cx = fuzz_ctx();
	struct sv doc = fuzz_sv(data, size), cond = sv_cut(&doc, '\n');
	const struct node *root;
	bool is = false;
	struct err e = jpath_check_cond(cx, cond);

	fuzz_outcome(cx, e);
	if (IS_ERR(e))
		return 0;
	if (doc.p == NULL || IS_ERR(jdoc_parse(cx, doc, "answer", &root))) {
		(void)forgive(cx);
		MUST(!IS_ERR(jdoc_parse(cx, SV("{\"ok\":true,\"n\":3,\"s\":\"x\",\"z\":null,\"l\":[{\"n\":1}]}"),
					"answer", &root)));
	}
	MUST(!IS_ERR(jpath_test(cx, cond, root, &is)));
	return 0;
}
