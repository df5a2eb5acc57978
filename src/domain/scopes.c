/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/scopes.h"
#include "core/arena.h"
#include "core/text.h"
#include "store/store_list.h"
#include <stdlib.h>
#include <string.h>

struct err scopes_clean(struct ctx *cx, struct sv_list in, struct sv_list *out)
{
	return store_list_union(cx, in, (struct sv_list){ .n = 0 }, out);
}

static int order(const void *a, const void *b)
{
	const struct sv *x = a, *y = b;
	int c = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);

	return c != 0 ? c : (x->n > y->n) - (x->n < y->n);
}
/* The JSON text of the sorted set: no separator can be part of a scope by chance. */
struct err scopes_key(struct ctx *cx, struct sv_list in, struct sv *out)
{
	struct sv_list set;

	*out = SV_NONE;
	TRY(scopes_clean(cx, in, &set));
	qsort(set.v, set.n, sizeof *set.v, order);
	return store_list_json(cx, set, out);
}

struct err scopes_json(struct ctx *cx, struct sv_list in, struct sv *out) { return store_list_json(cx, in, out); }
struct err scopes_from_json(struct ctx *cx, struct sv json, struct sv_list *out)
{
	return store_list_from(cx, json, out);
}
struct err scopes_union(struct ctx *cx, struct sv_list a, struct sv_list b, struct sv_list *out)
{
	return store_list_union(cx, a, b, out);
}

bool scopes_contain(struct sv_list set, struct sv_list wanted)
{
	for (size_t i = 0; i < wanted.n; i++)
		if (wanted.v[i].n > 0 && !store_list_has(set, wanted.v[i]))
			return false;
	return true;
}

/* Contract 2.2.  One requested scope found verbatim among the granted ones shows that the provider spells them as we
 * do; then a scope that the user declined is missing.  Otherwise it renames them, and asking again would never end. */
static bool comparable(const struct scope_state *have)
{
	if (!have->known || have->requested.n == 0)
		return true;
	for (size_t i = 0; i < have->requested.n; i++)
		if (store_list_has(have->granted, have->requested.v[i]))
			return true;
	return false;
}
bool scopes_cover(const struct scope_state *have, struct sv_list wanted)
{
	return scopes_contain(comparable(have) ? have->granted : have->requested, wanted);
}
