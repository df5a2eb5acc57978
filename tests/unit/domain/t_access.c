/* SPDX-License-Identifier: Apache-2.0 */
/* t_access.c: who gets a token, who waits, who is sent away. */
#include "tt_grant.h"

static const struct tt_grant week = { .user = "ada", .token = "tok-1", .refresh = "ref-1", .life = DAY(7) };
static struct access_ask inline_ask(struct ctx *cx, struct engine *en)
{
	return (
	    struct access_ask){ .project_id = tt_project(en), .user_id = SV("ada"), .provider = tt_provider(cx, en) };
}

TEST(a_granted_read_is_memory_only_from_the_first_on)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	CLEANUP(access_clear) struct access a = { .state = ACCESS_NONE };
	struct sv id = tt_adopt(cx, en, &week);
	struct access_ask ask = inline_ask(cx, en);

	int64_t events = tt_count(cx, en, "SELECT count(*) FROM events");
	CHECK(!IS_ERR(access_get(cx, en, &ask, &a)) && a.state == ACCESS_OK);
	CHECK(sv_eqz(secret_view(a.token), "tok-1") && sv_eqz(id, a.connection_id) && a.generation == 1);
	CHECK(strcmp(a.authorization_id, "ar_1") == 0 && a.user_info == NULL && a.granted.n == 1);
	CHECK(events == tt_count(cx, en, "SELECT count(*) FROM events"));
	CHECK(tt_row(cx, en, id).last_used_at == 0);
	CHECK(!IS_ERR(connections_used_flush(cx, en)) && tt_row(cx, en, id).last_used_at > 0);
}

TEST(what_is_not_known_is_read_once_and_then_known)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct access_ask ask = inline_ask(cx, en);
	struct access a;

	CHECK(access_get(cx, en, &ask, &a).code == E_TAKE_POOL);
	ask.lane = ACCESS_POOL;
	CHECK(!IS_ERR(access_get(cx, en, &ask, &a)) && a.state == ACCESS_NONE);
	ask.lane = ACCESS_INLINE;
	CHECK(!IS_ERR(access_get(cx, en, &ask, &a)) && a.state == ACCESS_NONE);
	(void)tt_adopt(cx, en, &week);
	CHECK(!IS_ERR(access_get(cx, en, &ask, &a)) && a.state == ACCESS_OK);
	access_clear(&a);
}

TEST(scopes_and_the_connection_asked_for_decide)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct sv id = tt_adopt(cx, en, &week), more[] = { SV_INIT("identify"), SV_INIT("guilds") };
	struct access_ask ask = inline_ask(cx, en);
	struct access a;

	ask.scopes = (struct sv_list){ more, 2 };
	CHECK(!IS_ERR(access_get(cx, en, &ask, &a)) && a.state == ACCESS_NARROW && a.token == NULL &&
	      a.generation == 1);
	ask.scopes.n = 1;
	ask.connection_id = SV("uc_another");
	CHECK(!IS_ERR(access_get(cx, en, &ask, &a)) && a.state == ACCESS_NONE && a.token == NULL);
	ask.connection_id = id;
	CHECK(!IS_ERR(access_get(cx, en, &ask, &a)) && a.state == ACCESS_OK);
	access_clear(&a);
	ask.user_id = SV("Ada");
	ask.lane = ACCESS_POOL;
	CHECK(!IS_ERR(access_get(cx, en, &ask, &a)) && a.state == ACCESS_NONE);
}

/* What the reader on lane INLINE is told, by what is left of the token. */
TEST(who_waits_and_who_does_not)
{
	static const struct {
		const char *name, *refresh, *row; /* row: what else is so */
		int64_t left, life;
		enum err_code want;
		enum access_state state;
	} t[] = {
		{ "fresh", "ref-1", NULL, DAY(6), DAY(7), E_OK, ACCESS_OK },
		{ "due, not pressing", "ref-1", "next_try_at = (unixepoch() + 30) * 1000000", MIN(4), DAY(7), E_OK,
		  ACCESS_OK },
		{ "61 s left", "ref-1", "next_try_at = (unixepoch() + 30) * 1000000", SEC(62), DAY(7), E_OK,
		  ACCESS_OK },
		{ "59 s left", "ref-1", NULL, SEC(59), DAY(7), E_TAKE_CALL, ACCESS_NARROW },
		{ "over", "ref-1", NULL, -SEC(5), DAY(7), E_TAKE_CALL, ACCESS_NARROW },
		{ "60 s token, 40 s left", "ref-1", NULL, SEC(40), SEC(60), E_OK, ACCESS_OK },
		{ "60 s token, 20 s left", "ref-1", NULL, SEC(20), SEC(60), E_TAKE_CALL, ACCESS_NARROW },
		{ "forced", "ref-1", "force_refresh = 1", DAY(6), DAY(7), E_TAKE_CALL, ACCESS_NARROW },
		{ "20 s left, tried and not reached", "ref-1", "next_try_at = (unixepoch() + 30) * 1000000", SEC(20),
		  DAY(7), E_OK, ACCESS_OK },
		{ "over, tried and not reached", "ref-1", "next_try_at = (unixepoch() + 30) * 1000000", -SEC(1), DAY(7),
		  E_PROVIDER_DOWN, ACCESS_NARROW },
		{ "20 s left, being refreshed", "ref-1", "lease_until = (unixepoch() + 30) * 1000000", SEC(20), DAY(7),
		  E_PARK, ACCESS_NARROW },
		{ "no refresh token, 20 s left", NULL, NULL, SEC(20), DAY(7), E_OK, ACCESS_OK },
		{ "no refresh token, over", NULL, NULL, -SEC(1), DAY(7), E_OK, ACCESS_NONE },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
		struct engine *en = tt_flow_begin(cx, &w);
		CLEANUP(access_clear) struct access a = { .state = ACCESS_NONE };
		struct access_ask ask = inline_ask(cx, en);
		const struct tt_grant g = { .user = "ada", .token = "t", .refresh = t[i].refresh, .life = DAY(7) };

		(void)tt_adopt(cx, en, &g);
		tt_age(cx, en, t[i].left, t[i].life);
		if (t[i].row != NULL)
			tt_move(cx, en, arena_printf(cx->arena, "UPDATE connections SET %s", t[i].row));
		ask.lane = ACCESS_POOL;
		struct err e = access_get(cx, en, &ask, &a);
		CHECK_ROW(t[i].name, e.code == t[i].want);
		CHECK_ROW(t[i].name, IS_ERR(e) ? a.token == NULL : a.state == t[i].state);
		CHECK_ROW(t[i].name, (a.token != NULL) == (t[i].state == ACCESS_OK));
		CHECK_ROW(t[i].name, e.code != E_PROVIDER_DOWN || cx->cause.retry_after_s > 0);
		CHECK_ROW(t[i].name, e.code != E_TAKE_CALL || a.peer_key != 0);
		CHECK_ROW(t[i].name, e.code != E_PARK || (a.topic != 0 && a.park_until > clock_now()));
		CHECK_ROW(t[i].name, tt_net_calls("refresh") == 0);
	}
}

TEST(a_wait_that_is_over_is_answered)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	CLEANUP(access_clear) struct access a = { .state = ACCESS_NONE };
	struct access_ask ask = inline_ask(cx, en);

	(void)tt_adopt(cx, en, &week);
	ask.lane = ACCESS_POOL;
	ask.park_over = true;
	tt_age(cx, en, SEC(20), DAY(7));
	tt_move(cx, en, "UPDATE connections SET lease_until = (unixepoch() + 30) * 1000000");
	CHECK(!IS_ERR(access_get(cx, en, &ask, &a)) && a.state == ACCESS_OK);
	tt_age(cx, en, -SEC(1), DAY(7));
	access_clear(&a);
	CHECK(access_get(cx, en, &ask, &a).code == E_PROVIDER_DOWN && cx->cause.retry_after_s >= 1);
}

TEST(an_expired_token_is_renewed_on_the_way)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	CLEANUP(access_clear) struct access a = { .state = ACCESS_NONE };

	(void)tt_adopt(cx, en, &week);
	tt_age(cx, en, -HOUR(1), DAY(7));
	tt_net_answer("refresh", 200, TT_NEW_PAIR);
	CHECK(!IS_ERR(tt_read(cx, en, "ada", &a)) && a.state == ACCESS_OK && sv_eqz(secret_view(a.token), "tok-2"));
	CHECK(a.generation == 2 && tt_net_calls("refresh") == 1);
	access_clear(&a);
	CHECK(!IS_ERR(tt_read(cx, en, "ada", &a)) && tt_net_calls("refresh") == 1);
}

TEST(an_outage_keeps_the_connection_and_says_when_to_come_back)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct access a;
	struct sv id = tt_adopt(cx, en, &week);

	tt_age(cx, en, -SEC(1), DAY(7));
	CHECK(tt_read(cx, en, "ada", &a).code == E_PROVIDER_DOWN && cx->cause.retry_after_s >= 1 && a.token == NULL);
	CHECK(sv_eqz(tt_row(cx, en, id).status, "live") && tt_net_calls("refresh") == 1);
	CHECK(tt_row(cx, en, id).next_try_at > 0);
	tt_move(cx, en,
		"UPDATE connections SET next_try_at = next_try_at + 30000000"); /* a slow machine is not there */
	CHECK(tt_read(cx, en, "ada", &a).code == E_PROVIDER_DOWN && tt_net_calls("refresh") == 1);
}
