/* SPDX-License-Identifier: Apache-2.0 */
#include "store/grant_cache.h"
#include "core/arena.h"
#include "core/metric.h"
#include "core/rnd.h"
#include "core/text.h"
#include "store/grant_row.h"
#include "store/store_connection.h"
#include "store/store_list.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { SHARDS = 16, BUCKETS = 4096, ROW_MOST = 64 << 10, MARKS_MOST = 4096, MARKS_FIRST = 64 };

/* A read of the database that is under way: `stale` once its key was changed, so that what it brings is not kept. */
struct load {
	uint64_t hash;
	bool stale;
	struct load *next;
};
struct shard {
	pthread_mutex_t lock;
	struct grant_row *bucket[BUCKETS];
	struct grant_row *hand; /* CLOCK: a ring of all rows */
	size_t bytes, rows, most;
	struct load *loads;
	struct use_mark *marks; /* of rows that are gone */
	size_t n_marks, cap_marks;
};
struct grant_cache {
	struct store *st;
	uint64_t seed;
	struct shard shard[SHARDS];
};

struct err grant_cache_new(struct ctx *cx, struct store *st, size_t bytes, struct grant_cache **out)
{
	struct grant_cache *c = calloc(1, sizeof *c);

	*out = NULL;
	if (c == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "grants");
	c->st = st;
	rnd_bytes(&c->seed, sizeof c->seed);
	for (size_t i = 0; i < SHARDS; i++) {
		(void)pthread_mutex_init(&c->shard[i].lock, NULL);
		c->shard[i].most = bytes / SHARDS;
	}
	store_set_grants(st, c);
	*out = c;
	return OK;
}

void grant_cache_free(struct grant_cache *c)
{
	if (c == NULL)
		return;
	store_set_grants(c->st, NULL);
	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *s = &c->shard[i];

		for (size_t b = 0; b < BUCKETS; b++)
			while (s->bucket[b] != NULL) {
				struct grant_row *r = s->bucket[b];

				s->bucket[b] = r->chain;
				grant_row_free(r);
			}
		free(s->marks);
		(void)pthread_mutex_destroy(&s->lock);
	}
	free(c);
}

static uint64_t mix(uint64_t h, struct sv s)
{
	static const uint64_t odd = 0x9e3779b97f4a7c15;
	uint64_t w = s.n;

	for (; s.n >= sizeof w; s = sv_from(s, sizeof w), h ^= h >> 32) {
		memcpy(&w, s.p, sizeof w);
		h = (h ^ w) * odd;
	}
	for (; s.n > 0; s = sv_from(s, 1))
		w = w << 8 | (unsigned char)s.p[0];
	return ((h ^ w) * odd) ^ h >> 7;
}
static uint64_t hash_of(const struct grant_cache *c, const struct grant_key *k)
{
	uint64_t h = mix(mix(mix(c->seed, k->user_id), k->provider_id), k->project_id);

	return h ^ h >> 29;
}
static struct shard *shard_of(struct grant_cache *c, uint64_t hash) { return &c->shard[hash % SHARDS]; }
static struct grant_row **bucket_of(struct shard *s, uint64_t hash) { return &s->bucket[hash / SHARDS % BUCKETS]; }
static struct grant_row *find(struct shard *s, uint64_t hash, const struct grant_key *k)
{
	struct grant_row *r = *bucket_of(s, hash);

	grant_row_ask_for(r);
	while (r != NULL && (r->hash != hash || !grant_row_is(r, k)))
		r = r->chain;
	return r;
}

/* ---- marks of use ---- */
static void mark(struct shard *s, struct sv id, int64_t at)
{
	if (s->n_marks == s->cap_marks) {
		size_t cap = s->cap_marks == 0 ? MARKS_FIRST : s->cap_marks * 2;
		struct use_mark *v = cap > MARKS_MOST ? NULL : realloc(s->marks, cap * sizeof *v);

		if (v == NULL)
			return;
		s->marks = v;
		s->cap_marks = cap;
	}
	struct use_mark *u = &s->marks[s->n_marks];
	if (!sv_copy(id, u->id, sizeof u->id))
		return;
	u->at = at;
	s->n_marks++;
}

void grant_cache_used(struct grant_cache *c, const struct grant_key *key, struct sv id, int64_t at)
{
	uint64_t hash = hash_of(c, key);
	struct shard *s = shard_of(c, hash);

	(void)pthread_mutex_lock(&s->lock);
	struct grant_row *r = find(s, hash, key);
	if (r != NULL && r->live && sv_eq(r->g.id, id))
		r->used_at = at;
	else
		mark(s, id, at);
	(void)pthread_mutex_unlock(&s->lock);
}

size_t grant_cache_take_used(struct grant_cache *c, struct use_mark *v, size_t most)
{
	size_t n = 0;

	for (size_t i = 0; i < SHARDS && n < most; i++) {
		struct shard *s = &c->shard[i];

		(void)pthread_mutex_lock(&s->lock);
		while (s->n_marks > 0 && n < most)
			v[n++] = s->marks[--s->n_marks];
		struct grant_row *r = s->hand;
		for (size_t k = 0; k < s->rows && n < most; k++, r = r->next) {
			if (r->used_at == 0 || !sv_copy(r->g.id, v[n].id, sizeof v[n].id))
				continue;
			v[n++].at = r->used_at;
			r->used_at = 0;
		}
		(void)pthread_mutex_unlock(&s->lock);
	}
	return n;
}

/* ---- rows in and out; the shard's lock is held ---- */
static void take_out(struct shard *s, struct grant_row *r)
{
	struct grant_row **at = bucket_of(s, r->hash);

	while (*at != r)
		at = &(*at)->chain;
	*at = r->chain;
	r->prev->next = r->next;
	r->next->prev = r->prev;
	if (s->hand == r)
		s->hand = r->next == r ? NULL : r->next;
	s->bytes -= r->bytes;
	s->rows--;
	if (r->used_at != 0)
		mark(s, r->g.id, r->used_at);
	grant_row_free(r);
}
/* CLOCK: a row that was read since the hand came by is passed over once. */
static void make_room(struct shard *s, size_t bytes)
{
	while (s->hand != NULL && s->bytes + bytes > s->most) {
		struct grant_row *r = s->hand;

		s->hand = r->next;
		if (r->read)
			r->read = false;
		else
			take_out(s, r);
	}
}
static void put_in(struct shard *s, struct grant_row *r)
{
	make_room(s, r->bytes);
	struct grant_row **at = bucket_of(s, r->hash);
	r->chain = *at;
	*at = r;
	if (s->hand == NULL) {
		r->prev = r->next = s->hand = r;
	} else { /* just behind the hand: the last to be looked at */
		r->next = s->hand;
		r->prev = s->hand->prev;
		r->prev->next = r;
		r->next->prev = r;
	}
	s->bytes += r->bytes;
	s->rows++;
}
static bool fits(const struct shard *s, const struct grant_row *r)
{
	return r->bytes <= ROW_MOST && r->bytes <= s->most;
}

/* The writer's word: it comes in the order of the commits, so it is the newest there is. */
void grant_cache_put_row(struct grant_cache *c, struct grant_row *r)
{
	r->hash = hash_of(c, &r->key);
	struct shard *s = shard_of(c, r->hash);

	(void)pthread_mutex_lock(&s->lock);
	for (struct load *l = s->loads; l != NULL; l = l->next)
		l->stale = l->stale || l->hash == r->hash;
	struct grant_row *old = find(s, r->hash, &r->key);
	if (old != NULL && grant_row_newer(old, r)) {
		grant_row_free(r);
	} else {
		if (old != NULL && old->live && r->live && sv_eq(old->g.id, r->g.id)) {
			r->used_at = old->used_at;
			r->read = old->read;
			old->used_at = 0;
		}
		if (old != NULL)
			take_out(s, old);
		if (fits(s, r))
			put_in(s, r);
		else
			grant_row_free(r);
	}
	(void)pthread_mutex_unlock(&s->lock);
}

void grant_cache_put(struct grant_cache *c, const struct grant_key *key, const struct grant *row)
{
	struct grant_row *r = grant_row_new(key, row);

	if (r != NULL) {
		grant_cache_put_row(c, r);
		return;
	}
	/* No memory: what is known of the key is forgotten, never kept as it was. */
	uint64_t hash = hash_of(c, key);
	struct shard *s = shard_of(c, hash);
	(void)pthread_mutex_lock(&s->lock);
	for (struct load *l = s->loads; l != NULL; l = l->next)
		l->stale = l->stale || l->hash == hash;
	struct grant_row *old = find(s, hash, key);
	if (old != NULL)
		take_out(s, old);
	(void)pthread_mutex_unlock(&s->lock);
}

void grant_cache_forget_provider(struct grant_cache *c, struct sv provider_id)
{
	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *s = &c->shard[i];

		(void)pthread_mutex_lock(&s->lock);
		for (struct load *l = s->loads; l != NULL; l = l->next)
			l->stale = true;
		size_t n = s->rows;
		for (struct grant_row *r = s->hand; n > 0; n--) {
			struct grant_row *next = r->next;

			if (sv_eq(r->key.provider_id, provider_id))
				take_out(s, r);
			r = next;
		}
		(void)pthread_mutex_unlock(&s->lock);
	}
}

struct err grant_cache_find(struct ctx *cx, struct grant_cache *c, const struct grant_key *key, struct grant *out,
			    enum grant_found *found)
{
	uint64_t hash = hash_of(c, key);
	struct shard *s = shard_of(c, hash);
	bool copied = true;

	*out = (struct grant){ .generation = 0 };
	*found = GRANT_MISS;
	(void)pthread_mutex_lock(&s->lock);
	struct grant_row *r = find(s, hash, key);
	if (r != NULL) {
		r->read = true;
		*found = r->live ? GRANT_LIVE : GRANT_NONE;
		copied = !r->live || grant_row_copy(cx->arena, r, out);
	}
	(void)pthread_mutex_unlock(&s->lock);
	metric_add(M_GRANT_LOOKUPS, METRIC_AT((int)*found), 1);
	return copied ? OK : fail(cx, E_INTERNAL, "out of memory", "grant");
}

static void load_begin(struct shard *s, struct load *l)
{
	(void)pthread_mutex_lock(&s->lock);
	l->next = s->loads;
	s->loads = l;
	(void)pthread_mutex_unlock(&s->lock);
}
static void load_end(struct shard *s, struct load *l, struct grant_row *r)
{
	(void)pthread_mutex_lock(&s->lock);
	struct load **at = &s->loads;
	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
	if (r != NULL && !l->stale && find(s, r->hash, &r->key) == NULL && fits(s, r))
		put_in(s, r);
	else
		grant_row_free(r);
	(void)pthread_mutex_unlock(&s->lock);
}
static struct err read_row(struct ctx *cx, struct grant_cache *c, const struct grant_key *key, struct grant *out,
			   enum grant_found *found)
{
	const struct connection_key at = { key->project_id, key->user_id, key->provider_id };
	struct connection row;
	struct err e = store_connection_find(cx, c->st, &at, &row);

	if (e.code == E_NOT_FOUND) {
		*found = GRANT_NONE;
		return forgive(cx);
	}
	TRY(e);
	TRY(grant_cache_from(cx, &row, out));
	*found = GRANT_LIVE;
	return OK;
}

struct err grant_cache_load(struct ctx *cx, struct grant_cache *c, const struct grant_key *key, struct grant *out,
			    enum grant_found *found)
{
	struct load l = { .hash = hash_of(c, key) };
	struct shard *s = shard_of(c, l.hash);
	struct grant_row *r = NULL;

	TRY(grant_cache_find(cx, c, key, out, found));
	if (*found != GRANT_MISS)
		return OK;
	load_begin(s, &l);
	struct err e = read_row(cx, c, key, out, found);
	if (!IS_ERR(e))
		r = grant_row_new(key, *found == GRANT_LIVE ? out : NULL);
	if (r != NULL)
		r->hash = l.hash;
	load_end(s, &l, r);
	return e;
}

struct grant_cache_stats grant_cache_stats(struct grant_cache *c)
{
	struct grant_cache_stats t = { .bytes = 0 };

	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *s = &c->shard[i];

		(void)pthread_mutex_lock(&s->lock);
		t.bytes += s->bytes;
		t.rows += s->rows;
		for (struct load *l = s->loads; l != NULL; l = l->next)
			t.loads++;
		(void)pthread_mutex_unlock(&s->lock);
	}
	return t;
}

struct err grant_cache_from(struct ctx *cx, const struct connection *c, struct grant *out)
{
	*out = (struct grant){
		.id = c->id,
		.client_id = c->client_id,
		.authorization_id = c->authorization_id,
		.access_box = c->access_box,
		.user_info_box = c->user_info_box,
		.scope_known = c->scope_known,
		.has_refresh = c->has_refresh,
		.uncertain = c->uncertain,
		.force_refresh = c->force_refresh,
		.generation = c->generation,
		.token_issued_at = c->token_issued_at,
		.token_expires_at = c->token_expires_at,
		.refresh_expires_at = c->refresh_expires_at,
		.due_at = c->due_at,
		.lease_until = c->lease_until,
		.next_try_at = c->next_try_at,
	};
	TRY(store_list_from(cx, c->requested_scopes, &out->requested));
	return store_list_from(cx, c->granted_scopes, &out->granted);
}
