/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/jout.h"
#include "core/text.h"
#include "model/pdef_decode.h"
#include "model/pdef_meaning.h"
#include "model/pdef_vars.h"
#include <stdlib.h>

enum { MOST_TREE = 4 << 20, MOST_JSON = 1 << 20 };
/* The definition and the memory it lives in. */
struct whole {
	struct pdef d;
	struct pdef_parts parts;
	struct arena *arena;
};

static struct err no_memory(struct ctx *cx) { return fail(cx, E_INTERNAL, "out of memory", "reading a definition"); }

static void whole_free(struct whole *w)
{
	if (w == NULL)
		return;
	arena_free(w->arena);
	free(w);
}

void pdef_free(struct pdef *d) { whole_free((struct whole *)(void *)d); }

static void whole_drop(struct whole **w)
{
	whole_free(*w);
	*w = NULL;
}

/* cx: with the definition's own arena. */
static struct err build(struct ctx *cx, const struct node *merged, const struct pdef_how *how, bool partial,
			struct whole *w)
{
	const struct node *copy = node_copy(cx->arena, merged), *tree = NULL;

	w->d.id = arena_text(cx->arena, sv_of(how->id));
	if (copy == NULL || w->d.id == NULL)
		return no_memory(cx);
	if (copy->kind != NODE_MAP)
		return pdef_decode_wrong(cx, copy, "definition", "must be a map");
	w->parts.development = how->development;
	TRY(pdef_vars_environment(cx, copy, &tree));
	TRY(pdef_decode(cx, tree, &w->d, &w->parts));
	TRY(pdef_vars(cx, tree, partial, &w->parts.values));
	return pdef_meaning(cx, &w->d, partial);
}

static struct err load(struct ctx *cx, const struct node *merged, const struct pdef_how *how, bool partial,
		       struct whole **out)
{
	CLEANUP(whole_drop) struct whole *w = calloc(1, sizeof *w);
	struct ctx own = *cx;

	*out = NULL;
	if (w == NULL || (w->arena = arena_new(MOST_TREE)) == NULL)
		return no_memory(cx);
	own.arena = w->arena;
	struct err e = build(&own, merged, how, partial, w);
	cx->cause = own.cause;
	if (e.code == E_BAD_INPUT && merged->file != NULL) /* a file is the operator's, not a client's */
		cx->cause.code = e.code = E_CONFIG;
	if (e.code == E_CONFIG && merged->file == NULL) /* and what a client sent over one of ours is the client's */
		cx->cause.code = e.code = E_BAD_INPUT;
	TRY(e);
	*out = TAKE(w);
	return OK;
}

struct err pdef_load(struct ctx *cx, const struct node *merged, const struct pdef_how *how, struct pdef **out)
{
	struct whole *w;

	TRY(load(cx, merged, how, false, &w));
	*out = &w->d;
	return OK;
}

/* Each environment is held against the rules too: a mistake in `sandbox` shows today, not when somebody chooses it. */
static struct err check_environments(struct ctx *cx, const struct node *merged, const struct pdef_how *how)
{
	const struct node *all = node_get(merged, "environments");

	for (const struct node *c = all == NULL ? NULL : all->first; c != NULL; c = c->next) {
		struct node *with = node_copy(cx->arena, merged);
		struct whole *w = NULL;

		if (with == NULL || !node_set(cx->arena, with, SV("environment"), node_new_text(cx->arena, c->key)))
			return no_memory(cx);
		TRY(load(cx, with, how, true, &w));
		whole_free(w);
	}
	return OK;
}

struct err pdef_check(struct ctx *cx, const struct node *merged, const struct pdef_how *how)
{
	struct whole *w = NULL;

	TRY(load(cx, merged, how, true, &w));
	pdef_free(&w->d);
	return check_environments(cx, merged, how);
}

struct err pdef_text(struct ctx *cx, const struct node *merged, struct sv *json)
{
	CLEANUP(buf_free) struct buf b = BUF(MOST_JSON);
	struct jout w = JOUT(&b);

	jout_node(&w, NULL, merged);
	TRY(jout_done(cx, &w));
	*json = arena_sv(cx->arena, buf_view(&b));
	return json->p == NULL ? no_memory(cx) : OK;
}
