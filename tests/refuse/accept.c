/* SPDX-License-Identifier: Apache-2.0 */
/* accept: the control; it uses what the others misuse, and compiles. */
#include "core/arena.h"
#include "core/logf.h"
#include "core/node.h"
struct thing {
	struct sv name;
};
static const struct nfield fields[] = { NSV(struct thing, name, NREQ, 1, 9) };
struct err use(struct ctx *cx, const struct node *n, struct sv token);
struct err use(struct ctx *cx, const struct node *n, struct sv token)
{
	CLEANUP(secret_drop) struct secret *s = secret_copy(token);
	struct thing t = { .name = SV_NONE };

	if (s == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "%zu bytes", token.n);
	TRY(node_decode(cx, n, &(struct node_decode){ fields, ARRAY_LEN(fields), "", NODE_REFUSE_UNKNOWN }, &t));
	log_event(cx, LOG_INFO, "used", LOG_SV("name", t.name), LOG_INT("n", (int64_t)secret_view(s).n));
	return OK;
}
