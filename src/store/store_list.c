/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_list.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/jdoc.h"
#include "core/jout.h"
#include "core/text.h"

enum { LIST_MAX = 1 << 20 };

struct err store_list_json(struct ctx *cx, struct sv_list in, struct sv *out)
{
	CLEANUP(buf_free) struct buf b = BUF(LIST_MAX);
	struct jout w = JOUT(&b);

	*out = SV_NONE;
	jout_list(&w, NULL);
	for (size_t i = 0; i < in.n; i++)
		jout_str(&w, NULL, in.v[i]);
	jout_list_end(&w);
	TRY(jout_done(cx, &w));
	*out = arena_sv(cx->arena, buf_view(&b));
	return out->p != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "list");
}

struct err store_list_from(struct ctx *cx, struct sv json, struct sv_list *out)
{
	const struct node *list = NULL;

	*out = (struct sv_list){ .n = 0 };
	if (json.n == 0 || sv_eq(json, SV("[]")))
		return OK;
	if (IS_ERR(jdoc_parse(cx, json, "list", &list)) || list->kind != NODE_LIST) {
		(void)forgive(cx);
		return fail(cx, E_INTERNAL, "storage error",
			    "a column that should hold a list of text holds something else");
	}
	out->v = arena_array(cx->arena, list->n, sizeof *out->v);
	if (out->v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "list");
	for (const struct node *n = list->first; n != NULL; n = n->next)
		if (n->kind == NODE_TEXT)
			out->v[out->n++] = n->text;
	return OK;
}

bool store_list_has(struct sv_list in, struct sv what)
{
	for (size_t i = 0; i < in.n; i++)
		if (sv_eq(in.v[i], what))
			return true;
	return false;
}

static void add(struct sv_list *out, struct sv_list from)
{
	for (size_t i = 0; i < from.n; i++)
		if (from.v[i].n > 0 && !store_list_has(*out, from.v[i]))
			out->v[out->n++] = from.v[i];
}

struct err store_list_union(struct ctx *cx, struct sv_list a, struct sv_list b, struct sv_list *out)
{
	struct sv_list all = { .v = arena_array(cx->arena, a.n + b.n + 1, sizeof *all.v) };

	*out = (struct sv_list){ .n = 0 };
	if (all.v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "list");
	add(&all, a);
	add(&all, b);
	*out = all;
	return OK;
}
