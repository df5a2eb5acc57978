/* SPDX-License-Identifier: Apache-2.0 */
/* t_torture_pages.c: as t_torture.c, for the pages: the first account, invitations, sign-in and sign-out, the ways back
 * from a provider, and what is only shown. */
#include "domain/people.h"
#include "pages/pages.h"
#include "tt_torture.h"

static void as_browser(struct tt_api *w)
{
	w->key = w->cookie = w->csrf = NULL;
	w->control = false;
	w->origin = TT_ORIGIN;
	w->accept = "text/html";
}
static const char *csrf_of(struct tt_api *w, const char *page)
{
	struct tt_answer a = tt_send(w, "GET", page, NULL);

	CHECK_ROW(a.body, a.status == 200);
	const char *csrf = tt_hidden(w, a.body, "csrf");
	CHECK_ROW(a.body, csrf[0] != '\0');
	return csrf;
}

TEST(what_is_only_shown_without_each_allocation)
{
	static const struct tt_call t[] = {
		{ "dashboard", "GET", "/dashboard/a", NULL, 200, 0, NULL },
		{ "dashboard", "GET", "/dashboard/a/b", NULL, 200, 0, NULL },
		{ "dashboard", "GET", "/dashboard/a/b/c", NULL, 200, 0, NULL },
		{ "root", "GET", "/", NULL, 303, 0, NULL },
		{ "style", "GET", "/assets/tb.css?v=1", NULL, 200, 0, "prefers-color-scheme" },
	};
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	tt_api_begin(tt_ctx(), &w);
	(void)tt_account(&w, "ada@example.com", "owner");
	tt_sign_in(&w, "ada@example.com");
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		tt_torture(&w, &t[i], TT_SHORT);
	tt_whole(&w);
}

/* ---- the first account ---- */
#define BY_FORM "&email=ada%40example.com&password=a+long+sentence"
static void before_setup(struct tt_api *w, struct tt_call *c, long run)
{
	CLEANUP(secret_drop) struct secret *token = NULL;

	(void)run;
	tt_sql(w->cx, w->f.en, "DELETE FROM sessions; DELETE FROM members; DELETE FROM accounts");
	CHECK(!IS_ERR(people_setup_begin(w->cx, w->f.en, &token)));
	w->cookie = arena_printf(w->cx->arena, "tb_setup_9099=%.*s", SV_FMT(secret_view(token)));
	c->body = arena_printf(w->cx->arena, "csrf=%s%s", csrf_of(w, "/setup"), BY_FORM);
	tt_unthrottle(w);
}
TEST(the_first_account_is_made_wholly_or_not_at_all)
{
	static const struct tt_exact make = { { "set up", "POST", "/setup", NULL, 303, 0, NULL },
					      before_setup,
					      TT_THREE(TT_ROWS("accounts"), TT_ROWS("members"),
						       TT_EVENTS("account.created")) };
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };
	struct tt_call show = { "set-up page", "GET", "/setup", NULL, 200, 0, "name=\"csrf\" value=\"" };

	tt_api_begin(tt_ctx(), &w);
	as_browser(&w);
	before_setup(&w, &show, 0);
	show.body = NULL;
	tt_torture(&w, &show, TT_SHORT);
	tt_torture_exact(&w, &make, TT_SHORT);
	tt_whole(&w);
}

/* ---- invitations ---- */
/* By the operator; w has its cookie afterwards, as the browser that opened the link. */
static void invited(struct tt_api *w, long run)
{
	w->control = true;
	w->cookie = NULL;
	w->accept = NULL;
	struct tt_answer a =
	    tt_send(w, "POST", "/tb/v1/invitations",
		    arena_printf(w->cx->arena, "{\"email\":\"i%ld@example.com\",\"role\":\"viewer\"}", run));
	CHECK_ROW(a.body, a.status == 201);
	as_browser(w);
	a = tt_send(w, "GET", tt_value(w, a.body, "url") + strlen(TT_ORIGIN), NULL);
	CHECK(a.status == 303);
	w->cookie = tt_set_cookie(w, &a, "tb_invite_9099");
}
static void before_accept(struct tt_api *w, struct tt_call *c, long run)
{
	invited(w, run);
	c->body = arena_printf(w->cx->arena, "csrf=%s&password=a+long+sentence", csrf_of(w, "/invite"));
	tt_unthrottle(w);
}
TEST(an_invitation_is_accepted_wholly_or_not_at_all)
{
	static const struct tt_exact accept = { { "accept", "POST", "/invite", NULL, 303, 0, NULL },
						before_accept,
						TT_THREE(TT_ROWS("accounts"), TT_ROWS("invitations"),
							 TT_EVENTS("invitation.accepted")) };
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	tt_api_begin(tt_ctx(), &w);
	(void)tt_account(&w, "ada@example.com", "owner");
	invited(&w, 1000000);
	tt_torture(&w, &(struct tt_call){ "invitation", "GET", "/invite", NULL, 200, 0, "name=\"csrf\" value=\"" },
		   TT_SHORT);
	tt_torture_exact(&w, &accept, TT_SHORT);
	tt_whole(&w);
}

/* ---- in and out ---- */
static void before_in(struct tt_api *w, struct tt_call *c, long run)
{
	(void)run;
	as_browser(w);
	struct tt_answer a = tt_send(w, "GET", "/sign-in", NULL);
	CHECK_ROW(a.body, a.status == 200);
	w->cookie = tt_set_cookie(w, &a, "tb_9099");
	c->body = arena_printf(w->cx->arena, "csrf=%s%s", tt_hidden(w, a.body, "csrf"), BY_FORM);
}
static void before_out(struct tt_api *w, struct tt_call *c, long run)
{
	(void)run;
	tt_sign_in(w, "ada@example.com");
	c->body = arena_printf(w->cx->arena, "csrf=%s", w->csrf);
	w->csrf = NULL;
}
TEST(in_and_out_by_form_wholly_or_not_at_all)
{
	static const struct tt_exact t[] = {
		{ { "sign in", "POST", "/sign-in", NULL, 303, 0, NULL },
		  before_in,
		  TT_THREE(TT_ROWS("sessions"), TT_EVENTS("account.signed_in"), "0") },
		{ { "sign out", "POST", "/sign-out", NULL, 303, 0, NULL }, before_out, TT_ROWS("sessions") },
	};
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	tt_api_begin(tt_ctx(), &w);
	(void)tt_account(&w, "ada@example.com", "owner");
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		tt_torture_exact(&w, &t[i], TT_SHORT);
	tt_whole(&w);
}

/* ---- the ways back from a provider ---- */
static const char *asked(struct tt_api *w, long run)
{
	return strstr(tt_value(w, tt_ask_for(w, arena_printf(w->cx->arena, "c%ld", run)), "url"), "/connect/");
}
static void before_click(struct tt_api *w, struct tt_call *c, long run)
{
	w->key = w->made;
	w->cookie = w->accept = w->origin = NULL;
	c->target = asked(w, run);
	w->key = NULL;
	w->accept = "text/html";
}
/* The query that the provider sends the browser back with; w is that browser. */
static const char *clicked(struct tt_api *w, long run)
{
	struct tt_call c = { .name = "click" };

	before_click(w, &c, run);
	struct tt_answer a = tt_send(w, "GET", c.target, NULL);
	CHECK_ROW(a.body, a.status == 303);
	w->cookie = tt_set_cookie(w, &a, "tb_9099");
	return tt_query(w->cx, "c0de", tt_param(w->cx, sv_of(tt_location(w, &a)), "state"));
}
/* The query goes behind the path, or into the body of a POST. */
static void back(struct tt_api *w, struct tt_call *c, long run, const char *to)
{
	const char *query = clicked(w, run);

	if (strcmp(c->method, "POST") == 0)
		c->body = query;
	else
		c->target = arena_printf(w->cx->arena, "%s?%s", to, query);
}
static void before_own(struct tt_api *w, struct tt_call *c, long run)
{
	back(w, c, run, "/api/v1/oauth/discord/callback");
}
static void before_old(struct tt_api *w, struct tt_call *c, long run) { back(w, c, run, "/oauth/discord/callback"); }
static void before_any(struct tt_api *w, struct tt_call *c, long run) { back(w, c, run, "/api/v1/oauth/callback"); }
static void before_any_old(struct tt_api *w, struct tt_call *c, long run) { back(w, c, run, "/oauth/callback"); }
static void before_confirm(struct tt_api *w, struct tt_call *c, long run)
{
	struct tt_call callback = { .method = "GET" };

	before_own(w, &callback, run);
	struct tt_answer a = tt_send(w, "GET", callback.target, NULL);
	CHECK_ROW(a.body, a.status == 303);
	c->body = arena_printf(w->cx->arena, "{\"flow_id\":\"%s\",\"user_id\":\"c%ld\"}",
			       tt_param(w->cx, sv_of(tt_location(w, &a)), "flow_id"), run);
	w->key = w->made;
	w->cookie = w->accept = NULL;
}
#define HELD      TT_ROWS("flows WHERE status = 'unverified'")
#define CONNECTED TT_THREE(TT_ROWS("connections WHERE status = 'live'"), TT_EVENTS("authorization.completed"), "0")
TEST(the_ways_back_without_each_allocation)
{
	static const struct tt_exact t[] = {
		{ { "click", "GET", NULL, NULL, 303, 0, NULL }, before_click, TT_ROWS("flows") },
		{ { "callback", "GET", NULL, NULL, 303, 0, NULL }, before_own, HELD },
		{ { "callback, old", "GET", NULL, NULL, 303, 0, NULL }, before_old, HELD },
		{ { "callback, any", "GET", NULL, NULL, 303, 0, NULL }, before_any, HELD },
		{ { "callback, any, old", "GET", NULL, NULL, 303, 0, NULL }, before_any_old, HELD },
		{ { "form", "POST", "/api/v1/oauth/discord/callback", NULL, 303, 0, NULL },
		  before_own,
		  TT_ROWS("flows WHERE form_box IS NOT NULL") },
		{ { "form, old", "POST", "/oauth/discord/callback", NULL, 303, 0, NULL },
		  before_old,
		  TT_ROWS("flows WHERE form_box IS NOT NULL") },
		{ { "confirm", "POST", "/v1/auth/confirm_user", NULL, 200, 0, NULL }, before_confirm, CONNECTED },
		{ { "confirm, old", "POST", "/api/v1/oauth/confirm_user", NULL, 200, 0, NULL },
		  before_confirm,
		  CONNECTED },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

		w.f.definitions = "discord: {legacy_callback: true, callback: {method: post}}\n";
		tt_api_begin(tt_ctx(), &w);
		tt_net_answer("token", 200, TT_TOKENS("tok-b", "identify"));
		tt_torture_exact(&w, &t[i], TT_SHORT / 2);
		tt_whole(&w);
	}
}
