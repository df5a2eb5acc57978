/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "tt.h"

TEST(texts_compare)
{
	CHECK(sv_eq(SV_NONE, SV("")) && sv_eqz(SV("a"), "a") && sv_ieq(SV("aZ0"), SV("Az0")));
	CHECK(!sv_eq(SV("a"), SV("A")) && !sv_eqz(SV("a"), "ab") && !sv_ieq(SV("a["), SV("a{")) &&
	      !sv_ieq(SV("a"), SV("ab")));
	CHECK(sv_starts(SV("abc"), SV("ab")) && sv_starts(SV("abc"), SV("")) && !sv_starts(SV("ab"), SV("abc")));
	CHECK(sv_ends(SV("abc"), SV("bc")) && sv_ends(SV_NONE, SV("")) && !sv_ends(SV("bc"), SV("abc")) &&
	      !sv_ends(SV("abc"), SV("ab")));
}

TEST(texts_find)
{
	static const struct {
		struct sv s, what;
		bool found;
		size_t at;
	} t[] = {
		{ SV_INIT("abcabc"), SV_INIT("c"), true, 2 },  { SV_INIT("abc"), SV_INIT("abc"), true, 0 },
		{ SV_INIT("abc"), SV_INIT(""), true, 0 },      { SV_INIT(""), SV_INIT("a"), false, 0 },
		{ SV_INIT("ab"), SV_INIT("abc"), false, 0 },   { SV_INIT("aab"), SV_INIT("ab"), true, 1 },
		{ SV_INIT("abab"), SV_INIT("abb"), false, 0 }, { SV_INIT("a\0b"), SV_INIT("\0b"), true, 1 },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		size_t at = 0;

		CHECK_ROW(t[i].what.p, sv_find(t[i].s, t[i].what, &at) == t[i].found && at == t[i].at);
	}
}

TEST(texts_are_trimmed_and_cut)
{
	struct sv rest = SV("a=1&&b"), part;

	CHECK(sv_eqz(sv_trim(SV(" \t\r\n x y \v\f")), "x y") && sv_trim(SV("  ")).n == 0 && sv_trim(SV_NONE).n == 0);
	CHECK(sv_from(SV("abc"), 9).n == 0 && sv_eqz(sv_from(SV("abc"), 1), "bc") && sv_from(SV_NONE, 3).p == NULL);
	CHECK(sv_eqz(sv_upto(SV("abc"), 2), "ab") && sv_eqz(sv_upto(SV("abc"), 9), "abc"));
	part = sv_cut(&rest, '&');
	CHECK(sv_eqz(part, "a=1") && sv_eqz(rest, "&b"));
	part = sv_cut(&rest, '&');
	CHECK(part.n == 0 && part.p != NULL && sv_eqz(rest, "b"));
	part = sv_cut(&rest, '&');
	CHECK(sv_eqz(part, "b") && rest.p == NULL);
	part = sv_cut(&rest, '&');
	CHECK(part.n == 0 && rest.p == NULL);
	rest = SV("a&");
	part = sv_cut(&rest, '&');
	CHECK(sv_eqz(part, "a") && rest.p != NULL && rest.n == 0);
}

TEST(numbers_are_read_within_bounds)
{
	static const struct {
		struct sv s;
		int64_t lo, hi;
		bool ok;
		int64_t v;
	} t[] = {
		{ SV_INIT("0"), 0, 9, true, 0 },
		{ SV_INIT("-0"), 0, 9, true, 0 },
		{ SV_INIT("007"), 0, 9, true, 7 },
		{ SV_INIT("9223372036854775807"), INT64_MIN, INT64_MAX, true, INT64_MAX },
		{ SV_INIT("-9223372036854775808"), INT64_MIN, INT64_MAX, true, INT64_MIN },
		{ SV_INIT("9223372036854775808"), INT64_MIN, INT64_MAX, false, 0 },
		{ SV_INIT("-9223372036854775809"), INT64_MIN, INT64_MAX, false, 0 },
		{ SV_INIT("99999999999999999999999"), INT64_MIN, INT64_MAX, false, 0 },
		{ SV_INIT("10"), 0, 9, false, 0 },
		{ SV_INIT("-1"), 0, 9, false, 0 },
		{ SV_INIT(""), 0, 9, false, 0 },
		{ SV_INIT("-"), -9, 9, false, 0 },
		{ SV_INIT("+1"), 0, 9, false, 0 },
		{ SV_INIT(" 1"), 0, 9, false, 0 },
		{ SV_INIT("1 "), 0, 9, false, 0 },
		{ SV_INIT("1\0"), 0, 9, false, 0 },
		{ SV_INIT("0x1"), 0, 9, false, 0 },
		{ SV_INIT("1e1"), 0, 99, false, 0 },
		{ SV_INIT("--1"), -9, 9, false, 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		int64_t v = 0;

		CHECK_ROW(t[i].s.p, sv_i64(t[i].s, t[i].lo, t[i].hi, &v) == t[i].ok && v == t[i].v);
	}
}

TEST(copies_fit_or_are_refused)
{
	char z[4] = "zzz";

	CHECK(sv_copy(SV("abc"), z, sizeof z) && strcmp(z, "abc") == 0);
	CHECK(!sv_copy(SV("abcd"), z, sizeof z) && !sv_copy(SV(""), z, 0));
	CHECK(sv_copy(SV_NONE, z, sizeof z) && z[0] == '\0');
}

TEST(utf8_is_checked_as_rfc_3629_says)
{
	static const struct {
		struct sv s;
		bool ok;
	} t[] = {
		{ SV_INIT(""), true },
		{ SV_INIT("plain"), true },
		{ SV_INIT("\xC2\x80\xDF\xBF"), true },
		{ SV_INIT("\xE0\xA0\x80\xEF\xBF\xBF"), true },
		{ SV_INIT("\xED\x9F\xBF\xEE\x80\x80"), true },
		{ SV_INIT("\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"), true },
		{ SV_INIT("\x80"), false },
		{ SV_INIT("\xC0\x80"), false },
		{ SV_INIT("\xC1\xBF"), false },
		{ SV_INIT("\xC2"), false },
		{ SV_INIT("\xC2\x41"), false },
		{ SV_INIT("\xE0\x9F\xBF"), false },
		{ SV_INIT("\xE2\x82"), false },
		{ SV_INIT("\xED\xA0\x80"), false },
		{ SV_INIT("\xED\xBF\xBF"), false },
		{ SV_INIT("\xF0\x8F\xBF\xBF"), false },
		{ SV_INIT("\xF4\x90\x80\x80"), false },
		{ SV_INIT("\xF5\x80\x80\x80"), false },
		{ SV_INIT("\xF0\x90\x80"), false },
		{ SV_INIT("ok\xFF"), false },
		{ SV_INIT("ok\xFE"), false },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		CHECK_ROW(t[i].s.p, text_is_utf8(t[i].s) == t[i].ok);
}

TEST(controls_and_ids)
{
	CHECK(!text_has_control(SV("a b\xC3\xA9\xC2\xA0")) && !text_has_control(SV("")));
	CHECK(text_has_control(SV("\n")) && text_has_control(SV("a\x7F")) && text_has_control(SV("\xC2\x85")));
	CHECK(text_has_control(SV("a\0")) && text_has_control(SV("\x1B[2J")));
	CHECK(text_is_id(SV("aZ09"), 4, "") && text_is_id(SV("a-b_c"), 9, "-_"));
	CHECK(!text_is_id(SV(""), 4, "") && !text_is_id(SV("abcde"), 4, "") && !text_is_id(SV("a.b"), 4, "-_"));
	CHECK(!text_is_id(SV("a\0b"), 9, "-") && !text_is_id(SV("\xC3\xA9"), 9, "") &&
	      !text_is_id(SV("a/../b"), 9, "-_"));
}

TEST(times_are_written)
{
	static const struct {
		int64_t usec;
		const char *z;
	} t[] = {
		{ 0, "1970-01-01T00:00:00Z" },
		{ -1, "1969-12-31T23:59:59Z" },
		{ SEC(1788379814) + 999999, "2026-09-02T20:10:14Z" },
		{ SEC(951782400), "2000-02-29T00:00:00Z" },
		{ SEC(253402300799), "9999-12-31T23:59:59Z" },
		{ INT64_MAX, "9999-12-31T23:59:59Z" },
		{ SEC(-62135596800), "0001-01-01T00:00:00Z" },
		{ INT64_MIN, "0001-01-01T00:00:00Z" },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		char z[TIME_TEXT];

		time_text(t[i].usec, z);
		CHECK_ROW(z, strcmp(z, t[i].z) == 0);
	}
}

TEST(times_are_read)
{
	static const struct {
		struct sv s;
		bool ok;
		int64_t usec;
	} t[] = {
		{ SV_INIT("1970-01-01T00:00:00Z"), true, 0 },
		{ SV_INIT("2026-09-02T20:10:14Z"), true, SEC(1788379814) },
		{ SV_INIT("2026-09-02t20:10:14z"), true, SEC(1788379814) },
		{ SV_INIT("2026-09-02T22:10:14+02:00"), true, SEC(1788379814) },
		{ SV_INIT("2026-09-02T16:40:14-03:30"), true, SEC(1788379814) },
		{ SV_INIT("2026-09-02T20:10:14.25Z"), true, SEC(1788379814) + 250000 },
		{ SV_INIT("2026-09-02T20:10:14.0000019Z"), true, SEC(1788379814) + 1 },
		{ SV_INIT("2024-02-29T00:00:00Z"), true, SEC(1709164800) },
		{ SV_INIT("2016-12-31T23:59:60Z"), true, SEC(1483228800) },
		{ SV_INIT("0001-01-01T00:00:00Z"), true, SEC(-62135596800) },
		{ SV_INIT(""), false, 0 },
		{ SV_INIT("2026-09-02"), false, 0 },
		{ SV_INIT("2026-09-02T20:10:14"), false, 0 },
		{ SV_INIT("2026-09-02 20:10:14Z"), false, 0 },
		{ SV_INIT("2026-09-02T20:10:14Zx"), false, 0 },
		{ SV_INIT("2026-09-02T20:10:14.Z"), false, 0 },
		{ SV_INIT("2026-09-02T20:10:14+0200"), false, 0 },
		{ SV_INIT("2026-09-02T20:10:14+24:00"), false, 0 },
		{ SV_INIT("2026-13-02T20:10:14Z"), false, 0 },
		{ SV_INIT("2026-00-02T20:10:14Z"), false, 0 },
		{ SV_INIT("2026-09-31T20:10:14Z"), false, 0 },
		{ SV_INIT("2025-02-29T20:10:14Z"), false, 0 },
		{ SV_INIT("1900-02-29T20:10:14Z"), false, 0 },
		{ SV_INIT("2026-09-02T24:10:14Z"), false, 0 },
		{ SV_INIT("2026-09-02T20:60:14Z"), false, 0 },
		{ SV_INIT("2026-09-02T20:10:61Z"), false, 0 },
		{ SV_INIT("26-09-02T20:10:14Z"), false, 0 },
		{ SV_INIT("-026-09-02T20:10:14Z"), false, 0 },
		{ SV_INIT("2026-9-02T20:10:14Z"), false, 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		int64_t v = 0;

		CHECK_ROW(t[i].s.p, time_parse(t[i].s, &v) == t[i].ok && v == t[i].usec);
	}
}
