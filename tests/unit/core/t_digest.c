/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"
#include "core/codec.h"
#include "core/digest.h"
#include "core/rnd.h"
#include "core/secret.h"
#include "core/text.h"
#include "tt.h"

static bool is_hex(const struct sha256 *h, const char *want)
{
	CLEANUP(buf_free) struct buf b = BUF(100);

	enc_hex(&b, sha256_view(h));
	return sv_eqz(buf_view(&b), want);
}

TEST(sha256_known_answers)
{
	/* FIPS 180-2 appendix B */
	struct sha256 a = sha256_of(SV("abc")), none = sha256_of(SV_NONE);

	CHECK(is_hex(&a, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
	CHECK(is_hex(&none, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
}

TEST(hmac_sha256_known_answers)
{
	/* RFC 4231 sections 4.2, 4.3 and 4.7 */
	char key[131];
	struct sha256 h = hmac_sha256(
	    SV("\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"), SV("Hi There"));

	CHECK(is_hex(&h, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"));
	h = hmac_sha256(SV("Jefe"), SV("what do ya want for nothing?"));
	CHECK(is_hex(&h, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
	memset(key, 0xaa, sizeof key);
	h = hmac_sha256((struct sv){ key, sizeof key }, SV("Test Using Larger Than Block-Size Key - Hash Key First"));
	CHECK(is_hex(&h, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"));
	h = hmac_sha256(SV_NONE, SV_NONE);
	CHECK(is_hex(&h, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"));
}

TEST(bytes_compare_whole)
{
	CHECK(same_bytes(SV("abc"), SV("abc")) && same_bytes(SV_NONE, SV("")));
	CHECK(!same_bytes(SV("abc"), SV("abd")) && !same_bytes(SV("abc"), SV("ab")) &&
	      !same_bytes(SV("xbc"), SV("abc")));
}

TEST(secrets_hold_their_bytes_and_compare)
{
	static const size_t sizes[] = { 0, 1, 200, 223, 224, 255, 256, 4000, 4095, 4096, 70000 };
	static char raw[70000];

	rnd_bytes(raw, sizeof raw);
	raw[1] = (char)(raw[0] ^ 1); /* one byte of chance may be what the next one is */
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct sv in = { raw, sizes[i] };
		CLEANUP(secret_drop) struct secret *s = secret_copy(in);

		CHECK(s != NULL && sv_eq(secret_view(s), in) && secret_view(s).p[sizes[i]] == '\0');
		CHECK(secret_equal(s, in) && !secret_equal(s, (struct sv){ raw + 1, sizes[i] + 1 }));
		CHECK(sizes[i] == 0 || !secret_equal(s, (struct sv){ raw + 1, sizes[i] }));
	}
	secret_free(NULL);
}

TEST(many_secrets_at_once_keep_apart)
{
	static struct secret *s[1500];

	for (size_t i = 0; i < ARRAY_LEN(s); i++) {
		char z[16];
		int n = snprintf(z, sizeof z, "secret-%zu", i);

		s[i] = secret_copy((struct sv){ z, (size_t)n });
		CHECK(s[i] != NULL);
	}
	for (size_t i = 0; i < ARRAY_LEN(s); i++) {
		char z[16];
		int n = snprintf(z, sizeof z, "secret-%zu", i);

		CHECK(secret_equal(s[i], (struct sv){ z, (size_t)n }));
		secret_drop(&s[i]);
		CHECK(s[i] == NULL);
	}
}

TEST(a_secret_too_large_for_memory_is_null)
{
	static char raw[10000];

	tt_fail_alloc(1);
	struct secret *s = secret_copy((struct sv){ raw, sizeof raw });
	tt_fail_alloc(0);
	CHECK(s == NULL);
	s = secret_copy((struct sv){ raw, SIZE_MAX });
	CHECK(s == NULL);
}

TEST(random_numbers_stay_below_and_reach_all)
{
	bool seen[7] = { false };

	for (int i = 0; i < 1000; i++) {
		uint64_t v = rnd_below(7);

		CHECK(v < 7);
		seen[v] = true;
	}
	for (size_t i = 0; i < ARRAY_LEN(seen); i++)
		CHECK(seen[i]);
	CHECK(rnd_below(1) == 0);
	CHECK(rnd_below(UINT64_MAX) < UINT64_MAX);
}

TEST(ids_have_their_form_and_differ)
{
	char a[ID_TEXT], b[ID_TEXT], c[ID_TEXT], t[TOKEN_TEXT], u[TOKEN_TEXT];

	id_ksuid("ar_", SEC(1700000000), a);
	id_ksuid("ar_", SEC(1700000000), b);
	id_ksuid("ar_", SEC(1700000001), c);
	CHECK(strlen(a) == 30 && memcmp(a, "ar_", 3) == 0 && text_is_id(sv_of(a + 3), 27, ""));
	CHECK(strcmp(a, b) != 0 && strcmp(a, c) < 0 && strcmp(b, c) < 0);
	id_uuid(a);
	id_uuid(b);
	CHECK(strlen(a) == 36 && a[8] == '-' && a[13] == '-' && a[18] == '-' && a[23] == '-' && a[14] == '4');
	CHECK(strchr("89ab", a[19]) != NULL && strcmp(a, b) != 0);
	id_token(t);
	id_token(u);
	CHECK(strlen(t) == 43 && text_is_id(sv_of(t), 43, "-_") && strcmp(t, u) != 0);
	CLEANUP(buf_free) struct buf raw = BUF(32);
	CHECK(dec_b64url(&raw, sv_of(t)) && raw.n == 32);
}

TEST(a_ksuid_carries_its_second)
{
	/* 32 bits of seconds settle the first five digits of 27. */
	char a[ID_TEXT];

	id_ksuid("", SEC(1400000000), a);
	CHECK(memcmp(a, "0000", 4) == 0 && strlen(a) == 27);
	id_ksuid("", SEC(1400000000 + (int64_t)UINT32_MAX), a);
	CHECK(memcmp(a, "aWgEP", 5) == 0);
}

TEST(clocks_run)
{
	int64_t a = clock_mono(), now = clock_now();

	CHECK(now > SEC(1700000000) && clock_mono() >= a);
}
