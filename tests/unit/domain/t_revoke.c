/* SPDX-License-Identifier: Apache-2.0 */
/* t_revoke.c: the disconnect, the revoke rule, and the list of connections. */
#include "tt_grant.h"

static const struct tt_grant ada = {
	.user = "ada", .token = "tok-1", .refresh = "ref-1", .account = "acct-1", .life = DAY(7)
};
TEST(a_disconnect_revokes_at_once)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct sv id = tt_adopt(cx, en, &ada), status, reason;
	struct access a;
	enum revocation how;
	const struct disconnect_in again = { tt_project(en), id, &tt_by };

	tt_net_answer("revoke", 200, "{}");
	CHECK(tt_disconnect(cx, en, id) == REVOCATION_DONE && tt_net_calls("revoke") == 1);
	CHECK(strstr(tt_net_sent("revoke"), "token=") != NULL);
	CHECK(tt_count(cx, en, "SELECT count(*) FROM revocations") == 0);
	struct connection c = tt_row(cx, en, id);
	CHECK(sv_eqz(c.status, "closed") && c.access_box.p == NULL && c.refresh_box.p == NULL &&
	      c.user_info_box.p == NULL);
	CHECK(!IS_ERR(tt_read(cx, en, "ada", &a)) && a.state == ACCESS_NONE);
	CHECK(!IS_ERR(store_connection_status(cx, en->store, id, &status, &reason)));
	CHECK(sv_eqz(status, "closed") && sv_eqz(reason, "disconnected"));
	CHECK(connections_delete(cx, en, &again, &how).code == E_NOT_FOUND);
	CHECK(strcmp(tt_event(cx, en, "connection.deleted").authorization_id, "ar_1") == 0);
	CHECK(strcmp(tt_event(cx, en, "connection.revoke").outcome, "ok") == 0);
}

TEST(another_projects_connection_is_not_found)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct sv id = tt_adopt(cx, en, &ada);
	const struct disconnect_in in = { SV("another"), id, &tt_by };
	enum revocation how;

	CHECK(connections_delete(cx, en, &in, &how).code == E_NOT_FOUND && sv_eqz(tt_row(cx, en, id).status, "live"));
}

/* What becomes of the tokens when a connection is deleted, by what the provider says. */
TEST(a_provider_that_is_down_gets_24_hours)
{
	static const struct {
		const char *name;
		enum net_fate fate;
		bool sent;
		int status;
		enum revocation want;
		int64_t left;
	} t[] = {
		{ "not reached", NET_NO_CONNECT, false, 0, REVOCATION_QUEUED, 1 },
		{ "timeout", NET_TIMEOUT, true, 0, REVOCATION_QUEUED, 1 },
		{ "500", NET_DONE, true, 500, REVOCATION_QUEUED, 1 },
		{ "429", NET_DONE, true, 429, REVOCATION_QUEUED, 1 },
		{ "200", NET_DONE, true, 200, REVOCATION_DONE, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
		struct engine *en = tt_flow_begin(cx, &w);
		struct sv id = tt_adopt(cx, en, &ada);

		if (t[i].fate == NET_DONE)
			tt_net_answer("revoke", t[i].status, "{}");
		else
			tt_net_fails("revoke", t[i].fate, t[i].sent);
		CHECK_ROW(t[i].name, tt_disconnect(cx, en, id) == t[i].want);
		CHECK_ROW(t[i].name,
			  tt_count(cx, en, "SELECT count(*) FROM revocations WHERE lease_until = 0") == t[i].left);
		if (t[i].left == 0)
			continue;
		CHECK_ROW(t[i].name, !IS_ERR(revoke_due(cx, en, JOB_TIME(MIN(1)))) && tt_net_calls("revoke") == 1);
		tt_sql(cx, en, "UPDATE revocations SET next_try_at = 0");
		tt_net_answer("revoke", 200, "{}");
		CHECK_ROW(t[i].name, !IS_ERR(revoke_due(cx, en, JOB_TIME(MIN(1)))) && tt_net_calls("revoke") == 2);
		CHECK_ROW(t[i].name, tt_count(cx, en, "SELECT count(*) FROM revocations") == 0);
	}
}

TEST(after_24_hours_it_is_given_up_and_said)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);

	CHECK(tt_disconnect(cx, en, tt_adopt(cx, en, &ada)) == REVOCATION_QUEUED && tt_net_calls("revoke") == 1);
	tt_sql(cx, en, "UPDATE revocations SET next_try_at = 0, give_up_at = 1");
	CHECK(!IS_ERR(revoke_due(cx, en, JOB_TIME(MIN(1)))) && tt_net_calls("revoke") == 1);
	CHECK(tt_count(cx, en, "SELECT count(*) FROM revocations") == 0);
	struct event_row e = tt_event(cx, en, "connection.revoke");
	CHECK(strcmp(e.outcome, "failed") == 0 && strcmp(e.reason, "not_revoked") == 0);
}

TEST(without_time_nobody_is_called_and_it_stays_due)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);

	CHECK(tt_disconnect(cx, en, tt_adopt(cx, en, &ada)) == REVOCATION_QUEUED && tt_net_calls("revoke") == 1);
	tt_sql(cx, en, "UPDATE revocations SET next_try_at = 0");
	CHECK(!IS_ERR(revoke_due(cx, en, &(struct job_time){ 0 })) &&
	      tt_net_calls("revoke") == 1); /* the engine ends */
	CHECK(!IS_ERR(revoke_due(cx, en, JOB_TIME(SEC(1)))) && tt_net_calls("revoke") == 1);
	CHECK(!IS_ERR(revoke_due(cx, en, JOB_TIME(MIN(1)))) && tt_net_calls("revoke") == 2);
}

/* Discord: revoking one token ends every grant of that account and app. */
TEST(a_shared_account_is_not_revoked)
{
	static const struct {
		const char *name, *other_user, *other_account;
		enum revocation want;
	} t[] = {
		{ "nobody else", NULL, NULL, REVOCATION_DONE },
		{ "somebody else, another account", "bob", "acct-2", REVOCATION_DONE },
		{ "somebody else, account unknown", "bob", NULL, REVOCATION_DONE },
		{ "somebody else, the same account", "bob", "acct-1", REVOCATION_KEPT },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
		struct engine *en = tt_flow_begin(cx, &w);
		struct sv id = tt_adopt(cx, en, &ada);
		const struct tt_grant other = { .user = t[i].other_user,
						.token = "tok-b",
						.refresh = "ref-b",
						.account = t[i].other_account,
						.life = DAY(7) };

		if (t[i].other_user != NULL)
			(void)tt_adopt(cx, en, &other);
		tt_net_answer("revoke", 200, "{}");
		CHECK_ROW(t[i].name, tt_disconnect(cx, en, id) == t[i].want);
		CHECK_ROW(t[i].name, tt_net_calls("revoke") == (t[i].want == REVOCATION_DONE));
		if (t[i].want == REVOCATION_KEPT)
			CHECK(strcmp(tt_event(cx, en, "connection.revoke").reason, "not_revoked_shared_grant") == 0);
	}
}

/* The pair waited for a provider that was down; meanwhile the user has connected again. */
TEST(a_queued_revocation_never_ends_a_newer_grant)
{
	static const struct tt_grant again = { .user = "ada", .token = "tok-3", .refresh = "ref-3", .life = DAY(7) };
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);

	CHECK(tt_disconnect(cx, en, tt_adopt(cx, en, &ada)) == REVOCATION_QUEUED);
	(void)tt_adopt(cx, en, &again);
	tt_sql(cx, en, "UPDATE revocations SET next_try_at = 0");
	tt_net_answer("revoke", 200, "{}");
	CHECK(!IS_ERR(revoke_due(cx, en, JOB_TIME(MIN(1)))) && tt_net_calls("revoke") == 1);
	CHECK(tt_count(cx, en, "SELECT count(*) FROM revocations") == 0);
	CHECK(strcmp(tt_event(cx, en, "connection.revoke").reason, "not_revoked_shared_grant") == 0);
}

static struct err end_all_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	const struct sv *id = in;

	return store_connection_end_all(cx, tx, *id, out, &(int64_t){ 0 });
}
TEST(a_deleted_providers_tokens_are_revoked_later)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct sv id = tt_adopt(cx, en, &ada), provider = sv_of(tt_provider(cx, en)->row_id);
	struct access a;
	char reason[] = "provider_deleted";

	CHECK(!IS_ERR(tt_read(cx, en, "ada", &a)) && a.state == ACCESS_OK);
	access_clear(&a);
	CHECK(!IS_ERR(store_act(cx, en->store, end_all_act, &provider, reason)));
	CHECK(!IS_ERR(tt_read(cx, en, "ada", &a)) && a.state == ACCESS_NONE);
	CHECK(sv_eqz(tt_row(cx, en, id).status, "closed") && tt_row(cx, en, id).access_box.p == NULL);
	tt_net_answer("revoke", 200, "{}");
	CHECK(!IS_ERR(revoke_due(cx, en, JOB_TIME(MIN(1)))) && tt_net_calls("revoke") == 1);
	CHECK(strstr(tt_net_sent("revoke"), "ref-1") != NULL || strstr(tt_net_sent("revoke"), "tok-1") != NULL);
	CHECK(tt_count(cx, en, "SELECT count(*) FROM revocations") == 0);
}
TEST(a_changed_client_makes_connections_expired)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct sv id = tt_adopt(cx, en, &ada), provider = sv_of(tt_provider(cx, en)->row_id);
	struct connection_views v;
	const struct connection_filter f = { .project_id = tt_project(en), .limit = 10 };
	char reason[] = "client_changed";

	CHECK(!IS_ERR(store_act(cx, en->store, end_all_act, &provider, reason)));
	CHECK(sv_eqz(tt_row(cx, en, id).status, "dead") && tt_row(cx, en, id).refresh_box.p == NULL);
	CHECK(!IS_ERR(connections_list(cx, en, &f, &v)) && v.total == 1 && sv_eqz(v.v[0].status, "expired"));
	CHECK(sv_eqz(v.v[0].reason, "client_changed") && tt_count(cx, en, "SELECT count(*) FROM revocations") == 0);
	CHECK(tt_disconnect(cx, en, id) == REVOCATION_DONE && !IS_ERR(connections_list(cx, en, &f, &v)) &&
	      v.total == 0);
}

TEST(the_list_of_connections)
{
	static const struct tt_grant bob = { .user = "bob", .token = "tok-b", .life = MIN(10) };
	static const struct {
		const char *name, *provider, *user;
		int64_t limit, offset;
		size_t n;
		int64_t total;
	} t[] = {
		{ "all", "", "", 25, 0, 2, 2 },
		{ "by unique id or type", "discord", "", 25, 0, 2, 2 },
		{ "another provider", "github", "", 25, 0, 0, 0 },
		{ "by user", "", "bob", 25, 0, 1, 1 },
		{ "user is case-sensitive", "", "Bob", 25, 0, 0, 0 },
		{ "second page", "", "", 1, 1, 1, 2 },
		{ "past the end", "", "", 25, 9, 0, 2 },
	};
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct connection_views v;

	(void)tt_adopt(cx, en, &ada);
	(void)tt_adopt(cx, en, &bob);
	tt_sql(cx, en, "UPDATE connections SET token_expires_at = 1 WHERE user_id = 'bob'");
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		const struct connection_filter f = { .project_id = tt_project(en),
						     .provider_id = sv_of(t[i].provider),
						     .user_id = sv_of(t[i].user),
						     .limit = t[i].limit,
						     .offset = t[i].offset };

		CHECK_ROW(t[i].name, !IS_ERR(connections_list(cx, en, &f, &v)));
		CHECK_ROW(t[i].name, v.n == t[i].n && v.total == t[i].total);
		for (size_t k = 0; k < v.n; k++) {
			bool is_bob = sv_eqz(v.v[k].user_id, "bob");

			CHECK_ROW(t[i].name, sv_eqz(v.v[k].status, is_bob ? "expired" : "active"));
			CHECK_ROW(t[i].name, sv_eqz(v.v[k].reason, is_bob ? "expired_without_refresh" : ""));
			CHECK_ROW(t[i].name, sv_eqz(v.v[k].provider_id, "discord") && v.v[k].scopes.n == 1);
			CHECK_ROW(t[i].name, sv_eqz(v.v[k].provider_type, "oauth2") && v.v[k].user_info.p == NULL);
		}
	}
	CHECK(!IS_ERR(connections_expire(cx, en, JOB_TIME(MIN(1)))));
	CHECK(tt_count(cx, en, "SELECT count(*) FROM connections WHERE status = 'dead'") == 1);
}

TEST(only_what_was_closed_before_its_timeline_went_is_removed)
{
	static const struct tt_grant bob = { .user = "bob", .token = "tok-b", .life = MIN(10) };
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	const struct job_time now = { clock_now() + MIN(1) };

	CHECK(tt_disconnect(cx, en, tt_adopt(cx, en, &ada)) == REVOCATION_QUEUED);
	(void)tt_adopt(cx, en, &bob);
	CHECK(!IS_ERR(connections_prune(cx, en, &now)) && tt_count(cx, en, "SELECT count(*) FROM connections") == 2);
	tt_sql(cx, en, "UPDATE connections SET updated_at = 1");
	CHECK(!IS_ERR(connections_prune(cx, en, &(struct job_time){ 0 })));
	CHECK(tt_count(cx, en, "SELECT count(*) FROM connections") == 2);
	CHECK(!IS_ERR(connections_prune(cx, en, &now)) && tt_count(cx, en, "SELECT count(*) FROM connections") == 1);
	CHECK(tt_count(cx, en, "SELECT count(*) FROM connections WHERE user_id = 'bob' AND status = 'live'") == 1);
	tt_sql(cx, en, "UPDATE connections SET status = 'dead'"); /* still shown to whoever asks why */
	CHECK(!IS_ERR(connections_prune(cx, en, &now)) && tt_count(cx, en, "SELECT count(*) FROM connections") == 1);
	tt_sql(cx, en,
	       "WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < 450)"
	       " INSERT INTO connections(id, project_id, user_id, provider_id, client_id, revision_id, status,"
	       " generation, created_at, updated_at) SELECT 'uc_' || n, project_id, 'u', provider_id, '', '',"
	       " 'closed', 1, 1, 1 FROM i, connections WHERE user_id = 'bob'");
	CHECK(!IS_ERR(connections_prune(cx, en, &now)) && tt_count(cx, en, "SELECT count(*) FROM connections") == 1);
}
