/* SPDX-License-Identifier: Apache-2.0 */
#include "model/pdef_apart.h"
#include "core/text.h"
#include "model/pdef_parts.h"

/* The row whose token has this scope: of the rows with its prefix, or else without any, the first.  NULL: no row's. */
static const struct node *row_of(const struct node *rows, struct sv scope)
{
	const struct node *plain = NULL;

	for (const struct node *c = rows->first; c != NULL; c = c->next) {
		struct sv prefix = node_text_at(c, "scope_prefix");

		if (prefix.n > 0 && sv_starts(scope, prefix))
			return c;
		if (prefix.n == 0 && plain == NULL)
			plain = c;
	}
	return plain;
}
static bool row_apart(const struct node *rows, struct sv one, struct sv other)
{
	const struct node *a = row_of(rows, one), *b = row_of(rows, other);

	return a != NULL && b != NULL && !sv_eq(node_text_at(a, "scope_prefix"), node_text_at(b, "scope_prefix"));
}

bool pdef_apart(const struct pdef *d, struct sv_list a, struct sv_list b, struct pdef_apart *out)
{
	const struct node *rows = d->parts->token_answer.tokens;

	*out = (struct pdef_apart){ .one = SV_NONE };
	if (rows == NULL || rows->n < 2)
		return false;
	for (size_t i = 0; i < a.n; i++)
		for (size_t k = 0; k < b.n; k++)
			if (a.v[i].n > 0 && b.v[k].n > 0 && row_apart(rows, a.v[i], b.v[k])) {
				*out = (struct pdef_apart){ a.v[i], b.v[k] };
				return true;
			}
	return false;
}
