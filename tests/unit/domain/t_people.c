/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "db/db.h"
#include "domain/people.h"
#include "store/store_session.h"
#include "tt_engine.h"

static const struct actor admin = { "account", "acc_x", "DASHBOARD", { "127.0.0.1", 9 } };
#define GOOD "correct horse battery"
static struct account owner(struct ctx *cx, struct engine *en)
{
	CLEANUP(secret_drop) struct secret *token = NULL;
	struct account a;

	CHECK(!IS_ERR(people_setup_begin(cx, en, &token)));
	struct people_try in = { .token = secret_view(token),
				 .email = SV("Ada@Example.com"),
				 .password = SV(GOOD),
				 .client_ip = SV("10.0.0.1") };
	CHECK(!IS_ERR(people_setup(cx, en, &in, &a)));
	return a;
}

TEST(emails_are_checked_and_lowered)
{
	static char long_one[300];
	const struct {
		struct sv in;
		const char *want; /* NULL: refused */
	} t[] = {
		{ SV_INIT("ada@example.com"), "ada@example.com" },
		{ SV_INIT(" Ada@EXAMPLE.com "), "ada@example.com" },
		{ SV_INIT("a@localhost"), "a@localhost" },
		{ SV_INIT("a+b@x.io"), "a+b@x.io" },
		{ SV_INIT(""), NULL },
		{ SV_INIT("ada"), NULL },
		{ SV_INIT("@example.com"), NULL },
		{ SV_INIT("ada@"), NULL },
		{ SV_INIT("a@b@c"), NULL },
		{ SV_INIT("a b@c.d"), NULL },
		{ SV_INIT("a@.com"), NULL },
		{ SV_INIT("a@com."), NULL },
		{ SV_INIT("a\n@b.c"), NULL },
		{ SV_INIT("a\0@b.c"), NULL },
		{ SV_INIT("<a@b.c>"), NULL },
		{ SV_INIT("a,b@c.d"), NULL },
		{ SV_INIT("\xff@b.c"), NULL },
		{ { long_one, 255 }, NULL },
		{ { long_one, 100 }, NULL },
	};

	memset(long_one, 'x', sizeof long_one);
	long_one[70] = '@';
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		char out[EMAIL_MAX];
		struct err e = people_email(cx, t[i].in, out);

		CHECK_ROW(t[i].in.p, IS_ERR(e) == (t[i].want == NULL));
		CHECK_ROW(t[i].in.p,
			  t[i].want == NULL ? out[0] == '\0' || e.code == E_BAD_INPUT : strcmp(out, t[i].want) == 0);
	}
}

TEST(the_set_up_token_works_once_and_the_newest_only)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_engine_end) struct tt_engine w = tt_engine_begin(cx);
	struct engine *en = tt_engine_of(&w);
	CLEANUP(secret_drop) struct secret *old = NULL;
	CLEANUP(secret_drop) struct secret *late = NULL;
	CLEANUP(secret_drop) struct secret *token = NULL;
	struct people_try in = { .email = SV("ada@example.com"), .password = SV(GOOD), .client_ip = SV("10.0.0.1") };
	struct account a;
	enum role role = ROLE_NONE;
	bool needed = false;

	CHECK(!IS_ERR(people_setup_needed(cx, en, &needed)) && needed);
	CHECK(people_setup(cx, en, &in, &a).code == E_FORBIDDEN); /* no token was ever made */
	(void)forgive(cx);
	CHECK(!IS_ERR(people_setup_begin(cx, en, &old)) && !IS_ERR(people_setup_begin(cx, en, &token)));
	const struct sv wrong[] = { SV_INIT(""), SV_INIT("x"), secret_view(old), sv_upto(secret_view(token), 42) };
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		in.token = wrong[i];
		CHECK(people_setup(cx, en, &in, &a).code == E_FORBIDDEN && a.id[0] == '\0');
		(void)forgive(cx);
	}
	in.token = secret_view(token);
	tt_engine_restart(cx, &w);
	CHECK(!IS_ERR(people_setup(cx, en, &in, &a)) && strcmp(a.email, "ada@example.com") == 0);
	CHECK(!IS_ERR(people_role(cx, en, SV(""), sv_of(a.id), &role)) && role == ROLE_NONE);
	CHECK(!IS_ERR(people_role(cx, en, sv_of(store_default_project(en->store)), sv_of(a.id), &role)) &&
	      role == ROLE_OWNER);
	in.email = SV("eve@example.com");
	CHECK(people_setup(cx, en, &in, &a).code == E_FORBIDDEN);
	(void)forgive(cx);
	CHECK(people_setup_begin(cx, en, &late).code == E_CONFLICT && late == NULL);
	(void)forgive(cx);
	CHECK(!IS_ERR(people_setup_needed(cx, en, &needed)) && !needed);
}

TEST(sign_in_gives_a_session_and_sign_out_ends_it)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_engine_end) struct tt_engine w = tt_engine_begin(cx);
	struct engine *en = tt_engine_of(&w);
	struct account ada = owner(cx, en), who;
	struct people_try in = { .email = SV(" ADA@example.com"), .password = SV(GOOD), .client_ip = SV("10.0.0.1") };
	CLEANUP(signed_in_clear) struct signed_in s = { .token = NULL };
	CLEANUP(signed_in_clear) struct signed_in other = { .token = NULL };

	CHECK(!IS_ERR(people_sign_in(cx, en, &in, &s)) && strcmp(s.account.id, ada.id) == 0);
	CHECK(!IS_ERR(people_sign_in(cx, en, &in, &other)));
	CHECK(secret_view(s.token).n == 43 && !sv_eq(secret_view(s.token), secret_view(other.token)));
	tt_engine_restart(cx, &w);
	CHECK(!IS_ERR(people_session(cx, en, secret_view(s.token), &who)) && strcmp(who.email, "ada@example.com") == 0);
	CHECK(who.last_sign_in_at > 0);
	CHECK(!IS_ERR(people_sign_out(cx, en, secret_view(s.token))));
	CHECK(people_session(cx, en, secret_view(s.token), &who).code == E_UNAUTHENTICATED && who.id[0] == '\0');
	(void)forgive(cx);
	CHECK(!IS_ERR(people_session(cx, en, secret_view(other.token), &who)));
	CHECK(!IS_ERR(people_sign_out_everywhere(cx, en, sv_of(ada.id))));
	CHECK(people_session(cx, en, secret_view(other.token), &who).code == E_UNAUTHENTICATED);
	(void)forgive(cx);
	const struct sv wrong[] = { SV_INIT(""), SV_INIT("x"), { NULL, 0 } };
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		CHECK(people_session(cx, en, wrong[i], &who).code == E_UNAUTHENTICATED);
		(void)forgive(cx);
	}
}

TEST(wrong_names_and_passwords_are_answered_alike)
{
	static char long_one[5000];
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_engine_end) struct tt_engine w = tt_engine_begin(cx);
	struct engine *en = tt_engine_of(&w);
	const struct {
		const char *row;
		struct sv email, password;
	} t[] = {
		{ "wrong password", SV_INIT("ada@example.com"), SV_INIT("correct horse batterx") },
		{ "no password", SV_INIT("ada@example.com"), SV_INIT("") },
		{ "huge password", SV_INIT("ada@example.com"), { long_one, sizeof long_one } },
		{ "unknown", SV_INIT("eve@example.com"), SV_INIT(GOOD) },
		{ "no email", SV_INIT(""), SV_INIT(GOOD) },
		{ "not an email", SV_INIT("' OR 1=1 --"), SV_INIT(GOOD) },
	};

	(void)owner(cx, en);
	memset(long_one, 'x', sizeof long_one);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		CLEANUP(signed_in_clear) struct signed_in s = { .token = NULL };
		struct people_try in = { .email = t[i].email, .password = t[i].password, .client_ip = SV("10.0.0.1") };

		CHECK_ROW(t[i].row, people_sign_in(cx, en, &in, &s).code == E_UNAUTHENTICATED && s.token == NULL);
		CHECK_ROW(t[i].row, strcmp(cx->cause.say, "wrong email or password") == 0);
		(void)forgive(cx);
	}
}

TEST(sign_in_is_throttled_for_a_whole_ipv6_network)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_engine_end) struct tt_engine w = tt_engine_begin(cx);
	struct engine *en = tt_engine_of(&w);
	CLEANUP(signed_in_clear) struct signed_in s = { .token = NULL };
	int wrong = 0;

	(void)owner(cx, en);
	for (unsigned i = 0; i < 8; i++) {
		char ip[40];
		struct people_try bad = { .email = SV("ada@example.com"), .password = SV("wrong password") };

		(void)snprintf(ip, sizeof ip, "2001:db8::%x", i + 1);
		bad.client_ip = sv_of(ip);
		wrong += people_sign_in(cx, en, &bad, &s).code == E_UNAUTHENTICATED;
		(void)forgive(cx);
	}
	CHECK(wrong == 5);
}

TEST(sign_in_is_throttled_for_an_address_and_not_for_another)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_engine_end) struct tt_engine w = tt_engine_begin(cx);
	struct engine *en = tt_engine_of(&w);
	CLEANUP(signed_in_clear) struct signed_in s = { .token = NULL };
	struct people_try bad = { .email = SV("ada@example.com"),
				  .password = SV("wrong password"),
				  .client_ip = SV("6.6.6.6") };
	struct people_try good = { .email = SV("ada@example.com"), .password = SV(GOOD), .client_ip = SV("10.0.0.1") };
	int wrong = 0;

	(void)owner(cx, en);
	for (int i = 0; i < 8; i++) {
		struct err e = people_sign_in(cx, en, &bad, &s);

		wrong += e.code == E_UNAUTHENTICATED;
		CHECK(e.code == E_UNAUTHENTICATED || (e.code == E_RATE && cx->cause.retry_after_s > 0));
		(void)forgive(cx);
	}
	CHECK(wrong == 5);
	bad.password = SV(GOOD);
	CHECK(people_sign_in(cx, en, &bad, &s).code == E_RATE);
	(void)forgive(cx);
	for (int i = 0; i < 8; i++) { /* right ones are not counted */
		CLEANUP(signed_in_clear) struct signed_in fine = { .token = NULL };
		CHECK(!IS_ERR(people_sign_in(cx, en, &good, &fine)));
	}
}

TEST(sessions_end_when_idle_and_when_old)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_engine_end) struct tt_engine w = tt_engine_begin(cx);
	struct engine *en = tt_engine_of(&w);
	struct account ada = owner(cx, en), who;
	CLEANUP(secret_drop) struct secret *token = NULL;
	int64_t now = cx->now;

	CHECK(!IS_ERR(people_session_start(cx, en, &ada, &token)));
	cx->now = now + HOUR(12) - MIN(1);
	CHECK(!IS_ERR(
	    people_session(cx, en, secret_view(token), &who))); /* its use is noted, by the clock of the store */
	cx->now = now + HOUR(12) + MIN(1);
	CHECK(people_session(cx, en, secret_view(token), &who).code == E_UNAUTHENTICATED);
	(void)forgive(cx);
	CHECK(!IS_ERR(people_prune(cx, en)));
	cx->now = now;
	CHECK(!IS_ERR(people_session(cx, en, secret_view(token), &who)));
	cx->now = now + DAY(7) + MIN(1);
	CHECK(people_session(cx, en, secret_view(token), &who).code == E_UNAUTHENTICATED);
	(void)forgive(cx);
	CHECK(!IS_ERR(store_session_prune(cx, en->store, -SEC(5)))); /* everything is idle that long */
	cx->now = now;
	CHECK(people_session(cx, en, secret_view(token), &who).code == E_UNAUTHENTICATED);
}

TEST(csrf_belongs_to_its_cookie)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_engine_end) struct tt_engine w = tt_engine_begin(cx);
	struct engine *en = tt_engine_of(&w);
	char a[CSRF_TEXT], b[CSRF_TEXT], empty[CSRF_TEXT];

	people_csrf(en, SV("cookie-a"), a);
	people_csrf(en, SV("cookie-b"), b);
	people_csrf(en, SV(""), empty);
	CHECK(strlen(a) == 43 && strcmp(a, b) != 0);
	CHECK(people_csrf_ok(en, SV("cookie-a"), sv_of(a)));
	CHECK(!people_csrf_ok(en, SV("cookie-a"), sv_of(b)) && !people_csrf_ok(en, SV("cookie-a"), SV("")));
	CHECK(!people_csrf_ok(en, SV("cookie-a"), sv_upto(sv_of(a), 42)) && !people_csrf_ok(en, SV_NONE, sv_of(empty)));
	CHECK(!people_csrf_ok(en, SV("cookie-a"), SV("cookie-a")) && !people_csrf_ok(en, SV(""), sv_of(empty)));
}

TEST(accounts_are_added_by_those_who_may)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_engine_end) struct tt_engine w = tt_engine_begin(cx);
	struct engine *en = tt_engine_of(&w);
	struct sv project = sv_of(store_default_project(en->store));
	const struct {
		const char *row;
		struct sv email, password, project;
		enum role role, by;
		enum err_code want;
	} t[] = {
		{ "verify", SV_INIT("alice@example.com"), SV_INIT(GOOD), project, ROLE_VERIFY, ROLE_ADMIN, E_OK },
		{ "admin by admin", SV_INIT("bob@example.com"), SV_INIT(GOOD), project, ROLE_ADMIN, ROLE_ADMIN, E_OK },
		{ "owner by admin", SV_INIT("eve@example.com"), SV_INIT(GOOD), project, ROLE_OWNER, ROLE_ADMIN,
		  E_FORBIDDEN },
		{ "same email", SV_INIT("ALICE@example.com"), SV_INIT(GOOD), project, ROLE_VERIFY, ROLE_ADMIN,
		  E_CONFLICT },
		{ "no role", SV_INIT("c@example.com"), SV_INIT(GOOD), project, ROLE_NONE, ROLE_ADMIN, E_BAD_INPUT },
		{ "short", SV_INIT("c@example.com"), SV_INIT("123456789"), project, ROLE_VERIFY, ROLE_ADMIN,
		  E_BAD_INPUT },
		{ "no email", SV_INIT("c"), SV_INIT(GOOD), project, ROLE_VERIFY, ROLE_ADMIN, E_BAD_INPUT },
		{ "no project", SV_INIT("c@example.com"), SV_INIT(GOOD), SV_INIT("x"), ROLE_VERIFY, ROLE_ADMIN,
		  E_NOT_FOUND },
	};
	struct account_list l;
	struct member_list m;

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct account_new in = { t[i].email, t[i].password, t[i].project, t[i].role, &admin, t[i].by };
		struct account a;

		CHECK_ROW(t[i].row, people_account_add(cx, en, &in, &a).code == t[i].want);
		CHECK_ROW(t[i].row, (a.id[0] != '\0') == (t[i].want == E_OK));
		(void)forgive(cx);
	}
	CHECK(!IS_ERR(people_account_list(cx, en, &(struct page){ .limit = 10 }, &l)) && l.n == 2 && l.total == 2);
	CHECK(!IS_ERR(people_member_list(cx, en, project, &(struct page){ .limit = 1, .offset = 1 }, &m)) && m.n == 1 &&
	      m.total == 2);
	CHECK(m.v[0].role == ROLE_ADMIN && strcmp(m.v[0].account.email, "bob@example.com") == 0);
	CHECK(people_is_user(&l.v[0], SV("Alice@Example.com")) && !people_is_user(&l.v[0], SV("alice")));
	CHECK(people_account_get(cx, en, SV("acc_nope"), &l.v[0]).code == E_NOT_FOUND);
}

TEST(members_change_within_the_actors_role_and_one_owner_stays)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_engine_end) struct tt_engine w = tt_engine_begin(cx);
	struct engine *en = tt_engine_of(&w);
	struct sv project = sv_of(store_default_project(en->store));
	struct account ada = owner(cx, en), bob;
	struct account_new add = { SV("bob@example.com"), SV(GOOD), project, ROLE_VIEWER, &admin, ROLE_OWNER };
	struct member m;

	CHECK(!IS_ERR(people_account_add(cx, en, &add, &bob)));
	const struct {
		const char *row, *id;
		enum role role, by; /* ROLE_NONE removes */
		enum err_code want;
	} t[] = {
		{ "raise to member", bob.id, ROLE_MEMBER, ROLE_ADMIN, E_OK },
		{ "raise above oneself", bob.id, ROLE_OWNER, ROLE_ADMIN, E_FORBIDDEN },
		{ "lower an owner as admin", ada.id, ROLE_VIEWER, ROLE_ADMIN, E_FORBIDDEN },
		{ "remove an owner as admin", ada.id, ROLE_NONE, ROLE_ADMIN, E_FORBIDDEN },
		{ "lower the last owner", ada.id, ROLE_ADMIN, ROLE_OWNER, E_CONFLICT },
		{ "remove the last owner", ada.id, ROLE_NONE, ROLE_OWNER, E_CONFLICT },
		{ "unknown", "acc_nope", ROLE_VIEWER, ROLE_OWNER, E_NOT_FOUND },
		{ "remove unknown", "acc_nope", ROLE_NONE, ROLE_OWNER, E_NOT_FOUND },
		{ "second owner", bob.id, ROLE_OWNER, ROLE_OWNER, E_OK },
		{ "lower the first", ada.id, ROLE_ADMIN, ROLE_OWNER, E_OK },
		{ "remove the first", ada.id, ROLE_NONE, ROLE_OWNER, E_OK },
		{ "remove again", ada.id, ROLE_NONE, ROLE_OWNER, E_NOT_FOUND },
		{ "add again, in charge of nothing else", ada.id, ROLE_VERIFY, ROLE_OWNER, E_FORBIDDEN },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct member_change in = { project, sv_of(t[i].id), t[i].role, &admin, t[i].by };
		struct err e =
		    t[i].role == ROLE_NONE ? people_member_remove(cx, en, &in) : people_member_put(cx, en, &in, &m);
		enum role now = ROLE_NONE;

		CHECK_ROW(t[i].row, e.code == t[i].want);
		(void)forgive(cx);
		CHECK(!IS_ERR(people_role(cx, en, project, sv_of(t[i].id), &now)));
		CHECK_ROW(t[i].row, t[i].want != E_OK || now == t[i].role);
	}
	/* Who is no member yet is added as he is by an owner of the default project, and by the operator. */
	const struct actor in_charge[] = { { "account", bob.id, "DASHBOARD", { "127.0.0.1", 9 } },
					   { "operator", "operator", "CLI", { "127.0.0.1", 9 } } };
	for (size_t i = 0; i < ARRAY_LEN(in_charge); i++) {
		struct member_change in = { project, sv_of(ada.id), ROLE_VERIFY, &in_charge[i], ROLE_OWNER };

		CHECK_ROW(in_charge[i].type, !IS_ERR(people_member_put(cx, en, &in, &m)));
		CHECK_ROW(in_charge[i].type, !IS_ERR(people_member_remove(cx, en, &in)));
	}
}

TEST(a_new_password_ends_sessions)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_engine_end) struct tt_engine w = tt_engine_begin(cx);
	struct engine *en = tt_engine_of(&w);
	struct account ada = owner(cx, en), who;
	CLEANUP(secret_drop) struct secret *token = NULL;
	CLEANUP(signed_in_clear) struct signed_in s = { .token = NULL };
	struct people_try in = { .email = SV("ada@example.com"), .password = SV(GOOD), .client_ip = SV("10.0.0.1") };

	CHECK(!IS_ERR(people_session_start(cx, en, &ada, &token)));
	CHECK(people_password_set(cx, en, sv_of(ada.id), SV("short"), &admin).code == E_BAD_INPUT);
	(void)forgive(cx);
	CHECK(people_password_set(cx, en, SV("acc_nope"), SV("another password"), &admin).code == E_NOT_FOUND);
	(void)forgive(cx);
	CHECK(!IS_ERR(people_session(cx, en, secret_view(token), &who)));
	CHECK(!IS_ERR(people_password_set(cx, en, sv_of(ada.id), SV("another password"), &admin)));
	CHECK(people_session(cx, en, secret_view(token), &who).code == E_UNAUTHENTICATED);
	(void)forgive(cx);
	CHECK(people_sign_in(cx, en, &in, &s).code == E_UNAUTHENTICATED);
	(void)forgive(cx);
	in.password = SV("another password");
	CHECK(!IS_ERR(people_sign_in(cx, en, &in, &s)));
}
