/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/key_index.h"
#include "core/arena.h"
#include "core/hub.h"
#include "core/text.h"
#include <pthread.h>
#include <stdatomic.h>

enum { BUCKETS_LEAST = 64 };
struct key_entry {
	struct key_entry *next, *next_of_id; /* in the bucket of its hash, of its id */
	struct sha256 mac;
	struct api_key key;
	_Atomic int64_t used;
	int64_t asked, stored; /* the uses handed out for storing, and stored */
};
struct key_index {
	pthread_rwlock_t lock;
	struct key_entry **buckets; /* n_buckets by the keyed hash, and as many by the id */
	size_t n_buckets, n;        /* n_buckets: a power of two */
};

void key_entry_free(struct key_entry *e) { free(e); }
struct key_entry *key_entry_new(const struct api_key_row *row)
{
	struct key_entry *e = calloc(1, sizeof *e);

	if (e == NULL)
		return NULL;
	e->mac = row->mac;
	e->key = row->key;
	e->asked = e->stored = row->key.last_used_at;
	atomic_init(&e->used, row->key.last_used_at);
	return e;
}
void key_index_free(struct key_index *ix)
{
	if (ix == NULL)
		return;
	for (size_t i = 0; i < ix->n_buckets; i++)
		while (ix->buckets[i] != NULL) {
			struct key_entry *e = ix->buckets[i];

			ix->buckets[i] = e->next;
			key_entry_free(e);
		}
	(void)pthread_rwlock_destroy(&ix->lock);
	free(ix->buckets);
	free(ix);
}
static struct key_entry **bucket(struct key_entry **v, size_t n, const struct sha256 *mac)
{
	uint64_t h = 0;

	memcpy(&h, mac->b, sizeof h);
	return &v[h & (n - 1)];
}
static struct key_entry **bucket_of_id(struct key_entry **v, size_t n, struct sv id)
{
	return &v[n + (hub_topic("api_key", id) & (n - 1))];
}
static void put_in(struct key_entry **v, size_t n, struct key_entry *e)
{
	struct key_entry **to = bucket(v, n, &e->mac), **to_id = bucket_of_id(v, n, sv_of(e->key.id));

	e->next = *to;
	*to = e;
	e->next_of_id = *to_id;
	*to_id = e;
}
/* Twice the buckets; when there is no memory the chains just grow longer. */
static void widen(struct key_index *ix)
{
	size_t n = ix->n_buckets * 2;
	struct key_entry **v = calloc(2 * n, sizeof(struct key_entry *));

	if (v == NULL)
		return;
	for (size_t i = 0; i < ix->n_buckets; i++)
		while (ix->buckets[i] != NULL) {
			struct key_entry *e = ix->buckets[i];

			ix->buckets[i] = e->next;
			put_in(v, n, e);
		}
	free(ix->buckets);
	ix->buckets = v;
	ix->n_buckets = n;
}
void key_index_add(struct key_index *ix, struct key_entry *e, int64_t created_at)
{
	e->key.created_at = created_at;
	(void)pthread_rwlock_wrlock(&ix->lock);
	if (ix->n >= ix->n_buckets)
		widen(ix);
	put_in(ix->buckets, ix->n_buckets, e);
	ix->n++;
	(void)pthread_rwlock_unlock(&ix->lock);
}
struct err key_index_load(struct ctx *cx, struct store *st, struct key_index **out)
{
	CLEANUP(key_index_drop) struct key_index *ix = NULL;
	struct api_key_rows rows;

	*out = NULL;
	TRY(store_api_key_all(cx, st, &rows));
	ix = calloc(1, sizeof *ix);
	if (ix == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "key index");
	(void)pthread_rwlock_init(&ix->lock, NULL);
	ix->buckets = calloc((size_t)2 * BUCKETS_LEAST, sizeof(struct key_entry *));
	if (ix->buckets == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "key index");
	ix->n_buckets = BUCKETS_LEAST;
	for (size_t i = 0; i < rows.n; i++) {
		struct key_entry *e = key_entry_new(&rows.v[i]);

		if (e == NULL)
			return fail(cx, E_INTERNAL, "out of memory", "key index");
		key_index_add(ix, e, e->key.created_at);
	}
	*out = TAKE(ix);
	return OK;
}
bool key_index_find(struct key_index *ix, const struct sha256 *mac, int64_t now, struct api_key *out)
{
	bool found = false;

	(void)pthread_rwlock_rdlock(&ix->lock);
	for (struct key_entry *e = *bucket(ix->buckets, ix->n_buckets, mac); e != NULL && !found; e = e->next) {
		if (!same_bytes(sha256_view(&e->mac), sha256_view(mac)))
			continue;
		found = true;
		*out = e->key;
		/* To the second: event threads would pass the line of memory to and fro at every request. */
		if (e->key.revoked_at == 0 && now - atomic_load_explicit(&e->used, memory_order_relaxed) >= SEC(1))
			atomic_store_explicit(&e->used, now, memory_order_relaxed);
	}
	(void)pthread_rwlock_unlock(&ix->lock);
	return found;
}
static struct key_entry *of_id(struct key_index *ix, struct sv id) /* under the lock */
{
	struct key_entry *e = *bucket_of_id(ix->buckets, ix->n_buckets, id);

	while (e != NULL && !sv_eqz(id, e->key.id))
		e = e->next_of_id;
	return e;
}
bool key_index_get(struct key_index *ix, struct sv id, struct api_key *out)
{
	(void)pthread_rwlock_rdlock(&ix->lock);
	const struct key_entry *e = of_id(ix, id);
	if (e != NULL)
		*out = e->key;
	(void)pthread_rwlock_unlock(&ix->lock);
	return e != NULL;
}
void key_index_revoke(struct key_index *ix, const char *id, int64_t at)
{
	(void)pthread_rwlock_wrlock(&ix->lock);
	struct key_entry *e = of_id(ix, sv_of(id));
	if (e != NULL)
		e->key.revoked_at = at;
	(void)pthread_rwlock_unlock(&ix->lock);
}
struct err key_index_uses(struct ctx *cx, struct key_index *ix, struct use_marks *out)
{
	struct use_mark *v;
	size_t n = 0;

	*out = (struct use_marks){ .v = NULL };
	(void)pthread_rwlock_wrlock(&ix->lock);
	v = arena_array(cx->arena, ix->n + 1, sizeof *v);
	for (size_t i = 0; v != NULL && i < ix->n_buckets; i++)
		for (struct key_entry *e = ix->buckets[i]; e != NULL; e = e->next) {
			int64_t used = atomic_load_explicit(&e->used, memory_order_relaxed);

			if (used <= e->stored)
				continue;
			v[n].at = e->asked = used;
			memcpy(v[n].id, e->key.id, sizeof v[n].id);
			n++;
		}
	(void)pthread_rwlock_unlock(&ix->lock);
	if (v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "uses of keys");
	*out = (struct use_marks){ v, n };
	return OK;
}
void key_index_flushed(struct key_index *ix)
{
	(void)pthread_rwlock_wrlock(&ix->lock);
	for (size_t i = 0; i < ix->n_buckets; i++)
		for (struct key_entry *e = ix->buckets[i]; e != NULL; e = e->next)
			e->stored = e->asked;
	(void)pthread_rwlock_unlock(&ix->lock);
}
