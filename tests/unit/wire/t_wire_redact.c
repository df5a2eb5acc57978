/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "tt.h"
#include "wire/wire_redact.h"

#define R "\xC2\xABredacted\xC2\xBB"

TEST(words_of_a_provider_lose_what_is_secret_and_stay_words)
{
	static const struct {
		const char *in, *want;
	} t[] = {
		{ "", "" },
		{ "Invalid \"code\" in request.", "Invalid \"code\" in request." },
		{ "insufficient_permissions_for_this_scope", "insufficient_permissions_for_this_scope" },
		{ "The authorization-code-is-not-valid", "The authorization-code-is-not-valid" },
		{ "bad k1", "bad " R },
		{ "bad k1k1x", "bad " R R "x" },
		{ "value a b&c here", "value " R " here" },
		{ "value a%20b%26c here", "value " R " here" },
		{ "value a+b%26c here", "value " R " here" },
		{ "value q%2fr%3Bs here", "value " R " here" },
		{ "code deadbeefdeadbeefdead1 no", "code " R " no" },
		{ "code deadbeefdeadbeefdea no", "code deadbeefdeadbeefdea no" },
		{ "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
		  "token " R "." R "." R },
		{ "AbCdEfGhIjKlMnOpQrStUv", R },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaa", R },
		{ "escaped 0b1c2d3e4f5a6b7c8d+\\/~9e8f7a6b5c4d no", "escaped " R " no" },
		{ "as \\u0064\\u0065\\u0061\\u0064 no", "as " R " no" },
		{ "as &#100;&#101;&#97;&#100; no", "as " R " no" },
		{ "see errors/invalid&grant#expired_token;again", "see errors/invalid&grant#expired_token;again" },
		{ "tab\there\nand\x01there\x7F", "tab here and there " },
		{ "torn \xC3", "torn  " },
		{ "bad \xFF\xFE utf", "bad    utf" },
		{ "C1 \xC2\x85 gone", "C1   gone" },
		{ "caf\xC3\xA9 stays", "caf\xC3\xA9 stays" },
	};
	struct sv known[] = { SV("k1"), SV("a b&c"), SV("q/r;s"), SV("x"), SV("") };
	struct sv_list secrets = { known, ARRAY_LEN(known) };

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		char out[300];

		wire_redact(sv_of(t[i].in), secrets, out, sizeof out);
		if (strcmp(out, t[i].want) != 0)
			fprintf(stderr, "got %s\n", out);
		CHECK_ROW(t[i].in, strcmp(out, t[i].want) == 0);
	}
}

TEST(cut_is_after_redaction_and_between_characters)
{
	struct sv known[] = { SV("secret") };
	char out[10];

	wire_redact(SV("12345678secret"), (struct sv_list){ known, 1 }, out, sizeof out);
	CHECK(strcmp(out, "12345678") == 0);
	wire_redact(SV("12345678\xC3\xA9"), (struct sv_list){ known, 1 }, out, sizeof out);
	CHECK(strcmp(out, "12345678") == 0);
}
