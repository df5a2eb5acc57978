/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/secret.h"
#include <stdarg.h>
#include <stdio.h>
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

void *arena_array(struct arena *a, size_t count, size_t size)
{
	size_t n;

	return __builtin_mul_overflow(count, size, &n) ? NULL : arena_alloc(a, n);
}

struct sv arena_sv(struct arena *a, struct sv s)
{
	char *p = s.n == SIZE_MAX ? NULL : arena_alloc(a, s.n + 1);

	if (p == NULL)
		return SV_NONE;
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return (struct sv){ p, s.n };
}

char *arena_text(struct arena *a, struct sv s)
{
	char *p = s.n == SIZE_MAX ? NULL : arena_alloc(a, s.n + 1);

	if (p != NULL && s.n > 0)
		memcpy(p, s.p, s.n);
	return p;
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	va_list again;

	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	char *p = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);
	if (p != NULL)
		(void)vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return p;
}
char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *p = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return p;
}
