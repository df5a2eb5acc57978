/* SPDX-License-Identifier: Apache-2.0 */
#include "api/prepared.h"
#include "core/hub.h"
#include "core/text.h"
#include <pthread.h>
#include <stdlib.h>

enum { BUCKETS = 512 };

struct answer {
	struct answer *next;
	size_t held; /* by the table, and by who copies it now */
	size_t n_key, n_body;
	char bytes[]; /* key, body */
};
struct prepared {
	pthread_mutex_t lock;
	struct answer *bucket[BUCKETS];
	size_t bytes;
};

static size_t bucket_of(struct sv key) { return hub_topic("prepared", key) % BUCKETS; }
static bool is(const struct answer *a, struct sv key) { return sv_eq((struct sv){ a->bytes, a->n_key }, key); }

/* ---- the lock is held ---- */
static void let_go(struct answer *a)
{
	if (--a->held == 0)
		free(a);
}
static struct answer *find(struct prepared *p, struct sv key)
{
	struct answer *a = p->bucket[bucket_of(key)];

	while (a != NULL && !is(a, key))
		a = a->next;
	return a;
}
static void empty(struct prepared *p)
{
	for (size_t i = 0; i < BUCKETS; i++)
		while (p->bucket[i] != NULL) {
			struct answer *a = p->bucket[i];

			p->bucket[i] = a->next;
			let_go(a);
		}
	p->bytes = 0;
}

/* ---- for everybody ---- */
bool prepared_give(struct prepared *p, struct sv key, struct buf *out)
{
	(void)pthread_mutex_lock(&p->lock);
	struct answer *a = find(p, key);
	if (a != NULL)
		a->held++;
	(void)pthread_mutex_unlock(&p->lock);
	if (a == NULL)
		return false;
	buf_add(out, a->bytes + a->n_key, a->n_body);
	(void)pthread_mutex_lock(&p->lock);
	let_go(a);
	(void)pthread_mutex_unlock(&p->lock);
	return true;
}
void prepared_keep(struct prepared *p, struct sv key, struct sv body)
{
	size_t n = sizeof(struct answer) + key.n + body.n;
	struct answer *a = n > PREPARED_BYTES / 8 ? NULL : malloc(n);

	if (a == NULL)
		return;
	a->held = 1;
	a->n_key = key.n;
	a->n_body = body.n;
	memcpy(a->bytes, key.p, key.n);
	memcpy(a->bytes + key.n, body.p, body.n);
	(void)pthread_mutex_lock(&p->lock);
	if (find(p, key) != NULL) {
		free(a); /* another thread was quicker */
	} else {
		if (p->bytes + n > PREPARED_BYTES)
			empty(p);
		p->bytes += n;
		a->next = p->bucket[bucket_of(key)];
		p->bucket[bucket_of(key)] = a;
	}
	(void)pthread_mutex_unlock(&p->lock);
}
struct prepared *prepared_new(void)
{
	struct prepared *p = calloc(1, sizeof *p);

	if (p != NULL)
		(void)pthread_mutex_init(&p->lock, NULL);
	return p;
}
void prepared_free(struct prepared *p)
{
	if (p == NULL)
		return;
	empty(p);
	(void)pthread_mutex_destroy(&p->lock);
	free(p);
}
