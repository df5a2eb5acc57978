/* SPDX-License-Identifier: Apache-2.0 */
/* t_refresh_definition.c: definitions that want more than a refresh: a swap, no refresh token at all, user info. */
#include "tt_grant.h"

static const struct tt_grant week = { .user = "ada", .token = "tok-1", .refresh = "ref-1", .life = DAY(7) };

TEST(a_refreshed_token_is_swapped_and_the_refresh_token_is_safe_before)
{
	static const struct {
		const char *name;
		int status;
		const char *token;
		int64_t generation;
	} t[] = {
		{ "swapped", 200, "tok-long", 3 },
		{ "the swap is refused", 400, "tok-1", 2 },
		{ "the swap has no answer", 500, "tok-1", 2 },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		CLEANUP(tt_flow_end)
		struct tt_flow w = { .definitions = "discord: {exchange: {url: 'https://discord.com/api/long', on: "
						    "[refresh], params: {t: '{{access_token}}'}}}" };
		struct engine *en = tt_flow_begin(cx, &w);
		CLEANUP(access_clear) struct access a = { .state = ACCESS_NONE };
		struct sv id = tt_adopt(cx, en, &week);

		tt_age(cx, en, SEC(30), DAY(7));
		tt_net_answer("refresh", 200, TT_NEW_PAIR);
		tt_net_answer("exchange", t[i].status, "{\"access_token\":\"tok-long\",\"expires_in\":5184000}");
		CHECK_ROW(t[i].name, !IS_ERR(tt_read(cx, en, "ada", &a)) && a.state == ACCESS_OK);
		CHECK_ROW(t[i].name, sv_eqz(secret_view(a.token), t[i].token));
		struct connection c = tt_row(cx, en, id);
		CHECK_ROW(t[i].name, c.generation == t[i].generation && c.lease_until == 0 && !c.uncertain);
		CHECK_ROW(t[i].name, tt_net_calls("refresh") == 1 && tt_net_calls("exchange") == 1);
		tt_age(cx, en, -SEC(1), DAY(7));
		tt_move(cx, en, "UPDATE connections SET next_try_at = 0");
		(void)tt_refresh(cx, en, id);
		CHECK_ROW(t[i].name, strstr(tt_net_sent("refresh"), "refresh_token=ref-2") != NULL);
	}
}

TEST(a_token_renewed_by_itself_needs_no_refresh_token)
{
	static const struct tt_grant bare = { .user = "ada", .token = "tok-1", .life = DAY(60) };
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .definitions = "discord: {refresh: {with: access_token}}" };
	struct engine *en = tt_flow_begin(cx, &w);
	CLEANUP(access_clear) struct access a = { .state = ACCESS_NONE };

	(void)tt_adopt(cx, en, &bare);
	tt_age(cx, en, SEC(30), DAY(60));
	tt_move(cx, en, "UPDATE connections SET due_at = 1");
	tt_net_answer("refresh", 200, "{\"access_token\":\"tok-2\",\"expires_in\":5184000,\"token_type\":\"Bearer\"}");
	CHECK(!IS_ERR(tt_read(cx, en, "ada", &a)) && a.state == ACCESS_OK && sv_eqz(secret_view(a.token), "tok-2"));
	access_clear(&a);
	tt_age(cx, en, -SEC(1), DAY(60));
	CHECK(!IS_ERR(tt_read(cx, en, "ada", &a)) && a.state == ACCESS_NONE && tt_net_calls("refresh") == 1);
}

TEST(user_info_is_learnt_after_the_pair_is_safe)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .definitions = "discord: {user_info: {on: [grant, refresh]}}" };
	struct engine *en = tt_flow_begin(cx, &w);
	CLEANUP(access_clear) struct access a = { .state = ACCESS_NONE };
	size_t at;

	(void)tt_adopt(cx, en, &week);
	tt_age(cx, en, -SEC(1), DAY(7));
	tt_net_answer("refresh", 200, TT_NEW_PAIR);
	tt_net_answer("userinfo", 200, "{\"id\":\"8\",\"username\":\"ada-renamed\"}");
	CHECK(!IS_ERR(tt_read(cx, en, "ada", &a)) && a.state == ACCESS_OK && a.generation == 2 && a.user_info != NULL);
	CHECK(sv_find(secret_view(a.user_info), SV("ada-renamed"), &at));
}
