/* SPDX-License-Identifier: Apache-2.0 */
#include "core/hub.h"
#include <pthread.h>
#include <stdlib.h>

/* Subscribers are spread over shards by topic.  A callback runs under its shard's lock: that is what makes the promise
 * of hub_unsubscribe hold, and it is cheap because callbacks only post. */
enum { SHARDS = 32 };
struct shard {
	pthread_mutex_t lock;
	struct hub_sub *first;
};
struct hub {
	struct shard shard[SHARDS];
};

struct hub *hub_new(void)
{
	struct hub *h = calloc(1, sizeof *h);

	for (size_t i = 0; h != NULL && i < SHARDS; i++) {
		if (pthread_mutex_init(&h->shard[i].lock, NULL) == 0)
			continue;
		while (i-- > 0)
			(void)pthread_mutex_destroy(&h->shard[i].lock);
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
		(void)pthread_mutex_destroy(&h->shard[i].lock);
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

static struct shard *shard_of(struct hub *h, uint64_t topic) { return &h->shard[(topic ^ topic >> 32) % SHARDS]; }

void hub_publish(struct hub *h, uint64_t topic)
{
	struct shard *s = shard_of(h, topic);

	(void)pthread_mutex_lock(&s->lock);
	for (struct hub_sub *b = s->first; b != NULL; b = b->next)
		if (b->topic == topic)
			b->fn(b->arg);
	(void)pthread_mutex_unlock(&s->lock);
}

void hub_subscribe(struct hub *h, struct hub_sub *b)
{
	struct shard *s = shard_of(h, b->topic);

	(void)pthread_mutex_lock(&s->lock);
	b->next = s->first;
	s->first = b;
	(void)pthread_mutex_unlock(&s->lock);
}

void hub_unsubscribe(struct hub *h, struct hub_sub *b)
{
	struct shard *s = shard_of(h, b->topic);

	(void)pthread_mutex_lock(&s->lock);
	for (struct hub_sub **at = &s->first; *at != NULL; at = &(*at)->next) {
		if (*at == b) {
			*at = b->next;
			break;
		}
	}
	b->next = NULL;
	(void)pthread_mutex_unlock(&s->lock);
}
