/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/provider_move.h"
#include "core/jdoc.h"
#include "core/text.h"

static const char *const calls[] = { "token", "refresh", "exchange", "revoke", "introspect" };

/* Scheme, host and port of an address that may be a template: up to the first slash after "://". */
static struct sv origin(struct sv url)
{
	size_t at;

	if (!sv_find(url, SV("://"), &at))
		return url;
	for (at += 3; at < url.n && url.p[at] != '/' && url.p[at] != '?' && url.p[at] != '#'; at++)
		;
	return sv_upto(url, at);
}

static struct sv address(const struct node *definition, const char *call)
{
	return origin(node_text_at(node_get(definition, call), "url"));
}

/* A refresh without an address of its own goes to the token endpoint. */
static bool same(const struct node *before, const struct node *after, const char *call)
{
	struct sv a = address(before, call), b = address(after, call);

	if (a.p == NULL)
		a = address(before, "token");
	if (b.p == NULL)
		b = address(after, "token");
	return sv_ieq(a, b);
}

struct err provider_move_find(struct ctx *cx, struct sv before, struct sv after, bool *moved)
{
	const struct node *was = NULL, *now = NULL;

	*moved = false;
	TRY(jdoc_parse(cx, before, "definition", &was));
	TRY(jdoc_parse(cx, after, "definition", &now));
	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		*moved = *moved || !same(was, now, calls[i]);
	*moved = *moved || !node_equal(node_get(was, "values"), node_get(now, "values")) ||
		 !node_equal(node_get(was, "origin"), node_get(now, "origin"));
	return OK;
}
