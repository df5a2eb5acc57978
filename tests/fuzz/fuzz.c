/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "core/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- arena.h, linked in place of core/arena.c, under core/arena_text.c: one block of the heap an allocation ---- */
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
