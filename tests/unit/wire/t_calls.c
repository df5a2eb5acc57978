/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "tt.h"
#include "wireworld.h"

TEST(refresh_failures_of_each_provider_are_known)
{
	static const struct {
		const char *name, *id;
		int status;
		const char *body;
		enum wire_fate fate;
		enum reason reason;
	} t[] = {
		{ "discord dead", "discord", 400,
		  "{\"error\":\"invalid_grant\",\"error_description\":\"Invalid \\\"refresh_token\\\" in request\"}",
		  WIRE_DEAD, REASON_REVOKED },
		{ "discord dead, older form", "discord", 400,
		  "{\"error\":\"invalid_request\",\"error_description\":\"Invalid \\\"refresh_token\\\" in request.\"}",
		  WIRE_DEAD, REASON_REVOKED },
		{ "discord, another invalid_request", "discord", 400,
		  "{\"error\":\"invalid_request\",\"error_description\":\"Missing \\\"x\\\"\"}", WIRE_RETRY,
		  REASON_BAD_ANSWER },
		{ "discord client", "discord", 401, "{\"error\":\"invalid_client\"}", WIRE_CONFIG,
		  REASON_MISCONFIGURED },
		{ "discord cloudflare", "discord", 403, "{\"message\":\"no\",\"code\":40333}", WIRE_RETRY,
		  REASON_PROVIDER_DOWN },
		{ "discord 429", "discord", 429, "{\"message\":\"slow\",\"retry_after\":0.35,\"global\":false}",
		  WIRE_RETRY, REASON_RATE_LIMITED },
		{ "discord outage", "discord", 503, "<html>", WIRE_UNCERTAIN, REASON_PROVIDER_DOWN },
		{ "github dead", "github", 200, "{\"error\":\"bad_refresh_token\",\"error_description\":\"x\"}",
		  WIRE_DEAD, REASON_REVOKED },
		{ "github client", "github", 200, "{\"error\":\"incorrect_client_credentials\"}", WIRE_CONFIG,
		  REASON_MISCONFIGURED },
		{ "google dead", "google", 400,
		  "{\"error\":\"invalid_grant\",\"error_description\":\"Token has been expired or revoked.\"}",
		  WIRE_DEAD, REASON_REVOKED },
		{ "slack dead", "slack", 200, "{\"ok\":false,\"error\":\"invalid_refresh_token\"}", WIRE_DEAD,
		  REASON_REVOKED },
		{ "slack rate", "slack", 200, "{\"ok\":false,\"error\":\"ratelimited\"}", WIRE_RETRY,
		  REASON_RATE_LIMITED },
		{ "slack client", "slack", 200, "{\"ok\":false,\"error\":\"bad_client_secret\"}", WIRE_CONFIG,
		  REASON_MISCONFIGURED },
		{ "slack says ok but false", "slack", 200, "{\"ok\":\"true\",\"access_token\":\"x\"}", WIRE_UNCERTAIN,
		  REASON_BAD_ANSWER },
		{ "dropbox dead", "dropbox", 400, "{\"error\":\"invalid_grant\"}", WIRE_DEAD, REASON_REVOKED },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		struct wire_client *c = world_client(cx, t[i].id, NULL);
		CLEANUP(token_set_clear) struct token_set set = { .access = NULL };
		struct wire_outcome how;

		world_answer((struct world_reply){ NET_DONE, true, t[i].status, "application/json", t[i].body, 0, 0 });
		CHECK_ROW(t[i].name, !IS_ERR(world_refresh(cx, c, &set, &how)));
		CHECK_ROW(t[i].name, how.fate == t[i].fate && how.reason == t[i].reason && set.access == NULL);
		CHECK_ROW(t[i].name, world_sent(0)->once == NET_ONCE && !world_has(how.detail, "old-refresh"));
		CHECK_ROW(t[i].name, t[i].status != 429 || how.retry_after_s == 1);
		world_start();
	}
}

TEST(refresh_keeps_no_token_that_did_not_come)
{
	struct ctx *cx = tt_ctx();
	struct wire_client *c = world_client(cx, "discord", NULL);
	CLEANUP(token_set_clear) struct token_set set = { .access = NULL };
	struct wire_outcome how;

	world_json(200, "{\"access_token\":\"new\",\"expires_in\":604800,\"token_type\":\"Bearer\"}");
	CHECK(!IS_ERR(world_refresh(cx, c, &set, &how)) && how.fate == WIRE_OK);
	CHECK(set.refresh == NULL && !set.scope_known && sv_eqz(secret_view(set.access), "new"));
	CHECK(strcmp(world_sent(0)->url, "https://discord.com/api/oauth2/token") == 0);
	CHECK(strcmp(world_sent(0)->body, "grant_type=refresh_token&refresh_token=old-refresh") == 0);
	CHECK(strcmp(world_sent(0)->agent, "DiscordBot (http://localhost:9099, 0.1.0)") == 0);
	token_set_clear(&set);
	c = world_client(cx, "clickup", NULL);
	CHECK(!IS_ERR(world_refresh(cx, c, &set, &how)) && how.fate == WIRE_DEAD && how.reason == REASON_NO_REFRESH &&
	      world_calls() == 0);
	world_start();
}

TEST(refresh_by_the_access_token_itself)
{
	struct ctx *cx = tt_ctx();
	struct wire_client *c =
	    world_client(cx, "oauth2",
			 "values: {authorize_url: 'https://as.test/a', token_url: 'https://as.test/t'}\n"
			 "refresh: {with: access_token, url: 'https://graph.test/refresh', method: GET, auth: [none], "
			 "omit: [client_id],"
			 " params: {grant_type: ig_refresh_token, access_token: '{{access_token}}'}}\n");
	CLEANUP(token_set_clear) struct token_set set = { .access = NULL };
	struct wire_outcome how;

	world_json(200, "{\"access_token\":\"new\",\"expires_in\":5183944}");
	CHECK(!IS_ERR(world_refresh(cx, c, &set, &how)) && how.fate == WIRE_OK);
	CHECK(strcmp(world_sent(0)->url,
		     "https://graph.test/refresh?grant_type=ig_refresh_token&access_token=old-access") == 0);
	CHECK(strcmp(world_sent(0)->method, "GET") == 0 && world_sent(0)->body[0] == '\0');
	world_start();
}

TEST(revoke_is_each_providers_own)
{
	static const struct {
		const char *name, *id, *method, *url, *body, *header, *absent;
		int status;
		const char *answer;
		enum wire_fate fate;
	} t[] = {
		{ "discord", "discord", "POST", "https://discord.com/api/oauth2/token/revoke",
		  "token=r&token_type_hint=refresh_token", "Authorization: Basic ", "Bearer", 200, "{}", WIRE_OK },
		{ "github", "github", "DELETE", "https://api.github.com/applications/client%3A1/token",
		  "{\"access_token\":\"a\"}", "Content-Type: application/json", "Bearer", 204, "", WIRE_OK },
		{ "github, gone", "github", "DELETE", "https://api.github.com/applications/client%3A1/token",
		  "{\"access_token\":\"a\"}", "Authorization: Basic ", "Bearer", 404, "{}", WIRE_DEAD },
		{ "google", "google", "POST", "https://oauth2.googleapis.com/revoke", "token=r",
		  "Content-Type: application/x-www-form", "Authorization", 200, "{}", WIRE_OK },
		{ "google, dead", "google", "POST", "https://oauth2.googleapis.com/revoke", "token=r", "Accept",
		  "Authorization", 400, "{\"error\":\"invalid_token\"}", WIRE_OK },
		{ "slack", "slack", "POST", "https://slack.com/api/auth.revoke", "", "Authorization: Bearer a", "Basic",
		  200, "{\"ok\":true,\"revoked\":true}", WIRE_OK },
		{ "slack, refused", "slack", "POST", "https://slack.com/api/auth.revoke", "", "Authorization: Bearer a",
		  "Basic", 200, "{\"ok\":false,\"error\":\"internal_error\"}", WIRE_RETRY },
		{ "slack, gone", "slack", "POST", "https://slack.com/api/auth.revoke", "", "Authorization: Bearer a",
		  "Basic", 200, "{\"ok\":false,\"error\":\"token_revoked\"}", WIRE_DEAD },
		{ "slack, the organisation must act", "slack", "POST", "https://slack.com/api/auth.revoke", "",
		  "Authorization: Bearer a", "Basic", 200, "{\"ok\":false,\"error\":\"org_login_required\"}",
		  WIRE_DEAD },
		{ "dropbox", "dropbox", "POST", "https://api.dropboxapi.com/2/auth/token/revoke", "",
		  "Authorization: Bearer a", "Content-Type", 200, "null", WIRE_OK },
		{ "down", "discord", "POST", "https://discord.com/api/oauth2/token/revoke",
		  "token=r&token_type_hint=refresh_token", "Accept", "Bearer", 503, "", WIRE_UNCERTAIN },
		{ "client", "discord", "POST", "https://discord.com/api/oauth2/token/revoke",
		  "token=r&token_type_hint=refresh_token", "Accept", "Bearer", 401, "{\"error\":\"invalid_client\"}",
		  WIRE_CONFIG },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		struct wire_client *c = world_client(cx, t[i].id, NULL);
		struct secret *a = secret_copy(SV("a")), *r = secret_copy(SV("r"));
		struct wire_outcome how;

		world_json(t[i].status, t[i].answer);
		struct err e = wire_revoke(cx, c, &(struct wire_revoke){ .access = a, .refresh = r }, &how);
		secret_free(a);
		secret_free(r);
		CHECK_ROW(t[i].name, !IS_ERR(e) && how.fate == t[i].fate);
		const struct world_sent *s = world_sent(0);
		CHECK_ROW(t[i].name, strcmp(s->method, t[i].method) == 0 && strcmp(s->url, t[i].url) == 0 &&
					 strcmp(s->body, t[i].body) == 0);
		CHECK_ROW(t[i].name, world_has(s->headers, t[i].header) && !world_has(s->headers, t[i].absent) &&
					 s->once == NET_ONCE);
		world_start();
	}
}

/* RFC 7009 2.1: a server may leave the access tokens alive. */
TEST(where_each_token_ends_alone_both_are_revoked)
{
	struct ctx *cx = tt_ctx();
	struct wire_client *c = world_client(
	    cx, "oauth2",
	    "{\"values\":{\"authorize_url\":\"https://a.example/a\",\"token_url\":\"https://a.example/t\"},"
	    "\"revoke\":{\"url\":\"https://a.example/revoke\",\"ends\":\"token\"}}");
	struct secret *a = secret_copy(SV("a")), *r = secret_copy(SV("r"));
	struct wire_outcome how;

	world_json(200, "{}");
	world_json(400, "{\"error\":\"invalid_token\"}"); /* it had ended with the refresh token */
	CHECK(!IS_ERR(wire_revoke(cx, c, &(struct wire_revoke){ .access = a, .refresh = r }, &how)));
	CHECK(how.fate == WIRE_OK && strcmp(world_sent(0)->body, "token=r&token_type_hint=refresh_token") == 0);
	CHECK(strcmp(world_sent(1)->body, "token=a&token_type_hint=access_token") == 0);
	world_json(503, "");
	CHECK(!IS_ERR(wire_revoke(cx, c, &(struct wire_revoke){ .access = a, .refresh = r }, &how)));
	CHECK(how.fate == WIRE_UNCERTAIN);
	secret_free(a);
	secret_free(r);
}

static void with_token(struct token_set *set, const char *scope)
{
	static struct sv one;

	one = sv_of(scope);
	*set = (struct token_set){ .access = secret_copy(SV("at")), .scopes = { &one, 1 }, .scope_known = true };
}

TEST(user_info_names_the_account)
{
	struct ctx *cx = tt_ctx();
	struct wire_client *c = world_client(cx, "discord", NULL);
	CLEANUP(token_set_clear) struct token_set set = { .access = NULL };
	CLEANUP(wire_user_clear) struct wire_user u = { .json = NULL };
	struct wire_outcome how;

	with_token(&set, "identify");
	world_json(200,
		   "{\"id\":\"80351110224678912\",\"username\":\"nelly\",\"global_name\":null,\"email\":\"n@x.test\"}");
	CHECK(!IS_ERR(wire_user_info(cx, c, &set, &u, &how)) && how.fate == WIRE_OK);
	CHECK(sv_eqz(u.account, "80351110224678912") && sv_eqz(u.name, "nelly") && sv_eqz(u.email, "n@x.test"));
	CHECK(world_has(secret_view(u.json).p, "\"global_name\":null"));
	CHECK(world_has(world_sent(0)->headers, "Authorization: Bearer at\n") &&
	      strcmp(world_sent(0)->method, "GET") == 0);
	world_start();
}

TEST(user_info_out_of_reach_is_not_asked_and_refusals_are_said)
{
	struct ctx *cx = tt_ctx();
	struct wire_client *c = world_client(cx, "discord", NULL);
	CLEANUP(token_set_clear) struct token_set set = { .access = NULL };
	CLEANUP(wire_user_clear) struct wire_user u = { .json = NULL };
	struct wire_outcome how;
	static const struct {
		int status;
		const char *body;
		enum wire_fate fate;
	} t[] = { { 401, "{\"message\":\"401: Unauthorized\",\"code\":0}", WIRE_DEAD },
		  { 200, "<html>", WIRE_UNCERTAIN },
		  { 200, "[1]", WIRE_UNCERTAIN },
		  { 500, "{}", WIRE_UNCERTAIN },
		  { 429, "{}", WIRE_RETRY } };

	with_token(&set, "guilds");
	CHECK(!IS_ERR(wire_user_info(cx, c, &set, &u, &how)) && how.fate == WIRE_NOT_SENT && world_calls() == 0);
	set.scope_known = false;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		c = world_client(cx, "discord", NULL);
		world_json(t[i].status, t[i].body);
		CHECK_ROW(t[i].body, !IS_ERR(wire_user_info(cx, c, &set, &u, &how)));
		CHECK_ROW(t[i].body, how.fate == t[i].fate && u.json == NULL && u.account.p == NULL);
	}
	world_start();
}

TEST(user_info_map_and_second_call_for_the_address)
{
	struct ctx *cx = tt_ctx();
	struct wire_client *c =
	    world_client(cx, "github", "user_info: {map: {sub: $.id, plan: $.plan.name, no: $.zz}}\n");
	CLEANUP(token_set_clear) struct token_set set = { .access = NULL };
	CLEANUP(wire_user_clear) struct wire_user u = { .json = NULL };
	struct wire_outcome how;

	with_token(&set, "repo");
	world_json(200,
		   "{\"id\":583231,\"login\":\"octocat\",\"name\":\"\",\"email\":null,\"plan\":{\"name\":\"pro\"}}");
	world_json(200, "[{\"email\":\"a@x.test\",\"primary\":false},{\"email\":\"b@x.test\",\"primary\":true}]");
	CHECK(!IS_ERR(wire_user_info(cx, c, &set, &u, &how)) && how.fate == WIRE_OK);
	CHECK(sv_eqz(secret_view(u.json), "{\"sub\":583231,\"plan\":\"pro\"}"));
	CHECK(sv_eqz(u.account, "583231") && sv_eqz(u.name, "octocat") && sv_eqz(u.email, "b@x.test"));
	CHECK(strcmp(world_sent(1)->url, "https://api.github.com/user/emails") == 0);
	CHECK(world_has(world_sent(0)->headers, "Accept: application/vnd.github+json\n") &&
	      !world_has(world_sent(0)->headers, "Accept: application/json"));
	world_start();
}

TEST(slack_gives_the_users_token_else_the_bots)
{
	struct ctx *cx = tt_ctx();
	struct wire_client *c = world_client(cx, "slack", NULL);
	CLEANUP(token_set_clear) struct token_set set = { .access = NULL };
	struct wire_outcome how;

	world_json(200, "{\"ok\":true,\"access_token\":\"xoxb\",\"token_type\":\"bot\",\"scope\":\"im:write\",\"team\":"
			"{\"id\":\"T1\",\"name\":\"N\"},"
			"\"enterprise\":null,\"authed_user\":{\"id\":\"U1\",\"access_token\":\"xoxp\",\"scope\":\"chat:"
			"write,users:read\",\"token_type\":\"user\"}}");
	CHECK(!IS_ERR(world_redeem(cx, c, &set, &how)) && how.fate == WIRE_OK);
	CHECK(sv_eqz(secret_view(set.access), "xoxp") && set.scopes.n == 2 && sv_eqz(set.scopes.v[1], "users:read") &&
	      set.expires_at == 0 && sv_eqz(set.account, "T1:U1"));
	CHECK(sv_eqz(set.stored, "{\"team.id\":\"T1\",\"team.name\":\"N\",\"authed_user.id\":\"U1\"}"));
	CHECK(world_has(world_sent(0)->body, "&client_id=client%3A1&client_secret=s3cr%26t+value"));
	token_set_clear(&set);
	c = world_client(cx, "slack", NULL);
	world_json(200, "{\"ok\":true,\"access_token\":\"xoxb\",\"token_type\":\"bot\",\"scope\":\"im:write\",\"team\":"
			"{\"id\":\"T1\"},\"authed_user\":{\"id\":\"U1\"}}");
	CHECK(!IS_ERR(world_redeem(cx, c, &set, &how)) && how.fate == WIRE_OK &&
	      sv_eqz(secret_view(set.access), "xoxb") && set.scopes.n == 1 && sv_eqz(set.scopes.v[0], "bot:im:write"));
	world_start();
}

TEST(clickup_wants_json_and_github_may_answer_by_form)
{
	struct ctx *cx = tt_ctx();
	struct wire_client *c = world_client(cx, "clickup", NULL);
	CLEANUP(token_set_clear) struct token_set set = { .access = NULL };
	struct wire_outcome how;

	world_json(200, "{\"access_token\":\"at\"}");
	CHECK(!IS_ERR(world_redeem(cx, c, &set, &how)) && how.fate == WIRE_OK);
	CHECK(strcmp(world_sent(0)->body,
		     "{\"code\":\"C0DE\",\"redirect_uri\":\"http://localhost:9099/api/v1/oauth/ap_x/callback\","
		     "\"client_id\":\"client:1\",\"client_secret\":\"s3cr&t value\"}") == 0);
	token_set_clear(&set);
	c = world_client(cx, "github", NULL);
	world_answer((struct world_reply){ NET_DONE, true, 200, "application/x-www-form-urlencoded",
					   "access_token=gho&scope=repo%2Cgist&token_type=bearer&expires_in=28800&"
					   "refresh_token=ghr&refresh_token_expires_in=15897600",
					   0, 0 });
	CHECK(!IS_ERR(world_redeem(cx, c, &set, &how)) && how.fate == WIRE_OK && set.scopes.n == 2);
	CHECK(set.expires_at == cx->now + SEC(28800) && set.refresh_expires_at == cx->now + SEC(15897600));
	token_set_clear(&set);
	c = world_client(cx, "clickup", NULL);
	world_json(400, "{\"err\":\"Redirect URI mismatch\",\"ECODE\":\"OAUTH_007\"}");
	CHECK(!IS_ERR(world_redeem(cx, c, &set, &how)) && how.fate == WIRE_CONFIG &&
	      strcmp(how.error, "OAUTH_007") == 0);
	world_start();
}

static const char steps[] =
    "values: {authorize_url: 'https://as.test/a', token_url: 'https://as.test/t'}\n"
    "hosts: ['*.api.test']\n"
    "introspect: {url: 'https://as.test/introspect', auth: [basic], answer: {expires_at: $.exp, scope: $.scope}}\n"
    "exchange: {url: 'https://as.test/long', method: GET, omit: [client_id], params: {t: '{{access_token}}', s: "
    "'{{client_secret}}'}}\n"
    "lookup:\n"
    "  - {url: 'https://as.test/sites', where: \"$.kind == 'jira'\", store: {cloud: $.id, base: $.host}, pick: first}\n"
    "  - {url: 'https://{{stored.base}}/me', store: {me: $.user.id}}\n";

TEST(introspection_exchange_and_lookups_follow_the_grant)
{
	struct ctx *cx = tt_ctx();
	struct wire_client *c = world_client(cx, "oauth2", steps);
	CLEANUP(token_set_clear) struct token_set set = { .access = NULL };
	struct wire_outcome how;

	with_token(&set, "a");
	set.refresh = secret_copy(SV("rt"));
	world_json(200, "{\"access_token\":\"long\",\"expires_in\":5184000}");
	CHECK(!IS_ERR(wire_exchange(cx, c, &set, &how)) && how.fate == WIRE_OK);
	CHECK(strcmp(world_sent(0)->url, "https://as.test/long?t=at&s=s3cr%26t+value") == 0 &&
	      world_sent(0)->once == NET_ONCE);
	CHECK(sv_eqz(secret_view(set.access), "long") && sv_eqz(secret_view(set.refresh), "rt") && set.scopes.n == 1);
	world_json(200, "{\"active\":true,\"exp\":1900000000,\"scope\":\"x y\"}");
	CHECK(!IS_ERR(wire_introspect(cx, c, &set, &how)) && how.fate == WIRE_OK);
	CHECK(set.expires_at == SEC(1900000000) && set.scopes.n == 2 && strcmp(world_sent(1)->body, "token=long") == 0);
	world_json(200, "{\"active\":false}");
	CHECK(!IS_ERR(wire_introspect(cx, c, &set, &how)) && how.fate == WIRE_DEAD);
	world_json(200, "[{\"id\":\"1\",\"kind\":\"wiki\"},{\"id\":\"2\",\"kind\":\"jira\",\"host\":\"eu.api.test\"}]");
	world_json(200, "{\"user\":{\"id\":5}}");
	CHECK(!IS_ERR(wire_lookup(cx, c, &set, &how)) && how.fate == WIRE_OK);
	CHECK(strcmp(world_sent(4)->url, "https://eu.api.test/me") == 0);
	CHECK(sv_eqz(set.stored, "{\"cloud\":\"2\",\"base\":\"eu.api.test\",\"me\":\"5\"}"));
	world_start();
}

TEST(host_that_data_decides_must_be_one_the_definition_knows)
{
	static const char *const hosts[] = { "evil.test",
					     "api.test",
					     "x.api.test.evil.test",
					     "a@evil.test",
					     "evil.test/x",
					     "evil.test:80",
					     "evil.test#",
					     "evil.test?",
					     "169.254.169.254",
					     "..api.test",
					     "",
					     "a b.api.test",
					     "evil.test%2f.api.test" };

	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		struct ctx *cx = tt_ctx();
		struct wire_client *c = world_client(cx, "oauth2", steps);
		CLEANUP(token_set_clear) struct token_set set = { .access = NULL };
		struct wire_outcome how;
		char body[200];

		with_token(&set, "a");
		(void)snprintf(body, sizeof body, "[{\"id\":\"2\",\"kind\":\"jira\",\"host\":\"%s\"}]", hosts[i]);
		world_json(200, body);
		CHECK_ROW(hosts[i], !IS_ERR(wire_lookup(cx, c, &set, &how)));
		CHECK_ROW(hosts[i], how.fate == WIRE_CONFIG && world_calls() == 1);
		world_start();
	}
}

TEST(probe_gives_no_credentials_away)
{
	struct ctx *cx = tt_ctx();
	struct wire_client *c = world_client(cx, "discord", NULL);
	struct wire_outcome how;

	world_json(405, "{}");
	CHECK(!IS_ERR(wire_probe(cx, c, WIRE_TOKEN, &how)) && how.fate == WIRE_OK && how.status == 405);
	CHECK(!world_has(world_sent(0)->headers, "Authorization") && world_sent(0)->body[0] == '\0');
	CHECK(strcmp(world_sent(0)->url, "https://discord.com/api/oauth2/token") == 0);
	world_start();
}
