/* SPDX-License-Identifier: Apache-2.0 */
/* toolbox_owner.c: whose a toolkit's name is.
 *
 * Workers of kind http are the operator's own (they share a secret with the engine): what they tell of stands side by
 * side, in as many versions as there are.  A remote MCP server names itself as it likes, and its owner is anybody: so a
 * name that a worker of kind http has told of is none of an MCP server's, and any other is that server's which told of
 * it first, even while it tells of nothing.  Which one that is, is stored: a younger name does not become an older one
 * by a restart. */
#include "core/arena.h"
#include "core/logf.h"
#include "core/text.h"
#include "domain/toolbox_inner.h"
#include "domain/workers_mcp.h"
#include "store/store_toolkit.h"
#include <stdlib.h>

struct fresh {
	struct toolkit_claim claim;
	const struct toolbox_note *note; /* its worker's */
};
struct work {
	const struct toolbox_owned *of;
	struct toolkit_claims claims;
	bool *told, *tells; /* of each claim: the worker tells of that toolkit; of any at all */
	struct fresh *fresh;
	size_t n_fresh;
};
struct group { /* tools of one project's toolkit */
	struct toolbox_ranked *v;
	size_t n;
};

static struct err no_memory(struct ctx *cx) { return fail(cx, E_INTERNAL, "out of memory", "toolkits"); }
static const struct worker_row *enabled(const struct work *x, struct sv worker_row)
{
	for (size_t i = 0; i < x->of->rows->n; i++)
		if (sv_eq(x->of->rows->v[i].id, worker_row))
			return x->of->rows->v[i].enabled ? &x->of->rows->v[i] : NULL;
	return NULL;
}
static bool is_of(const struct toolkit_claim *c, const struct tool *t)
{
	return sv_eq(c->project_id, t->project_id) && sv_ieq(c->toolkit, t->toolkit);
}

/* ---- who has the name ---- */
/* The older of two: workers of kind http before all others. */
static const struct worker_row *before(const struct worker_row *a, const struct worker_row *b)
{
	return a == NULL || (b != NULL && workers_mcp_is(a) && !workers_mcp_is(b)) ? b : a;
}
static const struct worker_row *owner(const struct work *x, const struct group *g)
{
	const struct worker_row *first = NULL;
	const struct toolbox_ranked *oldest = &g->v[0];

	for (size_t i = 0; i < x->claims.n; i++)
		if (is_of(&x->claims.v[i], &g->v[0].t))
			first = before(first, enabled(x, x->claims.v[i].worker_id));
	for (size_t i = 0; i < g->n; i++) {
		oldest = g->v[i].note < oldest->note ? &g->v[i] : oldest;
		if (!workers_mcp_is(g->v[i].t.worker))
			first = before(first, g->v[i].t.worker);
	}
	return first == NULL ? oldest->t.worker : first;
}
static bool may(const struct tool *t, const struct worker_row *owner)
{
	return sv_eq(t->worker->id, owner->id) || (!workers_mcp_is(t->worker) && !workers_mcp_is(owner));
}

/* ---- who has told of it ---- */
static struct err note_claim(struct ctx *cx, struct work *x, const struct toolbox_ranked *r)
{
	bool there = false;

	for (size_t i = 0; i < x->claims.n; i++) {
		if (!sv_eq(x->claims.v[i].worker_id, r->t.worker->id))
			continue;
		bool same = is_of(&x->claims.v[i], &r->t);

		x->tells[i] = true;
		x->told[i] = x->told[i] || same;
		there = there || same;
	}
	for (size_t i = 0; i < x->n_fresh && !there; i++)
		there = x->fresh[i].note == r->note && is_of(&x->fresh[i].claim, &r->t);
	if (there)
		return OK;
	char *lower = arena_text(cx->arena, r->t.toolkit);
	if (lower == NULL)
		return no_memory(cx);
	for (char *c = lower; *c != '\0'; c++)
		*c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
	x->fresh[x->n_fresh++] = (struct fresh){ { r->t.project_id, sv_of(lower), r->t.worker->id }, r->note };
	return OK;
}
static int by_age(const void *a_, const void *b_)
{
	const struct fresh *a = a_, *b = b_;

	return (a->note > b->note) - (a->note < b->note);
}
/* An MCP server has the name it goes by now; one without tools has not gone. */
static bool is_given_up(const struct work *x, size_t i)
{
	const struct worker_row *w = enabled(x, x->claims.v[i].worker_id);

	return w != NULL && workers_mcp_is(w) && x->tells[i] && !x->told[i];
}
static struct err keep_claims(struct ctx *cx, struct work *x)
{
	struct toolkit_change c = { .add = { arena_array(cx->arena, x->n_fresh + 1, sizeof *c.add.v), 0 },
				    .drop = { arena_array(cx->arena, x->claims.n + 1, sizeof *c.drop.v), 0 } };

	if (c.add.v == NULL || c.drop.v == NULL)
		return no_memory(cx);
	if (x->n_fresh > 1)
		qsort(x->fresh, x->n_fresh, sizeof *x->fresh, by_age);
	for (size_t i = 0; i < x->n_fresh; i++)
		c.add.v[c.add.n++] = x->fresh[i].claim;
	for (size_t i = 0; i < x->claims.n; i++)
		if (is_given_up(x, i))
			c.drop.v[c.drop.n++] = x->claims.v[i];
	if (c.add.n + c.drop.n == 0)
		return OK;
	struct err e = store_toolkit_change(cx, x->of->en->store, &c);
	if (!IS_ERR(e))
		return OK;
	log_cause(cx, LOG_WARN, "toolkits.not_kept"); /* the next snapshot tries again */
	return forgive(cx);
}

/* ---- all of them ---- */
static struct err sort_out(struct ctx *cx, struct work *x, const struct group *g, size_t *kept)
{
	const struct worker_row *has = owner(x, g);

	for (size_t i = 0; i < g->n; i++) {
		const struct toolbox_ranked r = g->v[i];

		if (i == 0 || g->v[i - 1].note != r.note)
			TRY(note_claim(cx, x, &r));
		if (may(&r.t, has))
			continue;
		toolbox_leave_out(x->of->arena, r.note, "%.*s: the toolkit %.*s belongs to worker %.*s",
				  SV_FMT(r.t.qualified), SV_FMT(r.t.toolkit), SV_FMT(has->unique_id));
	}
	for (size_t i = 0; i < g->n; i++) /* after the last look at who stands beside whom */
		if (may(&g->v[i].t, has))
			x->of->v[(*kept)++] = g->v[i];
	return OK;
}
struct err toolbox_own(struct ctx *cx, struct toolbox_owned *io)
{
	struct work x = { .of = io };
	size_t kept = 0;

	TRY(store_toolkit_all(cx, io->en->store, &x.claims));
	x.told = arena_array(cx->arena, x.claims.n + 1, sizeof *x.told);
	x.tells = arena_array(cx->arena, x.claims.n + 1, sizeof *x.tells);
	x.fresh = arena_array(cx->arena, io->n + 1, sizeof *x.fresh);
	if (x.told == NULL || x.tells == NULL || x.fresh == NULL)
		return no_memory(cx);
	for (size_t i = 0, n; i < io->n; i += n) {
		for (n = 1; i + n < io->n && sv_eq(io->v[i + n].t.project_id, io->v[i].t.project_id) &&
			    sv_ieq(io->v[i + n].t.toolkit, io->v[i].t.toolkit);)
			n++;
		TRY(sort_out(cx, &x, &(struct group){ io->v + i, n }, &kept));
	}
	io->n = kept;
	return keep_claims(cx, &x);
}
