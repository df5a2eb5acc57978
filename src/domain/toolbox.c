/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/toolbox.h"
#include "core/arena.h"
#include "core/hub.h"
#include "core/jdoc.h"
#include "core/logf.h"
#include "core/text.h"
#include "domain/mcp_auth.h"
#include "domain/toolbox_read.h"
#include "store/store_worker.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { SET_BYTES = 192 << 20, PARSE_BYTES = 256 << 20, TOOLS_MOST = 50000, PACES = 256 };

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
	struct toolbox_pace pace[PACES];
};

static void shelf_free(struct shelf *s)
{
	if (s == NULL)
		return;
	arena_free(s->arena);
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

/* ---- order ---- */
static int fold_order(struct sv a, struct sv b)
{
	for (size_t i = 0; i < a.n && i < b.n; i++) {
		int x = (unsigned char)a.p[i], y = (unsigned char)b.p[i];

		x += x >= 'A' && x <= 'Z' ? 'a' - 'A' : 0;
		y += y >= 'A' && y <= 'Z' ? 'a' - 'A' : 0;
		if (x != y)
			return x - y;
	}
	return (a.n > b.n) - (a.n < b.n);
}
/* The tool, whatever its version. */
static int name_order(const struct tool *a, const struct tool *b)
{
	int d = fold_order(a->project_id, b->project_id);

	d = d != 0 ? d : fold_order(a->toolkit, b->toolkit);
	return d != 0 ? d : fold_order(a->name, b->name);
}
struct ranked {
	struct tool t;
	size_t rank; /* of its worker: the oldest first */
};
static int by_place(const void *a_, const void *b_)
{
	const struct ranked *a = a_, *b = b_;
	int d = name_order(&a->t, &b->t);

	d = d != 0 ? d : toolname_version_order(b->t.version, a->t.version);
	return d != 0 ? d : (a->rank > b->rank) - (a->rank < b->rank);
}

/* ---- loading ---- */
struct loading {
	struct engine *en;
	struct shelf *shelf;
	struct ctx into; /* what lasts is made in the shelf's arena */
	struct ranked *v;
	size_t n, room;
};
static bool more_room(struct loading *l)
{
	size_t room = l->room * 2 + 64;
	struct ranked *v = l->n < l->room ? l->v : realloc(l->v, room * sizeof *v);

	if (v == NULL)
		return false;
	l->room = l->n < l->room ? l->room : room;
	l->v = v;
	return true;
}
/* The server itself wants a user's token: for the scopes it is known to want for this tool. */
static struct err server_auth(struct ctx *cx, struct loading *l, const struct worker_row *w, struct tool *t)
{
	struct mcp_auth a;
	struct sv_list all;
	struct sv name;

	TRY(mcp_auth_read(cx, w, &a));
	TRY(mcp_auth_scopes(cx, &a, t->name, &all));
	TRY(mcp_auth_name(cx, w, &name));
	t->auth = (struct tool_auth){ .there = true, .provider_type = SV("oauth2") };
	t->auth.worker = t->auth.provider_id = t->auth.id = arena_sv(l->shelf->arena, name);
	t->auth.scopes.v = arena_array(l->shelf->arena, all.n + 1, sizeof *all.v);
	if (t->auth.worker.p == NULL || t->auth.scopes.v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "tools");
	for (size_t i = 0; i < all.n; i++) {
		t->auth.scopes.v[i] = arena_sv(l->shelf->arena, all.v[i]);
		if (t->auth.scopes.v[i].p == NULL)
			return fail(cx, E_INTERNAL, "out of memory", "tools");
		t->auth.scopes.n++;
	}
	return OK;
}
/* What a call needs of its worker, in the shelf's arena. */
static const struct worker_row *keep_worker(struct loading *l, const struct worker_row *w)
{
	struct worker_row *row = arena_array(l->shelf->arena, 1, sizeof *row);
	struct sv *const texts[] = { &row->id,
				     &row->project_id,
				     &row->unique_id,
				     &row->type,
				     &row->uri,
				     &row->hint,
				     &row->secret_box,
				     &row->era,
				     &row->binding,
				     &row->external_id,
				     &row->client_id,
				     &row->auth,
				     &row->authorization_url };

	if (row == NULL)
		return NULL;
	*row = *w;
	row->catalogue = SV("");
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if ((*texts[i] = arena_sv(l->shelf->arena, *texts[i])).p == NULL)
			return NULL;
	return row;
}
static struct err add(struct ctx *cx, struct loading *l, const struct worker_row *w, const struct node *entry)
{
	struct tool t;
	struct err e = toolbox_read(&l->into, entry, &t);

	if (e.code == E_BAD_INPUT) {
		log_event(cx, LOG_WARN, "tool.unusable", LOG_SV("worker", w->unique_id),
			  LOG_STR("why", &l->into.cause.say[0]));
		return forgive(&l->into);
	}
	if (IS_ERR(e) || !more_room(l))
		return fail(cx, E_INTERNAL, "out of memory", "the tools of worker %.*s", SV_FMT(w->unique_id));
	if (w->auth.n > 0)
		TRY(server_auth(cx, l, w, &t));
	t.worker = w;
	t.project_id = w->project_id;
	t.worker_row = w->id;
	t.worker_id = w->unique_id;
	l->v[l->n] = (struct ranked){ t, l->n };
	l->n++;
	return OK;
}
static struct err add_worker(struct ctx *cx, struct loading *l, const struct worker_row *w)
{
	CLEANUP(arena_drop) struct arena *a = arena_new(PARSE_BYTES);
	struct ctx parse = { .request_id = cx->request_id, .arena = a, .now = cx->now };
	const struct node *list;

	if (!w->enabled || w->catalogue.n == 0)
		return OK;
	const struct worker_row *kept = keep_worker(l, w);
	if (kept == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "worker %.*s", SV_FMT(w->unique_id));
	if (a == NULL || IS_ERR(jdoc_parse(&parse, w->catalogue, "catalogue", &list)))
		return fail(cx, E_INTERNAL, "storage error", "the catalogue of worker %.*s", SV_FMT(w->unique_id));
	for (const struct node *n = list->first; n != NULL; n = n->next) {
		if (l->n == TOOLS_MOST) {
			log_event(cx, LOG_WARN, "tool.too_many", LOG_SV("worker", w->unique_id),
				  LOG_INT("most", TOOLS_MOST));
			return OK;
		}
		TRY(add(cx, l, kept, n));
	}
	return OK;
}
/* The same toolkit, tool and version twice: the first one counts. */
static void without_twins(struct ctx *cx, struct loading *l)
{
	size_t kept = 0;

	if (l->n > 1)
		qsort(l->v, l->n, sizeof *l->v, by_place);
	for (size_t i = 0; i < l->n; i++) {
		const struct ranked *last = kept == 0 ? NULL : &l->v[kept - 1];
		bool same = last != NULL && name_order(&last->t, &l->v[i].t) == 0;

		if (same && toolname_version_order(last->t.version, l->v[i].t.version) == 0) {
			log_event(cx, LOG_WARN, "tool.twice", LOG_SV("tool", l->v[i].t.full),
				  LOG_SV("used", last->t.worker_id), LOG_SV("left_out", l->v[i].t.worker_id));
			continue;
		}
		l->v[kept] = l->v[i];
		l->v[kept++].t.newest = !same;
	}
	l->n = kept;
}
static struct err fill(struct ctx *cx, struct loading *l)
{
	struct worker_rows rows;

	TRY(store_worker_all(cx, l->en->store, SV_NONE, &rows));
	for (size_t i = 0; i < rows.n; i++)
		TRY(add_worker(cx, l, &rows.v[i]));
	without_twins(cx, l);
	struct tool *v = arena_array(l->shelf->arena, l->n + 1, sizeof *v);
	if (v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "%zu tools", l->n);
	for (size_t i = 0; i < l->n; i++)
		v[i] = l->v[i].t;
	l->shelf->set = (struct tool_set){ v, l->n, 0 };
	return OK;
}
static struct err load(struct ctx *cx, struct engine *en)
{
	CLEANUP(shelf_drop) struct shelf *s = shelf_new(en->tools);

	if (s == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "tools");
	struct loading l = { .en = en,
			     .shelf = s,
			     .into = { .request_id = cx->request_id, .arena = s->arena, .now = cx->now } };
	struct err e = fill(cx, &l);
	free(l.v);
	TRY(e);
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

struct toolbox_pace *toolbox_pace(struct engine *en, struct sv worker_row)
{
	return &en->tools->pace[hub_topic("worker", worker_row) % PACES];
}

/* ---- start and end ---- */
struct err toolbox_open(struct ctx *cx, struct engine *en, struct toolbox **out)
{
	struct toolbox *b = calloc(1, sizeof *b);
	struct shelf *s = b == NULL ? NULL : shelf_new(b);

	*out = NULL;
	if (s == NULL) {
		free(b);
		return fail(cx, E_INTERNAL, "out of memory", "tools");
	}
	(void)pthread_mutex_init(&b->lock, NULL);
	(void)pthread_mutex_init(&b->load, NULL);
	b->now = s;
	*out = en->tools = b;
	return toolbox_load(cx, en);
}
void toolbox_free(struct toolbox *b)
{
	if (b == NULL)
		return;
	shelf_free(b->now);
	(void)pthread_mutex_destroy(&b->lock);
	(void)pthread_mutex_destroy(&b->load);
	free(b);
}

/* ---- finding ---- */
/* The first that does not come before `key` by name. */
static size_t first_at(const struct tool_set *s, const struct tool *key)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (name_order(&s->v[mid], key) < 0)
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
	return (struct tool_set){ s->v + from, n, s->version };
}
static const struct tool *in_version(const struct tool_set *s, const struct tool *key, struct sv version)
{
	for (size_t i = first_at(s, key); i < s->n && name_order(&s->v[i], key) == 0; i++)
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

		if (sv_ieq(t->worker_id, worker) && sv_ieq(t->name, tool) &&
		    (name->version.p == NULL || sv_ieq(name->version, t->version)))
			return t;
	}
	return NULL;
}
const struct tool *toolbox_find(const struct tool_set *s, struct sv project_id, const struct toolname *name)
{
	struct toolname n = *name;
	struct tool key = { .project_id = project_id };

	n.split = 0;
	while (toolname_next(&n, &key.toolkit, &key.name)) {
		const struct tool *t = in_version(s, &key, name->version);

		if (t != NULL)
			return t;
	}
	return of_worker(s, project_id, name);
}
