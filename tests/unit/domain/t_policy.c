/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "domain/password.h"
#include "domain/policy.h"
#include "domain/projects.h"
#include "domain/settings.h"
#include "tt_engine.h"
#include <pthread.h>

TEST(roles_and_actions)
{
	/* the least role that may, and whether an API key may */
	static const struct {
		const char *action;
		enum role least;
		bool key;
	} t[] = {
		{ "auth:self", ROLE_NONE, false },         { "auth:use", ROLE_ADMIN, true },
		{ "providers:read", ROLE_VIEWER, true },   { "providers:write", ROLE_ADMIN, true },
		{ "connections:read", ROLE_VIEWER, true }, { "connections:delete", ROLE_ADMIN, true },
		{ "keys:read", ROLE_ADMIN, true },         { "keys:write", ROLE_ADMIN, true },
		{ "settings:read", ROLE_VIEWER, true },    { "settings:write", ROLE_ADMIN, true },
		{ "members:read", ROLE_MEMBER, true },     { "members:write", ROLE_ADMIN, false },
		{ "accounts:read", ROLE_ADMIN, false },    { "accounts:write", ROLE_ADMIN, false },
		{ "events:read", ROLE_MEMBER, true },      { "authorizations:read", ROLE_MEMBER, true },
		{ "projects:read", ROLE_VIEWER, true },    { "projects:list", ROLE_NONE, true },
		{ "projects:write", ROLE_ADMIN, true },    { "projects:create", ROLE_OWNER, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		CHECK_ROW(t[i].action, policy_knows(t[i].action));
		for (int r = ROLE_NONE; r <= ROLE_OWNER; r++)
			CHECK_ROW(t[i].action,
				  policy_allows(POLICY_MEMBER, (enum role)r, t[i].action) == (r >= (int)t[i].least));
		CHECK_ROW(t[i].action, policy_allows(POLICY_KEY, ROLE_NONE, t[i].action) == t[i].key);
		CHECK_ROW(t[i].action, policy_allows(POLICY_OPERATOR, ROLE_NONE, t[i].action));
		CHECK_ROW(t[i].action, !policy_allows(POLICY_NOBODY, ROLE_OWNER, t[i].action));
	}
}

TEST(unknown_actions_admit_nobody)
{
	static const char *const t[] = {
		"", "providers", "providers:", "providers:read ", "Providers:read", "providers:delete", "*"
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		CHECK_ROW(t[i], !policy_knows(t[i]) && !policy_allows(POLICY_OPERATOR, ROLE_OWNER, t[i]) &&
				    !policy_allows(POLICY_KEY, ROLE_OWNER, t[i]) &&
				    !policy_allows(POLICY_MEMBER, ROLE_OWNER, t[i]));
}

TEST(role_names_go_both_ways)
{
	static const char *const wrong[] = { "", "none", "Owner", "root", "owner " };

	for (int r = ROLE_VERIFY; r <= ROLE_OWNER; r++)
		CHECK(role_of(sv_of(role_name((enum role)r))) == (enum role)r);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		CHECK_ROW(wrong[i], role_of(sv_of(wrong[i])) == ROLE_NONE);
}

TEST(throttles_have_a_budget_a_key_and_a_wait)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(throttle_drop) struct throttle *t = throttle_new();
	int passed = 0;

	for (int i = 0; i < 20; i++) {
		passed += !IS_ERR(throttle_take(cx, t, THROTTLE_SIGN_IN_ACCOUNT, SV("a 1")));
		(void)forgive(cx);
	}
	CHECK(passed == 5);
	CHECK(throttle_take(cx, t, THROTTLE_SIGN_IN_ACCOUNT, SV("a 1")).code == E_RATE);
	CHECK(cx->cause.retry_after_s >= 25 && cx->cause.retry_after_s <= 30 && strstr(cx->cause.say, "a 1") == NULL);
	(void)forgive(cx);
	CHECK(!IS_ERR(throttle_take(cx, t, THROTTLE_SIGN_IN_ACCOUNT, SV("a 2"))));
	CHECK(!IS_ERR(throttle_take(cx, t, THROTTLE_SIGN_IN_IP, SV("a 1"))));
	throttle_give_back(t, THROTTLE_SIGN_IN_ACCOUNT, SV("a 1"));
	CHECK(!IS_ERR(throttle_take(cx, t, THROTTLE_SIGN_IN_ACCOUNT, SV("a 1"))));
	CHECK(throttle_take(cx, t, THROTTLE_SIGN_IN_ACCOUNT, SV("a 1")).code == E_RATE);
	(void)forgive(cx);
	for (int i = 0; i < 20000; i++) { /* many others come: memory stays, somebody new is let in */
		char key[24];

		(void)snprintf(key, sizeof key, "k%d", i);
		CHECK(!IS_ERR(throttle_take(cx, t, THROTTLE_SIGN_IN_IP, sv_of(key))));
	}
}

TEST(passwords_have_rules)
{
	static char long_one[PASSWORD_MOST + 1];
	const struct {
		const char *row;
		struct sv p;
		bool ok;
	} t[] = {
		{ "ten", SV_INIT("0123456789"), true },
		{ "256", { long_one, PASSWORD_MOST }, true },
		{ "nine", SV_INIT("012345678"), false },
		{ "none", SV_INIT(""), false },
		{ "257", { long_one, PASSWORD_MOST + 1 }, false },
		{ "not UTF-8", SV_INIT("012345678\xff"), false },
	};

	memset(long_one, 'x', sizeof long_one);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();

		CHECK_ROW(t[i].row, IS_ERR(password_check_rules(cx, t[i].p)) != t[i].ok);
		CHECK_ROW(t[i].row, t[i].ok || strcmp(cx->cause.fields[0].field, "password") == 0);
	}
}

TEST(passwords_are_hashed_with_salt_and_verified)
{
	struct ctx *cx = tt_ctx();
	char a[PASSWORD_TEXT], b[PASSWORD_TEXT];
	bool same = true;

	CHECK(!IS_ERR(password_hash(cx, SV("correct horse"), a)) && !IS_ERR(password_hash(cx, SV("correct horse"), b)));
	CHECK(sv_starts(sv_of(a), SV("$argon2id$v=19$m=65536,t=3,p=1$")) && strcmp(a, b) != 0);
	CHECK(!IS_ERR(password_verify(cx, a, SV("correct horse"), &same)) && same);
	CHECK(!IS_ERR(password_verify(cx, a, SV("correct horsf"), &same)) && !same);
	CHECK(!IS_ERR(password_verify(cx, NULL, SV("correct horse"), &same)) && !same);
	CHECK(IS_ERR(password_verify(cx, "$argon2id$broken", SV("correct horse"), &same)) && !same);
}

/* More hashes at once than may run or wait: the rest is told to come again, and nothing hangs. */
struct hasher {
	pthread_t thread;
	struct err result;
};
static void *hash(void *arg)
{
	struct hasher *h = arg;
	struct ctx cx = { .request_id = "t" };
	char out[PASSWORD_TEXT];

	h->result = password_hash(&cx, SV("correct horse"), out);
	return NULL;
}
TEST(hashing_takes_bounded_memory)
{
	enum { N = 24 };
	struct hasher h[N];
	int done = 0;

	for (size_t i = 0; i < N; i++)
		CHECK(pthread_create(&h[i].thread, NULL, hash, &h[i]) == 0);
	for (size_t i = 0; i < N; i++) {
		(void)pthread_join(h[i].thread, NULL);
		done += !IS_ERR(h[i].result);
		CHECK(h[i].result.code == E_OK || h[i].result.code == E_BUSY);
	}
	CHECK(done >= 2);
}

static const struct actor by = { "api_key", "key_x", "API", { "127.0.0.1", 9 } };
TEST(session_verification_is_checked_and_kept)
{
	static char long_url[2100];
	const struct {
		const char *row;
		struct sv url;
		bool skip;
		enum err_code want;
	} t[] = {
		{ "none", { NULL, 0 }, false, E_OK },
		{ "https", SV_INIT("https://app.example/verify?x=1"), false, E_OK },
		{ "http", SV_INIT("http://localhost:3000/v"), false, E_OK },
		{ "empty", SV_INIT(""), false, E_OK },
		{ "2048", { long_url, 2048 }, false, E_OK },
		{ "2049", { long_url, 2049 }, false, E_BAD_INPUT },
		{ "relative", SV_INIT("/verify"), false, E_BAD_INPUT },
		{ "other scheme", SV_INIT("ftp://app.example/"), false, E_BAD_INPUT },
		{ "script", SV_INIT("javascript:alert(1)"), false, E_BAD_INPUT },
		{ "no host", SV_INIT("https:///x"), false, E_BAD_INPUT },
		{ "skip", { NULL, 0 }, true, E_FORBIDDEN },
		{ "skip with url", SV_INIT("https://app.example/"), true, E_FORBIDDEN },
	};
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_engine_end) struct tt_engine w = tt_engine_begin(cx);
	struct engine *en = tt_engine_of(&w);
	struct sv project = sv_of(store_default_project(en->store)), last = SV_NONE;

	memset(long_url, 'x', sizeof long_url);
	memcpy(long_url, "https://a.example/", 18);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct verification_put in = { project, t[i].url, t[i].skip, &by };
		struct verification v, back;

		CHECK_ROW(t[i].row, settings_verification_put(cx, en, &in, &v).code == t[i].want);
		(void)forgive(cx);
		if (t[i].want == E_OK)
			last = t[i].url.n == 0 ? SV_NONE : t[i].url;
		CHECK_ROW(t[i].row,
			  !IS_ERR(settings_verification(cx, en, project, &back)) && sv_eq(back.verifier_url, last));
		CHECK_ROW(t[i].row, (back.verifier_url.p == NULL) == (last.p == NULL));
	}
}

TEST(the_configured_verifier_holds_until_one_is_set)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_engine_end) struct tt_engine w = tt_engine_begin(cx);
	struct engine *en = tt_engine_of(&w);
	struct verification_put in = { sv_of(store_default_project(en->store)), SV_NONE, false, &by };
	struct verification v;

	w.config.verifier_url = "https://from.config/";
	CHECK(!IS_ERR(settings_verification(cx, en, in.project_id, &v)) &&
	      sv_eqz(v.verifier_url, "https://from.config/"));
	CHECK(!IS_ERR(settings_verification(cx, en, SV("another"), &v)) && v.verifier_url.p == NULL);
	CHECK(!IS_ERR(settings_verification_put(cx, en, &in, &v)));
	CHECK(!IS_ERR(settings_verification(cx, en, in.project_id, &v)) && v.verifier_url.p == NULL);
}

TEST(projects_are_found_by_id_and_alias)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_engine_end) struct tt_engine w = tt_engine_begin(cx);
	struct engine *en = tt_engine_of(&w);
	struct sv id = sv_of(store_default_project(en->store)), org = sv_of(store_default_org(en->store));
	const struct {
		const char *row;
		struct sv org, project;
		bool found;
	} t[] = {
		{ "alias", SV_INIT("default"), SV_INIT("default"), true },
		{ "ids", org, id, true },
		{ "mixed", org, SV_INIT("default"), true },
		{ "no org", { NULL, 0 }, id, true },
		{ "other org", SV_INIT("x"), id, false },
		{ "empty org", SV_INIT(""), id, false },
		{ "other project", org, SV_INIT("x"), false },
		{ "swapped", id, org, false },
		{ "empty", org, SV_INIT(""), false },
		{ "case", org, SV_INIT("Default"), false },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct project p;

		CHECK_ROW(t[i].row, IS_ERR(project_find(cx, en, t[i].org, t[i].project, &p)) != t[i].found);
		CHECK_ROW(t[i].row, sv_eqz(id, p.id) == t[i].found);
		(void)forgive(cx);
	}
}
