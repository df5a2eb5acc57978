/* SPDX-License-Identifier: Apache-2.0 */
/* t_flow_verify.c: the built-in verifier, and callbacks that come by POST. */
#include "core/jdoc.h"
#include "core/text.h"
#include "domain/people.h"
#include "tt_flow.h"

static struct tt_scopes identify = { { SV_INIT("identify") }, 1 };
#define USER "Alice@Example.com"

static struct account member(struct ctx *cx, struct engine *en, const char *email, enum role role)
{
	struct account_new in = { .email = sv_of(email),
				  .password = SV("correct horse battery"),
				  .project_id = tt_project(en),
				  .role = role,
				  .by = &tt_by,
				  .by_role = ROLE_OWNER };
	struct account a;

	CHECK_ROW(email, !IS_ERR(people_account_add(cx, en, &in, &a)));
	return a;
}
struct who {
	const struct tt_browser *b;
	const struct account *a; /* NULL: not signed in */
};
static struct next look(struct ctx *cx, struct engine *en, const char *flow, struct who who, bool confirm)
{
	struct verify_in in = { sv_of(flow), tt_br(who.b), who.a == NULL ? SV("") : sv_of(who.a->id),
				who.a == NULL ? SV("") : sv_of(who.a->email), confirm };
	struct next n;

	CHECK(!IS_ERR(connect_verify(cx, en, &in, &n)) && cx->cause.code == E_OK);
	return n;
}

TEST(the_built_in_verifier)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	CLEANUP(auth_view_clear) struct auth_view now = { .reason = 0 };
	struct auth_view v;
	struct tt_browser mine = { "" }, other = { "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB" };
	struct next n;

	w.e.config.verifier_url = NULL;
	struct account mallory = member(cx, en, "mallory@example.com", ROLE_OWNER);
	struct account alice = member(cx, en, "alice@example.com", ROLE_VERIFY);
	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, USER, &identify), &v)));
	const char *query = tt_query(cx, "c", tt_click(cx, en, v.url, &mine));
	tt_net_answer("token", 200, TT_TOKENS("tok", "identify"));
	CHECK(!IS_ERR(tt_callback(cx, en, query, &mine, &n)) && n.kind == NEXT_REDIRECT);
	CHECK(sv_starts(n.url, SV("http://localhost:9099/api/v1/oauth/callback_verify?flow_id=")));
	const char *flow = tt_param(cx, n.url, "flow_id");
	n = look(cx, en, flow, (struct who){ &mine, NULL }, true);
	CHECK(n.kind == NEXT_SIGN_IN && n.url.n > 0);
	n = look(cx, en, flow, (struct who){ &other, &alice }, true); /* another browser */
	CHECK(n.kind == NEXT_FAILED && n.reason == REASON_WRONG_BROWSER);
	n = look(cx, en, flow, (struct who){ &mine, &mallory }, true); /* owner, but not the user: nothing is lost */
	CHECK(n.kind == NEXT_WRONG_ACCOUNT && sv_eqz(n.account_email, "mallory@example.com"));
	n = look(cx, en, flow, (struct who){ &mine, &alice }, false);
	CHECK(n.kind == NEXT_CONFIRM && sv_eqz(n.user_id, USER) && sv_eqz(n.provider_name, "Discord"));
	CHECK(!IS_ERR(tt_status(cx, en, v.id, &now)) && now.status == AUTH_PENDING);
	n = look(cx, en, flow, (struct who){ &mine, &alice }, true);
	CHECK(n.kind == NEXT_DONE && n.url.p == NULL);
	CHECK(!IS_ERR(tt_status(cx, en, v.id, &now)) && now.status == AUTH_COMPLETED);
	n = look(cx, en, flow, (struct who){ &mine, &alice }, true);
	CHECK(n.kind == NEXT_DONE);
	n = look(cx, en, "nope", (struct who){ &mine, &alice }, true);
	CHECK(n.kind == NEXT_GONE);
}

TEST(the_right_email_without_membership_is_a_wrong_account)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct auth_view v;
	struct tt_browser b = { "" };
	struct next n;

	w.e.config.verifier_url = NULL;
	(void)member(cx, en, "owner@example.com", ROLE_OWNER);
	struct account alice = member(cx, en, "alice@example.com", ROLE_VERIFY);
	struct member_change out = {
		.project_id = tt_project(en), .account_id = sv_of(alice.id), .by = &tt_by, .by_role = ROLE_OWNER
	};
	CHECK(!IS_ERR(people_member_remove(cx, en, &out)));
	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, USER, &identify), &v)));
	const char *query = tt_query(cx, "c", tt_click(cx, en, v.url, &b));
	tt_net_answer("token", 200, TT_TOKENS("tok", "identify"));
	CHECK(!IS_ERR(tt_callback(cx, en, query, &b, &n)));
	n = look(cx, en, tt_param(cx, n.url, "flow_id"), (struct who){ &b, &alice }, true);
	CHECK(n.kind == NEXT_WRONG_ACCOUNT);
}

TEST(a_project_with_its_own_verifier_has_no_built_in_one)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct account alice = member(cx, en, "alice@example.com", ROLE_OWNER);
	struct verifier_test_in in = { tt_project(en), SV(USER), SV("https://app.example/verify"), &tt_by };
	struct verifier_test test;
	struct auth_view v;
	struct tt_browser b = { "" };
	struct next n;

	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, USER, &identify), &v)));
	const char *query = tt_query(cx, "c", tt_click(cx, en, v.url, &b));
	tt_net_answer("token", 200, TT_TOKENS("tok", "identify"));
	CHECK(!IS_ERR(tt_callback(cx, en, query, &b, &n)));
	n = look(cx, en, tt_param(cx, n.url, "flow_id"), (struct who){ &b, &alice }, true);
	CHECK(n.kind == NEXT_REDIRECT && sv_starts(n.url, SV(TT_VERIFIER)));
	CHECK(!IS_ERR(connect_test_verifier(cx, en, &in, &test)));
	n = look(cx, en, test.flow_id, (struct who){ &b, &alice }, true);
	CHECK(n.kind == NEXT_GONE);
}

/* ---- form_post ---- */
TEST(a_post_is_answered_by_a_get_that_brings_the_cookie)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct auth_view v;
	struct tt_browser b = { "" };
	struct next n;

	CHECK(!IS_ERR(tt_authorize(cx, en, tt_ask(en, USER, &identify), &v)));
	const char *form = tt_query(cx, "c", tt_click(cx, en, v.url, &b));
	CHECK(!IS_ERR(connect_form_post(cx, en, SV("discord"), sv_of(form), &n)) &&
	      n.kind == NEXT_GONE); /* it does not post */
	const struct node *defs = NULL;
	CHECK(!IS_ERR(jdoc_parse(cx, SV("{\"discord\":{\"callback\":{\"method\":\"post\"}}}"), "test", &defs)));
	w.e.config.definitions = defs;
	tt_flow_again(cx, &w);
	form = tt_query(cx, "c0de", tt_click(cx, en, v.url, &b));
	CHECK(!IS_ERR(connect_form_post(cx, en, SV("github"), sv_of(form), &n)) && n.kind == NEXT_GONE);
	CHECK(!IS_ERR(connect_form_post(cx, en, SV("discord"), SV("code=c&state=nope"), &n)) && n.kind == NEXT_GONE);
	CHECK(!IS_ERR(connect_form_post(cx, en, SV("discord"), sv_of(form), &n)) && n.kind == NEXT_REDIRECT);
	CHECK(sv_starts(n.url, SV("http://localhost:9099/api/v1/oauth/discord/callback?tb_form=")));
	const char *get = arena_printf(cx->arena, "tb_form=%s", tt_param(cx, n.url, "tb_form"));
	struct tt_browser other = { "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB" };
	tt_net_answer("token", 200, TT_TOKENS("tok", "identify"));
	CHECK(!IS_ERR(tt_callback(cx, en, get, &other, &n)) && n.kind == NEXT_FAILED && tt_net_calls("token") == 0);
	CHECK(!IS_ERR(tt_callback(cx, en, get, &b, &n)) && n.kind == NEXT_REDIRECT && tt_net_calls("token") == 1);
	CHECK(strstr(tt_net_sent("token"), "code=c0de") != NULL);
	struct sv first = n.url;
	CHECK(!IS_ERR(tt_callback(cx, en, get, &b, &n)) && sv_eq(first, n.url) && tt_net_calls("token") == 1);
	struct confirmed done;
	CHECK(!IS_ERR(tt_confirm(cx, en, tt_param(cx, n.url, "flow_id"), USER, &done)));
	CHECK(!IS_ERR(connect_form_post(cx, en, SV("discord"), sv_of(form), &n)) &&
	      n.kind == NEXT_REDIRECT); /* posted once more */
	get = arena_printf(cx->arena, "tb_form=%s", tt_param(cx, n.url, "tb_form"));
	CHECK(!IS_ERR(tt_callback(cx, en, get, &b, &n)) && n.kind == NEXT_DONE && tt_net_calls("token") == 1);
	CHECK(tt_count(cx, en, "SELECT count(*) FROM flows WHERE status = 'done' AND form_box IS NOT NULL") == 0);
}
