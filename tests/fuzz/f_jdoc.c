/* SPDX-License-Identifier: Apache-2.0 */
/* JSON text: we read what jansson reads and refuse what it refuses, and both see the same values; what was read writes
 * to a text that reads to the same tree. */
#include "core/jdoc.h"
#include "core/jout.h"
#include "fuzz.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* What jansson read, written again; NULL: refused. */
static char *by_jansson(const uint8_t *data, size_t size)
{
	json_error_t why;
	const char *p = size == 0 ? "" : (const char *)data;
	json_t *j = json_loadb(p, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
	char *text = j == NULL ? NULL : json_dumps(j, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));

	MUST(j == NULL || text != NULL);
	json_decref(j);
	return text;
}

static void same_as_jansson(struct ctx *cx, const uint8_t *data, size_t size, const struct node *ours)
{
	const struct node *theirs;
	char *text = by_jansson(data, size);

	MUST(text != NULL && !IS_ERR(jdoc_parse(cx, sv_of(text), "jansson", &theirs)));
	MUST(node_equal(ours, theirs));
	free(text);
}

/* What a tool says: all that is taken otherwise, to the same tree; and what is taken writes to what is taken again. */
static void lenient(const uint8_t *data, size_t size, const struct node *strict)
{
	CLEANUP(buf_free) struct buf b = BUF(16 << 20);
	struct jout w = JOUT(&b);
	struct ctx *cx = strict == NULL ? fuzz_ctx() : fuzz_ctx_now(); /* `strict` lies in the present one */
	const struct node *one, *two;
	struct err e = jdoc_parse_lenient(cx, fuzz_sv(data, size), "an answer", &one);

	fuzz_outcome(cx, e);
	MUST(strict == NULL || (!IS_ERR(e) && node_equal(strict, one)));
	if (IS_ERR(e))
		return;
	jout_node(&w, NULL, one);
	MUST(!IS_ERR(jout_done(cx, &w)));
	MUST(!IS_ERR(jdoc_parse_lenient(cx, buf_view(&b), "copy", &two)));
	MUST(node_equal(one, two));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(buf_free) struct buf b = BUF(16 << 20);
	struct jout w = JOUT(&b);
	struct ctx *cx = fuzz_ctx();
	const struct node *one, *two;
	struct err e = jdoc_parse(cx, fuzz_sv(data, size), "request body", &one);

	fuzz_outcome(cx, e);
	if (IS_ERR(e)) {
		char *text = by_jansson(data, size);

		/* Ours alone: 64 levels; and jansson takes a zero byte for the end of the text. */
		MUST(text == NULL || strstr(cx->cause.say, "nested more than") != NULL ||
		     strstr(cx->cause.say, "it holds a zero byte") != NULL);
		free(text);
		lenient(data, size, NULL);
		return 0;
	}
	lenient(data, size, one);
	same_as_jansson(cx, data, size, one);
	jout_node(&w, NULL, one);
	MUST(!IS_ERR(jout_done(cx, &w)));
	MUST(!IS_ERR(jdoc_parse(cx, buf_view(&b), "copy", &two)));
	MUST(node_equal(one, two));
	return 0;
}
