/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "model/known_error.h"
#include "tt.h"

static unsigned some_place(const struct known_error *k) { return k->at == 0 ? PAT_CODE : k->at & (~k->at + 1); }

/* A row that an earlier one always beats would be a lie in docs/ERRORS.md. */
TEST(every_row_can_be_reached_and_says_cause_and_fix)
{
	size_t n;
	const struct known_error *k = known_error_rows(&n);

	CHECK(n >= 30);
	for (size_t i = 0; i < n; i++) {
		const char *name = k[i].error == NULL ? k[i].contains : k[i].error;
		struct sv cause = sv_of(k[i].cause), fix = sv_of(k[i].fix);

		CHECK_ROW(name, known_error_find(some_place(&k[i]), sv_of(k[i].error == NULL ? "word" : k[i].error),
						 sv_of(k[i].contains == NULL ? "" : k[i].contains)) == &k[i]);
		CHECK_ROW(name, cause.n > 20 && sv_ends(cause, SV(".")) && fix.n > 20 && sv_ends(fix, SV(".")));
	}
}

TEST(no_error_of_a_refresh_sends_anybody_to_the_old_link)
{
	size_t n, at;
	const struct known_error *k = known_error_rows(&n);

	for (size_t i = 0; i < n; i++) {
		struct sv error = sv_of(k[i].error == NULL ? "word" : k[i].error),
			  says = sv_of(k[i].contains == NULL ? "" : k[i].contains);
		const struct known_error *r = known_error_find(PAT_REFRESH, error, says);

		if (r != NULL)
			CHECK_ROW(r->fix, !sv_find(sv_of(r->fix), SV("same link"), &at) &&
					      !sv_find(sv_of(r->fix), SV("the link again"), &at));
	}
	CHECK(sv_find(sv_of(known_error_find(PAT_CODE, SV("invalid_grant"), SV_NONE)->fix), SV("the link again"), &at));
}

TEST(errors_lead_to_at_most_twelve_reasons)
{
	bool seen[REASON__COUNT] = { false };
	int count = 2; /* bad_answer for a word nobody knows, refresh_answer_lost for a no after a lost answer */

	for (int is = PERR_REAUTH; is <= PERR_ACCOUNT; is++)
		for (unsigned at = PAT_CODE; at <= PAT_CALLBACK; at <<= 1) {
			enum reason r = known_error_reason((enum pdef_error_is)is, at);

			CHECK(r != REASON_NONE);
			count += seen[r] ? 0 : 1;
			seen[r] = true;
		}
	CHECK(count <= 12);
}

TEST(words_and_places)
{
	static const struct {
		unsigned at;
		const char *error, *says;
		int is; /* -1: unknown */
	} t[] = {
		{ PAT_CODE, "invalid_grant", "", PERR_REAUTH },
		{ PAT_CODE, "invalid_grant", "Incorrect REDIRECT_URI", PERR_CONFIG },
		{ PAT_REFRESH, "invalid_grant", "Incorrect redirect_uri", PERR_REAUTH },
		{ PAT_CODE, "invalid_grant", "does not match the redirection URI, or was issued to another client",
		  PERR_REAUTH },
		{ PAT_CODE, "Invalid_Grant", "", -1 },
		{ PAT_CODE, "invalid_grant ", "", -1 },
		{ PAT_CODE, "", "", -1 },
		{ PAT_CODE, "", "AADSTS7000215: Invalid client secret", PERR_CONFIG },
		{ PAT_CODE, "quantum_flux", "invalid_grant", -1 },
		{ PAT_CALLBACK, "invalid_request", "", PERR_CONFIG },
		{ PAT_CODE, "invalid_request", "", -1 },
		{ PAT_REFRESH, "access_denied", "", -1 },
		{ PAT_CALLBACK, "access_denied", "", PERR_DENIED },
		{ PAT_REFRESH, "unauthorized_client", "", PERR_CONFIG },
		{ PAT_REFRESH, "unauthorized_client", "refresh_token is invalid", PERR_REAUTH },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		const struct known_error *k = known_error_find(t[i].at, sv_of(t[i].error), sv_of(t[i].says));

		CHECK_ROW(t[i].error, (k == NULL ? -1 : (int)k->is) == t[i].is);
	}
	CHECK(known_error_find(PAT_CODE, SV_NONE, SV_NONE) == NULL);
}
