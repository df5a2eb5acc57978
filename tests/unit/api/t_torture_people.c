/* SPDX-License-Identifier: Apache-2.0 */
/* t_torture_people.c: as t_torture.c, for accounts, members, invitations, sessions and projects: what is done to people
 * is done or not done, with its event, and never said to be done when it is not. */
#include "domain/people.h"
#include "tt_torture.h"

static const char *ada; /* her id, in the arena of the running test */

static void begin(struct tt_api *w)
{
	tt_api_begin(tt_ctx(), w);
	ada = tt_account(w, "ada@example.com", "owner");
	(void)tt_account(w, "boss@example.com", "owner");
	w->key = NULL;
	w->control = true;
}
static const char *path(struct tt_api *w, const char *form, const char *id)
{
	const char *at = strchr(form, '*');

	return arena_printf(w->cx->arena, "%.*s%s%s", (int)(at - form), form, id, at + 1);
}

TEST(people_are_shown_without_each_allocation)
{
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	begin(&w);
	const struct tt_call t[] = {
		{ "accounts", "GET", "/tb/v1/accounts", NULL, 200, 0, "ada@example.com" },
		{ "account", "GET", path(&w, "/tb/v1/accounts/*", ada), NULL, 200, 0, "ada@example.com" },
		{ "members", "GET", "/tb/v1/members", NULL, 200, 0, "ada@example.com" },
		{ "invite", "POST", "/tb/v1/invitations", "{\"email\":\"i%ld@example.com\",\"role\":\"viewer\"}", 201,
		  0, "/invite?token=" },
		{ "invitations", "GET", "/tb/v1/invitations", NULL, 200, 0, "@example.com" },
		{ "projects", "GET", "/tb/v1/projects", NULL, 200, 0, "\"org_id\":" },
		{ "project", "GET", "/tb/v1/projects/current", NULL, 200, 0, "\"org_id\":" },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		tt_torture(&w, &t[i], TT_SHORT);
	tt_sign_in(&w, "ada@example.com");
	tt_torture(&w, &(struct tt_call){ "own projects", "GET", "/tb/v1/projects", NULL, 200, 0, "\"org_id\":" },
		   TT_SHORT);
	tt_whole(&w);
}

/* ---- accounts ---- */
static void before_password(struct tt_api *w, struct tt_call *c, long run)
{
	(void)run;
	c->target = path(w, "/tb/v1/accounts/*/password", ada);
	tt_sql(w->cx, w->f.en,
	       "DELETE FROM sessions; INSERT INTO sessions SELECT randomblob(32), id, 1, 1, 1 FROM accounts;"
	       "INSERT OR REPLACE INTO settings SELECT '', 'was', password, 0 FROM accounts WHERE email = "
	       "'ada@example.com'");
}
static void before_own_password(struct tt_api *w, struct tt_call *c, long run)
{
	const char *target = c->target;

	tt_sql(w->cx, w->f.en, "DELETE FROM sessions");
	tt_sign_in(w, "ada@example.com");
	tt_sql(w->cx, w->f.en,
	       "INSERT OR REPLACE INTO settings SELECT '', 'was', password, 0 FROM accounts WHERE email = "
	       "'ada@example.com'");
	(void)run;
	c->target = target;
}
#define PASSWORD_STATE                                                                                             \
	TT_THREE(TT_EVENTS("account.password_changed"), TT_ROWS("sessions"),                                       \
		 TT_ROWS("accounts a JOIN settings s ON s.name = 'was' AND s.value <> a.password WHERE a.email = " \
			 "'ada@example.com'"))
TEST(accounts_change_wholly_or_not_at_all)
{
	static const struct tt_exact by_operator[] = {
		{ { "account add", "POST", "/tb/v1/accounts",
		    "{\"email\":\"p%ld@example.com\",\"password\":\"a long sentence\",\"role\":\"viewer\"}", 201, 0,
		    "@example.com" },
		  NULL,
		  TT_THREE(TT_ROWS("accounts"), TT_ROWS("members"), TT_EVENTS("account.created")) },
		{ { "password", "PUT", NULL, "{\"password\":\"a long sentence\"}", 204, 0, NULL },
		  before_password,
		  PASSWORD_STATE },
	};
	static const struct tt_exact own = { { "own password", "PUT", "/tb/v1/password",
					       "{\"password\":\"a long sentence\",\"current_password\":\"a long "
					       "sentence\"}",
					       204, 0, NULL },
					     before_own_password,
					     PASSWORD_STATE };
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	begin(&w);
	for (size_t i = 0; i < ARRAY_LEN(by_operator); i++)
		tt_torture_exact(&w, &by_operator[i], TT_SHORT);
	tt_torture_exact(&w, &own, TT_SHORT);
	tt_whole(&w);
}

/* ---- members ---- */
static void before_member(struct tt_api *w, struct tt_call *c, long run)
{
	(void)run;
	c->target = path(w, "/tb/v1/members/*", ada);
	tt_sql(
	    w->cx, w->f.en,
	    "INSERT OR REPLACE INTO members(project_id, account_id, role, created_at) SELECT p.id, a.id, 'viewer', 1 "
	    "FROM projects p, accounts a WHERE a.email = 'ada@example.com'");
}
static void before_leave(struct tt_api *w, struct tt_call *c, long run)
{
	const char *target = c->target;

	before_member(w, c, run);
	c->target = target;
}
TEST(members_change_wholly_or_not_at_all)
{
	static const struct tt_exact by_operator[] = {
		{ { "role", "PUT", NULL, "{\"role\":\"admin\"}", 200, 0, "\"admin\"" },
		  before_member,
		  TT_THREE(TT_ROWS("members WHERE role = 'admin'"), TT_EVENTS("member.set"), "0") },
		{ { "remove", "DELETE", NULL, NULL, 204, 0, NULL },
		  before_member,
		  TT_THREE(TT_ROWS("members"), TT_EVENTS("member.removed"), "0") },
	};
	static const struct tt_exact leave = { { "leave", "POST", "/tb/v1/members/leave", NULL, 204, 0, NULL },
					       before_leave,
					       TT_THREE(TT_ROWS("members"), TT_EVENTS("member.removed"), "0") };
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	begin(&w);
	for (size_t i = 0; i < ARRAY_LEN(by_operator); i++)
		tt_torture_exact(&w, &by_operator[i], TT_SHORT);
	before_leave(&w, &(struct tt_call){ .name = "" }, 0);
	tt_sign_in(&w, "ada@example.com");
	tt_torture_exact(&w, &leave, TT_SHORT);
	tt_whole(&w);
}

/* ---- invitations ---- */
static void before_take_back(struct tt_api *w, struct tt_call *c, long run)
{
	struct tt_answer a =
	    tt_send(w, "POST", "/tb/v1/invitations",
		    arena_printf(w->cx->arena, "{\"email\":\"t%ld@example.com\",\"role\":\"viewer\"}", run));

	CHECK_ROW(a.body, a.status == 201);
	c->target = path(w, "/tb/v1/invitations/*", tt_value(w, a.body, "id"));
}
TEST(invitations_change_wholly_or_not_at_all)
{
	static const struct tt_exact t[] = {
		{ { "invite", "POST", "/tb/v1/invitations", "{\"email\":\"v%ld@example.com\",\"role\":\"viewer\"}", 201,
		    0, "/invite?token=" },
		  NULL,
		  TT_THREE(TT_ROWS("invitations"), TT_EVENTS("invitation.created"), "0") },
		{ { "take back", "DELETE", NULL, NULL, 204, 0, NULL },
		  before_take_back,
		  TT_THREE(TT_ROWS("invitations"), TT_EVENTS("invitation.deleted"), "0") },
	};
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	begin(&w);
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		tt_torture_exact(&w, &t[i], TT_SHORT);
	tt_whole(&w);
}

/* ---- issuers that one signs in with ---- */
static void before_unlink(struct tt_api *w, struct tt_call *c, long run)
{
	(void)run;
	tt_sql(w->cx, w->f.en,
	       "INSERT OR REPLACE INTO identities SELECT 'https://id.example', 's', id, 1 FROM accounts WHERE email = "
	       "'ada@example.com'");
	struct tt_answer a = tt_send(w, "GET", "/tb/v1/identities", NULL);
	CHECK_ROW(a.body, a.status == 200);
	c->target = path(w, "/tb/v1/identities/*", tt_value(w, a.body, "id"));
}
TEST(an_identity_is_unlinked_wholly_or_not_at_all)
{
	static const struct tt_exact unlink = { { "unlink", "DELETE", NULL, NULL, 204, 0, NULL },
						before_unlink,
						TT_THREE(TT_ROWS("identities"), TT_EVENTS("account.identity_unlinked"),
							 "0") };
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };
	const struct tt_call all = { "identities", "GET", "/tb/v1/identities", NULL, 200, 0, "https://id.example" };

	begin(&w);
	tt_sign_in(&w, "ada@example.com");
	tt_torture_exact(&w, &unlink, TT_SHORT);
	before_unlink(&w, &(struct tt_call){ .name = "" }, 0);
	tt_torture(&w, &all, TT_SHORT);
	tt_whole(&w);
}

/* ---- sessions and projects ---- */
static void before_sign_out(struct tt_api *w, struct tt_call *c, long run)
{
	(void)c;
	(void)run;
	tt_sql(w->cx, w->f.en, "DELETE FROM sessions");
	tt_sign_in(w, "ada@example.com");
}
TEST(sessions_end_wholly_or_not_at_all)
{
	static const struct tt_exact t[] = {
		{ { "sign out", "DELETE", "/tb/v1/sessions/current", NULL, 204, 0, NULL },
		  before_sign_out,
		  TT_ROWS("sessions") },
		{ { "sign out everywhere", "DELETE", "/tb/v1/sessions", NULL, 204, 0, NULL },
		  before_sign_out,
		  TT_ROWS("sessions") },
	};
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	begin(&w);
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		tt_torture_exact(&w, &t[i], TT_SHORT);
	tt_whole(&w);
}

#define DOT                                                                                                       \
	"data:image/"                                                                                             \
	"png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg" \
	"gg=="
/* What is told (out of memory) is what is stored. */
static void project_is_told_as_stored(struct tt_api *w)
{
	struct tt_answer a = tt_send(w, "GET", "/tb/v1/projects/current", NULL);
	const char *sql = arena_printf(w->cx->arena, TT_ROWS("projects WHERE name = '%s' AND is_default = 1"),
				       tt_value(w, a.body, "name"));

	CHECK_ROW(a.body, a.status == 200 && tt_count(w->cx, w->f.en, sql) == 1);
}
static void before_change(struct tt_api *w, struct tt_call *c, long run)
{
	(void)c;
	(void)run;
	project_is_told_as_stored(w);
	tt_sql(w->cx, w->f.en, "UPDATE projects SET logo = NULL, logo_tag = ''");
}
TEST(projects_change_wholly_or_not_at_all)
{
	static const struct tt_exact t[] = {
		{ { "project add", "POST", "/tb/v1/projects", "{\"name\":\"n%ld\",\"color\":\"#112233\"}", 201, 0,
		    "#112233" },
		  NULL,
		  TT_THREE(TT_ROWS("projects"), TT_ROWS("members"), TT_EVENTS("project.created")) },
		{ { "project change", "PATCH", "/tb/v1/projects/current", "{\"name\":\"m%ld\",\"logo\":\"" DOT "\"}",
		    200, 0, "\"name\":\"m" },
		  before_change,
		  TT_THREE(TT_ROWS("projects WHERE logo IS NOT NULL AND length(logo_tag) = 16"),
			   TT_EVENTS("project.updated"), "0") },
	};
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	begin(&w);
	tt_sign_in(&w, "ada@example.com");
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		tt_torture_exact(&w, &t[i], TT_SHORT);
	project_is_told_as_stored(&w);
	tt_torture(
	    &w,
	    &(struct tt_call){ "logo", "GET",
			       arena_printf(w.cx->arena, "/assets/projects/%.*s/logo", SV_FMT(tt_project(w.f.en))),
			       NULL, 200, 0, NULL },
	    TT_SHORT);
	tt_whole(&w);
}
