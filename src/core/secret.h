/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SECRET_H
#define SECRET_H
/* secret.h: bytes that must not outlive their use or reach a log.
 *
 * Owns:     one wiped-on-free buffer per secret (locked when RLIMIT_MEMLOCK allows).
 * Promises: secret_free(NULL) is a no-op; contents are never printed.
 * Needs:    base.h only.
 */
#include "core/base.h"
struct secret; /* opaque: no %s, no ==, no sizeof */
void secret_free(struct secret *s);
struct secret *secret_copy(struct sv bytes) MADE_BY(secret_free) MUST_USE; /* NULL: out of memory */
/* n zero bytes, to be filled at *at by whoever asked. */
struct secret *secret_blank(size_t n, char **at) MADE_BY(secret_free) MUST_USE NONNULL(2); /* NULL: out of memory */
void secret_keep(struct secret *s, struct sv part) NONNULL(1);     /* of its own view; the rest is wiped */
struct sv secret_view(const struct secret *s) NONNULL(1);          /* borrow; dies with s; NUL-terminated */
bool secret_equal(const struct secret *a, struct sv b) NONNULL(1); /* constant time */
static inline void secret_drop(struct secret **s)
{
	secret_free(*s);
	*s = NULL;
}
void wipe(void *p, size_t n); /* zeroes, and is never optimised away */
#endif
