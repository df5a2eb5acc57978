/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "core/text.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- arena.h, linked in place of core/arena.c: one block of the heap an allocation ---- */
struct apart {
	struct apart *next;
	size_t n;
	_Alignas(16) char b[];
};
struct arena {
	struct apart *first;
	size_t cap, held;
	bool at_cap;
};

struct arena *arena_new(size_t cap_bytes)
{
	struct arena *a = calloc(1, sizeof *a);

	if (a != NULL)
		a->cap = cap_bytes;
	return a;
}

void arena_reset(struct arena *a)
{
	while (a->first != NULL) {
		struct apart *gone = a->first;

		a->first = gone->next;
		free(gone);
	}
	a->held = 0;
	a->at_cap = false;
}

void arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	arena_reset(a);
	free(a);
}

void *arena_alloc(struct arena *a, size_t n)
{
	a->at_cap = n > a->cap - a->held;
	if (a->at_cap)
		return NULL;
	struct apart *one = calloc(1, sizeof *one + n);
	if (one == NULL)
		return NULL;
	one->next = a->first;
	one->n = n;
	a->first = one;
	a->held += n;
	return one->b;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	size_t n;

	return __builtin_mul_overflow(count, size, &n) ? NULL : arena_alloc(a, n);
}

char *arena_text(struct arena *a, struct sv s)
{
	char *p = s.n == SIZE_MAX ? NULL : arena_alloc(a, s.n + 1);

	if (p != NULL && s.n > 0)
		memcpy(p, s.p, s.n);
	return p;
}

struct sv arena_sv(struct arena *a, struct sv s)
{
	char *p = arena_text(a, s);

	return p == NULL ? SV_NONE : (struct sv){ p, s.n };
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

bool arena_at_cap(const struct arena *a) { return a->at_cap; }
bool arena_starved(const struct arena *a) { return a->at_cap; } /* memory is always to be had here */

/* ---- contexts and promises ---- */
enum { ARENA_BYTES = 64 << 20 };

static struct arena *kept;
static struct ctx now;
static void let_go(void) { arena_drop(&kept); }

struct ctx *fuzz_ctx_now(void) { return &now; }

struct ctx *fuzz_ctx(void)
{
	if (kept == NULL) {
		kept = arena_new(ARENA_BYTES);
		MUST(kept != NULL && atexit(let_go) == 0);
	}
	arena_reset(kept);
	now = (struct ctx){ .now = SEC(1790000000), .request_id = "fuzz", .arena = kept };
	return &now;
}

void fuzz_broken(const char *file, int line, const char *what)
{
	(void)fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}

void fuzz_outcome(const struct ctx *cx, struct err e)
{
	size_t n = strnlen(cx->cause.say, sizeof cx->cause.say);

	MUST(n < sizeof cx->cause.say);
	MUST(IS_ERR(e) == (n > 0));
	MUST(!IS_ERR(e) || cx->cause.code == e.code);
	MUST(text_is_utf8((struct sv){ cx->cause.say, n }));
}
