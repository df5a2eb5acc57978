/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 and cutting of text: against the plain definition of RFC 3629, and pieces that join to the whole. */
#include "core/text.h"
#include "fuzz.h"

/* One character at s[0..n): its length, 0 when it is none. */
static size_t character(const unsigned char *s, size_t n)
{
	size_t len = s[0] < 0x80 ? 1 : s[0] >> 5 == 6 ? 2 : s[0] >> 4 == 14 ? 3 : s[0] >> 3 == 30 ? 4 : 0;
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };

	if (len == 0 || len > n)
		return 0;
	uint32_t c = len == 1 ? s[0] : s[0] & (0x7Fu >> len);
	for (size_t i = 1; i < len; i++) {
		if (s[i] >> 6 != 2)
			return 0;
		c = c << 6 | (s[i] & 0x3Fu);
	}
	return c < least[len] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF) ? 0 : len;
}

static bool plain_utf8(const uint8_t *s, size_t n)
{
	size_t step = 1;

	for (size_t at = 0; at < n && step > 0; at += step) {
		step = character(s + at, n - at);
		if (step == 0)
			return false;
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sv s = fuzz_sv(data, size), rest = s, t = sv_trim(s);
	size_t n = 0, pieces = 0, at;
	char copy[64];

	MUST(text_is_utf8(s) == plain_utf8(data, size));
	(void)text_has_control(s);
	while (rest.p != NULL) {
		n += sv_cut(&rest, ';').n;
		pieces++;
	}
	MUST(size == 0 || n + pieces - 1 == size);
	MUST(t.n <= size && (t.n == 0 || (t.p >= s.p && t.p + t.n <= s.p + size)));
	MUST(!sv_find(s, SV("\r\n"), &at) || (at + 2 <= size && data[at] == '\r' && data[at + 1] == '\n'));
	MUST(!sv_copy(s, copy, sizeof copy) || (copy[size] == 0 && sv_eq((struct sv){ copy, size }, s)));
	MUST(!text_is_id(s, 8, "_") || (size >= 1 && size <= 8));
	MUST(sv_ieq(s, s) && sv_starts(s, sv_upto(s, size / 2)) && sv_ends(s, sv_from(s, size / 2)));
	return 0;
}
