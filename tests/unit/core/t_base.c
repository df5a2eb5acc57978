/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "tt.h"

static bool holds(const char *hay, const char *needle) { return strstr(hay, needle) != NULL; }

TEST(fail_keeps_the_deepest_cause)
{
	struct ctx *cx = tt_ctx();
	struct err first = fail(cx, E_BUSY, "try later", "lane %d full", 3);
	struct err second = fail(cx, E_INTERNAL, "other", "%s", "x");

	CHECK(first.code == E_BUSY && second.code == E_INTERNAL);
	CHECK(cx->cause.code == E_BUSY);
	CHECK(strcmp(cx->cause.say, "try later") == 0);
	CHECK(strcmp(cx->cause.detail, "lane 3 full") == 0);
	CHECK(holds(cx->cause.where, "t_base.c:"));
	CHECK(!IS_ERR(forgive(cx)) && cx->cause.code == E_OK && cx->cause.say[0] == '\0');
}

TEST(refuse_formats_the_sentence)
{
	struct ctx *cx = tt_ctx();

	CHECK(refuse(cx, E_NOT_FOUND, "auth provider %s not found", "ada").code == E_NOT_FOUND);
	CHECK(strcmp(cx->cause.say, "auth provider ada not found") == 0);
}

TEST(long_sentences_are_cut_between_characters)
{
	struct ctx *cx = tt_ctx();
	char odd[1000];

	/* Two-byte characters from an odd offset: a cut by bytes would tear one. */
	odd[0] = 'x';
	for (size_t i = 1; i + 2 < sizeof odd; i += 2)
		memcpy(odd + i, "\xC3\xA9", 2);
	odd[sizeof odd - 1] = '\0';
	odd[sizeof odd - 2] = '\0';
	odd[sizeof odd - 3] = '\0';
	CHECK(refuse(cx, E_BAD_INPUT, "%s", odd).code == E_BAD_INPUT);
	CHECK(strlen(cx->cause.say) >= sizeof cx->cause.say - 4);
	CHECK(text_is_utf8(sv_of(cx->cause.say)) && text_is_utf8(sv_of(cx->cause.detail)));
	(void)forgive(cx);
	CHECK(bad_field(cx, odd, "type", "%s", odd + 1).code == E_BAD_INPUT);
	CHECK(text_is_utf8(sv_of(cx->cause.say)) && text_is_utf8(sv_of(cx->cause.fields[0].field)));
	CHECK(text_is_utf8(sv_of(cx->cause.fields[0].message)));
}

TEST(bad_fields_gather_in_one_sentence)
{
	struct ctx *cx = tt_ctx();

	CHECK(bad_field(cx, "user_id", "required", "is required").code == E_BAD_INPUT);
	CHECK(bad_field(cx, "oauth2.client_id", "max", "must be at most %d bytes", 9).code == E_BAD_INPUT);
	CHECK(
	    strcmp(cx->cause.say,
		   "failed to validate request body: user_id is required; oauth2.client_id must be at most 9 bytes") ==
	    0);
	CHECK(cx->cause.n_fields == 2);
	CHECK(strcmp(cx->cause.fields[1].field, "oauth2.client_id") == 0);
	CHECK(strcmp(cx->cause.fields[1].rule, "max") == 0);
	CHECK(strcmp(cx->cause.fields[1].message, "oauth2.client_id must be at most 9 bytes") == 0);
}

TEST(what_is_no_body_is_not_called_one)
{
	struct ctx *cx = tt_ctx();

	CHECK(bad_query(cx, "limit", "integer", "must be an integer").code == E_BAD_INPUT);
	CHECK(strcmp(cx->cause.say, "failed to validate request query: limit must be an integer") == 0);
	CHECK(cx->cause.n_fields == 1 && strcmp(cx->cause.fields[0].field, "limit") == 0);
	(void)forgive(cx);
	CHECK(bad_header(cx, "Idempotency-Key", "max", "must be at most %d bytes", 9).code == E_BAD_INPUT);
	CHECK(strcmp(cx->cause.say, "failed to validate request header: Idempotency-Key must be at most 9 bytes") == 0);
}

TEST(bad_fields_are_bounded_and_never_torn)
{
	struct ctx *cx = tt_ctx();

	for (int i = 0; i < 3 * CAUSE_FIELDS; i++)
		CHECK(bad_field(cx, "a_rather_long_field_name_for_a_request", "min",
				"must be at least %d bytes, which is quite a lot", i)
			  .code == E_BAD_INPUT);
	CHECK(cx->cause.n_fields == CAUSE_FIELDS);
	size_t n = strlen(cx->cause.say);
	CHECK(n > 200 && strcmp(cx->cause.say + n - 5, "a lot") == 0);
}

TEST(bad_field_does_not_cover_another_cause)
{
	struct ctx *cx = tt_ctx();

	CHECK(fail(cx, E_INTERNAL, "out of memory", "x").code == E_INTERNAL);
	CHECK(bad_field(cx, "a", "required", "is required").code == E_BAD_INPUT);
	CHECK(cx->cause.code == E_INTERNAL && cx->cause.n_fields == 0 && strcmp(cx->cause.say, "out of memory") == 0);
}

TEST(every_code_has_its_own_name)
{
	for (int i = 0; i < E__COUNT; i++) {
		CHECK(strncmp(err_name((enum err_code)i), "E_", 2) == 0 &&
		      strlen(err_name((enum err_code)i)) > 3 - (i == 0));
		for (int k = 0; k < i; k++)
			CHECK(strcmp(err_name((enum err_code)i), err_name((enum err_code)k)) != 0);
	}
	CHECK(strcmp(err_name(E__COUNT), "E_?") == 0);
}
