/* SPDX-License-Identifier: Apache-2.0 */
/* json_echo: documents on standard input, each after its length in decimal and a line end; for each one line on
 * standard output: "bad", or the document as our writer prints it.  json_against_python.py asks it. */
#include "core/arena.h"
#include "core/jdoc.h"
#include "core/jout.h"
#include <stdio.h>
#include <stdlib.h>

static int answer(struct ctx *cx, struct sv text)
{
	const struct node *n = NULL;
	struct err e = jdoc_parse(cx, text, "document", &n);

	if (IS_ERR(e))
		return e.code == E_BAD_INPUT && puts("bad") >= 0 ? 0 : 1;
	CLEANUP(buf_free) struct buf b = BUF(8 << 20);
	struct jout w = JOUT(&b);
	jout_node(&w, NULL, n);
	if (IS_ERR(jout_done(cx, &w)))
		return 1;
	return fwrite(b.p, 1, b.n, stdout) == b.n && putchar('\n') == '\n' ? 0 : 1;
}

int main(void)
{
	static char text[1 << 20];
	char line[32];

	while (fgets(line, sizeof line, stdin) != NULL) {
		CLEANUP(arena_drop) struct arena *a = arena_new((size_t)256 << 20);
		size_t n = (size_t)strtoul(line, NULL, 10);
		struct ctx cx = { .request_id = "t", .arena = a };

		if (a == NULL || n > sizeof text || fread(text, 1, n, stdin) != n ||
		    answer(&cx, (struct sv){ text, n }) != 0)
			return 1;
	}
	return 0;
}
