/* SPDX-License-Identifier: Apache-2.0 */
#include "core/node.h"
#include "core/arena.h"
#include "core/text.h"

const struct node *node_get_sv(const struct node *map, struct sv key)
{
	if (map == NULL || map->kind != NODE_MAP)
		return NULL;
	for (const struct node *c = map->first; c != NULL; c = c->next)
		if (sv_eq(c->key, key))
			return c;
	return NULL;
}

const struct node *node_get(const struct node *map, const char *key) { return node_get_sv(map, sv_of(key)); }

const struct node *node_path(const struct node *n, struct sv dotted)
{
	while (n != NULL && dotted.p != NULL)
		n = node_get_sv(n, sv_cut(&dotted, '.'));
	return n;
}

struct sv node_text(const struct node *n) { return n == NULL || n->kind != NODE_TEXT ? SV_NONE : n->text; }
struct sv node_text_at(const struct node *map, const char *key) { return node_text(node_get(map, key)); }

struct node *node_new(struct arena *a, enum node_kind kind)
{
	struct node *n = arena_alloc(a, sizeof *n);

	if (n != NULL)
		n->kind = kind;
	return n;
}

struct node *node_new_text(struct arena *a, struct sv s)
{
	struct node *n = node_new(a, NODE_TEXT);

	if (n == NULL)
		return NULL;
	n->text = arena_sv(a, s);
	return n->text.p == NULL ? NULL : n;
}

bool node_add(struct node *list, struct node *child)
{
	if (list == NULL || child == NULL)
		return false;
	if (list->last == NULL)
		list->first = child;
	else
		list->last->next = child;
	list->last = child;
	list->n++;
	return true;
}

bool node_set(struct arena *a, struct node *map, struct sv key, struct node *value)
{
	struct node *before = NULL, *old = map->first;

	if (value == NULL)
		return false;
	value->key = arena_sv(a, key);
	if (value->key.p == NULL)
		return false;
	while (old != NULL && !sv_eq(old->key, key)) {
		before = old;
		old = old->next;
	}
	if (old == NULL)
		return node_add(map, value);
	value->next = old->next;
	if (before == NULL)
		map->first = value;
	else
		before->next = value;
	if (map->last == old)
		map->last = value;
	return true;
}

struct node *node_copy(struct arena *a, const struct node *n)
{
	struct node *c = node_new(a, n->kind);

	if (c == NULL)
		return NULL;
	*c = *n;
	c->next = c->first = c->last = NULL;
	c->n = 0;
	if (n->text.p != NULL && (c->text = arena_sv(a, n->text)).p == NULL)
		return NULL;
	if (n->key.p != NULL && (c->key = arena_sv(a, n->key)).p == NULL)
		return NULL;
	for (const struct node *k = n->first; k != NULL; k = k->next)
		if (!node_add(c, node_copy(a, k)))
			return NULL;
	return c;
}

/* RFC 7396 section 2.  A base that is not a map counts as an empty one. */
struct node *node_merge(struct arena *a, const struct node *base, const struct node *patch)
{
	if (patch == NULL)
		return node_new(a, NODE_NULL);
	if (patch->kind != NODE_MAP)
		return node_copy(a, patch);
	struct node *out = node_new(a, NODE_MAP);
	if (out == NULL)
		return NULL;
	out->line = patch->line;
	out->file = patch->file;
	for (const struct node *b = base != NULL && base->kind == NODE_MAP ? base->first : NULL; b != NULL;
	     b = b->next) {
		const struct node *p = node_get_sv(patch, b->key);

		if (p != NULL && p->kind == NODE_NULL)
			continue;
		if (!node_set(a, out, b->key, p == NULL ? node_copy(a, b) : node_merge(a, b, p)))
			return NULL;
	}
	for (const struct node *p = patch->first; p != NULL; p = p->next) {
		if (p->kind == NODE_NULL || node_get_sv(out, p->key) != NULL)
			continue;
		if (!node_set(a, out, p->key, node_merge(a, NULL, p)))
			return NULL;
	}
	return out;
}

static bool maps_equal(const struct node *a, const struct node *b)
{
	for (const struct node *c = a->first; c != NULL; c = c->next) {
		const struct node *d = node_get_sv(b, c->key);

		if (d == NULL || !node_equal(c, d))
			return false;
	}
	return true;
}

static bool lists_equal(const struct node *a, const struct node *b)
{
	const struct node *d = b->first;

	for (const struct node *c = a->first; c != NULL && d != NULL; c = c->next, d = d->next)
		if (!node_equal(c, d))
			return false;
	return true;
}

bool node_equal(const struct node *a, const struct node *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	if (a->kind != b->kind || a->n != b->n)
		return false;
	switch (a->kind) {
	case NODE_NULL: return true;
	case NODE_BOOL: return a->b == b->b;
	case NODE_INT: return a->i == b->i;
	case NODE_REAL: return !(a->r < b->r) && !(a->r > b->r);
	case NODE_TEXT: return sv_eq(a->text, b->text);
	case NODE_LIST: return lists_equal(a, b);
	case NODE_MAP: return maps_equal(a, b);
	default: return false;
	}
}
