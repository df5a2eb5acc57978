/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/secret_names.h"
#include "core/arena.h"
#include "core/text.h"
#include "store/store_secret.h"
#include <pthread.h>
#include <stdlib.h>

enum { NAMES_BYTES = 64 << 20 };

struct name {
	struct sv project, key; /* as stored; in the arena */
	char id[ID_MAX];
	int64_t used_at; /* not written yet; 0: nothing to write */
};
struct list {
	struct arena *arena;
	struct name *v; /* by project and key */
	size_t n;
};
struct secret_names {
	pthread_mutex_t lock; /* of `now` and `version` */
	pthread_mutex_t load; /* one loads at a time: the last to begin has read the newest rows */
	struct list now;
	uint64_t version;
};

/* ---- order ---- */
static int low(char c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : (unsigned char)c; }
static int key_order(struct sv a, struct sv b)
{
	for (size_t i = 0; i < a.n && i < b.n; i++)
		if (low(a.p[i]) != low(b.p[i]))
			return low(a.p[i]) - low(b.p[i]);
	return (a.n > b.n) - (a.n < b.n);
}
static int order(const void *a_, const void *b_)
{
	const struct name *a = a_, *b = b_;
	int d = key_order(a->project, b->project);

	return d != 0 ? d : key_order(a->key, b->key);
}
/* The lock is held. */
static struct name *find(const struct list *l, struct sv project, struct sv key)
{
	const struct name want = { .project = project, .key = key };

	return l->n == 0 ? NULL : bsearch(&want, l->v, l->n, sizeof *l->v, order);
}

/* ---- loading ---- */
static struct err read_all(struct ctx *cx, struct engine *en, struct list *l)
{
	struct secret_keys rows;

	TRY(store_secret_keys(cx, en->store, &rows));
	l->v = arena_array(l->arena, rows.n + 1, sizeof *l->v);
	if (l->v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "names of secrets");
	for (l->n = 0; l->n < rows.n; l->n++) {
		struct name *n = &l->v[l->n];

		*n = (struct name){ .project = arena_sv(l->arena, rows.v[l->n].project),
				    .key = arena_sv(l->arena, rows.v[l->n].key) };
		if (n->project.p == NULL || n->key.p == NULL || !sv_copy(rows.v[l->n].id, n->id, sizeof n->id))
			return fail(cx, E_INTERNAL, "out of memory", "names of secrets");
	}
	qsort(l->v, l->n, sizeof *l->v, order);
	return OK;
}
static void swap(struct secret_names *s, struct list *fresh)
{
	(void)pthread_mutex_lock(&s->lock);
	struct list old = s->now;
	for (size_t i = 0; i < fresh->n; i++) { /* marks not written yet */
		const struct name *was = find(&old, fresh->v[i].project, fresh->v[i].key);

		fresh->v[i].used_at = was == NULL ? 0 : was->used_at;
	}
	s->now = *fresh;
	s->version++;
	(void)pthread_mutex_unlock(&s->lock);
	arena_free(old.arena);
}
struct err secret_names_load(struct ctx *cx, struct engine *en)
{
	struct secret_names *s = en->secret_names;

	(void)pthread_mutex_lock(&s->load);
	struct list fresh = { .arena = arena_new(NAMES_BYTES) };
	struct err e =
	    fresh.arena == NULL ? fail(cx, E_INTERNAL, "out of memory", "names of secrets") : read_all(cx, en, &fresh);
	if (IS_ERR(e))
		arena_free(fresh.arena);
	else
		swap(s, &fresh);
	(void)pthread_mutex_unlock(&s->load);
	return e;
}
struct err secret_names_open(struct ctx *cx, struct engine *en, struct secret_names **out)
{
	struct secret_names *s = calloc(1, sizeof *s);

	*out = s;
	if (s == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "names of secrets");
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_mutex_init(&s->load, NULL);
	en->secret_names = s;
	return secret_names_load(cx, en);
}
void secret_names_free(struct secret_names *s)
{
	if (s == NULL)
		return;
	arena_free(s->now.arena);
	(void)pthread_mutex_destroy(&s->lock);
	(void)pthread_mutex_destroy(&s->load);
	free(s);
}

/* ---- asking and marking ---- */
bool secret_names_has(struct engine *en, struct sv project_id, struct sv key)
{
	struct secret_names *s = en->secret_names;

	(void)pthread_mutex_lock(&s->lock);
	bool there = find(&s->now, project_id, key) != NULL;
	(void)pthread_mutex_unlock(&s->lock);
	return there;
}
void secret_names_used(struct engine *en, struct sv project_id, struct sv key, int64_t at)
{
	struct secret_names *s = en->secret_names;

	(void)pthread_mutex_lock(&s->lock);
	struct name *n = find(&s->now, project_id, key);
	if (n != NULL && n->used_at < at)
		n->used_at = at;
	(void)pthread_mutex_unlock(&s->lock);
}
uint64_t secret_names_version(struct engine *en)
{
	struct secret_names *s = en->secret_names;

	(void)pthread_mutex_lock(&s->lock);
	uint64_t v = s->version;
	(void)pthread_mutex_unlock(&s->lock);
	return v;
}

/* ---- writing marks ---- */
/* The marks as they are; they stay until they are written. */
static struct err marks(struct ctx *cx, struct secret_names *s, struct use_marks *out)
{
	(void)pthread_mutex_lock(&s->lock);
	struct use_mark *v = arena_array(cx->arena, s->now.n + 1, sizeof *v);
	for (size_t i = 0; v != NULL && i < s->now.n; i++) {
		if (s->now.v[i].used_at == 0)
			continue;
		v[out->n].at = s->now.v[i].used_at;
		memcpy(v[out->n++].id, s->now.v[i].id, sizeof v->id);
	}
	(void)pthread_mutex_unlock(&s->lock);
	out->v = v;
	return v == NULL ? fail(cx, E_INTERNAL, "out of memory", "marks of use") : OK;
}
static void written(struct secret_names *s, int64_t at)
{
	(void)pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->now.n; i++)
		if (s->now.v[i].used_at < at)
			s->now.v[i].used_at = 0;
	(void)pthread_mutex_unlock(&s->lock);
}
struct err secret_names_flush(struct ctx *cx, struct engine *en)
{
	struct use_marks uses = { .n = 0 };
	int64_t latest = 0;

	TRY(marks(cx, en->secret_names, &uses));
	TRY(store_secret_used(cx, en->store, &uses));
	for (size_t i = 0; i < uses.n; i++)
		latest = uses.v[i].at > latest ? uses.v[i].at : latest;
	if (uses.n > 0)
		written(en->secret_names, latest + 1);
	return OK;
}
