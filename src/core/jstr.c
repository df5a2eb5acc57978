/* SPDX-License-Identifier: Apache-2.0 */
#include "core/jstr.h"
#include "core/text.h"
#include <string.h>

enum { REPLACEMENT = 0xFFFD };
static const uint64_t ones = UINT64_C(0x0101010101010101);

/* Marks bytes below 0x20, quotes and backslashes of eight at once; a byte above a marked one may be marked falsely. */
static uint64_t special(uint64_t w)
{
	uint64_t quote = w ^ ones * '"', slash = w ^ ones * '\\';

	return (((w - ones * 0x20) & ~w) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash)) & ones * 0x80;
}

size_t jstr_plain(const char *p, size_t n)
{
	size_t i = 0;

	for (uint64_t w; n - i >= sizeof w; i += sizeof w) {
		memcpy(&w, p + i, sizeof w);
		uint64_t hit = special(w);
		if (hit == 0)
			continue;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		return i + (size_t)__builtin_ctzll(hit) / 8;
#else
		break;
#endif
	}
	while (i < n && (unsigned char)p[i] >= 0x20 && p[i] != '"' && p[i] != '\\')
		i++;
	return i;
}

/* Adding one to 0x7F carries into the high bit, which is set in what is not ASCII. */
static bool all_ascii(uint64_t w) { return (special(w) | ((w | (w + ones)) & ones * 0x80)) == 0; }

size_t jstr_ascii(const char *p, size_t n)
{
	size_t i = 0;
	uint64_t w;

	for (; n - i >= sizeof w; i += sizeof w) {
		memcpy(&w, p + i, sizeof w);
		if (!all_ascii(w))
			return i;
	}
	if (i == n)
		return n;
	if (n >= sizeof w) { /* the last eight, some of them a second time: cheaper than a copy of any length */
		memcpy(&w, p + n - sizeof w, sizeof w);
		return all_ascii(w) ? n : i;
	}
	w = ones * 'a';
	memcpy(&w, p, n);
	return all_ascii(w) ? n : i;
}

bool jstr_seven_bits(const char *p, size_t n)
{
	uint64_t w, all = 0;
	size_t i = 0;

	for (; n - i >= sizeof w; i += sizeof w) {
		memcpy(&w, p + i, sizeof w);
		all |= w;
	}
	for (; i < n; i++)
		all |= (unsigned char)p[i];
	return (all & ones * 0x80) == 0;
}

static bool hex4(struct sv s, uint32_t *out)
{
	*out = 0;
	for (size_t i = 0; i < 4; i++) {
		unsigned char c = i < s.n ? (unsigned char)s.p[i] : 0, letter = c | 0x20;

		if (c >= '0' && c <= '9')
			*out = *out << 4 | (uint32_t)(c - '0');
		else if (letter >= 'a' && letter <= 'f')
			*out = *out << 4 | (uint32_t)(letter - 'a' + 10);
		else
			return false;
	}
	return true;
}

static size_t utf8(uint32_t c, char *to)
{
	static const unsigned char lead[] = { 0, 0, 0xC0, 0xE0, 0xF0 };
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n - 1; i > 0; i--, c >>= 6)
		to[i] = (char)(0x80 | (c & 0x3F));
	to[0] = (char)(lead[n] | c);
	return n;
}

/* \uXXXX, or two of them for what lies past U+FFFF; a surrogate alone is no character.  0: not allowed. */
static size_t unicode(struct sv in, uint32_t *c)
{
	uint32_t low;

	if (!hex4(sv_from(in, 2), c) || *c >> 10 == 0xDC00 >> 10)
		return 0;
	if (*c >> 10 != 0xD800 >> 10)
		return 6;
	if (in.n < 12 || in.p[6] != '\\' || in.p[7] != 'u' || !hex4(sv_from(in, 8), &low) || low >> 10 != 0xDC00 >> 10)
		return 0;
	*c = 0x10000 + ((*c & 0x3FF) << 10 | (low & 0x3FF));
	return 12;
}

/* One escape, which begins at in.p[0]; the bytes it takes, 0: refused.  What it stands for is never longer. */
static size_t escape(struct sv in, bool mends, char **to, enum jstr_wrong *why)
{
	static const char names[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
	const char *name = strchr(names, in.p[1]);
	uint32_t c = 0;

	if (name != NULL) {
		*(*to)++ = means[name - names];
		return 2;
	}
	size_t n = in.p[1] == 'u' ? unicode(in, &c) : 0;
	if (mends && (n == 0 || c == 0) && in.p[1] == 'u' && hex4(sv_from(in, 2), &c)) {
		n = 6;
		c = REPLACEMENT;
	}
	*why = n == 0 ? JSTR_ESCAPE : JSTR_NUL;
	if (n == 0 || c == 0)
		return 0;
	*to += utf8(c, *to);
	return n;
}

size_t jstr_read(struct sv in, bool mends, char *to, enum jstr_wrong *why, const char **wrong)
{
	const char *from = to;

	for (size_t used; in.n > 0; in = sv_from(in, used)) {
		used = jstr_plain(in.p, in.n);
		memcpy(to, in.p, used);
		to += used;
		if (used == 0 && (used = escape(in, mends, &to, why)) == 0) {
			*wrong = in.p;
			return SIZE_MAX;
		}
	}
	return (size_t)(to - from);
}
