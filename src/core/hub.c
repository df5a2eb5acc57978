/* SPDX-License-Identifier: Apache-2.0 */
#include "core/hub.h"
#include <pthread.h>
#include <stdlib.h>

/* Subscribers hang in buckets by topic, several buckets to a lock.  A callback runs under its lock: that is what makes
 * the promise of hub_unsubscribe hold, and it is cheap because callbacks only post. */
enum { SHARDS = 32, BUCKETS = 4096 };
struct hub {
	pthread_mutex_t lock[SHARDS];
	struct hub_sub *first[BUCKETS];
};

struct hub *hub_new(void)
{
	struct hub *h = calloc(1, sizeof *h);

	for (size_t i = 0; h != NULL && i < SHARDS; i++) {
		if (pthread_mutex_init(&h->lock[i], NULL) == 0)
			continue;
		while (i-- > 0)
			(void)pthread_mutex_destroy(&h->lock[i]);
		free(h);
		return NULL;
	}
	return h;
}

void hub_free(struct hub *h)
{
	if (h == NULL)
		return;
	for (size_t i = 0; i < SHARDS; i++)
		(void)pthread_mutex_destroy(&h->lock[i]);
	free(h);
}

static uint64_t mix(uint64_t h, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)p[i]) * 0x100000001b3; /* FNV-1a, 64 bits */
	return h;
}

/* Two topics with one number only wake each other for nothing. */
uint64_t hub_topic(const char *kind, struct sv id)
{
	struct sv k = sv_of(kind);

	return mix(mix(mix(0xcbf29ce484222325, k.p, k.n), "", 1), id.p, id.n);
}

static size_t bucket_of(uint64_t topic) { return (size_t)((topic ^ topic >> 32) % BUCKETS); }
static pthread_mutex_t *lock_of(struct hub *h, size_t bucket) { return &h->lock[bucket % SHARDS]; }

void hub_publish(struct hub *h, uint64_t topic)
{
	size_t at = bucket_of(topic);

	(void)pthread_mutex_lock(lock_of(h, at));
	for (struct hub_sub *b = h->first[at]; b != NULL; b = b->next)
		if (b->topic == topic)
			b->fn(b->arg);
	(void)pthread_mutex_unlock(lock_of(h, at));
}

void hub_subscribe(struct hub *h, struct hub_sub *b)
{
	size_t at = bucket_of(b->topic);

	(void)pthread_mutex_lock(lock_of(h, at));
	b->next = h->first[at];
	b->from = &h->first[at];
	if (b->next != NULL)
		b->next->from = &b->next;
	h->first[at] = b;
	(void)pthread_mutex_unlock(lock_of(h, at));
}

void hub_unsubscribe(struct hub *h, struct hub_sub *b)
{
	size_t at = bucket_of(b->topic);

	(void)pthread_mutex_lock(lock_of(h, at));
	if (b->from != NULL) { /* not done yet */
		*b->from = b->next;
		if (b->next != NULL)
			b->next->from = b->from;
	}
	b->next = NULL;
	b->from = NULL;
	(void)pthread_mutex_unlock(lock_of(h, at));
}
