/* SPDX-License-Identifier: Apache-2.0 */
#include "core/secret.h"
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Locking works on pages and does not nest: a secret on a page of the common heap would be unlocked by its
 * neighbour's end.  So the usual sizes live in slots of pages that are ours alone and stay locked; what does not fit,
 * or comes when all slots are taken, lives on the heap, wiped all the same. */
enum { SMALL = 256, LARGE = 4096, N_SMALL = 64, N_LARGE = 6, POOLS = 8 };
struct secret {
	struct secret *next_free;
	size_t n;
	uint16_t slot; /* 0: heap, 1: small, 2: large */
	uint16_t home; /* the pool it goes back to */
	char b[];
};
/* Several, so that threads that answer requests do not wait for one another; each thread begins at one of its own. */
static struct pool {
	_Alignas(64) pthread_mutex_t lock;
	struct secret *small, *large;
} pools[POOLS];
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Atomic unsigned threads;
static _Thread_local unsigned mine; /* 1 + the thread's pool; 0: not chosen yet */

void wipe(void *p, size_t n)
{
	if (n == 0)
		return;
	memset(p, 0, n);
	/* To the compiler the bytes are read here, so it may not leave the memset out; OPENSSL_cleanse does the same
	 * ten times slower, which is felt at six wipes a request. */
	__asm__ volatile("" : : "r"(p) : "memory");
}

static void locks_open(void)
{
	for (size_t i = 0; i < POOLS; i++)
		(void)pthread_mutex_init(&pools[i].lock, NULL);
}

#if defined(__SANITIZE_ADDRESS__)
static void pool_open(void) { locks_open(); } /* heap only: the sanitizer sees leaks and late use there, not in slots */
#else
static struct secret *carve(char *at, size_t size, size_t count, struct secret like)
{
	struct secret *list = NULL;

	while (count-- > 0) {
		void *p = at + count * size;
		struct secret *s = p;

		*s = like;
		s->next_free = list;
		list = s;
	}
	return list;
}

static void pool_open(void)
{
	size_t small = (size_t)SMALL * N_SMALL, each = small + (size_t)LARGE * N_LARGE;
	char *at = mmap(NULL, each * POOLS, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	locks_open();
	if (at == MAP_FAILED)
		return;
	(void)mlock(at, each * POOLS); /* best effort: RLIMIT_MEMLOCK */
	for (uint16_t i = 0; i < POOLS; i++, at += each) {
		pools[i].small = carve(at, SMALL, N_SMALL, (struct secret){ .slot = 1, .home = i });
		pools[i].large = carve(at + small, LARGE, N_LARGE, (struct secret){ .slot = 2, .home = i });
	}
}
#endif

static struct secret *take_from(struct pool *p, size_t need)
{
	struct secret **list = need <= SMALL ? &p->small : &p->large;

	(void)pthread_mutex_lock(&p->lock);
	struct secret *s = *list;
	if (s != NULL)
		*list = s->next_free;
	(void)pthread_mutex_unlock(&p->lock);
	return s;
}

static struct secret *take_slot(size_t need)
{
	struct secret *s = NULL;

	if (need > LARGE)
		return NULL;
	(void)pthread_once(&once, pool_open);
	if (mine == 0)
		mine = 1 + atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) % POOLS;
	for (unsigned i = 0; i < POOLS && s == NULL; i++)
		s = take_from(&pools[(mine - 1 + i) % POOLS], need);
	return s;
}

static struct secret *blank(size_t n, char **at)
{
	if (n > SIZE_MAX / 2)
		return NULL;
	size_t need = sizeof(struct secret) + n + 1;
	struct secret *s = take_slot(need);

	if (s == NULL)
		s = calloc(1, need);
	if (s == NULL)
		return NULL;
	s->n = n;
	s->b[n] = '\0';
	*at = s->b;
	return s;
}

struct secret *secret_blank(size_t n, char **at) { return blank(n, at); }

struct secret *secret_copy(struct sv bytes)
{
	char *at;
	struct secret *s = blank(bytes.n, &at);

	if (s != NULL && bytes.n > 0)
		memcpy(at, bytes.p, bytes.n);
	return s;
}

void secret_keep(struct secret *s, struct sv part)
{
	memmove(s->b, part.p, part.n);
	wipe(s->b + part.n, s->n - part.n);
	s->n = part.n;
}

void secret_free(struct secret *s)
{
	if (s == NULL)
		return;
	wipe(s->b, s->n);
	if (s->slot == 0) {
		free(s);
		return;
	}
	struct pool *p = &pools[s->home];
	struct secret **list = s->slot == 1 ? &p->small : &p->large;
	s->n = 0;
	(void)pthread_mutex_lock(&p->lock);
	s->next_free = *list;
	*list = s;
	(void)pthread_mutex_unlock(&p->lock);
}

struct sv secret_view(const struct secret *s) { return (struct sv){ s->b, s->n }; }

bool secret_equal(const struct secret *a, struct sv b)
{
	return a->n == b.n && (b.n == 0 || CRYPTO_memcmp(a->b, b.p, b.n) == 0);
}
