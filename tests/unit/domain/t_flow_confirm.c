/* SPDX-License-Identifier: Apache-2.0 */
/* t_flow_confirm.c: who came: right, wrong, late, twice; and what else a confirmation settles. */
#include "core/text.h"
#include "tt_flow.h"
#include <pthread.h>

static struct tt_scopes identify = { { SV_INIT("identify") }, 1 };
static struct tt_scopes guilds = { { SV_INIT("guilds") }, 1 };
static struct tt_scopes both = { { SV_INIT("identify"), SV_INIT("guilds") }, 2 };
#define ALICE "alice@example.com"

/* Up to the verifier; the flow_id it would get. */
static const char *to_verifier(struct ctx *cx, struct engine *en, struct sv link, const char *tokens)
{
	struct tt_browser b = { "" };
	struct next n;
	const char *state = tt_click(cx, en, link, &b);

	tt_net_answer("token", 200, tokens);
	CHECK(!IS_ERR(tt_callback(cx, en, tt_query(cx, "c0de", state), &b, &n)) && n.kind == NEXT_REDIRECT);
	return tt_param(cx, n.url, "flow_id");
}

static void woken(void *arg)
{
	int *n = arg;

	(*n)++;
}

TEST(a_mismatch_is_final_and_hurts_nobody_else)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	CLEANUP(auth_view_clear) struct auth_view bob = { .reason = 0 };
	CLEANUP(auth_view_clear) struct auth_view v = { .reason = 0 };
	CLEANUP(auth_view_clear) struct auth_view now = { .reason = 0 };
	struct confirmed done;
	int wakes = 0;

	tt_net_answer("userinfo", 200, "{\"id\":\"42\",\"username\":\"same account\"}");
	bob = tt_consent(cx, en, tt_ask(en, "bob@example.com", &identify), TT_TOKENS("tok-bob", "identify"));
	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, ALICE, &identify), &v)));
	const char *flow = to_verifier(cx, en, v.url, TT_TOKENS("tok-lured", "identify"));
	struct hub_sub sub = { .topic = authorize_topic(sv_of(v.id)), .fn = woken, .arg = &wakes };
	hub_subscribe(en->hub, &sub);
	CHECK(tt_confirm(cx, en, flow, "Alice@example.com", &done).code == E_USER_MISMATCH); /* case counts */
	CHECK(strcmp(cx->cause.say, "An error occurred during verification") == 0 && wakes == 1);
	(void)forgive(cx);
	hub_unsubscribe(en->hub, &sub);
	CHECK(tt_confirm(cx, en, flow, ALICE, &done).code == E_BAD_INPUT); /* the right one comes too late */
	(void)forgive(cx);
	CHECK(!IS_ERR(tt_status(cx, en, v.id, &now)) && now.status == AUTH_FAILED &&
	      now.reason == REASON_USER_MISMATCH);
	CHECK(tt_count(cx, en, "SELECT count(*) FROM flows WHERE access_box IS NOT NULL OR refresh_box IS NOT NULL") ==
	      0);
	CHECK(tt_count(cx, en, "SELECT count(*) FROM revocations") == 0); /* Discord: it would end bob's grant */
	CHECK(!IS_ERR(tt_status(cx, en, bob.id, &now)) && now.status == AUTH_COMPLETED);
	CHECK(sv_eqz(secret_view(now.access.token), "tok-bob"));
	struct auth_view next;
	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, ALICE, &identify), &next)) && next.status == AUTH_PENDING);
	CHECK(strcmp(next.id, v.id) != 0);
}

TEST(waiting_for_what_had_failed_ends_the_loop)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct auth_view v, now;

	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, ALICE, &identify), &v)));
	struct auth_status_ask ask = {
		.project_id = tt_project(en), .id = sv_of(v.id), .lane = ACCESS_POOL, .waits = true
	};
	CHECK(!IS_ERR(authorize_status(cx, en, &ask, &now)) && now.status == AUTH_PENDING && sv_eq(now.url, v.url));
	tt_sql(cx, en, "UPDATE authorizations SET expires_at = 1");
	ask.was_parked = true;
	CHECK(!IS_ERR(authorize_status(cx, en, &ask, &now)) && now.status == AUTH_FAILED &&
	      now.reason == REASON_EXPIRED);
	ask.was_parked = false;
	CHECK(authorize_status(cx, en, &ask, &now).code == E_GONE);
	CHECK(strstr(cx->cause.say, reason_cause(REASON_EXPIRED)) != NULL &&
	      strstr(cx->cause.say, reason_fix(REASON_EXPIRED)) != NULL);
	(void)forgive(cx);
	ask.waits = false;
	CHECK(!IS_ERR(authorize_status(cx, en, &ask, &now)) && now.status == AUTH_FAILED);
	ask.project_id = SV("another");
	CHECK(authorize_status(cx, en, &ask, &now).code == E_NOT_FOUND);
	(void)forgive(cx);
	ask.id = SV("");
	CHECK(authorize_status(cx, en, &ask, &now).code == E_BAD_INPUT);
}

TEST(one_consent_completes_all_it_covers_and_ends_their_flows)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct auth_view one, two, all, other;
	CLEANUP(auth_view_clear) struct auth_view now = { .reason = 0 };
	struct confirmed done;

	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, ALICE, &identify), &one)));
	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, ALICE, &guilds), &two)));
	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, ALICE, &both), &all)));
	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, "bob@example.com", &identify), &other)));
	const char *late = to_verifier(cx, en, one.url, TT_TOKENS("tok-one", "identify"));
	const char *flow = to_verifier(cx, en, all.url, TT_TOKENS("tok-all", "identify guilds"));
	CHECK(!IS_ERR(tt_confirm(cx, en, flow, ALICE, &done)) && strcmp(done.authorization_id, all.id) == 0);
	const char *const completed[] = { one.id, two.id, all.id };
	for (size_t i = 0; i < ARRAY_LEN(completed); i++) {
		auth_view_clear(&now);
		CHECK(!IS_ERR(tt_status(cx, en, completed[i], &now)) && now.status == AUTH_COMPLETED);
		CHECK(sv_eqz(secret_view(now.access.token), "tok-all"));
	}
	auth_view_clear(&now);
	CHECK(!IS_ERR(tt_status(cx, en, other.id, &now)) && now.status == AUTH_PENDING);
	CHECK(tt_confirm(cx, en, late, ALICE, &done).code == E_BAD_INPUT); /* its authorization had ended */
	CHECK(tt_count(cx, en, "SELECT count(*) FROM flows WHERE access_box IS NOT NULL") == 0);
}

TEST(wider_scopes_keep_the_old_ones)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct auth_view v;
	CLEANUP(auth_view_clear) struct auth_view got = { .reason = 0 };
	struct tt_browser b = { "" };
	struct confirmed done;
	struct next n;

	(void)tt_consent(cx, en, tt_ask(en, ALICE, &identify), TT_TOKENS("tok-one", "identify"));
	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, ALICE, &guilds), &v)) && v.status == AUTH_PENDING);
	const char *token = strstr(arena_text(cx->arena, v.url), "/connect/") + 9;
	struct browser br = tt_br(&b);
	CHECK(!IS_ERR(connect_click(cx, en, sv_of(token), &br, &n)));
	const char *scope = tt_param(cx, n.url, "scope");
	CHECK(strcmp(scope, "guilds%20identify") == 0 || strcmp(scope, "guilds+identify") == 0);
	memcpy(b.cookie, n.cookie, sizeof b.cookie);
	const char *state = tt_param(cx, n.url, "state");
	tt_net_answer("token", 200, TT_TOKENS("tok-two", "identify guilds"));
	CHECK(!IS_ERR(tt_callback(cx, en, tt_query(cx, "c", state), &b, &n)));
	CHECK(!IS_ERR(tt_confirm(cx, en, tt_param(cx, n.url, "flow_id"), ALICE, &done)));
	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, ALICE, &both), &got)) && got.status == AUTH_COMPLETED);
	CHECK(sv_eqz(secret_view(got.access.token), "tok-two"));
}

/* identify comes back under a long name, guilds.join not beside the guilds that hold it, email never. */
TEST(scopes_named_otherwise_in_the_answer_are_granted)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end)
	struct tt_flow w = { .definitions = "discord: {scopes: {aliases: {identify: 'https://d.test/identify'}, "
					    "implies: {guilds: [guilds.join]}, not_returned: [email]}}" };
	struct engine *en = tt_flow_begin(cx, &w);
	struct tt_scopes all = { { SV_INIT("identify"), SV_INIT("guilds"), SV_INIT("guilds.join"), SV_INIT("email") },
				 4 };
	struct tt_scopes join = { { SV_INIT("guilds.join") }, 1 }, more = { { SV_INIT("connections") }, 1 };
	CLEANUP(auth_view_clear) struct auth_view got = { .reason = 0 };
	CLEANUP(auth_view_clear) struct auth_view same = { .reason = 0 };
	struct auth_view other, v;
	struct tt_browser b = { "" };
	struct browser br = tt_br(&b);
	struct next n;

	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, ALICE, &join), &other)));
	tt_net_answer("userinfo", 200, "{\"id\":\"42\",\"username\":\"alice\"}");
	(void)tt_consent(cx, en, tt_ask(en, ALICE, &all), TT_TOKENS("tok", "https://d.test/identify guilds"));
	CHECK(tt_net_calls("userinfo") == 1); /* it needs identify */
	CHECK(tt_count(cx, en, "SELECT count(*) FROM events WHERE reason = 'fewer_scopes'") == 0);
	CHECK(!IS_ERR(tt_status(cx, en, other.id, &same)) && same.status == AUTH_COMPLETED);
	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, ALICE, &all), &got)) && got.status == AUTH_COMPLETED);
	CHECK(got.scopes.n == 4 && sv_eqz(got.scopes.v[0], "identify")); /* as it was asked */
	CHECK(tt_count(cx, en,
		       "SELECT count(*) FROM connections WHERE granted_scopes = "
		       "'[\"https://d.test/identify\",\"guilds\"]'") == 1); /* as it was told */
	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, ALICE, &more), &v)) && v.status == AUTH_PENDING);
	CHECK(!IS_ERR(connect_click(cx, en, sv_of(strstr(arena_text(cx->arena, v.url), "/connect/") + 9), &br, &n)));
	CHECK(strstr(tt_param(cx, n.url, "scope"), "email") != NULL); /* or the next token would lack it */
}

TEST(narrower_scopes_than_asked_are_asked_again)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	CLEANUP(auth_view_clear) struct auth_view got = { .reason = 0 };
	CLEANUP(auth_view_clear) struct auth_view v = { .reason = 0 };

	struct auth_view first = tt_consent(cx, en, tt_ask(en, ALICE, &both), TT_TOKENS("tok-one", "identify"));
	CHECK(!IS_ERR(tt_status(cx, en, first.id, &got)) && got.status == AUTH_COMPLETED); /* its row lives */
	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, ALICE, &identify), &v)) && v.status == AUTH_COMPLETED);
	auth_view_clear(&v);
	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, ALICE, &both), &v)) && v.status == AUTH_PENDING &&
	      strcmp(v.id, first.id) != 0);
}

TEST(a_flow_that_would_lose_scopes_fails_as_an_attempt)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct auth_view one, two;
	CLEANUP(auth_view_clear) struct auth_view now = { .reason = 0 };
	struct confirmed done;

	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, ALICE, &identify), &one)));
	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, ALICE, &guilds), &two)));
	const char *first = to_verifier(cx, en, one.url, TT_TOKENS("tok-one", "identify"));
	const char *second = to_verifier(cx, en, two.url, TT_TOKENS("tok-two", "guilds"));
	CHECK(!IS_ERR(tt_confirm(cx, en, second, ALICE, &done)));
	CHECK(tt_confirm(cx, en, first, ALICE, &done).code == E_BAD_INPUT);
	CHECK(strstr(cx->cause.say, reason_cause(REASON_CONNECTION_CHANGED)) != NULL);
	(void)forgive(cx);
	CHECK(!IS_ERR(tt_status(cx, en, one.id, &now)) && now.status == AUTH_PENDING); /* the link works again */
	const char *third = to_verifier(cx, en, one.url, TT_TOKENS("tok-three", "identify guilds"));
	CHECK(!IS_ERR(tt_confirm(cx, en, third, ALICE, &done)));
	CHECK(!IS_ERR(tt_status(cx, en, two.id, &now)) && now.status == AUTH_COMPLETED);
	CHECK(sv_eqz(secret_view(now.access.token), "tok-three"));
}

TEST(nobody_confirmed_in_time)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	CLEANUP(auth_view_clear) struct auth_view now = { .reason = 0 };
	struct auth_view v;
	struct confirmed done;

	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, ALICE, &identify), &v)));
	const char *flow = to_verifier(cx, en, v.url, TT_TOKENS("tok-one", "identify"));
	tt_sql(cx, en, "UPDATE flows SET expires_at = 1");
	CHECK(tt_confirm(cx, en, flow, ALICE, &done).code == E_NOT_FOUND); /* before any job has run */
	(void)forgive(cx);
	CHECK(!IS_ERR(flows_expire(cx, en, JOB_TIME(SEC(60)))));
	CHECK(tt_count(cx, en,
		       "SELECT count(*) FROM flows WHERE reason = 'verification_expired' AND access_box IS NULL") == 1);
	CHECK(tt_confirm(cx, en, flow, ALICE, &done).code == E_NOT_FOUND);
	(void)forgive(cx);
	CHECK(!IS_ERR(tt_status(cx, en, v.id, &now)) && now.status == AUTH_PENDING);
	CHECK(!IS_ERR(tt_confirm(cx, en, to_verifier(cx, en, v.url, TT_TOKENS("tok-two", "identify")), ALICE, &done)));
}

/* Contract 2.2: ten minutes from the callback, also for whom the link's own end is near. */
TEST(a_callback_at_the_links_last_moment_can_still_be_confirmed)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct auth_view v, other;
	struct confirmed done;
	char sql[160];

	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, ALICE, &identify), &v)));
	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, "bob@example.com", &identify), &other)));
	(void)snprintf(sql, sizeof sql, "UPDATE authorizations SET expires_at = %lld",
		       (long long)(clock_now() + SEC(300)));
	tt_sql(cx, en, sql);
	int64_t before = clock_now();
	const char *flow = to_verifier(cx, en, v.url, TT_TOKENS("tok-one", "identify"));
	(void)snprintf(sql, sizeof sql, "SELECT count(*) FROM authorizations WHERE expires_at >= %lld",
		       (long long)(before + MIN(10)));
	CHECK(tt_count(cx, en, sql) == 1); /* his, and nobody else's */
	CHECK(tt_count(cx, en,
		       "SELECT a.expires_at >= f.expires_at FROM authorizations a, flows f WHERE "
		       "f.authorization_id = a.id") == 1);
	CHECK(tt_count(cx, en,
		       "SELECT a.expires_at - f.expires_at < 60000000 FROM authorizations a, flows f WHERE "
		       "f.authorization_id = a.id") == 1);
	CHECK(!IS_ERR(tt_confirm(cx, en, flow, ALICE, &done)) && strcmp(done.authorization_id, v.id) == 0);
}

/* One whose end is further off than that keeps it. */
TEST(a_callback_takes_no_time_from_its_link)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct auth_view v;

	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, ALICE, &identify), &v)));
	int64_t end = tt_count(cx, en, "SELECT expires_at FROM authorizations");
	(void)to_verifier(cx, en, v.url, TT_TOKENS("tok-one", "identify"));
	CHECK(tt_count(cx, en, "SELECT expires_at FROM authorizations") == end);
}

TEST(confirmations_that_cannot_be)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct auth_view v;
	struct confirmed done;

	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, ALICE, &identify), &v)));
	const char *flow = to_verifier(cx, en, v.url, TT_TOKENS("tok-one", "identify"));
	const struct {
		struct confirm_in in;
		enum err_code want;
	} t[] = {
		{ { tt_project(en), SV(""), SV(ALICE), &tt_by }, E_BAD_INPUT },
		{ { tt_project(en), sv_of(flow), SV(""), &tt_by }, E_BAD_INPUT },
		{ { tt_project(en), sv_of(flow), SV("  "), &tt_by }, E_BAD_INPUT },
		{ { SV("another project"), sv_of(flow), SV(ALICE), &tt_by }, E_NOT_FOUND },
		{ { tt_project(en), sv_of(v.id), SV(ALICE), &tt_by }, E_NOT_FOUND },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		CHECK(connect_confirm(cx, en, &t[i].in, &done).code == t[i].want);
		(void)forgive(cx);
	}
	CHECK(!IS_ERR(tt_confirm(cx, en, flow, ALICE, &done))); /* none of it had an effect */
}

TEST(a_verifier_is_tried_without_a_provider)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct verifier_test_in in = { tt_project(en), SV(ALICE), SV("https://app.example/verify"), &tt_by };
	struct verifier_test test;
	struct confirmed done;

	CHECK(!IS_ERR(connect_test_verifier(cx, en, &in, &test)));
	CHECK(strlen(test.flow_id) == 36 && sv_starts(test.next_uri, SV("https://app.example/verify?flow_id=")));
	CHECK(!IS_ERR(tt_confirm(cx, en, test.flow_id, ALICE, &done)));
	CHECK(sv_eqz(done.next_uri, "http://localhost:9099/api/v1/oauth/callback_success?test=true"));
	CHECK(tt_confirm(cx, en, test.flow_id, ALICE, &done).code == E_BAD_INPUT);
	(void)forgive(cx);
	CHECK(!IS_ERR(connect_test_verifier(cx, en, &in, &test)));
	CHECK(tt_confirm(cx, en, test.flow_id, "mallory", &done).code == E_USER_MISMATCH);
	(void)forgive(cx);
	const struct sv bad[] = { SV_INIT(""), SV_INIT("ftp://x"), SV_INIT("/verify"), SV_INIT("javascript:alert(1)") };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		in.verifier_url = bad[i];
		CHECK_ROW(bad[i].p,
			  connect_test_verifier(cx, en, &in, &test).code == E_BAD_INPUT && cx->cause.n_fields == 1);
		(void)forgive(cx);
	}
}
