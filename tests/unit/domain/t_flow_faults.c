/* SPDX-License-Identifier: Apache-2.0 */
/* t_flow_faults.c: a provider that says no, or nothing; crashes in between; two at once. */
#include "core/text.h"
#include "store/store_flow.h"
#include "tt_flow.h"
#include <pthread.h>

static struct tt_scopes identify = { { SV_INIT("identify") }, 1 };
#define ALICE "alice@example.com"

/* What the browser is shown, and whether the authorization lives on. */
struct end {
	const char *row;
	enum reason why;
	bool whole; /* the authorization ended, not only the attempt */
};
static void seen(struct ctx *cx, struct engine *en, const struct auth_view *v, const struct next *n, struct end want)
{
	CLEANUP(auth_view_clear) struct auth_view now = { .reason = 0 };

	CHECK_ROW(want.row, n->kind == NEXT_FAILED && n->reason == (int)want.why);
	CHECK_ROW(want.row, !IS_ERR(tt_status(cx, en, v->id, &now)));
	CHECK_ROW(want.row, now.status == (want.whole ? AUTH_FAILED : AUTH_PENDING) &&
				(!want.whole || now.reason == (int)want.why));
	CHECK_ROW(want.row, want.whole ? n->url.p == NULL : sv_eq(n->url, v->url));
	CHECK_ROW(want.row, cx->cause.code == E_OK);
}

TEST(what_the_callback_may_say)
{
	static const struct {
		const char *query;
		enum reason why;
		bool ends;
	} t[] = {
		{ "error=access_denied&error_description=The+user+said+no&iss=https%3A%2F%2Fdiscord.com", REASON_DENIED,
		  true },
		{ "error=invalid_scope&iss=https%3A%2F%2Fdiscord.com", REASON_MISCONFIGURED, true },
		{ "error=unauthorized_client", REASON_MISCONFIGURED, true },
		{ "error=server_error", REASON_PROVIDER_DOWN, false },
		{ "error=temporarily_unavailable", REASON_PROVIDER_DOWN, false },
		{ "code=c&iss=https%3A%2F%2Fevil.example", REASON_ISSUER_MISMATCH, false },
		{ "error=access_denied&iss=https%3A%2F%2Fevil.example", REASON_ISSUER_MISMATCH, false },
		{ "code=", REASON_BAD_ANSWER, false },
		{ "x=y", REASON_BAD_ANSWER, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
		struct engine *en = tt_flow_begin(cx, &w);
		struct auth_view v;
		struct tt_browser b = { "" };
		struct next n;

		CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, ALICE, &identify), &v)));
		const char *query = arena_printf(cx->arena, "%s&state=%s", t[i].query, tt_click(cx, en, v.url, &b));
		CHECK_ROW(t[i].query, !IS_ERR(tt_callback(cx, en, query, &b, &n)));
		seen(cx, en, &v, &n, (struct end){ t[i].query, t[i].why, t[i].ends });
		CHECK_ROW(t[i].query, tt_net_calls("token") == 0);
		CHECK_ROW(t[i].query, !IS_ERR(tt_callback(cx, en, query, &b, &n))); /* once more: the same end */
		seen(cx, en, &v, &n, (struct end){ t[i].query, t[i].why, t[i].ends });
	}
}

TEST(what_the_token_endpoint_may_say)
{
	static const struct {
		int status;
		const char *body;
		enum reason why;
		bool ends;
	} t[] = {
		{ 400, "{\"error\":\"invalid_grant\"}", REASON_EXCHANGE_REFUSED, false },
		{ 401, "{\"error\":\"invalid_client\"}", REASON_MISCONFIGURED, true },
		{ 400, "{\"error\":\"unauthorized_client\"}", REASON_MISCONFIGURED, true },
		{ 400, "{\"error\":\"invalid_scope\"}", REASON_MISCONFIGURED, true },
		{ 500, "oops", REASON_PROVIDER_DOWN, false },
		{ 503, "{}", REASON_PROVIDER_DOWN, false },
		{ 429, "{\"message\":\"slow\"}", REASON_RATE_LIMITED, false },
		{ 200, "not json", REASON_BAD_ANSWER, false },
		{ 200, "{}", REASON_BAD_ANSWER, false },
		{ 200, "{\"access_token\":\"\"}", REASON_BAD_ANSWER, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
		struct engine *en = tt_flow_begin(cx, &w);
		struct auth_view v;
		struct tt_browser b = { "" };
		struct next n;

		CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, ALICE, &identify), &v)));
		const char *query = tt_query(cx, "c0de", tt_click(cx, en, v.url, &b));
		tt_net_answer("token", t[i].status, t[i].body);
		CHECK_ROW(t[i].body, !IS_ERR(tt_callback(cx, en, query, &b, &n)));
		seen(cx, en, &v, &n, (struct end){ t[i].body, t[i].why, t[i].ends });
		CHECK_ROW(t[i].body, !IS_ERR(tt_callback(cx, en, query, &b, &n)) && tt_net_calls("token") == 1);
		seen(cx, en, &v, &n, (struct end){ t[i].body, t[i].why, t[i].ends });
	}
}

TEST(a_provider_that_cannot_be_reached)
{
	static const struct {
		enum net_fate fate;
		bool sent;
	} t[] = { { NET_NO_NAME, false },
		  { NET_NO_CONNECT, false },
		  { NET_NO_TLS, false },
		  { NET_TIMEOUT, true },
		  { NET_CUT, true } };

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
		struct engine *en = tt_flow_begin(cx, &w);
		struct auth_view v;
		struct tt_browser b = { "" };
		struct next n;
		struct confirmed done;

		CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, ALICE, &identify), &v)));
		const char *query = tt_query(cx, "c0de", tt_click(cx, en, v.url, &b));
		tt_net_fails("token", t[i].fate, t[i].sent);
		CHECK(!IS_ERR(tt_callback(cx, en, query, &b, &n)));
		seen(cx, en, &v, &n, (struct end){ "unreachable", REASON_PROVIDER_DOWN, false });
		query = tt_query(cx, "c1de", tt_click(cx, en, v.url, &b)); /* the link works again */
		tt_net_answer("token", 200, TT_TOKENS("tok", "identify"));
		CHECK(!IS_ERR(tt_callback(cx, en, query, &b, &n)) && n.kind == NEXT_REDIRECT);
		CHECK(!IS_ERR(tt_confirm(cx, en, tt_param(cx, n.url, "flow_id"), ALICE, &done)));
	}
}

TEST(user_info_never_fails_the_grant)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	CLEANUP(auth_view_clear) struct auth_view now = { .reason = 0 };

	tt_net_answer("userinfo", 401, "{\"message\":\"401: Unauthorized\"}");
	struct auth_view v = tt_consent(cx, en, tt_ask(en, ALICE, &identify), TT_TOKENS("tok", "identify"));
	CHECK(tt_net_calls("userinfo") == 1 && cx->cause.code == E_OK);
	CHECK(!IS_ERR(tt_status(cx, en, v.id, &now)) && now.status == AUTH_COMPLETED && now.access.user_info == NULL);
}

/* ---- crashes ---- */
TEST(a_flow_left_redeeming_is_interrupted)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct auth_view v;
	struct tt_browser b = { "" };
	struct next n;

	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, ALICE, &identify), &v)));
	const char *query = tt_query(cx, "c0de", tt_click(cx, en, v.url, &b));
	tt_sql(cx, en, "UPDATE flows SET status = 'redeeming', redeem_until = 9000000000000000");
	CHECK(!IS_ERR(tt_callback(cx, en, query, &b, &n)) && n.kind == NEXT_RETRY_SOON);
	tt_sql(cx, en, "UPDATE flows SET redeem_until = 1");
	CHECK(!IS_ERR(tt_callback(cx, en, query, &b, &n)));
	seen(cx, en, &v, &n, (struct end){ "redeeming", REASON_INTERRUPTED, false });
	CHECK(!IS_ERR(flows_expire(cx, en, JOB_TIME(SEC(60)))));
	CHECK(!IS_ERR(tt_callback(cx, en, query, &b, &n)));
	seen(cx, en, &v, &n, (struct end){ "after the job", REASON_INTERRUPTED, false });
	CHECK(tt_net_calls("token") == 0);
}

TEST(tokens_are_safe_though_the_redeemer_never_came_back)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct auth_view v;
	struct tt_browser b = { "" };
	struct next n;
	struct confirmed done;

	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, ALICE, &identify), &v)));
	const char *query = tt_query(cx, "c0de", tt_click(cx, en, v.url, &b));
	tt_net_answer("token", 200, TT_TOKENS("tok", "identify"));
	CHECK(!IS_ERR(tt_callback(cx, en, query, &b, &n)) && n.kind == NEXT_REDIRECT);
	tt_sql(cx, en, "UPDATE flows SET flow_hash = NULL, flow_box = NULL"); /* as between the two commits */
	CHECK(!IS_ERR(tt_callback(cx, en, query, &b, &n)) && n.kind == NEXT_RETRY_SOON);
	CHECK(!IS_ERR(store_flow_orphans(cx, en->store))); /* the next start: whoever redeemed is gone */
	cx->now = clock_now();
	CHECK(!IS_ERR(tt_callback(cx, en, query, &b, &n)) && n.kind == NEXT_REDIRECT);
	CHECK(!IS_ERR(tt_confirm(cx, en, tt_param(cx, n.url, "flow_id"), ALICE, &done)) && tt_net_calls("token") == 1);
}

struct meanwhile {
	struct engine *en;
	const char *sql;
};
static void change(void *arg)
{
	struct meanwhile *m = arg;
	struct ctx cx = { .request_id = "m", .arena = arena_new(1 << 20), .now = clock_now() };

	tt_sql(&cx, m->en, m->sql);
	arena_free(cx.arena);
}

TEST(an_answer_for_what_has_ended_is_given_up)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct meanwhile m = { en, "UPDATE authorizations SET expires_at = 1" };
	struct auth_view v;
	struct tt_browser b = { "" };
	struct next n;

	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, ALICE, &identify), &v)));
	const char *query = tt_query(cx, "c0de", tt_click(cx, en, v.url, &b));
	tt_net_answer("token", 200, TT_TOKENS("tok", "identify"));
	tt_net_during("token", change, &m);
	CHECK(!IS_ERR(tt_callback(cx, en, query, &b, &n)) && n.kind == NEXT_FAILED);
	CHECK(tt_count(
		  cx, en,
		  "SELECT count(*) FROM flows WHERE status = 'failed' AND access_box IS NULL AND flow_box IS NULL") ==
	      1);
	CHECK(tt_count(cx, en, "SELECT count(*) FROM events WHERE step = 'late_answer'") == 1);
	CHECK(tt_count(cx, en, "SELECT count(*) FROM connections") == 0);
}

/* ---- two at once ---- */
struct runner {
	struct engine *en;
	const char *query;
	const struct tt_browser *b;
	enum next_kind kind;
	bool good;
};
static void *run_callback(void *arg)
{
	struct runner *r = arg;
	struct ctx cx = { .request_id = "r", .arena = arena_new(1 << 20), .now = clock_now() };
	struct next n = { .kind = NEXT_GONE };

	r->good = !IS_ERR(tt_callback(&cx, r->en, r->query, r->b, &n));
	r->kind = n.kind;
	arena_free(cx.arena);
	return NULL;
}

TEST(of_two_callbacks_exactly_one_redeems)
{
	enum { RUNNERS = 8 };
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct auth_view v;
	struct tt_browser b = { "" };
	pthread_t t[RUNNERS];
	struct runner r[RUNNERS];
	int redirected = 0;

	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, ALICE, &identify), &v)));
	const char *query = tt_query(cx, "c0de", tt_click(cx, en, v.url, &b));
	tt_net_answer("token", 200, TT_TOKENS("tok", "identify"));
	for (size_t i = 0; i < RUNNERS; i++) {
		r[i] = (struct runner){ en, query, &b, NEXT_GONE, false };
		CHECK(pthread_create(&t[i], NULL, run_callback, &r[i]) == 0);
	}
	for (size_t i = 0; i < RUNNERS; i++) {
		CHECK(pthread_join(t[i], NULL) == 0);
		CHECK(r[i].good && (r[i].kind == NEXT_REDIRECT || r[i].kind == NEXT_RETRY_SOON));
		redirected += r[i].kind == NEXT_REDIRECT;
	}
	CHECK(tt_net_calls("token") == 1 && redirected >= 1);
	CHECK(tt_count(cx, en, "SELECT count(*) FROM events WHERE step = 'code_exchange'") == 1);
}

TEST(the_twenty_first_browser_pushes_out_the_oldest_unless_all_are_at_work)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct auth_view v;
	struct tt_browser b[22] = { { "" } };
	const char *first = NULL, *last = NULL;
	struct next n;

	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, ALICE, &identify), &v)));
	for (size_t i = 0; i < 21; i++) {
		last = tt_click(cx, en, v.url, &b[i]);
		first = i == 0 ? last : first;
	}
	CHECK(tt_count(cx, en, "SELECT count(*) FROM flows WHERE status = 'started'") == 20);
	CHECK(!IS_ERR(tt_callback(cx, en, tt_query(cx, "c", first), &b[0], &n)) && n.kind == NEXT_FAILED &&
	      n.reason == REASON_SUPERSEDED);
	tt_net_answer("token", 200, TT_TOKENS("tok", "identify"));
	CHECK(!IS_ERR(tt_callback(cx, en, tt_query(cx, "c", last), &b[20], &n)) && n.kind == NEXT_REDIRECT);
	tt_sql(cx, en,
	       "UPDATE flows SET status = 'redeeming', redeem_until = 9000000000000000 WHERE status = 'started'");
	struct browser br = tt_br(&b[21]);
	const char *token = strstr(arena_text(cx->arena, v.url), "/connect/") + 9;
	CHECK(connect_click(cx, en, sv_of(token), &br, &n).code == E_RATE && cx->cause.retry_after_s > 0);
}
