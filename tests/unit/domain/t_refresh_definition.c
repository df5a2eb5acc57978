/* SPDX-License-Identifier: Apache-2.0 */
/* t_refresh_definition.c: definitions that want more than a refresh: a swap, no refresh token at all, user info. */
#include "tt_grant.h"
#include <time.h>

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

/* The queue is empty: what a scan found is done. */
static void scan(struct ctx *cx, struct engine *en)
{
	const struct timespec pause = { 0, 1000 * 1000 };
	int64_t until = clock_mono() + SEC(20);

	CHECK(!IS_ERR(refresh_scan(cx, en, JOB_TIME(SEC(10)))));
	while (refresh_waiting(en) > 0 && clock_mono() < until)
		(void)nanosleep(&pause, NULL);
	CHECK(refresh_waiting(en) == 0);
}
/* All times of the one connection, as if so much had passed. */
static void pass(struct ctx *cx, struct engine *en, int64_t time)
{
	tt_move(
	    cx, en,
	    arena_printf(cx->arena,
			 "UPDATE connections SET refreshed_at = refreshed_at - t, token_issued_at = token_issued_at -"
			 " t, token_expires_at = token_expires_at - t, due_at = due_at - t, refresh_expires_at ="
			 " max(refresh_expires_at - t, 0) FROM (SELECT %lld AS t)",
			 (long long)time));
}
TEST(a_token_renewed_by_itself_is_renewed_before_it_ends_though_nobody_reads_it)
{
	static const struct tt_grant hour = { .user = "ada", .token = "tok-1", .life = HOUR(1) };
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .definitions = "discord: {refresh: {with: access_token}}" };
	struct engine *en = tt_flow_begin(cx, &w);
	struct sv status, reason, id;
	char id_text[64]; /* the jobs begin their memory anew */

	CHECK(sv_copy(tt_adopt(cx, en, &hour), id_text, sizeof id_text));
	id = sv_of(id_text);
	tt_net_answer("refresh", 200, "{\"access_token\":\"tok-2\",\"expires_in\":3600,\"token_type\":\"Bearer\"}");
	scan(cx, en);
	CHECK(tt_net_calls("refresh") == 0);
	for (int n = 1; n <= 2; n++) {
		pass(cx, en, MIN(50));
		scan(cx, en);
		CHECK(tt_net_calls("refresh") == n);
	}
	pass(cx, en, HOUR(2));
	scan(cx, en);
	CHECK(tt_net_calls("refresh") == 2);
	CHECK(!IS_ERR(store_connection_status(cx, en->store, id, &status, &reason)) && sv_eqz(status, "dead"));
	CHECK(sv_eqz(reason, "expired_without_refresh") && sv_eqz(tt_row(cx, en, id).status, "live"));
	tt_move(cx, en,
		"UPDATE connections SET lease_until = (unixepoch() + 30) * 1000000"); /* it may be answered yet */
	CHECK(!IS_ERR(connections_expire(cx, en, JOB_TIME(SEC(10)))) && sv_eqz(tt_row(cx, en, id).status, "live"));
	tt_move(cx, en, "UPDATE connections SET lease_until = 0");
	CHECK(!IS_ERR(connections_expire(cx, en, JOB_TIME(SEC(10)))) && sv_eqz(tt_row(cx, en, id).status, "dead"));
}

TEST(a_refresh_token_that_stays_lives_as_long_as_it_is_said_again)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct sv id = tt_adopt(cx, en, &week);

	tt_age(cx, en, -SEC(1), DAY(7));
	tt_move(cx, en, "UPDATE connections SET refresh_expires_at = token_expires_at + 60000000");
	tt_net_answer("refresh", 200,
		      "{\"access_token\":\"tok-2\",\"expires_in\":3600,\"refresh_token_expires_in\":7776000}");
	CHECK(tt_refresh(cx, en, id) == REFRESHED_YES);
	struct connection c = tt_row(cx, en, id);
	CHECK(c.has_refresh && c.refresh_expires_at - c.refreshed_at > DAY(89));
	tt_age(cx, en, -SEC(1), DAY(7));
	tt_net_answer("refresh", 200, "{\"access_token\":\"tok-3\",\"expires_in\":3600}"); /* nothing said: as it was */
	CHECK(tt_refresh(cx, en, id) == REFRESHED_YES && tt_row(cx, en, id).refresh_expires_at == c.refresh_expires_at);
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
