/* SPDX-License-Identifier: Apache-2.0 */
/* What arena.h makes of arena_alloc alone, whoever defines that: the fuzzers have an arena of their own. */
#include "core/arena.h"
#include <stdio.h>
#include <string.h>

void *arena_array(struct arena *a, size_t count, size_t size)
{
	size_t n;

	return __builtin_mul_overflow(count, size, &n) ? NULL : arena_alloc(a, n);
}

struct sv arena_sv(struct arena *a, struct sv s)
{
	char *p = arena_text(a, s);

	return p == NULL ? SV_NONE : (struct sv){ p, s.n };
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
