/* SPDX-License-Identifier: Apache-2.0 */
#include "core/buf.h"
#include "core/secret.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BYTES = 256 };

void buf_free(struct buf *b)
{
	if (b == NULL)
		return;
	wipe(b->p, b->cap);
	free(b->p);
	*b = BUF(b->max);
}

void buf_clear(struct buf *b)
{
	wipe(b->p, b->n);
	b->n = 0;
	b->broken = false;
	b->too_large = false;
}

/* Not realloc: it would leave a copy behind that nobody wipes. */
static bool move_to(struct buf *b, size_t cap)
{
	char *p = malloc(cap);

	if (p == NULL)
		return false;
	if (b->n > 0)
		memcpy(p, b->p, b->n);
	wipe(b->p, b->n);
	free(b->p);
	b->p = p;
	b->cap = cap;
	return true;
}

bool buf_reserve(struct buf *b, size_t more)
{
	if (b->broken)
		return false;
	if (b->n > b->max || more > b->max - b->n) {
		b->broken = true;
		b->too_large = true;
		return false;
	}
	if (more <= b->cap - b->n && b->p != NULL)
		return true;
	size_t need = b->n + more, cap = b->cap > b->max / 2 ? b->max : b->cap * 2;
	if (cap < FIRST_BYTES)
		cap = b->max < FIRST_BYTES ? b->max : FIRST_BYTES;
	if (cap < need)
		cap = need;
	if (move_to(b, cap == 0 ? 1 : cap))
		return true;
	b->broken = true;
	return false;
}

void buf_add_slowly(struct buf *b, const void *p, size_t n)
{
	if (n == 0 || !buf_reserve(b, n))
		return;
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

void buf_i64(struct buf *b, int64_t v)
{
	char z[24];
	int n = snprintf(z, sizeof z, "%" PRId64, v);

	buf_add(b, z, (size_t)n);
}

/* vsnprintf writes a NUL behind the text; the cap counts text only. */
static bool room_for_nul(struct buf *b, size_t n)
{
	if (n < b->cap - b->n || move_to(b, b->n + n + 1))
		return true;
	b->broken = true;
	return false;
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		b->broken = true;
	else if (n > 0 && buf_reserve(b, (size_t)n) && room_for_nul(b, (size_t)n)) {
		(void)vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
		b->n += (size_t)n;
	}
	va_end(again);
}

void buf_drop_front(struct buf *b, size_t n)
{
	if (n > b->n)
		n = b->n;
	if (n == 0)
		return;
	memmove(b->p, b->p + n, b->n - n);
	wipe(b->p + (b->n - n), n);
	b->n -= n;
}

struct err buf_done(struct ctx *cx, const struct buf *b, const char *what)
{
	if (!b->broken)
		return OK;
	if (b->too_large)
		return refuse(cx, E_TOO_LARGE, "%s is larger than %zu bytes", what, b->max);
	return fail(cx, E_INTERNAL, "out of memory", "%s: no memory after %zu bytes", what, b->n);
}
