/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ARENA_H
#define ARENA_H
/* arena.h: request-lifetime memory.
 *
 * Owns:     a list of blocks; everything handed out dies with arena_free or arena_reset.
 * Promises: memory is zeroed when handed out and wiped (OPENSSL_cleanse) before it goes back, so a request
 *           body that carries a client_secret or an answer that carries a token does not outlive its request.
 *           NULL means out of memory or over the cap; the caller fails with E_INTERNAL.
 * Needs:    base.h.  One thread at a time.
 */
#include "core/base.h"
#include <stdarg.h>
struct arena;
void arena_free(struct arena *a);
struct arena *arena_new(size_t cap_bytes) MADE_BY(arena_free) MUST_USE;
void arena_reset(struct arena *a) NONNULL(1); /* wipes, keeps the first block */
void *arena_alloc(struct arena *a, size_t n) MUST_USE NONNULL(1);
void *arena_array(struct arena *a, size_t count, size_t size) MUST_USE NONNULL(1); /* overflow-checked */
char *arena_text(struct arena *a, struct sv s) MUST_USE NONNULL(1);                /* copy + NUL */
struct sv arena_sv(struct arena *a, struct sv s) MUST_USE NONNULL(1);              /* copy + NUL; .p NULL on failure */
char *arena_printf(struct arena *a, const char *fmt, ...) MUST_USE NONNULL(1, 2) PRINTF_LIKE(2, 3);
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap) MUST_USE NONNULL(1, 2) PRINTF_LIKE(2, 0);
bool arena_at_cap(const struct arena *a) NONNULL(1);  /* the last failure was the cap, not the memory */
bool arena_starved(const struct arena *a) NONNULL(1); /* something asked for since the last reset was not to be had */
static inline void arena_drop(struct arena **a)
{
	arena_free(*a);
	*a = NULL;
}
#endif
