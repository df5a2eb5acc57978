/* SPDX-License-Identifier: Apache-2.0 */
#include "core/buf.h"
#include "core/text.h"
#include "tt.h"

TEST(buf_grows_and_keeps_what_it_has)
{
	CLEANUP(buf_free) struct buf b = BUF(1 << 20);

	for (int i = 0; i < 20000; i++)
		buf_printf(&b, "%d,", i);
	CHECK(buf_ok(&b) && sv_starts(buf_view(&b), SV("0,1,2,3,")) && sv_ends(buf_view(&b), SV(",19998,19999,")));
	buf_clear(&b);
	buf_str(&b, "a");
	buf_sv(&b, SV("bc"));
	buf_char(&b, 'd');
	buf_i64(&b, INT64_MIN);
	buf_add(&b, NULL, 0);
	CHECK(sv_eqz(buf_view(&b), "abcd-9223372036854775808"));
	CHECK(!IS_ERR(buf_done(tt_ctx(), &b, "x")));
}

TEST(buf_stays_broken_after_the_cap)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(buf_free) struct buf b = BUF(5);

	buf_str(&b, "12345");
	CHECK(buf_ok(&b));
	buf_char(&b, '6');
	CHECK(!buf_ok(&b) && b.too_large);
	buf_drop_front(&b, 3);
	buf_char(&b, '7');
	CHECK(sv_eqz(buf_view(&b), "45") && !buf_reserve(&b, 1));
	CHECK(buf_done(cx, &b, "the form").code == E_TOO_LARGE);
	CHECK(strcmp(cx->cause.say, "the form is larger than 5 bytes") == 0);
	buf_clear(&b);
	buf_printf(&b, "%s", "12345");
	CHECK(buf_ok(&b) && b.n == 5);
	buf_printf(&b, "%s", "");
	CHECK(buf_ok(&b));
	buf_printf(&b, "%s", "6");
	CHECK(b.too_large && b.n == 5);
}

TEST(buf_of_no_bytes_takes_none)
{
	CLEANUP(buf_free) struct buf b = BUF(0);

	CHECK(buf_view(&b).p != NULL && buf_view(&b).n == 0);
	buf_str(&b, "");
	CHECK(buf_ok(&b) && buf_reserve(&b, 0));
	buf_char(&b, 'x');
	CHECK(!buf_ok(&b) && b.too_large);
}

TEST(buf_drops_its_front)
{
	static const struct {
		size_t drop;
		const char *left;
	} t[] = {
		{ 0, "hello" }, { 1, "ello" }, { 3, "o" }, { 1, "" }, { 9, "" },
	};
	CLEANUP(buf_free) struct buf b = BUF(100);

	buf_str(&b, "hello");
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		buf_drop_front(&b, t[i].drop);
		CHECK_ROW(t[i].left, sv_eqz(buf_view(&b), t[i].left));
	}
	buf_str(&b, "again");
	CHECK(sv_eqz(buf_view(&b), "again"));
}

TEST(buf_wipes_what_it_drops)
{
	CLEANUP(buf_free) struct buf b = BUF(100);

	buf_str(&b, "secret");
	const char *p = b.p;
	buf_drop_front(&b, 4);
	CHECK(memcmp(p, "et\0\0\0\0", 6) == 0);
	buf_clear(&b);
	CHECK(p == b.p && memcmp(p, "\0\0\0\0\0\0", 6) == 0);
}

TEST(buf_without_memory_is_broken_not_too_large)
{
	for (long k = 1;; k++) {
		struct ctx *cx = tt_ctx();
		CLEANUP(buf_free) struct buf b = BUF(1 << 16);

		tt_fail_alloc(k);
		for (int i = 0; i < 600; i++)
			buf_printf(&b, "%03d", i);
		buf_str(&b, "end");
		tt_fail_alloc(0);
		struct err e = buf_done(cx, &b, "x");
		if (!IS_ERR(e)) {
			CHECK(k > 3 && b.n == 1803);
			break;
		}
		CHECK(e.code == E_INTERNAL && !b.too_large && b.n < 1803);
	}
}
