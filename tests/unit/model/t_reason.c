/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "model/reason.h"
#include "tt.h"

TEST(every_reason_has_a_name_a_cause_and_a_fix)
{
	for (int r = REASON_NONE + 1; r < REASON__COUNT; r++) {
		struct sv code = sv_of(reason_code((enum reason)r)), cause = sv_of(reason_cause((enum reason)r)),
			  fix = sv_of(reason_fix((enum reason)r));

		CHECK_ROW(code.p, text_is_id(code, 40, "_") && reason_of(code) == (enum reason)r);
		CHECK_ROW(code.p, cause.n > 20 && sv_ends(cause, SV(".")) && fix.n > 7 && sv_ends(fix, SV(".")));
	}
}

/* The link of a grant that is refreshed answers 410. */
TEST(the_fix_of_a_refresh_opens_no_old_link)
{
	for (int r = REASON_NONE + 1; r < REASON__COUNT; r++) {
		if (r != REASON_PROVIDER_DOWN && r != REASON_RATE_LIMITED && r != REASON_BAD_ANSWER &&
		    r != REASON_MISCONFIGURED && r != REASON_ACCOUNT && r != REASON_REVOKED && r != REASON_ANSWER_LOST)
			continue; /* no refresh leads there */
		struct sv fix = sv_of(reason_fix_refresh((enum reason)r));
		size_t at;

		CHECK_ROW(reason_code((enum reason)r),
			  !sv_find(fix, SV("same link"), &at) && !sv_find(fix, SV("the link"), &at));
		CHECK_ROW(reason_code((enum reason)r), fix.n > 20 && sv_ends(fix, SV(".")));
	}
}

TEST(unknown_reasons_are_none)
{
	static const char *const t[] = { "", "Denied", "denied ", "unknown", "none" };

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		CHECK_ROW(t[i], reason_of(sv_of(t[i])) == REASON_NONE);
	CHECK(reason_code(REASON_NONE)[0] == '\0' && reason_cause(REASON__COUNT)[0] == '\0' &&
	      reason_fix(REASON_NONE)[0] == '\0');
}
