/* SPDX-License-Identifier: Apache-2.0 */
/* A provider's definition, as a file of the operator's: one that loads has a text that loads to the same text. */
#include "core/jdoc.h"
#include "core/text.h"
#include "core/ydoc.h"
#include "fuzz.h"
#include "model/pdef.h"
#include "model/pdef_parts.h"

static void again(struct ctx *cx, const struct node *merged, const struct pdef_how *how)
{
	CLEANUP(pdef_drop) struct pdef *d = NULL;
	const struct node *copy;
	struct sv json, json2;

	MUST(!IS_ERR(pdef_text(cx, merged, &json)));
	MUST(!IS_ERR(jdoc_parse_written(cx, json, "definition", &copy)));
	MUST(!IS_ERR(pdef_load(cx, copy, how, &d)));
	MUST(!IS_ERR(pdef_text(cx, copy, &json2)) && sv_eq(json, json2));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(pdef_drop) struct pdef *d = NULL;
	const struct pdef_how how = { .id = "fuzz", .development = size % 2 == 0 };
	struct ctx *cx = fuzz_ctx();
	struct node *top;

	if (IS_ERR(ydoc_parse(cx, fuzz_sv(data, size), "fuzz.yaml", &top)))
		return 0;
	struct err e = pdef_load(cx, top, &how, &d);
	fuzz_outcome(cx, e);
	MUST(IS_ERR(e) == (d == NULL));
	if (!IS_ERR(e))
		again(cx, top, &how);
	(void)forgive(cx);
	fuzz_outcome(cx, pdef_check(cx, top, &how));
	return 0;
}
