/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/jout.h"
#include "core/text.h"
#include "model/jpath.h"
#include "wire/wire_answer.h"
#include "wire/wire_fate.h"
#include "wire/wire_send.h"

enum { MOST_JSON = 65536, MOST_ROWS = 1000 };

/* The row that is meant: of those that fit `where`, the first, or the only one. */
static struct err pick(struct ctx *cx, const struct pdef_lookup *l, const struct node *tree, const struct node **row,
		       struct wire_outcome *how)
{
	const struct node *rows = tree;
	size_t fits = 0, seen = 0;

	*row = NULL;
	if (l->rows.p != NULL)
		TRY(jpath_get(cx, l->rows, tree, &rows));
	if (rows != NULL && rows->kind == NODE_MAP) {
		*row = rows;
		return OK;
	}
	for (const struct node *c = rows == NULL || rows->kind != NODE_LIST ? NULL : rows->first;
	     c != NULL && seen < MOST_ROWS; c = c->next, seen++) {
		bool good = true;

		if (l->where.p != NULL)
			TRY(jpath_test(cx, l->where, c, &good));
		if (good && fits++ == 0)
			*row = c;
	}
	if (fits == 0)
		wire_fate_bad(how, "a look-up at the provider found nothing");
	if (fits > 1 && l->pick == PPICK_ONLY) {
		*row = NULL;
		wire_fate_bad(
		    how, "a look-up at the provider found more than one row, and the definition wants the only one");
	}
	return OK;
}

static struct err keep(struct ctx *cx, const struct pdef_lookup *l, const struct node *row, struct token_set *set)
{
	CLEANUP(buf_free) struct buf b = BUF(MOST_JSON);
	struct jout w = JOUT(&b);
	const struct node *before = NULL;
	struct node *all;

	TRY(wire_env_stored(cx, set->stored, &before));
	all = node_copy(cx->arena, before);
	for (const struct node *c = l->store->first; c != NULL && all != NULL; c = c->next) {
		const struct node *n = NULL;
		struct sv text;

		TRY(jpath_get(cx, c->text, row, &n));
		TRY(jpath_text(cx, n, &text));
		if (text.p != NULL && !node_set(cx->arena, all, c->key, node_new_text(cx->arena, text)))
			all = NULL;
	}
	if (all == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "look-up");
	jout_node(&w, NULL, all);
	TRY(jout_done(cx, &w));
	set->stored = arena_sv(cx->arena, buf_view(&b));
	return set->stored.p == NULL ? fail(cx, E_INTERNAL, "out of memory", "look-up") : OK;
}

static struct err one(struct ctx *cx, const struct wire_client *c, const struct pdef_lookup *l, struct token_set *set,
		      struct wire_outcome *how)
{
	CLEANUP(net_reply_clear) struct net_reply reply = { .sent = false };
	const struct node *tree = NULL, *row = NULL;
	struct wire_client with = *c;
	struct wire_env e;

	with.stored = set->stored;
	TRY(wire_env_start(cx, &with, &e));
	wire_env_secret(&e, "access_token", secret_view(set->access));
	wire_env_text(&e, "token", secret_view(set->access));
	TRY(wire_send(
	    cx, &e, &(struct wire_send){ .purpose = "lookup", .at = PAT_LOOKUP, .call = &l->call, .may_repeat = true },
	    &reply, how));
	if (how->fate != WIRE_OK)
		return OK;
	TRY(wire_answer_tree(cx, buf_view(&reply.body), reply.content_type, PANSWER_JSON, &tree));
	if (how->status < 200 || how->status > 299)
		return wire_fate_read(cx, &e, &(struct wire_fate_in){ PAT_LOOKUP, NULL, tree }, how);
	if (tree == NULL) {
		wire_fate_bad(how, "a look-up at the provider gave no JSON");
		return OK;
	}
	TRY(pick(cx, l, tree, &row, how));
	return row == NULL ? OK : keep(cx, l, row, set);
}

struct err wire_lookup(struct ctx *cx, const struct wire_client *c, struct token_set *set, struct wire_outcome *how)
{
	const struct pdef_parts *p = c->def->parts;

	*how = (struct wire_outcome){ .fate = WIRE_OK };
	for (size_t i = 0; i < p->n_lookups && how->fate == WIRE_OK; i++)
		TRY(one(cx, c, &p->lookups[i], set, how));
	return OK;
}
