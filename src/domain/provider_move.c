/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/provider_move.h"
#include "core/jdoc.h"
#include "core/text.h"
#include "store/store_provider.h"

/* What addresses are made of, beside what is written in them. */
static const char *const parts[] = { "values", "origin", "environment" };
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

/* Who has no user info asks nobody. */
static bool told_elsewhere(const struct node *before, const struct node *after)
{
	return address(after, "user_info").p != NULL && !same(before, after, "user_info");
}

struct err provider_move_find(struct ctx *cx, struct sv before, struct sv after, struct provider_move *out)
{
	const struct node *was = NULL, *now = NULL;

	*out = (struct provider_move){ .secret = false };
	TRY(jdoc_parse(cx, after, "definition", &now));
	struct err e = jdoc_parse(cx, before, "definition", &was);
	if (e.code == E_INTERNAL)
		return e;
	if (IS_ERR(e)) { /* nobody can say where it went to */
		*out = (struct provider_move){ .secret = true, .stored = true };
		return forgive(cx);
	}
	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		out->stored = out->stored || !same(was, now, calls[i]);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		out->stored = out->stored || !node_equal(node_get(was, parts[i]), node_get(now, parts[i]));
	out->secret = out->stored || told_elsewhere(was, now);
	return OK;
}

struct err provider_move_since(struct ctx *cx, struct db *db, const struct provider_revisions *of, bool *moved)
{
	struct provider_revision then, now;
	struct provider_move move = { .secret = true };

	*moved = false;
	if (sv_eq(of->then, of->now))
		return OK;
	*moved = true;
	struct err e = store_provider_revision(cx, db, of->then, &then);
	if (!IS_ERR(e))
		e = store_provider_revision(cx, db, of->now, &now);
	if (e.code == E_NOT_FOUND)
		return forgive(cx);
	TRY(e);
	TRY(provider_move_find(cx, then.definition, now.definition, &move));
	*moved = move.secret;
	return OK;
}
