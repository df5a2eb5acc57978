/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JSTR_H
#define JSTR_H
/* jstr.h: what stands between the quotes of a JSON string (RFC 8259 section 7).
 *
 * Promises: a surrogate alone is refused or replaced, and so is U+0000.  Nothing is allocated.
 * Needs:    text that is UTF-8 without a zero byte.
 */
#include "core/base.h"
enum jstr_wrong { JSTR_ESCAPE, JSTR_NUL };
/* How many bytes stand for themselves: no quote, backslash or control character. */
size_t jstr_plain(const char *p, size_t n);
/* How many bytes stand for themselves and are printable ASCII; not one that does not, perhaps fewer than there are. */
size_t jstr_ascii(const char *p, size_t n);
/* No byte past 0x7F. */
bool jstr_seven_bits(const char *p, size_t n);
/* What `in` stands for, written to `to`, which has room for in.n bytes; how many they are.  `in` holds no control
 * character and no quote without its backslash, and does not end within an escape.  SIZE_MAX: refused; *wrong is the
 * backslash of the escape.  mends: what is no character, and U+0000, is U+FFFD instead. */
size_t jstr_read(struct sv in, bool mends, char *to, enum jstr_wrong *why, const char **wrong) MUST_USE
    NONNULL(3, 4, 5);
#endif
