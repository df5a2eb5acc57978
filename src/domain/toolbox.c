/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/logf.h"
#include "core/text.h"
#include "domain/toolbox_inner.h"
#include "domain/worker_pace.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { SET_BYTES = 384 << 20 };

/* A snapshot: the set that is shown, whatever it stands on, and how many hold it. */
struct shelf {
	struct tool_set set; /* first, so that a set leads back to its shelf */
	struct toolbox *of;
	struct arena *arena;
	size_t held;
};
struct toolbox {
	pthread_mutex_t lock; /* of `now` and of every shelf's `held` */
	pthread_mutex_t load; /* one loads at a time: the last one to begin has read the newest rows */
	atomic_bool old;      /* the last load failed */
	struct shelf *now;
	struct worker_paces *paces;
};

static void shelf_free(struct shelf *s)
{
	if (s == NULL)
		return;
	arena_free(s->arena);
	free((void *)(uintptr_t)s->set.v);
	free(s);
}
static void shelf_drop(struct shelf **s)
{
	shelf_free(*s);
	*s = NULL;
}
static struct shelf *shelf_new(struct toolbox *of)
{
	struct shelf *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->of = of;
	s->held = 1; /* by the toolbox */
	s->arena = arena_new(SET_BYTES);
	if (s->arena == NULL)
		shelf_drop(&s);
	return s;
}

/* ---- holding ---- */
const struct tool_set *toolbox_hold(struct engine *en)
{
	struct toolbox *b = en->tools;

	(void)pthread_mutex_lock(&b->lock);
	struct shelf *s = b->now;
	s->held++;
	(void)pthread_mutex_unlock(&b->lock);
	return &s->set;
}
static void put_back(struct shelf *s)
{
	struct toolbox *b = s->of;

	(void)pthread_mutex_lock(&b->lock);
	bool last = --s->held == 0;
	(void)pthread_mutex_unlock(&b->lock);
	if (last)
		shelf_free(s);
}
void toolbox_release(const struct tool_set *set)
{
	if (set != NULL)
		put_back((struct shelf *)(uintptr_t)set);
}
static void swap(struct toolbox *b, struct shelf *s)
{
	(void)pthread_mutex_lock(&b->lock);
	struct shelf *old = b->now;
	s->set.version = old->set.version + 1;
	b->now = s;
	(void)pthread_mutex_unlock(&b->lock);
	put_back(old);
}

/* ---- loading ---- */
static struct err load(struct ctx *cx, struct engine *en)
{
	CLEANUP(shelf_drop) struct shelf *s = shelf_new(en->tools);

	if (s == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "tools");
	TRY(toolbox_fill(cx, en, s->arena, &s->set));
	swap(en->tools, TAKE(s));
	return OK;
}
struct err toolbox_load(struct ctx *cx, struct engine *en)
{
	(void)pthread_mutex_lock(&en->tools->load);
	struct err e = load(cx, en);
	atomic_store(&en->tools->old, IS_ERR(e));
	(void)pthread_mutex_unlock(&en->tools->load);
	return e;
}
bool toolbox_is_old(struct engine *en) { return atomic_load(&en->tools->old); }

struct worker_paces *toolbox_paces(struct engine *en) { return en->tools->paces; }

/* ---- start and end ---- */
static struct toolbox *made(void)
{
	struct toolbox *b = calloc(1, sizeof *b);

	if (b == NULL)
		return NULL;
	(void)pthread_mutex_init(&b->lock, NULL);
	(void)pthread_mutex_init(&b->load, NULL);
	b->now = shelf_new(b);
	b->paces = worker_pace_new();
	if (b->now == NULL || b->paces == NULL)
		toolbox_drop(&b);
	return b;
}
struct err toolbox_open(struct ctx *cx, struct engine *en, struct toolbox **out)
{
	*out = en->tools = made();
	if (*out == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "tools");
	if (!IS_ERR(toolbox_load(cx, en)))
		return OK;
	log_cause(cx, LOG_ERROR, "tools.not_loaded"); /* tokens are served without; workers_refresh tries again */
	return forgive(cx);
}
void toolbox_free(struct toolbox *b)
{
	if (b == NULL)
		return;
	shelf_free(b->now);
	worker_pace_free(b->paces);
	(void)pthread_mutex_destroy(&b->lock);
	(void)pthread_mutex_destroy(&b->load);
	free(b);
}

/* ---- finding ---- */
const struct toolbox_note *toolbox_note_of(const struct tool_set *s, struct sv worker_row)
{
	for (size_t i = 0; i < s->n_notes; i++)
		if (sv_eq(s->notes[i].worker_row, worker_row))
			return &s->notes[i];
	return NULL;
}
/* The first that does not come before `key` by name. */
static size_t first_at(const struct tool_set *s, const struct tool *key)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (toolbox_order(&s->v[mid], key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}
struct tool_set toolbox_of(const struct tool_set *s, struct sv project_id)
{
	const struct tool key = { .project_id = project_id, .toolkit = SV(""), .name = SV("") };
	size_t from = first_at(s, &key), n = 0;

	while (from + n < s->n && sv_eq(s->v[from + n].project_id, project_id))
		n++;
	return (struct tool_set){ .v = s->v + from, .n = n, .version = s->version };
}
static const struct tool *in_version(const struct tool_set *s, const struct tool *key, struct sv version)
{
	for (size_t i = first_at(s, key); i < s->n && toolbox_order(&s->v[i], key) == 0; i++)
		if (version.p == NULL || sv_ieq(version, s->v[i].version))
			return &s->v[i];
	return NULL;
}
/* The id of a worker in the toolkit's place (contract 3.6, the last paragraph). */
static const struct tool *of_worker(const struct tool_set *s, struct sv project_id, const struct toolname *name)
{
	struct tool_set all = toolbox_of(s, project_id);
	struct sv tool = name->text, worker = sv_cut(&tool, '.');

	for (size_t i = 0; i < all.n && tool.p != NULL; i++) {
		const struct tool *t = &all.v[i];

		const struct tool key = { .project_id = project_id, .toolkit = t->toolkit, .name = tool };

		if (sv_ieq(t->worker_id, worker) && toolbox_order(t, &key) == 0 &&
		    (name->version.p == NULL || sv_ieq(name->version, t->version)))
			return t;
	}
	return NULL;
}
static const struct tool *spelled(const struct tool_set *s, struct sv project_id, const struct toolname *name,
				  bool alike)
{
	struct tool key = { .project_id = project_id };
	struct toolname n = *name;

	n.split = 0;
	n.alike = alike;
	while (toolname_next(&n, &key.toolkit, &key.name)) {
		const struct tool *t = in_version(s, &key, name->version);

		if (t != NULL)
			return t;
	}
	return NULL;
}
const struct tool *toolbox_find(const struct tool_set *s, struct sv project_id, const struct toolname *name)
{
	const struct tool *t = spelled(s, project_id, name, false);

	t = t == NULL ? of_worker(s, project_id, name) : t;
	return t == NULL ? spelled(s, project_id, name, true) : t;
}
