/* SPDX-License-Identifier: Apache-2.0 */
/* t_revoke_token.c: what may be said of a refresh token where only an access token revokes, and of a token that
 * somebody else holds too. */
#include "tt_grant.h"

static const struct tt_grant ada = {
	.user = "ada", .token = "tok-1", .refresh = "ref-1", .account = "acct-1", .life = DAY(7)
};
/* ---- revoked by the access token, which is over ---- */
static const char by_access[] = "{discord: {revoke: {token: access_token, ends: token}}}";
#define NOT_KNOWN 400, "{\"error\":\"invalid_token\"}"

static void take_the_new_one(void *arg)
{
	(void)arg;
	tt_net_answer("revoke", 200, "{}");
}
static int64_t due_now(struct ctx *cx, struct engine *en)
{
	tt_sql(cx, en, "UPDATE revocations SET next_try_at = 0");
	CHECK(!IS_ERR(revoke_due(cx, en, JOB_TIME(MIN(2)))));
	return tt_count(cx, en, "SELECT count(*) FROM revocations");
}
TEST(an_access_token_that_is_over_is_renewed_to_revoke_the_refresh_token)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .definitions = by_access };
	struct engine *en = tt_flow_begin(cx, &w);
	struct sv id = tt_adopt(cx, en, &ada);

	tt_net_answer("revoke", NOT_KNOWN);
	tt_net_answer("refresh", 200, TT_NEW_PAIR);
	tt_net_during("refresh", take_the_new_one, NULL);
	CHECK(tt_disconnect(cx, en, id) == REVOCATION_DONE);
	CHECK(tt_net_calls("refresh") == 1 && strstr(tt_net_sent("refresh"), "refresh_token=ref-1") != NULL);
	CHECK(tt_net_calls("revoke") == 2 && strstr(tt_net_sent("revoke"), "token=tok-2") != NULL);
	CHECK(tt_count(cx, en, "SELECT count(*) FROM revocations") == 0);
	CHECK(strcmp(tt_event(cx, en, "connection.refresh").outcome, "ok") == 0);
	CHECK(strcmp(tt_event(cx, en, "connection.revoke").outcome, "ok") == 0);
}

/* What came is kept until the provider has taken it; the refresh token is spent once. */
TEST(a_pair_that_came_for_revoking_waits_like_any_other)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .definitions = by_access };
	struct engine *en = tt_flow_begin(cx, &w);
	struct sv id = tt_adopt(cx, en, &ada);

	tt_net_answer("revoke", NOT_KNOWN);
	tt_net_answer("refresh", 200, TT_NEW_PAIR);
	CHECK(tt_disconnect(cx, en, id) == REVOCATION_QUEUED && tt_net_calls("revoke") == 2);
	CHECK(tt_count(cx, en, "SELECT count(*) FROM revocations WHERE uncertain = 0") == 1);
	tt_net_answer("revoke", 503, "");
	CHECK(due_now(cx, en) == 1 && tt_net_calls("refresh") == 1);
	CHECK(strstr(tt_net_sent("revoke"), "token=tok-2") != NULL);
	tt_net_answer("revoke", 200, "{}");
	CHECK(due_now(cx, en) == 0 && tt_net_calls("refresh") == 1);
}

/* The refresh token is not taken at the second try. */
TEST(a_refused_refresh_token_is_over_unless_an_answer_was_lost)
{
	static const struct {
		const char *name;
		bool uncertain; /* at the disconnect */
		int status;     /* of the first answer */
		const char *body;
		enum revocation want;
		const char *outcome, *reason; /* in the end */
	} t[] = {
		{ "over", false, 400, TT_DEAD, REVOCATION_DONE, "ok", "" },
		{ "lost before", true, 400, TT_DEAD, REVOCATION_KEPT, "failed", "refresh_answer_lost" },
		{ "not answered", false, 503, "", REVOCATION_QUEUED, "failed", "refresh_answer_lost" },
		{ "unreadable", false, 200, "<html>", REVOCATION_QUEUED, "failed", "refresh_answer_lost" },
		{ "slowed down, nothing spent", false, 429, "{}", REVOCATION_QUEUED, "ok", "" },
		{ "the client refused, nothing spent", false, 401, "{\"error\":\"invalid_client\"}", REVOCATION_QUEUED,
		  "ok", "" },
		{ "slowed down, lost before", true, 429, "{}", REVOCATION_QUEUED, "failed", "refresh_answer_lost" },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		CLEANUP(tt_flow_end) struct tt_flow w = { .definitions = by_access };
		struct engine *en = tt_flow_begin(cx, &w);
		struct sv id = tt_adopt(cx, en, &ada);

		if (t[i].uncertain)
			tt_sql(cx, en, "UPDATE connections SET uncertain = 1");
		tt_net_answer("revoke", NOT_KNOWN);
		tt_net_answer("refresh", t[i].status, t[i].body);
		CHECK_ROW(t[i].name, tt_disconnect(cx, en, id) == t[i].want);
		tt_net_answer("refresh", 400, TT_DEAD);
		CHECK_ROW(t[i].name, due_now(cx, en) == 0);
		struct event_row e = tt_event(cx, en, "connection.revoke");
		CHECK_ROW(t[i].name, strcmp(e.outcome, t[i].outcome) == 0 && strcmp(e.reason, t[i].reason) == 0);
	}
}

TEST(what_cannot_be_renewed_is_never_called_revoked)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end)
	struct tt_flow w = { .definitions =
				 "{discord: {refresh: {with: none}, revoke: {token: access_token, ends: token}}}" };
	struct engine *en = tt_flow_begin(cx, &w);
	struct sv id = tt_adopt(cx, en, &ada);

	tt_net_answer("revoke", NOT_KNOWN);
	CHECK(tt_disconnect(cx, en, id) == REVOCATION_KEPT && tt_net_calls("refresh") == 0);
	struct event_row e = tt_event(cx, en, "connection.revoke");
	CHECK(strcmp(e.outcome, "failed") == 0 && strcmp(e.reason, "not_revoked") == 0);
}

/* ---- a token that is held elsewhere ---- */
TEST(a_token_that_a_live_connection_holds_is_not_revoked)
{
	static const struct {
		const char *name, *token, *refresh, *definitions;
		enum revocation want;
	} t[] = {
		{ "the same pair", "tok-1", "ref-1", NULL, REVOCATION_KEPT },
		{ "the same access token", "tok-1", NULL, by_access, REVOCATION_KEPT },
		{ "the same refresh token", "tok-b", "ref-1", NULL, REVOCATION_KEPT },
		{ "another pair", "tok-b", "ref-b", by_access, REVOCATION_DONE },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		CLEANUP(tt_flow_end) struct tt_flow w = { .definitions = t[i].definitions };
		struct engine *en = tt_flow_begin(cx, &w);
		struct sv id = tt_adopt(cx, en, &ada);
		const struct tt_grant bob = {
			.user = "bob", .token = t[i].token, .refresh = t[i].refresh, .life = DAY(7)
		};
		struct sv other = tt_adopt(cx, en, &bob);

		tt_net_answer("revoke", 200, "{}");
		CHECK_ROW(t[i].name, tt_disconnect(cx, en, id) == t[i].want);
		CHECK_ROW(t[i].name, tt_net_calls("revoke") == (t[i].want == REVOCATION_DONE));
		if (t[i].want == REVOCATION_KEPT)
			CHECK(strcmp(tt_event(cx, en, "connection.revoke").reason, "not_revoked_token_in_use") == 0);
		CHECK_ROW(t[i].name, tt_disconnect(cx, en, other) == REVOCATION_DONE); /* nobody holds it now */
	}
}

TEST(a_queued_revocation_spares_a_token_that_was_given_out_again)
{
	static const struct tt_grant bob = { .user = "bob", .token = "tok-1", .life = DAY(7) };
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .definitions = by_access };
	struct engine *en = tt_flow_begin(cx, &w);

	CHECK(tt_disconnect(cx, en, tt_adopt(cx, en, &ada)) == REVOCATION_QUEUED && tt_net_calls("revoke") == 1);
	(void)tt_adopt(cx, en, &bob);
	tt_net_answer("revoke", 200, "{}");
	CHECK(due_now(cx, en) == 0 && tt_net_calls("revoke") == 1);
	CHECK(strcmp(tt_event(cx, en, "connection.revoke").reason, "not_revoked_token_in_use") == 0);
}

/* A refresh, and rows made before there were hashes: what is held is known all the same. */
TEST(what_is_held_is_known_after_a_refresh_and_of_older_rows)
{
	static const struct tt_grant bob = { .user = "bob", .token = "tok-2", .life = DAY(7) };
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .definitions = by_access };
	struct engine *en = tt_flow_begin(cx, &w);
	struct sv id = tt_adopt(cx, en, &ada), other = tt_adopt(cx, en, &bob);

	tt_age(cx, en, SEC(30), DAY(7));
	tt_net_answer("refresh", 200, TT_NEW_PAIR); /* tok-2 */
	CHECK(tt_refresh(cx, en, id) == REFRESHED_YES);
	CHECK(tt_count(cx, en, "SELECT count(DISTINCT access_mac) FROM connections WHERE status = 'live'") == 1);
	tt_sql(cx, en, "UPDATE connections SET access_mac = NULL, refresh_mac = NULL");
	tt_flow_again(cx, &w);
	CHECK(tt_count(cx, en, "SELECT count(*) FROM connections WHERE access_mac IS NULL") == 0);
	CHECK(tt_count(cx, en, "SELECT count(*) FROM connections WHERE refresh_mac IS NULL") == 1);
	tt_net_answer("revoke", 200, "{}");
	CHECK(tt_disconnect(cx, en, other) == REVOCATION_KEPT && tt_net_calls("revoke") == 0);
}
