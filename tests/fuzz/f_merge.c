/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 7396: a line of base and the rest as patch.  A patch put on twice changes nothing more. */
#include "core/jdoc.h"
#include "core/node.h"
#include "core/text.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx *cx = fuzz_ctx();
	struct sv patch = fuzz_sv(data, size), base = sv_cut(&patch, '\n');
	const struct node *b, *p;

	if (IS_ERR(jdoc_parse(cx, base, "base", &b)) || IS_ERR(jdoc_parse(cx, patch, "patch", &p)))
		return 0;
	struct node *copy = node_copy(cx->arena, b);
	struct node *once = node_merge(cx->arena, b, p);
	MUST(copy != NULL && once != NULL && node_equal(copy, b));
	struct node *twice = node_merge(cx->arena, once, p);
	MUST(twice != NULL && node_equal(once, twice));
	if (p->kind == NODE_MAP && once->kind == NODE_MAP)
		for (const struct node *c = p->first; c != NULL; c = c->next)
			MUST((node_get_sv(once, c->key) == NULL) == (c->kind == NODE_NULL));
	return 0;
}
