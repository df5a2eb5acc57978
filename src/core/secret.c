/* SPDX-License-Identifier: Apache-2.0 */
#include "core/secret.h"
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Locking works on pages and does not nest: a secret on a page of the common heap would be unlocked by its
 * neighbour's end.  So the usual sizes live in slots of pages that are ours alone and stay locked; what does not fit,
 * or comes when all slots are taken, lives on the heap, wiped all the same. */
enum { SMALL = 256, LARGE = 4096, N_SMALL = 512, N_LARGE = 48 };
struct secret {
	struct secret *next_free;
	size_t n;
	int slot; /* 0: heap, 1: small, 2: large */
	char b[];
};
static struct {
	pthread_mutex_t lock;
	struct secret *small, *large;
} pool = { .lock = PTHREAD_MUTEX_INITIALIZER };
static pthread_once_t once = PTHREAD_ONCE_INIT;

void wipe(void *p, size_t n)
{
	if (n > 0)
		OPENSSL_cleanse(p, n);
}

#if defined(__SANITIZE_ADDRESS__)
static void pool_open(void) {} /* heap only: the sanitizer sees leaks and late use there, not in slots */
#else
static struct secret *carve(char *at, size_t size, size_t count, int slot)
{
	struct secret *list = NULL;

	while (count-- > 0) {
		void *p = at + count * size;
		struct secret *s = p;

		s->slot = slot;
		s->next_free = list;
		list = s;
	}
	return list;
}

static void pool_open(void)
{
	size_t n = (size_t)SMALL * N_SMALL + (size_t)LARGE * N_LARGE;
	char *at = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		return;
	(void)mlock(at, n); /* best effort: RLIMIT_MEMLOCK */
	pool.large = carve(at, LARGE, N_LARGE, 2);
	pool.small = carve(at + (size_t)LARGE * N_LARGE, SMALL, N_SMALL, 1);
}
#endif

static struct secret *take_slot(size_t need)
{
	struct secret **list = need <= SMALL ? &pool.small : &pool.large;

	if (need > LARGE)
		return NULL;
	(void)pthread_once(&once, pool_open);
	(void)pthread_mutex_lock(&pool.lock);
	struct secret *s = *list;
	if (s != NULL)
		*list = s->next_free;
	(void)pthread_mutex_unlock(&pool.lock);
	return s;
}

struct secret *secret_copy(struct sv bytes)
{
	if (bytes.n > SIZE_MAX / 2)
		return NULL;
	size_t need = sizeof(struct secret) + bytes.n + 1;
	struct secret *s = take_slot(need);

	if (s == NULL)
		s = calloc(1, need);
	if (s == NULL)
		return NULL;
	s->n = bytes.n;
	if (bytes.n > 0)
		memcpy(s->b, bytes.p, bytes.n);
	s->b[bytes.n] = '\0';
	return s;
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
	struct secret **list = s->slot == 1 ? &pool.small : &pool.large;
	s->n = 0;
	(void)pthread_mutex_lock(&pool.lock);
	s->next_free = *list;
	*list = s;
	(void)pthread_mutex_unlock(&pool.lock);
}

struct sv secret_view(const struct secret *s) { return (struct sv){ s->b, s->n }; }

bool secret_equal(const struct secret *a, struct sv b)
{
	return a->n == b.n && (b.n == 0 || CRYPTO_memcmp(a->b, b.p, b.n) == 0);
}
