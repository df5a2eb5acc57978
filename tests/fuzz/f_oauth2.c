/* SPDX-License-Identifier: Apache-2.0 */
/* The oauth2 section of a request body, alone and over a built-in definition: what it gives loads, or says why not. */
#include "core/jdoc.h"
#include "fuzz.h"
#include "model/pdef.h"
#include <stdlib.h>

static struct pdef_library *library;
static void let_go(void) { pdef_library_drop(&library); }

static void over(struct ctx *cx, const struct node *base, const struct node *oauth2)
{
	CLEANUP(pdef_drop) struct pdef *d = NULL;
	struct node *merged = NULL, *shown;
	struct err e = pdef_from_oauth2(cx, base, oauth2, &merged);

	fuzz_outcome(cx, e);
	if (!IS_ERR(e)) {
		e = pdef_load(cx, merged, &(struct pdef_how){ .id = "mine", .development = true }, &d);
		fuzz_outcome(cx, e);
	}
	if (!IS_ERR(e))
		MUST(!IS_ERR(pdef_to_oauth2(cx, d, &shown)));
	(void)forgive(cx);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx *cx = fuzz_ctx();
	const struct node *oauth2;

	if (library == NULL) {
		MUST(!IS_ERR(pdef_library_load(cx, NULL, true, &library)));
		MUST(atexit(let_go) == 0);
	}
	if (IS_ERR(jdoc_parse(cx, fuzz_sv(data, size), "request body", &oauth2)))
		return 0;
	over(cx, NULL, oauth2);
	over(cx, pdef_library_find(library, SV("discord")), oauth2);
	return 0;
}
