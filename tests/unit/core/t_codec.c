/* SPDX-License-Identifier: Apache-2.0 */
#include "core/codec.h"
#include "core/rnd.h"
#include "core/text.h"
#include "tt.h"

typedef void enc_fn(struct buf *b, struct sv in);
typedef bool dec_fn(struct buf *b, struct sv in);

TEST(encodings_are_as_their_rfcs_say)
{
	static const struct {
		enc_fn *enc;
		struct sv in;
		const char *out;
	} t[] = {
		/* RFC 4648 section 10 */
		{ enc_b64, SV_INIT(""), "" },
		{ enc_b64, SV_INIT("f"), "Zg==" },
		{ enc_b64, SV_INIT("fo"), "Zm8=" },
		{ enc_b64, SV_INIT("foo"), "Zm9v" },
		{ enc_b64, SV_INIT("foob"), "Zm9vYg==" },
		{ enc_b64, SV_INIT("fooba"), "Zm9vYmE=" },
		{ enc_b64, SV_INIT("foobar"), "Zm9vYmFy" },
		{ enc_b64, SV_INIT("\xFB\xFF\xFE"), "+//+" },
		{ enc_b64url, SV_INIT("\xFB\xFF\xFE"), "-__-" },
		{ enc_b64url, SV_INIT("f"), "Zg" },
		{ enc_b64url, SV_INIT("fo"), "Zm8" },
		{ enc_hex, SV_INIT("\x00\x7F\xff"), "007fff" },
		/* RFC 3986 section 2.3 */
		{ enc_pct, SV_INIT("AZaz09-._~"), "AZaz09-._~" },
		{ enc_pct, SV_INIT("a b+c/%\xC3\xA9"), "a%20b%2Bc%2F%25%C3%A9" },
		{ enc_form, SV_INIT("a b+c&d=e"), "a+b%2Bc%26d%3De" },
		{ enc_html, SV_INIT("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;" },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		CLEANUP(buf_free) struct buf b = BUF(1000);

		t[i].enc(&b, t[i].in);
		CHECK_ROW(t[i].out, sv_eqz(buf_view(&b), t[i].out));
	}
}

TEST(decodings_refuse_what_is_not_canonical)
{
	static const struct {
		dec_fn *dec;
		struct sv in;
		bool ok;
		struct sv out;
	} t[] = {
		{ dec_b64, SV_INIT("Zm9vYg=="), true, SV_INIT("foob") },
		{ dec_b64, SV_INIT(""), true, SV_INIT("") },
		{ dec_b64, SV_INIT("Zm9vYg"), false, SV_INIT("") },
		{ dec_b64, SV_INIT("Zm9vYg="), false, SV_INIT("") },
		{ dec_b64, SV_INIT("Zm9vYh=="), false, SV_INIT("") },
		{ dec_b64, SV_INIT("Zm8=Zm8="), false, SV_INIT("") },
		{ dec_b64, SV_INIT("Z==="), false, SV_INIT("") },
		{ dec_b64, SV_INIT("===="), false, SV_INIT("") },
		{ dec_b64, SV_INIT("-__-"), false, SV_INIT("") },
		{ dec_b64, SV_INIT("Zm9v\n"), false, SV_INIT("") },
		{ dec_b64, SV_INIT("Zm\0v"), false, SV_INIT("") },
		{ dec_b64url, SV_INIT("-__-"), true, SV_INIT("\xFB\xFF\xFE") },
		{ dec_b64url, SV_INIT("Zg"), true, SV_INIT("f") },
		{ dec_b64url, SV_INIT("Zh"), false, SV_INIT("") },
		{ dec_b64url, SV_INIT("Zg=="), false, SV_INIT("") },
		{ dec_b64url, SV_INIT("Z"), false, SV_INIT("") },
		{ dec_b64url, SV_INIT("Zm9vZ"), false, SV_INIT("") },
		{ dec_b64url, SV_INIT("+//+"), false, SV_INIT("") },
		{ dec_hex, SV_INIT("00fFA0"), true, SV_INIT("\x00\xFF\xA0") },
		{ dec_hex, SV_INIT("0"), false, SV_INIT("") },
		{ dec_hex, SV_INIT("0g"), false, SV_INIT("") },
		{ dec_pct, SV_INIT("a%20b+c%2f"), true, SV_INIT("a b+c/") },
		{ dec_pct, SV_INIT("%"), false, SV_INIT("") },
		{ dec_pct, SV_INIT("%2"), false, SV_INIT("") },
		{ dec_pct, SV_INIT("%zz"), false, SV_INIT("") },
		{ dec_pct, SV_INIT("%00"), false, SV_INIT("") },
		{ dec_pct, SV_INIT("a\0b"), false, SV_INIT("") },
		{ dec_form, SV_INIT("a+b%2B"), true, SV_INIT("a b+") },
		{ dec_form, SV_INIT("a+b%2"), false, SV_INIT("") },
		{ dec_form, SV_INIT("%00"), false, SV_INIT("") },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		CLEANUP(buf_free) struct buf b = BUF(1000);
		bool ok = t[i].dec(&b, t[i].in);

		CHECK_ROW(t[i].in.p, ok == t[i].ok && (!ok || sv_eq(buf_view(&b), t[i].out)));
	}
}

TEST(what_is_encoded_decodes_to_itself)
{
	static const struct {
		enc_fn *enc;
		dec_fn *dec;
		bool text;
	} t[] = {
		{ enc_b64, dec_b64, false }, { enc_b64url, dec_b64url, false }, { enc_hex, dec_hex, false },
		{ enc_pct, dec_pct, true },  { enc_form, dec_form, true },
	};
	for (size_t k = 0; k < 500; k++) {
		unsigned char raw[64];
		struct sv in = { (const char *)raw, k % (sizeof raw + 1) };

		rnd_bytes(raw, sizeof raw);
		for (size_t i = 0; i < ARRAY_LEN(t); i++) {
			CLEANUP(buf_free) struct buf a = BUF(1000);
			CLEANUP(buf_free) struct buf b = BUF(1000);

			for (size_t j = 0; t[i].text && j < sizeof raw; j++)
				raw[j] = raw[j] == 0 ? 1 : raw[j];
			t[i].enc(&a, in);
			CHECK(t[i].dec(&b, buf_view(&a)) && sv_eq(in, buf_view(&b)));
		}
	}
}

TEST(a_decoder_reports_a_full_buffer)
{
	static dec_fn *const t[] = { dec_b64, dec_b64url, dec_hex, dec_pct, dec_form };

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		CLEANUP(buf_free) struct buf b = BUF(1);

		CHECK(!t[i](&b, SV("61626364")));
	}
}

TEST(forms_are_read_pair_by_pair)
{
	struct ctx *cx = tt_ctx();
	struct sv rest = SV("&a=1&&b=x+y%26&c&=v&d=1=2&");
	static const struct {
		const char *name, *value;
	} want[] = {
		{ "a", "1" }, { "b", "x y&" }, { "c", "" }, { "", "v" }, { "d", "1=2" },
	};
	struct pair p;
	bool bad = true;

	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		CHECK_ROW(want[i].name, form_next(cx->arena, &rest, &p, &bad));
		CHECK_ROW(want[i].name, sv_eqz(p.name, want[i].name) && sv_eqz(p.value, want[i].value));
	}
	CHECK(!form_next(cx->arena, &rest, &p, &bad) && !bad);
	rest = SV_NONE;
	CHECK(!form_next(cx->arena, &rest, &p, &bad) && !bad);
}

/* Whoever reads a form must be able to tell a shortage from a bad text: a token answer must not be thrown away for it.
 */
TEST(a_form_that_there_is_no_memory_for_is_not_malformed)
{
	CLEANUP(arena_drop) struct arena *a = arena_new(1 << 20);
	struct sv rest = SV("a=1&b=2");
	struct pair p;
	bool bad = false;

	CHECK(a != NULL && !arena_starved(a));
	tt_fail_alloc(1);
	CHECK(!form_next(a, &rest, &p, &bad) && bad && arena_starved(a));
	tt_fail_alloc(0);
	rest = SV("a=%");
	arena_reset(a);
	CHECK(!form_next(a, &rest, &p, &bad) && bad && !arena_starved(a));
}

TEST(malformed_forms_are_told_from_their_end)
{
	static const char *const t[] = { "a=%", "a=%0", "%zz=1", "a=%00", "ok=1&b=%1" };

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		struct sv rest = sv_of(t[i]);
		struct pair p;
		bool bad = false;

		while (form_next(cx->arena, &rest, &p, &bad))
			continue;
		CHECK_ROW(t[i], bad);
	}
}

TEST(forms_are_built)
{
	CLEANUP(buf_free) struct buf b = BUF(100);

	form_add(&b, SV("grant_type"), SV("authorization_code"));
	form_add(&b, SV("a b"), SV("&="));
	form_add(&b, SV("empty"), SV_NONE);
	CHECK(sv_eqz(buf_view(&b), "grant_type=authorization_code&a+b=%26%3D&empty="));
}
