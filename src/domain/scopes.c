/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/scopes.h"
#include "core/arena.h"
#include "core/text.h"
#include "model/pdef.h"
#include "model/pdef_scopes.h"
#include "store/store_list.h"
#include <stdlib.h>
#include <string.h>

enum { SPLIT_MOST = 1001 };

/* The words of `in`, SPLIT_MOST of them at most, to `v`; NULL: they are only counted. */
static size_t words_of(struct sv_list in, struct sv *v)
{
	size_t n = 0;

	for (size_t i = 0; i < in.n; i++)
		for (struct sv rest = in.v[i]; rest.n > 0 && n < SPLIT_MOST;) {
			struct sv one = sv_cut(&rest, ' ');

			if (one.n > 0 && v != NULL)
				v[n] = one;
			n += one.n > 0;
		}
	return n;
}
struct err scopes_split(struct ctx *cx, struct sv_list in, struct sv_list *out)
{
	bool one_each = true;

	for (size_t i = 0; i < in.n && one_each; i++)
		one_each = in.v[i].n == 0 || memchr(in.v[i].p, ' ', in.v[i].n) == NULL;
	*out = in;
	if (one_each)
		return OK;
	*out = (struct sv_list){ .v = arena_array(cx->arena, words_of(in, NULL) + 1, sizeof(struct sv)) };
	if (out->v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "scopes");
	out->n = words_of(in, out->v);
	return OK;
}
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

static const struct pdef_scopes *rules_of(const struct pdef *d) { return d == NULL ? NULL : d->scopes; }

bool scopes_contain(const struct pdef *d, struct sv_list set, struct sv_list wanted)
{
	const struct pdef_scopes *rules = rules_of(d);

	for (size_t i = 0; i < wanted.n; i++)
		if (wanted.v[i].n > 0 && !pdef_scopes_have(rules, set, wanted.v[i]))
			return false;
	return true;
}

static bool share(const struct pdef_scopes *rules, struct sv_list a, struct sv_list b)
{
	for (size_t i = 0; i < b.n; i++)
		if (pdef_scopes_have(rules, a, b.v[i]))
			return true;
	return false;
}
/* Contract 2.2.  One requested scope found among the granted ones, under whatever name the provider's rules know, shows
 * that we can read its answer, and so does a part of one; then a scope that the user declined is missing.  Otherwise it
 * renames them, and asking again would never end. */
static bool comparable(const struct pdef_scopes *rules, const struct scope_state *have)
{
	if (!have->known || have->requested.n == 0)
		return true;
	return share(rules, have->granted, have->requested) ||
	       (rules != NULL && share(rules, have->requested, have->granted));
}
bool scopes_cover(const struct pdef *d, const struct scope_state *have, struct sv_list wanted)
{
	const struct pdef_scopes *rules = rules_of(d);
	struct sv_list had = comparable(rules, have) ? have->granted : have->requested;

	for (size_t i = 0; i < wanted.n; i++) {
		struct sv one = wanted.v[i];

		if (one.n == 0 || pdef_scopes_have(rules, had, one))
			continue;
		if (!pdef_scopes_silent(rules, one) || !pdef_scopes_have(rules, have->requested, one))
			return false;
	}
	return true;
}
struct err scopes_kept(struct ctx *cx, const struct pdef *d, const struct scope_state *have, struct sv_list *out)
{
	const struct pdef_scopes *rules = rules_of(d);
	struct sv_list silent = { .v = arena_array(cx->arena, have->requested.n + 1, sizeof *silent.v) };

	if (silent.v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "scopes");
	if (have->granted.n == 0 || !comparable(rules, have)) {
		*out = have->requested;
		return OK;
	}
	for (size_t i = 0; i < have->requested.n; i++)
		if (pdef_scopes_silent(rules, have->requested.v[i]))
			silent.v[silent.n++] = have->requested.v[i];
	return scopes_union(cx, have->granted, silent, out);
}
