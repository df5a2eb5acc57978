/* SPDX-License-Identifier: Apache-2.0 */
/* YAML text: a tree of known kinds, text that is UTF-8, lines that are there; as JSON it reads again. */
#include "core/jdoc.h"
#include "core/jout.h"
#include "core/text.h"
#include "core/ydoc.h"
#include "fuzz.h"

enum { MOST_LEVELS = 40 };

static void look(const struct node *n, int level)
{
	size_t children = 0;

	MUST(level < MOST_LEVELS && n->line > 0 && n->file != NULL);
	MUST(n->kind == NODE_LIST || n->kind == NODE_MAP || n->first == NULL);
	MUST(text_is_utf8(n->text));
	for (const struct node *c = n->first; c != NULL; c = c->next, children++) {
		MUST(n->kind == NODE_LIST || node_get_sv(n, c->key) == c);
		look(c, level + 1);
	}
	MUST(children == n->n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(buf_free) struct buf b = BUF(16 << 20);
	struct jout w = JOUT(&b);
	struct ctx *cx = fuzz_ctx();
	const struct node *again;
	struct node *top;
	struct err e = ydoc_parse(cx, fuzz_sv(data, size), "fuzz.yaml", &top);

	fuzz_outcome(cx, e);
	if (IS_ERR(e))
		return 0;
	look(top, 0);
	jout_node(&w, NULL, top);
	MUST(!IS_ERR(jout_done(cx, &w)));
	MUST(!IS_ERR(jdoc_parse(cx, buf_view(&b), "copy", &again)));
	return 0;
}
