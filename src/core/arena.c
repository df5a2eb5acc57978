/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/secret.h"
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 16, FIRST_BLOCK = 4096, LARGEST_STEP = 1 << 18 };

/* The unused part of a block is zero at all times: calloc at first, wiped before it is used again. */
struct block {
	struct block *next; /* newest first */
	size_t cap, used;
	_Alignas(ALIGN) unsigned char b[];
};
struct arena {
	size_t cap, held; /* held: bytes in blocks */
	struct block *top, *first;
	bool at_cap, starved;
};

struct arena *arena_new(size_t cap_bytes)
{
	struct arena *a = calloc(1, sizeof *a);

	if (a != NULL)
		a->cap = cap_bytes;
	return a;
}

static void block_free(struct block *b)
{
	wipe(b->b, b->used);
	free(b);
}

void arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	while (a->top != NULL) {
		struct block *b = a->top;

		a->top = b->next;
		block_free(b);
	}
	free(a);
}

void arena_reset(struct arena *a)
{
	while (a->top != a->first) {
		struct block *b = a->top;

		a->top = b->next;
		a->held -= b->cap;
		block_free(b);
	}
	a->at_cap = a->starved = false;
	if (a->first != NULL) {
		wipe(a->first->b, a->first->used);
		a->first->used = 0;
	}
}

static struct block *grow(struct arena *a, size_t need)
{
	size_t want = a->top == NULL ? FIRST_BLOCK : a->top->cap * 2;

	if (want > LARGEST_STEP)
		want = LARGEST_STEP;
	if (want > a->cap - a->held)
		want = a->cap - a->held;
	if (want < need)
		want = need;
	a->at_cap = want > a->cap - a->held;
	struct block *b = a->at_cap ? NULL : calloc(1, sizeof *b + want);
	a->starved = a->starved || b == NULL;
	if (b == NULL)
		return NULL;
	b->cap = want;
	b->next = a->top;
	a->top = b;
	a->held += want;
	if (a->first == NULL)
		a->first = b;
	return b;
}

void *arena_alloc(struct arena *a, size_t n)
{
	if (n > SIZE_MAX / 2)
		return NULL;
	size_t need = n == 0 ? ALIGN : (n + ALIGN - 1) / ALIGN * ALIGN;
	struct block *b = a->top;

	if (b == NULL || need > b->cap - b->used) {
		b = grow(a, need);
		if (b == NULL)
			return NULL;
	}
	void *p = b->b + b->used;
	b->used += need;
	return p;
}

bool arena_at_cap(const struct arena *a) { return a->at_cap; }
bool arena_starved(const struct arena *a) { return a->starved; }
