/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include <string.h>
#include <time.h>

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

bool sv_ieq(struct sv a, struct sv b)
{
	if (a.n != b.n)
		return false;
	if (sv_eq(a, b)) /* mostly */
		return true;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

bool sv_starts(struct sv s, struct sv head) { return s.n >= head.n && sv_eq(sv_upto(s, head.n), head); }
bool sv_ends(struct sv s, struct sv tail) { return s.n >= tail.n && sv_eq(sv_from(s, s.n - tail.n), tail); }

bool sv_find(struct sv s, struct sv what, size_t *at)
{
	for (size_t i = 0; what.n <= s.n && i <= s.n - what.n; i++) {
		if (what.n == 0 || memcmp(s.p + i, what.p, what.n) == 0) {
			*at = i;
			return true;
		}
	}
	return false;
}

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

struct sv sv_trim(struct sv s)
{
	while (s.n > 0 && is_space(s.p[0]))
		s = sv_from(s, 1);
	while (s.n > 0 && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct sv sv_cut(struct sv *rest, char sep)
{
	struct sv s = *rest;
	const char *at = s.n == 0 ? NULL : memchr(s.p, sep, s.n);

	if (at == NULL) {
		*rest = SV_NONE;
		return s;
	}
	size_t n = (size_t)(at - s.p);
	*rest = sv_from(s, n + 1);
	return sv_upto(s, n);
}

bool sv_i64(struct sv s, int64_t lo, int64_t hi, int64_t *out)
{
	bool minus = s.n > 0 && s.p != NULL && s.p[0] == '-';
	int64_t v = 0;

	if (s.p == NULL || s.n == (minus ? 1 : 0))
		return false;
	/* Counted downwards: the least number has no positive twin. */
	for (size_t i = minus ? 1 : 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, s.p[i] - '0', &v))
			return false;
	}
	if (!minus && __builtin_sub_overflow(0, v, &v))
		return false;
	if (v < lo || v > hi)
		return false;
	*out = v;
	return true;
}

bool sv_copy(struct sv s, char *dst, size_t cap)
{
	if (s.n >= cap)
		return false;
	if (s.n > 0)
		memcpy(dst, s.p, s.n);
	dst[s.n] = '\0';
	return true;
}

/* Bytes of the character at s[i]; 0 when it is malformed (RFC 3629 section 4). */
static size_t utf8_step(const unsigned char *u, size_t left)
{
	size_t n = u[0] < 0x80 ? 1 : u[0] < 0xC2 ? 0 : u[0] < 0xE0 ? 2 : u[0] < 0xF0 ? 3 : u[0] < 0xF5 ? 4 : 0;

	if (n == 0 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((u[i] & 0xC0) != 0x80)
			return 0;
	if ((u[0] == 0xE0 && u[1] < 0xA0) || (u[0] == 0xED && u[1] > 0x9F)) /* overlong; surrogate */
		return 0;
	if ((u[0] == 0xF0 && u[1] < 0x90) || (u[0] == 0xF4 && u[1] > 0x8F)) /* overlong; past U+10FFFF */
		return 0;
	return n;
}

bool text_is_utf8(struct sv s)
{
	const unsigned char *u = (const unsigned char *)s.p;

	for (size_t i = 0; i < s.n;) {
		uint64_t w = ~UINT64_C(0);

		if (s.n - i >= sizeof w)
			memcpy(&w, u + i, sizeof w);
		bool ascii = (w & UINT64_C(0x8080808080808080)) == 0; /* eight characters at once */
		size_t n = ascii ? sizeof w : utf8_step(u + i, s.n - i);

		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

bool text_has_control(struct sv s)
{
	const unsigned char *u = (const unsigned char *)s.p;

	for (size_t i = 0; i < s.n; i++) {
		if (u[i] < 0x20 || u[i] == 0x7F)
			return true;
		if (u[i] == 0xC2 && i + 1 < s.n && u[i + 1] >= 0x80 && u[i + 1] < 0xA0)
			return true;
	}
	return false;
}

bool text_is_id(struct sv s, size_t max, const char *extra)
{
	if (s.n == 0 || s.n > max)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = lower(s.p[i]);
		bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

		if (!plain && (c == '\0' || strchr(extra, s.p[i]) == NULL))
			return false;
	}
	return true;
}

static void digits(char *at, int n, int v)
{
	while (n-- > 0) {
		at[n] = (char)('0' + v % 10);
		v /= 10;
	}
}

void time_text(int64_t usec, char out[static TIME_TEXT])
{
	time_t s = (time_t)(usec / SEC(1) - (usec % SEC(1) < 0 ? 1 : 0));
	struct tm t;

	/* Years have four digits in RFC 3339: what lies outside is shown as the nearest that fits. */
	if (s < -62135596800)
		s = -62135596800;
	if (s > 253402300799)
		s = 253402300799;
	if (gmtime_r(&s, &t) == NULL)
		t = (struct tm){ .tm_year = 70, .tm_mday = 1 };
	memcpy(out, "0000-00-00T00:00:00Z", sizeof "0000-00-00T00:00:00Z");
	digits(out, 4, t.tm_year + 1900);
	digits(out + 5, 2, t.tm_mon + 1);
	digits(out + 8, 2, t.tm_mday);
	digits(out + 11, 2, t.tm_hour);
	digits(out + 14, 2, t.tm_min);
	digits(out + 17, 2, t.tm_sec);
}

static bool number(struct sv *s, size_t n, int lo, int hi, int *out)
{
	int64_t v;

	if (s->p == NULL || s->n < n || s->p[0] == '-' || !sv_i64(sv_upto(*s, n), lo, hi, &v))
		return false;
	*s = sv_from(*s, n);
	*out = (int)v;
	return true;
}

static bool mark(struct sv *s, char c)
{
	if (s->p == NULL || s->n == 0 || (s->p[0] != c && lower(s->p[0]) != lower(c)))
		return false;
	*s = sv_from(*s, 1);
	return true;
}

static bool date(struct sv *s, struct tm *t)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int y;

	if (!number(s, 4, 1, 9999, &y) || !mark(s, '-') || !number(s, 2, 1, 12, &t->tm_mon) || !mark(s, '-'))
		return false;
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
	t->tm_year = y - 1900;
	t->tm_mon--;
	return number(s, 2, 1, days[t->tm_mon] + (leap && t->tm_mon == 1 ? 1 : 0), &t->tm_mday);
}

/* Micro-seconds of ".123"; finer digits are dropped. */
static bool fraction(struct sv *s, int64_t *usec)
{
	int64_t unit = SEC(1) / 10;
	size_t n = 0;

	*usec = 0;
	if (!mark(s, '.'))
		return true;
	for (; n < s->n && s->p[n] >= '0' && s->p[n] <= '9'; n++, unit /= 10)
		*usec += unit * (s->p[n] - '0');
	*s = sv_from(*s, n);
	return n > 0;
}

static bool offset(struct sv *s, int64_t *sec)
{
	int h, m;
	bool minus = s->n > 0 && s->p[0] == '-';

	*sec = 0;
	if (mark(s, 'Z'))
		return true;
	if (!mark(s, minus ? '-' : '+') || !number(s, 2, 0, 23, &h) || !mark(s, ':') || !number(s, 2, 0, 59, &m))
		return false;
	*sec = (int64_t)(h * 3600 + m * 60) * (minus ? -1 : 1);
	return true;
}

bool time_parse(struct sv s, int64_t *usec)
{
	struct tm t = { .tm_isdst = 0 };
	int64_t part, away;

	if (!date(&s, &t) || !mark(&s, 'T') || !number(&s, 2, 0, 23, &t.tm_hour) || !mark(&s, ':'))
		return false;
	/* RFC 3339 section 5.6: second 60 is a leap second; it counts as the second after 59. */
	if (!number(&s, 2, 0, 59, &t.tm_min) || !mark(&s, ':') || !number(&s, 2, 0, 60, &t.tm_sec))
		return false;
	if (!fraction(&s, &part) || !offset(&s, &away) || s.n != 0)
		return false;
	*usec = SEC((int64_t)timegm(&t) - away) + part;
	return true;
}

bool text_finds(struct sv in, struct sv what)
{
	for (size_t at = 0; at + what.n <= in.n; at++) {
		size_t i = 0;

		while (i < what.n && lower(in.p[at + i]) == lower(what.p[i]))
			i++;
		if (i == what.n)
			return true;
	}
	return false;
}
