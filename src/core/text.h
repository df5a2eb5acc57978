/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEXT_H
#define TEXT_H
/* text.h: borrowed text: compare, split, trim, check, read numbers with bounds.  Allocates nothing. */
#include "core/base.h"
#include <string.h>
static inline bool sv_eq(struct sv a, struct sv b) { return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0); }
static inline bool sv_eqz(struct sv a, const char *z) { return sv_eq(a, sv_of(z)); }
bool sv_ieq(struct sv a, struct sv b); /* ASCII letters only */
bool sv_starts(struct sv s, struct sv head);
bool sv_ends(struct sv s, struct sv tail);
bool sv_find(struct sv s, struct sv what, size_t *at) NONNULL(3);
struct sv sv_trim(struct sv s); /* ASCII white space, both ends */
/* The rest; empty past the end. */
static inline struct sv sv_from(struct sv s, size_t at)
{
	if (s.p == NULL)
		return SV_NONE;
	if (at > s.n)
		at = s.n;
	return (struct sv){ s.p + at, s.n - at };
}
static inline struct sv sv_upto(struct sv s, size_t n) { return (struct sv){ s.p, n < s.n ? n : s.n }; }
/* Cuts *rest at the first `sep`: the part before comes back, *rest is what follows (p NULL when none is left). */
struct sv sv_cut(struct sv *rest, char sep) NONNULL(1);
bool sv_i64(struct sv s, int64_t lo, int64_t hi, int64_t *out) MUST_USE
    NONNULL(4);                                                         /* decimal, optional '-', all of it */
bool sv_copy(struct sv s, char *dst, size_t cap) MUST_USE NONNULL(2);   /* NUL-terminated; false: does not fit */
bool text_is_utf8(struct sv s);                                         /* RFC 3629: no overlong, no surrogate */
bool text_has_control(struct sv s);                                     /* C0, DEL, or C1 as UTF-8 */
bool text_is_id(struct sv s, size_t max, const char *extra) NONNULL(3); /* 1..max of [A-Za-z0-9] and `extra` */
/* RFC 3339, UTC, whole seconds: "2026-09-02T20:10:14Z" (contract 1.8). */
enum { TIME_TEXT = 32 };
void time_text(int64_t usec, char out[static TIME_TEXT]);
bool time_parse(struct sv s, int64_t *usec) MUST_USE NONNULL(2); /* RFC 3339 with Z or offset, optional fraction */
bool text_finds(struct sv in, struct sv what);                   /* without case of ASCII; "" is everywhere */
#endif
