/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/embed.h"
#include "core/text.h"
#include "core/ydoc.h"
#include "model/pdef_decode.h"
#include <assert.h>
#include <stdlib.h>

extern const struct embedded provider_files[];

enum { MOST_MEMORY = 64 << 20, MOST_ALIASES = 8 };
struct pdef_library {
	struct arena *arena;
	struct node *all;
}; /* map: id -> merged tree */

static struct err no_memory(struct ctx *cx) { return fail(cx, E_INTERNAL, "out of memory", "reading definitions"); }

void pdef_library_free(struct pdef_library *l)
{
	if (l == NULL)
		return;
	arena_free(l->arena);
	free(l);
}

/* The id a file says must be its name, so that an id is found by looking at the folder. */
static struct err read_one(struct ctx *cx, const struct embedded *f, struct node *all)
{
	struct node *n;
	struct sv name = sv_of(f->name);

	TRY(ydoc_parse(cx, embedded_view(f), f->name, &n));
	if (sv_ends(name, SV(".yaml")))
		name.n -= 5;
	if (n->kind != NODE_MAP || !sv_eq(node_text_at(n, "id"), name))
		return pdef_decode_wrong(cx, n, "id", "must be the name of the file without .yaml");
	return node_set(cx->arena, all, name, n) ? OK : no_memory(cx);
}

/* provider_definitions: partial ones over ours, and new ones beside them. */
static struct err read_overrides(struct ctx *cx, const struct node *overrides, struct node *all)
{
	if (overrides == NULL || overrides->kind == NODE_NULL)
		return OK;
	if (overrides->kind != NODE_MAP)
		return pdef_decode_wrong(cx, overrides, "provider_definitions", "must be a map of ids to definitions");
	for (const struct node *c = overrides->first; c != NULL; c = c->next) {
		const struct node *base = node_get_sv(all, c->key);

		if (!text_is_id(c->key, 100, "._-"))
			return pdef_decode_wrong(cx, c, "provider_definitions",
						 "has an id that is not 1 to 100 of A-Z a-z 0-9 . _ -");
		if (c->kind != NODE_MAP)
			return pdef_decode_wrong(cx, c, "provider_definitions", "must hold maps");
		struct node *both = node_merge(cx->arena, base, c);
		if (both == NULL || !node_set(cx->arena, both, SV("id"), node_new_text(cx->arena, c->key)) ||
		    !node_set(cx->arena, all, c->key, both))
			return no_memory(cx);
		both->file = c->file;
		both->line = c->line;
	}
	return OK;
}

static const struct node *alias_of(const struct node *n) { return node_get(n, "alias_of"); }

/* The chain of aliases from `n`, nearest first, ended by the definition that is none. */
static struct err resolve(struct ctx *cx, const struct node *all, const struct node *n, struct node **out)
{
	const struct node *chain[MOST_ALIASES] = { n };
	size_t k = 1;

	for (const struct node *a = alias_of(n); a != NULL && a->kind != NODE_NULL; a = alias_of(chain[k - 1])) {
		const struct node *target = node_get_sv(all, node_text(a));

		if (target == NULL)
			return pdef_decode_wrong(cx, a, "alias_of", "names a definition that does not exist");
		for (size_t i = 0; i < k; i++)
			if (chain[i] == target)
				return pdef_decode_wrong(cx, a, "alias_of", "leads back to itself");
		if (k == MOST_ALIASES)
			return pdef_decode_wrong(cx, a, "alias_of", "is more than 7 definitions long");
		chain[k++] = target;
	}
	struct node *made = node_copy(cx->arena, chain[k - 1]);
	while (made != NULL && --k > 0)
		made = node_merge(cx->arena, made, chain[k - 1]);
	if (made == NULL)
		return no_memory(cx);
	made->file = n->file;
	made->line = n->line;
	*out = made;
	return OK;
}

static struct err without_alias(struct ctx *cx, struct node *n, struct node **out)
{
	struct node *patch = node_new(cx->arena, NODE_MAP);

	if (patch == NULL || !node_set(cx->arena, patch, SV("alias_of"), node_new(cx->arena, NODE_NULL)))
		return no_memory(cx);
	*out = node_merge(cx->arena, n, patch);
	if (*out == NULL)
		return no_memory(cx);
	(*out)->file = n->file;
	(*out)->line = n->line;
	return OK;
}

static struct err finish(struct ctx *cx, const struct node *raw, bool development, struct node *all)
{
	for (const struct node *c = raw->first; c != NULL; c = c->next) {
		struct node *made = NULL;

		TRY(resolve(cx, raw, c, &made));
		assert(made != NULL);
		TRY(without_alias(cx, made, &made));
		assert(made != NULL);
		char *id = arena_text(cx->arena, c->key);
		if (id == NULL)
			return no_memory(cx);
		TRY(pdef_check(cx, made, &(struct pdef_how){ .id = id, .development = development }));
		if (!node_set(cx->arena, all, c->key, made))
			return no_memory(cx);
	}
	return OK;
}

static struct err fill(struct ctx *cx, const struct node *overrides, bool development, struct pdef_library *l)
{
	struct node *raw = node_new(cx->arena, NODE_MAP);

	l->all = node_new(cx->arena, NODE_MAP);
	if (raw == NULL || l->all == NULL)
		return no_memory(cx);
	for (const struct embedded *f = provider_files; f->name != NULL; f++)
		TRY(read_one(cx, f, raw));
	TRY(read_overrides(cx, overrides, raw));
	return finish(cx, raw, development, l->all);
}

struct err pdef_library_load(struct ctx *cx, const struct node *overrides, bool development, struct pdef_library **out)
{
	CLEANUP(pdef_library_drop) struct pdef_library *l = calloc(1, sizeof *l);
	struct ctx own = *cx;

	*out = NULL;
	if (l == NULL || (l->arena = arena_new(MOST_MEMORY)) == NULL)
		return no_memory(cx);
	own.arena = l->arena;
	struct err e = fill(&own, overrides, development, l);
	cx->cause = own.cause;
	if (e.code == E_BAD_INPUT) /* all of it comes from files */
		cx->cause.code = e.code = E_CONFIG;
	if (!IS_ERR(e))
		*out = TAKE(l);
	return e;
}

const struct node *pdef_library_find(const struct pdef_library *l, struct sv id) { return node_get_sv(l->all, id); }
size_t pdef_library_count(const struct pdef_library *l) { return l->all->n; }

const struct node *pdef_library_at(const struct pdef_library *l, size_t i)
{
	const struct node *c = l->all->first;

	while (c != NULL && i-- > 0)
		c = c->next;
	return c;
}
