/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "domain/state.h"
#include "tt.h"

/* The whole square, written out by hand: a row from, a column to. */
TEST(every_pair_of_states)
{
	static const char *const want[STATE__COUNT] = {
		/*                         - P S F  s r u d f */
		[STATE_NONE] = "-+-- +-+--",
		[AUTHORIZATION_PENDING] = "--++ -----",
		[AUTHORIZATION_SUCCEEDED] = "---- -----",
		[AUTHORIZATION_FAILED] = "---- -----",
		[FLOW_STARTED] = "---- -+--+",
		[FLOW_REDEEMING] = "---- --+-+",
		[FLOW_UNVERIFIED] = "---- ---++",
		[FLOW_DONE] = "---- -----",
		[FLOW_FAILED] = "---- -----",
	};

	for (enum state from = STATE_NONE; from < STATE__COUNT; from++)
		for (enum state to = STATE_NONE; to < STATE__COUNT; to++) {
			struct ctx *cx = tt_ctx();
			bool may = want[from][to + (to >= FLOW_STARTED)] == '+';

			CHECK_ROW(want[from], state_allows(from, to) == may);
			CHECK_ROW(want[from], state_move(cx, from, to).code == (may ? E_OK : E_STALE));
		}
}

TEST(words_lead_back_to_their_states)
{
	for (enum state s = AUTHORIZATION_PENDING; s <= AUTHORIZATION_FAILED; s++)
		CHECK(state_of_authorization(sv_of(state_word(s))) == s);
	for (enum state s = FLOW_STARTED; s <= FLOW_FAILED; s++)
		CHECK(state_of_flow(sv_of(state_word(s))) == s);
	CHECK(state_of_flow(SV("pending")) == STATE_NONE && state_of_authorization(SV("started")) == STATE_NONE);
	CHECK(state_of_flow(SV("")) == STATE_NONE && state_of_flow(SV_NONE) == STATE_NONE);
}

TEST(ends_are_ends)
{
	for (enum state s = STATE_NONE; s < STATE__COUNT; s++)
		CHECK(state_is_end(s) == (s == AUTHORIZATION_SUCCEEDED || s == AUTHORIZATION_FAILED || s == FLOW_DONE ||
					  s == FLOW_FAILED));
}
