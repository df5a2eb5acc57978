/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BUF_H
#define BUF_H
/* buf.h: growable bytes with a mandatory cap and a sticky error.
 *
 * Promises: after the first failed append (cap or memory) every later one is a no-op and buf_ok() is false;
 *           the bytes are wiped when freed or when they move.
 */
#include "core/base.h"
#include <string.h>
struct buf {
	char *p;
	size_t n, cap, max;
	bool broken;
	bool too_large; /* the cap, not the memory */
};
#define BUF(max_bytes) ((struct buf){ .max = (max_bytes) })
void buf_free(struct buf *b);             /* NULL is fine; leaves an empty buf with the same cap */
void buf_clear(struct buf *b) NONNULL(1); /* n = 0, wiped, memory kept, error cleared */
void buf_add_slowly(struct buf *b, const void *p, size_t n) NONNULL(1); /* as buf_add */
void buf_i64(struct buf *b, int64_t v) NONNULL(1);
void buf_printf(struct buf *b, const char *fmt, ...) NONNULL(1, 2) PRINTF_LIKE(2, 3);
bool buf_reserve(struct buf *b, size_t more) MUST_USE NONNULL(1); /* room for `more` bytes at p + n */
void buf_drop_front(struct buf *b, size_t n) NONNULL(1);          /* forget the first n bytes */
struct err buf_done(struct ctx *cx, const struct buf *b, const char *what) MUST_USE
    NONNULL(1, 2, 3); /* E_TOO_LARGE or E_INTERNAL when broken */
static inline struct sv buf_view(const struct buf *b) { return (struct sv){ b->p == NULL ? "" : b->p, b->n }; }
/* Here, so that a short text that fits costs no call. */
static inline void buf_add(struct buf *b, const void *p, size_t n)
{
	if (b->broken || n == 0 || n > b->cap - b->n || b->n + n > b->max) {
		buf_add_slowly(b, p, n);
		return;
	}
	memcpy(b->p + b->n, p, n);
	b->n += n;
}
static inline void buf_sv(struct buf *b, struct sv s) { buf_add(b, s.p, s.n); }
static inline void buf_str(struct buf *b, const char *z) { buf_add(b, z, strlen(z)); }
static inline void buf_char(struct buf *b, char c) { buf_add(b, &c, 1); }
/* Whether it was for want of memory, and not for its cap, that an append failed. */
static inline bool buf_starved(const struct buf *b) { return b->broken && !b->too_large; }
static inline bool buf_ok(const struct buf *b) { return !b->broken; }
#endif
