/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "tt.h"
#include "wireworld.h"

/* The generic server, so that only the standard is in play. */
static const char generic[] =
    "values: {authorize_url: 'https://as.test/authorize', token_url: 'https://as.test/token'}\n";
#define GOOD "{\"access_token\":\"at\",\"token_type\":\"Bearer\"}"

static struct wire_client *plain(struct ctx *cx) { return world_client(cx, "oauth2", generic); }

TEST(code_is_redeemed_as_rfc_6749_says)
{
	struct ctx *cx = tt_ctx();
	struct wire_client *c = plain(cx);
	CLEANUP(token_set_clear) struct token_set set = { .access = NULL };
	struct wire_outcome how;

	world_json(200, "{\"access_token\":\"at\",\"token_type\":\"bearer\",\"expires_in\":3600,\"refresh_token\":"
			"\"rt\",\"scope\":\"a b\"}");
	CHECK(!IS_ERR(world_redeem(cx, c, &set, &how)));
	CHECK(how.fate == WIRE_OK && how.status == 200 && strcmp(how.host, "as.test") == 0);
	const struct world_sent *s = world_sent(0);
	CHECK(strcmp(s->method, "POST") == 0 && strcmp(s->url, "https://as.test/token") == 0);
	CHECK(strcmp(s->body, "grant_type=authorization_code&code=C0DE&redirect_uri=http%3A%2F%2Flocalhost%3A9099%"
			      "2Fapi%2Fv1%2Foauth%2Fap_x%2Fcallback"
			      "&code_verifier=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx") == 0);
	/* RFC 6749 section 2.3.1: both form-encoded before base64 */
	CHECK(world_has(s->headers, "Authorization: Basic Y2xpZW50JTNBMTpzM2NyJTI2dCt2YWx1ZQ==\n"));
	CHECK(world_has(s->headers, "Accept: application/json\n"));
	CHECK(world_has(s->headers, "Content-Type: application/x-www-form-urlencoded\n"));
	CHECK(s->once == NET_ONCE && !s->redirects && s->timeout == SEC(5));
	CHECK(sv_eqz(secret_view(set.access), "at") && sv_eqz(secret_view(set.refresh), "rt"));
	CHECK(set.scope_known && set.scopes.n == 2 && sv_eqz(set.scopes.v[1], "b"));
	CHECK(set.expires_at == cx->now + SEC(3600) && set.refresh_expires_at == 0);
	CHECK(strcmp(set.token_type, "Bearer") == 0);
	CHECK(world_has(secret_view(set.rest).p, "\"refresh_token\":\"rt\""));
	world_start();
}

/* Every shape of answer, and what it means.  fate OK rows come first; bad ones outnumber them. */
static const struct shape {
	const char *name;
	int status;
	const char *type, *body;
	enum wire_fate fate;
	enum reason reason;
} shapes[] = {
	{ "plain", 200, "application/json", GOOD, WIRE_OK, REASON_NONE },
	{ "no type", 200, "application/json", "{\"access_token\":\"at\"}", WIRE_OK, REASON_NONE },
	{ "BEARER", 200, "application/json", "{\"access_token\":\"at\",\"token_type\":\"BEARER\"}", WIRE_OK,
	  REASON_NONE },
	{ "json called text", 200, "text/plain; charset=utf-8", GOOD, WIRE_OK, REASON_NONE },
	{ "json called html", 200, "text/html", GOOD, WIRE_OK, REASON_NONE },
	{ "form", 200, "application/x-www-form-urlencoded", "access_token=at&token_type=bearer&scope=", WIRE_OK,
	  REASON_NONE },
	{ "form without a type", 200, "", "access_token=at&expires_in=5", WIRE_OK, REASON_NONE },
	{ "201", 201, "application/json", GOOD, WIRE_OK, REASON_NONE },
	{ "an integer past 64 bits", 200, "application/json", "{\"access_token\":\"at\",\"id\":18446744073709551617}",
	  WIRE_OK, REASON_NONE },
	{ "half a surrogate pair in a name", 200, "application/json", "{\"access_token\":\"at\",\"name\":\"\\ud83d\"}",
	  WIRE_OK, REASON_NONE },
	{ "half a surrogate pair in a token", 200, "application/json", "{\"access_token\":\"a\\ud83d\"}",
	  WIRE_UNCERTAIN, REASON_BAD_ANSWER },
	{ "expiry is a word", 200, "application/json", "{\"access_token\":\"at\",\"expires_in\":\"soon\"}", WIRE_OK,
	  REASON_NONE },
	{ "empty", 200, "application/json", "", WIRE_UNCERTAIN, REASON_BAD_ANSWER },
	{ "html", 200, "text/html", "<html a=\"b\">oops</html>", WIRE_UNCERTAIN, REASON_BAD_ANSWER },
	{ "html called json", 200, "application/json", "<html a=b></html>", WIRE_UNCERTAIN, REASON_BAD_ANSWER },
	{ "cut json", 200, "application/json", "{\"access_token\":\"at\"", WIRE_UNCERTAIN, REASON_BAD_ANSWER },
	{ "json twice", 200, "application/json", GOOD GOOD, WIRE_UNCERTAIN, REASON_BAD_ANSWER },
	{ "list", 200, "application/json", "[" GOOD "]", WIRE_UNCERTAIN, REASON_BAD_ANSWER },
	{ "null", 200, "application/json", "null", WIRE_UNCERTAIN, REASON_BAD_ANSWER },
	{ "key twice", 200, "application/json", "{\"access_token\":\"a\",\"access_token\":\"b\"}", WIRE_UNCERTAIN,
	  REASON_BAD_ANSWER },
	{ "form key twice", 200, "application/x-www-form-urlencoded", "access_token=a&access_token=b", WIRE_UNCERTAIN,
	  REASON_BAD_ANSWER },
	{ "not utf-8", 200, "application/json", "{\"access_token\":\"a\xFF\"}", WIRE_UNCERTAIN, REASON_BAD_ANSWER },
	{ "form not utf-8", 200, "application/x-www-form-urlencoded", "access_token=a%FF", WIRE_UNCERTAIN,
	  REASON_BAD_ANSWER },
	{ "nul in a token", 200, "application/json", "{\"access_token\":\"a\\u0000b\"}", WIRE_UNCERTAIN,
	  REASON_BAD_ANSWER },
	{ "line feed in a token", 200, "application/json", "{\"access_token\":\"a\\nb\"}", WIRE_UNCERTAIN,
	  REASON_BAD_ANSWER },
	{ "token not ascii", 200, "application/json", "{\"access_token\":\"\\u00e9\"}", WIRE_UNCERTAIN,
	  REASON_BAD_ANSWER },
	{ "no token", 200, "application/json", "{\"token\":\"at\"}", WIRE_UNCERTAIN, REASON_BAD_ANSWER },
	{ "empty token", 200, "application/json", "{\"access_token\":\"\"}", WIRE_UNCERTAIN, REASON_BAD_ANSWER },
	{ "null token", 200, "application/json", "{\"access_token\":null}", WIRE_UNCERTAIN, REASON_BAD_ANSWER },
	{ "number token", 200, "application/json", "{\"access_token\":5}", WIRE_UNCERTAIN, REASON_BAD_ANSWER },
	{ "object token", 200, "application/json", "{\"access_token\":{\"v\":1}}", WIRE_UNCERTAIN, REASON_BAD_ANSWER },
	{ "bad refresh token", 200, "application/json", "{\"access_token\":\"at\",\"refresh_token\":\"a\\tb\"}",
	  WIRE_UNCERTAIN, REASON_BAD_ANSWER },
	{ "mac", 200, "application/json", "{\"access_token\":\"at\",\"token_type\":\"mac\"}", WIRE_UNCERTAIN,
	  REASON_BAD_ANSWER },
	{ "dpop", 200, "application/json", "{\"access_token\":\"at\",\"token_type\":\"DPoP\"}", WIRE_UNCERTAIN,
	  REASON_BAD_ANSWER },
	{ "error in a 200", 200, "application/json", "{\"error\":\"invalid_grant\"}", WIRE_DEAD,
	  REASON_EXCHANGE_REFUSED },
	{ "error and empty token in a 200", 200, "application/json",
	  "{\"error\":\"invalid_grant\",\"access_token\":\"\"}", WIRE_DEAD, REASON_EXCHANGE_REFUSED },
	{ "redirect", 302, "text/html", "", WIRE_UNCERTAIN, REASON_BAD_ANSWER },
	{ "invalid_grant", 400, "application/json", "{\"error\":\"invalid_grant\"}", WIRE_DEAD,
	  REASON_EXCHANGE_REFUSED },
	{ "invalid_grant as a form", 400, "application/x-www-form-urlencoded",
	  "error=invalid_grant&error_description=no", WIRE_DEAD, REASON_EXCHANGE_REFUSED },
	{ "invalid_grant as 401", 401, "application/json", "{\"error\":\"invalid_grant\"}", WIRE_DEAD,
	  REASON_EXCHANGE_REFUSED },
	{ "invalid_client", 401, "application/json", "{\"error\":\"invalid_client\"}", WIRE_CONFIG,
	  REASON_MISCONFIGURED },
	{ "invalid_client as 400", 400, "application/json", "{\"error\":\"invalid_client\"}", WIRE_CONFIG,
	  REASON_MISCONFIGURED },
	{ "unauthorized_client", 400, "application/json", "{\"error\":\"unauthorized_client\"}", WIRE_CONFIG,
	  REASON_MISCONFIGURED },
	{ "unsupported_grant_type", 400, "application/json", "{\"error\":\"unsupported_grant_type\"}", WIRE_CONFIG,
	  REASON_MISCONFIGURED },
	{ "invalid_scope", 400, "application/json", "{\"error\":\"invalid_scope\"}", WIRE_CONFIG,
	  REASON_MISCONFIGURED },
	{ "redirect_uri_mismatch", 400, "application/json", "{\"error\":\"redirect_uri_mismatch\"}", WIRE_CONFIG,
	  REASON_MISCONFIGURED },
	{ "bare 401", 401, "text/plain", "no", WIRE_CONFIG, REASON_MISCONFIGURED },
	{ "unknown word", 400, "application/json", "{\"error\":\"mercury_retrograde\"}", WIRE_DEAD,
	  REASON_EXCHANGE_REFUSED },
	{ "bare 400", 400, "text/plain", "no", WIRE_UNCERTAIN, REASON_BAD_ANSWER },
	{ "404", 404, "text/html", "<p>", WIRE_UNCERTAIN, REASON_BAD_ANSWER },
	{ "server_error in a 400", 400, "application/json", "{\"error\":\"server_error\"}", WIRE_RETRY,
	  REASON_PROVIDER_DOWN },
	{ "slow_down", 400, "application/json", "{\"error\":\"slow_down\"}", WIRE_RETRY, REASON_RATE_LIMITED },
	{ "429", 429, "application/json", "{\"error\":\"invalid_grant\"}", WIRE_RETRY, REASON_RATE_LIMITED },
	{ "429 html", 429, "text/html", "<p>", WIRE_RETRY, REASON_RATE_LIMITED },
	{ "500", 500, "application/json", "{\"error\":\"invalid_grant\"}", WIRE_UNCERTAIN, REASON_PROVIDER_DOWN },
	{ "502", 502, "text/html", "<p>", WIRE_UNCERTAIN, REASON_PROVIDER_DOWN },
	{ "503", 503, "", "", WIRE_UNCERTAIN, REASON_PROVIDER_DOWN },
	{ "500 with a token", 500, "application/json", GOOD, WIRE_UNCERTAIN, REASON_PROVIDER_DOWN },
	{ "400 with a token", 400, "application/json", GOOD, WIRE_UNCERTAIN, REASON_BAD_ANSWER },
};

TEST(answers_of_the_token_endpoint_are_told_apart)
{
	for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
		struct ctx *cx = tt_ctx();
		struct wire_client *c = plain(cx);
		CLEANUP(token_set_clear) struct token_set set = { .access = NULL };
		struct wire_outcome how;

		world_answer(
		    (struct world_reply){ NET_DONE, true, shapes[i].status, shapes[i].type, shapes[i].body, 0, 0 });
		CHECK_ROW(shapes[i].name, !IS_ERR(world_redeem(cx, c, &set, &how)));
		CHECK_ROW(shapes[i].name, how.fate == shapes[i].fate);
		CHECK_ROW(shapes[i].name, how.reason == shapes[i].reason && how.status == shapes[i].status);
		CHECK_ROW(shapes[i].name, (set.access != NULL) == (shapes[i].fate == WIRE_OK));
		CHECK_ROW(shapes[i].name, shapes[i].fate == WIRE_OK ||
					      (set.refresh == NULL && set.rest == NULL && set.expires_at == 0));
		CHECK_ROW(shapes[i].name, cx->cause.code == E_OK);
		world_start();
	}
}

TEST(what_happened_to_the_request_decides_when_no_answer_came)
{
	static const struct {
		enum net_fate net;
		bool sent;
		enum wire_fate fate;
		enum reason reason;
	} t[] = {
		{ NET_NO_NAME, false, WIRE_NOT_SENT, REASON_PROVIDER_DOWN },
		{ NET_NO_CONNECT, false, WIRE_NOT_SENT, REASON_PROVIDER_DOWN },
		{ NET_NO_TLS, false, WIRE_NOT_SENT, REASON_PROVIDER_DOWN },
		{ NET_REFUSED, false, WIRE_NOT_SENT, REASON_PROVIDER_DOWN },
		{ NET_TIMEOUT, false, WIRE_NOT_SENT, REASON_PROVIDER_DOWN },
		{ NET_TIMEOUT, true, WIRE_UNCERTAIN, REASON_PROVIDER_DOWN },
		{ NET_CUT, true, WIRE_UNCERTAIN, REASON_PROVIDER_DOWN },
		{ NET_TOO_LARGE, true, WIRE_UNCERTAIN, REASON_BAD_ANSWER },
		{ NET_FAILED, true, WIRE_UNCERTAIN, REASON_PROVIDER_DOWN },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		struct wire_client *c = plain(cx);
		CLEANUP(token_set_clear) struct token_set set = { .access = NULL };
		struct wire_outcome how;

		world_answer((struct world_reply){ t[i].net, t[i].sent, 0, NULL, NULL, 0, 0 });
		CHECK(!IS_ERR(world_redeem(cx, c, &set, &how)));
		CHECK(how.fate == t[i].fate && how.reason == t[i].reason && how.status == 0 && set.access == NULL &&
		      how.detail[0] != '\0');
		world_start();
	}
}

static bool forbids(void *arg)
{
	*(int *)arg += 1;
	return false;
}

TEST(gate_that_forbids_means_nothing_was_sent)
{
	struct ctx *cx = tt_ctx();
	struct wire_client *c = plain(cx);
	CLEANUP(token_set_clear) struct token_set set = { .access = NULL };
	struct wire_outcome how;
	int asked = 0;

	CHECK(!IS_ERR(wire_redeem(cx, c, &(struct wire_redeem){ .code = SV("C"), .gate = { forbids, &asked, SEC(1) } },
				  &set, &how)));
	CHECK(asked == 1 && how.fate == WIRE_NOT_SENT);
	world_start();
}

TEST(expiry_is_read_in_every_spelling_and_never_costs_a_token)
{
	static const struct {
		const char *field; /* of the answer */
		int64_t after_s;   /* 0: never */
	} t[] = {
		{ "\"expires_in\":60", 60 },
		{ "\"expires_in\":\"60\"", 60 },
		{ "\"expires_in\":\" 60 \"", 60 },
		{ "\"expires_in\":60.9", 60 },
		{ "\"expires_in\":\"60.9\"", 60 },
		{ "\"expires_in\":0", 0 },
		{ "\"expires_in\":-1", 0 },
		{ "\"expires_in\":null", 0 },
		{ "\"x\":1", 3600 },
		{ "\"expires_in\":\"\"", 3600 },
		{ "\"expires_in\":-5", 3600 },
		{ "\"expires_in\":\"soon\"", 3600 },
		{ "\"expires_in\":{}", 3600 },
		{ "\"expires_in\":[60]", 3600 },
		{ "\"expires_in\":true", 3600 },
		{ "\"expires_in\":1e300", 0 },
		{ "\"expires_in\":-1e300", 3600 },
		{ "\"expires_in\":9223372036854775807", 0 },
		{ "\"expires_in\":1000000000000000000000000000000", 0 },
		{ "\"expires_in\":-1000000000000000000000000000000", 3600 },
		{ "\"expires_in\":\"99999999999999999999999\"", 3600 },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		char body[200], patch[300];
		(void)snprintf(patch, sizeof patch, "%sanswer: {expires: {lifetime_s: 3600}}\n", generic);
		struct wire_client *c = world_client(cx, "oauth2", patch);
		CLEANUP(token_set_clear) struct token_set set = { .access = NULL };
		struct wire_outcome how;

		(void)snprintf(body, sizeof body, "{\"access_token\":\"at\",%s}", t[i].field);
		world_json(200, body);
		CHECK_ROW(t[i].field, !IS_ERR(world_redeem(cx, c, &set, &how)) && how.fate == WIRE_OK);
		CHECK_ROW(t[i].field, set.expires_at == (t[i].after_s == 0 ? 0 : cx->now + SEC(t[i].after_s)));
		world_start();
	}
}

TEST(scopes_are_read_in_every_spelling)
{
	static const struct {
		const char *format, *field;
		bool known;
		size_t n;
		const char *last;
	} t[] = {
		{ "auto", "\"scope\":\"a b\"", true, 2, "b" },        { "auto", "\"scope\":\"a,b,c\"", true, 3, "c" },
		{ "auto", "\"scope\":[\"a\",\"b\"]", true, 2, "b" },  { "auto", "\"scope\":\"a  b a\"", true, 2, "b" },
		{ "comma", "\"scope\":\"a, b\"", true, 2, "b" },      { "space", "\"scope\":\"a,b c\"", true, 2, "c" },
		{ "array", "\"scope\":[]", true, 0, NULL },           { "auto", "\"scope\":\"\"", false, 0, NULL },
		{ "auto", "\"scope\":null", false, 0, NULL },         { "auto", "\"scope\":7", false, 0, NULL },
		{ "auto", "\"scope\":{\"a\":1}", false, 0, NULL },    { "auto", "\"x\":1", false, 0, NULL },
		{ "auto", "\"scope\":[\"a\",5,null]", true, 1, "a" },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		char body[200], patch[300];
		(void)snprintf(patch, sizeof patch, "%sanswer: {scope_format: %s}\n", generic, t[i].format);
		struct wire_client *c = world_client(cx, "oauth2", patch);
		CLEANUP(token_set_clear) struct token_set set = { .access = NULL };
		struct wire_outcome how;

		(void)snprintf(body, sizeof body, "{\"access_token\":\"at\",%s}", t[i].field);
		world_json(200, body);
		CHECK_ROW(t[i].field, !IS_ERR(world_redeem(cx, c, &set, &how)) && how.fate == WIRE_OK);
		CHECK_ROW(t[i].field, set.scope_known == t[i].known && set.scopes.n == t[i].n);
		CHECK_ROW(t[i].field, t[i].n == 0 || sv_eqz(set.scopes.v[t[i].n - 1], t[i].last));
		world_start();
	}
}

TEST(public_client_sends_its_id_and_a_missing_secret_is_said)
{
	struct ctx *cx = tt_ctx();
	struct wire_client *c = plain(cx);
	CLEANUP(token_set_clear) struct token_set set = { .access = NULL };
	struct wire_outcome how;

	c->client_secret = NULL;
	world_json(200, GOOD);
	CHECK(!IS_ERR(world_redeem(cx, c, &set, &how)) && how.fate == WIRE_OK);
	CHECK(world_has(world_sent(0)->body, "&client_id=client%3A1") &&
	      !world_has(world_sent(0)->headers, "Authorization"));
	token_set_clear(&set);
	c = world_client(cx, "github", NULL);
	c->client_secret = NULL;
	CHECK(!IS_ERR(world_redeem(cx, c, &set, &how)));
	CHECK(how.fate == WIRE_CONFIG && how.reason == REASON_MISCONFIGURED && world_calls() == 0);
	CHECK(world_has(how.detail, "client secret"));
	world_start();
}

TEST(no_secret_is_left_in_an_outcome)
{
	struct ctx *cx = tt_ctx();
	struct wire_client *c = plain(cx);
	CLEANUP(token_set_clear) struct token_set set = { .access = NULL };
	struct wire_outcome how;

	world_json(400,
		   "{\"error\":\"invalid_grant\",\"error_description\":\"code C0DE of s3cr&t value s3cr%26t+value with "
		   "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\\u0007 is bad\"}");
	CHECK(!IS_ERR(world_redeem(cx, c, &set, &how)) && how.fate == WIRE_DEAD);
	CHECK(!world_has(how.description, "C0DE") && !world_has(how.description, "s3cr") &&
	      !world_has(how.description, "xxxx"));
	CHECK(strcmp(how.description,
		     "code \xC2\xABredacted\xC2\xBB of \xC2\xABredacted\xC2\xBB \xC2\xABredacted\xC2\xBB with "
		     "\xC2\xABredacted\xC2\xBB  is bad") == 0);
	CHECK(strcmp(how.error, "invalid_grant") == 0);
	world_start();
}

TEST(reading_an_answer_survives_every_refused_allocation)
{
	for (long k = 1;; k++) {
		struct ctx *cx = tt_ctx();
		struct wire_client *c = world_client(cx, "slack", NULL);
		struct token_set set = { .access = NULL };
		struct wire_outcome how;

		world_json(200, "{\"ok\":true,\"team\":{\"id\":\"T1\"},\"authed_user\":{\"id\":\"U1\",\"access_token\":"
				"\"xoxp\",\"scope\":\"a,b\","
				"\"refresh_token\":\"r\",\"expires_in\":43200}}");
		tt_fail_alloc(k);
		struct err e = world_redeem(cx, c, &set, &how);
		tt_fail_alloc(0);
		bool ended = !IS_ERR(e) && how.fate == WIRE_OK;
		CHECK(ended == (set.access != NULL) && (IS_ERR(e) || how.fate == WIRE_OK));
		CHECK(!IS_ERR(e) || (e.code == E_INTERNAL && cx->cause.code == e.code));
		CHECK(!ended || (sv_eqz(set.account, "T1:U1") && sv_eqz(secret_view(set.access), "xoxp")));
		token_set_clear(&set);
		world_start();
		if (ended)
			break;
	}
}

TEST(slacks_other_entrances_answer_in_their_own_forms)
{
	struct ctx *cx = tt_ctx();
	struct wire_client *c = world_client(cx, "slack", "{environment: user_only}");
	CLEANUP(token_set_clear) struct token_set set = { .access = NULL };
	CLEANUP(wire_user_clear) struct wire_user u = { .json = NULL };
	struct wire_outcome how;

	world_json(200, "{\"ok\":true,\"access_token\":\"xoxp\",\"token_type\":\"user\",\"scope\":\"search:read\","
			"\"authed_user\":{\"id\":\"U1\"},\"team\":{\"id\":\"T1\"}}");
	CHECK(!IS_ERR(world_redeem(cx, c, &set, &how)) && how.fate == WIRE_OK);
	CHECK(set.scopes.n == 1 && sv_eqz(set.scopes.v[0], "search:read") && sv_eqz(set.account, "T1:U1"));
	token_set_clear(&set);

	c = world_client(cx, "slack", "{environment: sign_in}");
	set = (struct token_set){ .access = secret_copy(SV("at")) };
	world_json(200, "{\"ok\":true,\"sub\":\"U1\",\"https://slack.com/user_id\":\"U1\","
			"\"https://slack.com/team_id\":\"T1\",\"email\":\"a@x.test\",\"name\":\"Al\"}");
	CHECK(!IS_ERR(wire_user_info(cx, c, &set, &u, &how)) && how.fate == WIRE_OK);
	CHECK(sv_eqz(u.account, "T1:U1") && sv_eqz(u.name, "Al") && sv_eqz(u.email, "a@x.test"));
	world_start();
}
