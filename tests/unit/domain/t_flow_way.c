/* SPDX-License-Identifier: Apache-2.0 */
/* t_flow_way.c: a consent from start to end, and what may cross it. */
#include "core/text.h"
#include "store/store_event.h"
#include "tt_flow.h"

static struct tt_scopes identify = { { SV_INIT("identify") }, 1 };
static const char user_json[] = "{\"id\":\"80351110224678912\",\"username\":\"alice\"}";

TEST(a_whole_consent)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	CLEANUP(auth_view_clear) struct auth_view v = { .reason = 0 };
	CLEANUP(auth_view_clear) struct auth_view now = { .reason = 0 };
	CLEANUP(auth_view_clear) struct auth_view again = { .reason = 0 };
	struct tt_browser b = { "" };
	struct next n;
	struct confirmed done;

	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, " alice@example.com ", &identify), &v)));
	CHECK(v.status == AUTH_PENDING && strncmp(v.id, "ar_", 3) == 0 && strlen(v.id) == 30);
	CHECK(sv_eqz(v.user_id, "alice@example.com") && sv_eqz(v.provider_id, "discord") && v.scopes.n == 1);
	CHECK(sv_starts(v.url, SV("http://localhost:9099/connect/")) && v.url.n == 30 + 43);
	const char *state = tt_click(cx, en, v.url, &b);
	CHECK(strlen(state) == 43 && strlen(b.cookie) == 43);
	tt_net_answer("token", 200, TT_TOKENS("tok-a", "identify"));
	tt_net_answer("userinfo", 200, user_json);
	CHECK(!IS_ERR(tt_callback(cx, en, tt_query(cx, "c0de", state), &b, &n)));
	CHECK(n.kind == NEXT_REDIRECT && n.http_hint == 303 && sv_starts(n.url, SV(TT_VERIFIER "&flow_id=")));
	CHECK(strstr(tt_net_sent("token"), "code=c0de") != NULL &&
	      strstr(tt_net_sent("token"), "code_verifier=") != NULL);
	const char *flow = tt_param(cx, n.url, "flow_id");
	CHECK(strlen(flow) == 36 && strcmp(flow, state) != 0);
	CHECK(!IS_ERR(tt_status(cx, en, v.id, &now)) && now.status == AUTH_PENDING && now.access.token == NULL);
	CHECK(!IS_ERR(tt_confirm(cx, en, flow, " alice@example.com ", &done)));
	CHECK(strcmp(done.authorization_id, v.id) == 0);
	CHECK(sv_eqz(done.next_uri, "http://localhost:9099/api/v1/oauth/callback_success"));
	CHECK(!IS_ERR(tt_status(cx, en, v.id, &now)) && now.status == AUTH_COMPLETED);
	CHECK(sv_eqz(secret_view(now.access.token), "tok-a") && now.access.user_info != NULL);
	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, "alice@example.com", &identify), &again)));
	CHECK(again.status == AUTH_COMPLETED && strcmp(again.id, v.id) == 0 &&
	      sv_eqz(secret_view(again.access.token), "tok-a"));
	CHECK(tt_net_calls("token") == 1 && cx->cause.code == E_OK);
}

TEST(the_timeline_tells_each_step_and_no_secret)
{
	static const char *const steps[] = { "created",   "link_opened", "callback", "code_exchange",
					     "user_info", "verified",    "completed" };
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct event_list list;

	tt_net_answer("userinfo", 200, user_json);
	struct auth_view v =
	    tt_consent(cx, en, tt_ask(en, "alice@example.com", &identify), TT_TOKENS("tok-a", "identify"));
	CHECK(!IS_ERR(store_event_timeline(cx, en->store, tt_project(en), sv_of(v.id), &list)));
	CHECK(list.n == ARRAY_LEN(steps));
	for (size_t i = 0; i < list.n; i++) {
		size_t at;

		CHECK_ROW(steps[i], strcmp(list.v[i].step, steps[i]) == 0 && strcmp(list.v[i].outcome, "ok") == 0);
		CHECK_ROW(steps[i],
			  !sv_find(list.v[i].data, SV("tok-a"), &at) && !sv_find(list.v[i].data, SV("c0de"), &at));
		CHECK_ROW(steps[i], !sv_find(list.v[i].data, SV("s3cret"), &at));
	}
}

TEST(a_repeated_callback_never_redeems_again)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct auth_view v;
	struct tt_browser b = { "" };
	struct next first, second, third;
	struct confirmed done;
	struct auth_ask ask = tt_ask(en, "alice@example.com", &identify);

	ask.next_uri = SV("https://app.example/end");
	CHECK(!IS_ERR(tt_authorize(cx, en, ask, &v)));
	const char *query = tt_query(cx, "c0de", tt_click(cx, en, v.url, &b));
	tt_net_answer("token", 200, TT_TOKENS("tok-a", "identify"));
	CHECK(!IS_ERR(tt_callback(cx, en, query, &b, &first)) && first.kind == NEXT_REDIRECT);
	CHECK(!IS_ERR(tt_callback(cx, en, query, &b, &second)) && second.kind == NEXT_REDIRECT);
	CHECK(sv_eq(first.url, second.url));
	CHECK(!IS_ERR(tt_confirm(cx, en, tt_param(cx, first.url, "flow_id"), "alice@example.com", &done)));
	CHECK(sv_eqz(done.next_uri, "https://app.example/end"));
	CHECK(!IS_ERR(tt_callback(cx, en, query, &b, &third)) && third.kind == NEXT_DONE &&
	      sv_eqz(third.url, "https://app.example/end"));
	CHECK(tt_net_calls("token") == 1);
	CHECK(tt_confirm(cx, en, tt_param(cx, first.url, "flow_id"), "alice@example.com", &done).code == E_BAD_INPUT);
	(void)forgive(cx);
	CHECK(tt_confirm(cx, en, "7e0f4d52-6a0c-4b0e-8b57-1f9f0c0b9a33", "alice@example.com", &done).code ==
	      E_NOT_FOUND);
}

TEST(another_browser_changes_nothing)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct auth_view v;
	struct tt_browser mine = { "" }, other = { "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" }, none = { "" };
	struct next n;

	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, "alice@example.com", &identify), &v)));
	const char *query = tt_query(cx, "c0de", tt_click(cx, en, v.url, &mine));
	tt_net_answer("token", 200, TT_TOKENS("tok-a", "identify"));
	CHECK(!IS_ERR(tt_callback(cx, en, query, &other, &n)) && n.kind == NEXT_FAILED &&
	      n.reason == REASON_WRONG_BROWSER);
	CHECK(n.url.p == NULL && n.user_id.p == NULL);
	CHECK(!IS_ERR(tt_callback(cx, en, query, &none, &n)) && n.kind == NEXT_FAILED);
	CHECK(tt_net_calls("token") == 0);
	CHECK(!IS_ERR(tt_callback(cx, en, query, &mine, &n)) && n.kind == NEXT_REDIRECT && tt_net_calls("token") == 1);
}

TEST(two_links_in_one_browser_share_its_cookie)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct tt_scopes guilds = { { SV_INIT("guilds") }, 1 };
	struct auth_view a, c;
	struct tt_browser b = { "" };
	struct next n;
	char cookie[44];

	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, "alice@example.com", &identify), &a)));
	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, "bob@example.com", &guilds), &c)));
	const char *one = tt_query(cx, "c1", tt_click(cx, en, a.url, &b));
	memcpy(cookie, b.cookie, sizeof cookie);
	const char *two = tt_query(cx, "c2", tt_click(cx, en, c.url, &b));
	CHECK(strcmp(cookie, b.cookie) == 0);
	tt_net_answer("token", 200, TT_TOKENS("tok-a", "identify"));
	CHECK(!IS_ERR(tt_callback(cx, en, one, &b, &n)) && n.kind == NEXT_REDIRECT);
	tt_net_answer("token", 200, TT_TOKENS("tok-b", "guilds"));
	CHECK(!IS_ERR(tt_callback(cx, en, two, &b, &n)) && n.kind == NEXT_REDIRECT);
}

TEST(unknown_states_and_foreign_addresses_are_bad_requests_of_nobody)
{
	static const char *const queries[] = {
		"",          "code=x",       "code=x&state=",         "code=x&state=nope",
		"state=%zz", "tb_form=nope", "code=x&state=a&state=b"
	};
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct auth_view v;
	struct tt_browser b = { "" };
	struct next n;

	for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
		CHECK_ROW(queries[i], !IS_ERR(tt_callback(cx, en, queries[i], &b, &n)) && n.kind == NEXT_GONE &&
					  n.http_hint == 400);
		CHECK_ROW(queries[i], cx->cause.code == E_OK);
	}
	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, "alice@example.com", &identify), &v)));
	struct callback_in in = { SV_NONE, sv_of(tt_query(cx, "c", tt_click(cx, en, v.url, &b))), tt_br(&b),
				  ACCESS_CALL };
	CHECK(!IS_ERR(connect_callback(cx, en, &in, &n)) && n.kind == NEXT_GONE); /* discord is no legacy definition */
	in.external_id = SV("github");
	CHECK(!IS_ERR(connect_callback(cx, en, &in, &n)) && n.kind == NEXT_GONE);
	in.external_id = SV("discord");
	tt_net_answer("token", 200, TT_TOKENS("tok-a", "identify"));
	CHECK(!IS_ERR(connect_callback(cx, en, &in, &n)) && n.kind == NEXT_REDIRECT);
}

TEST(links_that_are_none)
{
	static const char *const tokens[] = { "", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
					      "../../etc/passwd" };
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct browser br = { SV_NONE, SV("10.0.0.9") };
	struct next n;

	for (size_t i = 0; i < ARRAY_LEN(tokens); i++)
		CHECK_ROW(tokens[i], !IS_ERR(connect_click(cx, en, sv_of(tokens[i]), &br, &n)) && n.kind == NEXT_GONE);
}
