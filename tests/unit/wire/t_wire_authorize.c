/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "tt.h"
#include "wireworld.h"

#define CB "redirect_uri=http%3A%2F%2Flocalhost%3A9099%2Fapi%2Fv1%2Foauth%2Fap_x%2Fcallback"
/* RFC 7636 appendix B */
#define VERIFIER  "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define CHALLENGE "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"

static const char generic[] = "values: {authorize_url: 'https://as.test/a?x=1', token_url: 'https://as.test/t'}\n";

static const struct click {
	const char *name, *id, *patch;
	struct sv scopes[3], existing[2];
	bool pkce;
	const char *want;
	size_t sent;
} clicks[] = {
	{ "discord",
	  "discord",
	  NULL,
	  { SV_INIT("identify"), SV_INIT("guilds.join") },
	  { { 0 } },
	  true,
	  "https://discord.com/oauth2/authorize?response_type=code&client_id=client%3A1&" CB
	  "&scope=identify%20guilds.join&state=S" CHALLENGE,
	  2 },
	{ "union with what is there",
	  "discord",
	  NULL,
	  { SV_INIT("guilds"), SV_INIT("email") },
	  { SV_INIT("identify"), SV_INIT("email") },
	  true,
	  "https://discord.com/oauth2/authorize?response_type=code&client_id=client%3A1&" CB
	  "&scope=guilds%20email%20identify&state=S" CHALLENGE,
	  3 },
	{ "query of the endpoint stays; no scope, none sent",
	  "oauth2",
	  generic,
	  { { 0 } },
	  { { 0 } },
	  true,
	  "https://as.test/a?x=1&response_type=code&client_id=client%3A1&" CB "&state=S" CHALLENGE,
	  0 },
	{ "defaults when none is asked",
	  "github",
	  NULL,
	  { { 0 } },
	  { { 0 } },
	  false,
	  "https://github.com/login/oauth/authorize?response_type=code&client_id=client%3A1&" CB
	  "&scope=read%3Auser%20user%3Aemail&state=S",
	  2 },
	{ "own parameters",
	  "google",
	  NULL,
	  { SV_INIT("openid") },
	  { { 0 } },
	  true,
	  "https://accounts.google.com/o/oauth2/v2/auth?response_type=code&client_id=client%3A1&" CB
	  "&scope=openid&access_type=offline&prompt=consent&include_granted_scopes=true&state=S" CHALLENGE,
	  1 },
	{ "two lists, comma",
	  "slack",
	  NULL,
	  { SV_INIT("chat:write"), SV_INIT("bot:im:write"), SV_INIT("users:read") },
	  { { 0 } },
	  false,
	  "https://slack.com/oauth/v2/authorize?response_type=code&client_id=client%3A1&" CB
	  "&user_scope=chat%3Awrite%2Cusers%3Aread&scope=im%3Awrite&state=S",
	  3 },
	{ "no scope parameter, no response_type, no PKCE",
	  "clickup",
	  NULL,
	  { SV_INIT("x") },
	  { { 0 } },
	  true,
	  "https://app.clickup.com/api?client_id=client%3A1&" CB "&state=S",
	  1 },
	{ "renamed",
	  "oauth2",
	  "values: {authorize_url: 'https://as.test/a', token_url: 'https://as.test/t'}\n"
	  "authorize: {rename: {client_id: client_key, scope: perms}, omit: [redirect_uri]}\n",
	  { SV_INIT("r") },
	  { { 0 } },
	  false,
	  "https://as.test/a?response_type=code&client_key=client%3A1&scope=r&state=S",
	  1 },
	{ "as Arcade writes it",
	  "oauth2",
	  "values: {authorize_url: 'https://as.test/a', token_url: 'https://as.test/t'}\n"
	  "authorize: {scopes: [], omit: [response_type, client_id, redirect_uri], scope_delimiter: ',', "
	  "params: {scope: '{{scopes}},{{existing_scopes}}', client_id: '{{client_id}}'}}\n",
	  { SV_INIT("a"), SV_INIT("b") },
	  { SV_INIT("b"), SV_INIT("c") },
	  false,
	  "https://as.test/a?scope=a%2Cb%2Cc&client_id=client%3A1&state=S",
	  3 },
	{ "without existing scopes they are lost",
	  "oauth2",
	  "values: {authorize_url: 'https://as.test/a', token_url: 'https://as.test/t'}\n"
	  "authorize: {scopes: [{param: scope, value: '{{scopes}}'}]}\n",
	  { SV_INIT("a") },
	  { SV_INIT("c") },
	  false,
	  "https://as.test/a?response_type=code&client_id=client%3A1&" CB "&scope=a&state=S",
	  1 },
	{ "literal plus",
	  "oauth2",
	  "values: {authorize_url: 'https://as.test/a', token_url: 'https://as.test/t'}\n"
	  "authorize: {scopes: [{param: scope, delimiter: '+', value: '{{scopes}}', encode: literal}]}\n",
	  { SV_INIT("read"), SV_INIT("wri te") },
	  { { 0 } },
	  false,
	  "https://as.test/a?response_type=code&client_id=client%3A1&" CB "&scope=read+wri%20te&state=S",
	  2 },
	{ "space as plus; always",
	  "oauth2",
	  "values: {authorize_url: 'https://as.test/a#frag', token_url: 'https://as.test/t'}\n"
	  "scopes: {always: [offline_access]}\nauthorize: {scopes: [{param: scope, encode: plus}]}\n",
	  { SV_INIT("a") },
	  { { 0 } },
	  false,
	  "https://as.test/a?response_type=code&client_id=client%3A1&" CB "&scope=a+offline_access&state=S",
	  2 },
	{ "by form post",
	  "oauth2",
	  "values: {authorize_url: 'https://as.test/a', token_url: 'https://as.test/t'}\ncallback: {method: "
	  "post}\n",
	  { { 0 } },
	  { { 0 } },
	  false,
	  "https://as.test/a?response_type=code&client_id=client%3A1&" CB "&state=S&response_mode=form_post",
	  0 },
	{ "origin",
	  "discord",
	  "origin: http://localhost:9199\n",
	  { SV_INIT("identify") },
	  { { 0 } },
	  false,
	  "http://localhost:9199/oauth2/authorize?response_type=code&client_id=client%3A1&" CB
	  "&scope=identify&state=S",
	  1 },
};

TEST(click_goes_where_the_definition_says)
{
	for (size_t i = 0; i < ARRAY_LEN(clicks); i++) {
		struct ctx *cx = tt_ctx();
		struct wire_client *c = world_client(cx, clicks[i].id, clicks[i].patch);
		struct wire_authorize in = { .state = SV("S"), .verifier = clicks[i].pkce ? SV(VERIFIER) : SV_NONE };
		struct sv scopes[3], existing[2], url;
		struct sv_list sent;

		memcpy(scopes, clicks[i].scopes, sizeof scopes);
		memcpy(existing, clicks[i].existing, sizeof existing);
		in.scopes.v = scopes;
		in.existing.v = existing;
		while (in.scopes.n < 3 && scopes[in.scopes.n].p != NULL)
			in.scopes.n++;
		while (in.existing.n < 2 && existing[in.existing.n].p != NULL)
			in.existing.n++;
		CHECK_ROW(clicks[i].name, !IS_ERR(wire_authorize_url(cx, c, &in, &url, &sent)));
		if (!sv_eqz(url, clicks[i].want))
			fprintf(stderr, "got  %.*s\nwant %s\n", SV_FMT(url), clicks[i].want);
		CHECK_ROW(clicks[i].name, sv_eqz(url, clicks[i].want));
		CHECK_ROW(clicks[i].name, sent.n == clicks[i].sent);
		world_start();
	}
}

TEST(callback_is_read_and_what_is_odd_refused)
{
	static const struct {
		const char *query, *code, *state, *error;
		enum reason reason;
		bool refused;
	} t[] = {
		{ "code=C&state=S", "C", "S", NULL, REASON_NONE, false },
		{ "?code=C&state=S&iss=https%3A%2F%2Fdiscord.com", "C", "S", NULL, REASON_NONE, false },
		{ "code=a%2Fb+c&state=S", "a/b c", "S", NULL, REASON_NONE, false },
		{ "error=access_denied&state=S", NULL, "S", "access_denied", REASON_DENIED, false },
		{ "error=access_denied&code=C&state=S", NULL, "S", "access_denied", REASON_DENIED, false },
		{ "error=invalid_scope&state=S", NULL, "S", "invalid_scope", REASON_MISCONFIGURED, false },
		{ "error=unauthorized_client&state=S", NULL, "S", "unauthorized_client", REASON_MISCONFIGURED, false },
		{ "error=server_error&state=S", NULL, "S", "server_error", REASON_PROVIDER_DOWN, false },
		{ "error=temporarily_unavailable&state=S", NULL, "S", "temporarily_unavailable", REASON_PROVIDER_DOWN,
		  false },
		{ "error=what&state=S", NULL, "S", "what", REASON_BAD_ANSWER, false },
		{ "state=S", NULL, "S", NULL, REASON_NONE, false },
		{ "code=&state=", NULL, NULL, NULL, REASON_NONE, false },
		{ "", NULL, NULL, NULL, REASON_NONE, false },
		{ "&&code=C&&", "C", NULL, NULL, REASON_NONE, false },
		{ "code=C&code=D&state=S", NULL, NULL, NULL, REASON_NONE, true },
		{ "code=C&state=S&state=T", NULL, NULL, NULL, REASON_NONE, true },
		{ "code=C&state=S&iss=a&iss=b", NULL, NULL, NULL, REASON_NONE, true },
		{ "code=%&state=S", NULL, NULL, NULL, REASON_NONE, true },
		{ "code=%zz&state=S", NULL, NULL, NULL, REASON_NONE, true },
		{ "code=%00&state=S", NULL, NULL, NULL, REASON_NONE, true },
		{ "code=a%0Ab&state=S", NULL, NULL, NULL, REASON_NONE, true },
		{ "code=a%FFb&state=S", NULL, NULL, NULL, REASON_NONE, true },
		{ "code=a%C2%85b&state=S", NULL, NULL, NULL, REASON_NONE, true },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		struct wire_client *c = world_client(cx, "discord", NULL);
		struct wire_callback got;
		struct sv state;

		struct err e = wire_callback_read(cx, c, sv_of(t[i].query), &got);
		CHECK_ROW(t[i].query, IS_ERR(e) == t[i].refused);
		CHECK_ROW(t[i].query,
			  !t[i].refused || (e.code == E_BAD_INPUT && got.code.p == NULL && got.state.p == NULL));
		(void)forgive(cx);
		CHECK_ROW(t[i].query, IS_ERR(wire_callback_state(cx, sv_of(t[i].query), &state)) == t[i].refused);
		if (t[i].refused)
			continue;
		CHECK_ROW(t[i].query, t[i].code == NULL ? got.code.p == NULL : sv_eqz(got.code, t[i].code));
		CHECK_ROW(t[i].query, t[i].state == NULL ? got.state.p == NULL
							 : sv_eqz(got.state, t[i].state) && sv_eq(state, got.state));
		CHECK_ROW(t[i].query, t[i].error == NULL ? got.error == NULL
							 : got.error != NULL && strcmp(got.error, t[i].error) == 0);
		CHECK_ROW(t[i].query, got.reason == t[i].reason && got.denied == (t[i].reason == REASON_DENIED));
		world_start();
	}
}

TEST(callback_keeps_what_the_definition_names_and_redacts)
{
	struct ctx *cx = tt_ctx();
	struct wire_client *c = world_client(cx, "discord", NULL);
	struct wire_callback got;

	CHECK(!IS_ERR(wire_callback_read(cx, c, SV("code=C&state=S&guild_id=7&permissions=8&other=9"), &got)));
	CHECK(sv_eqz(got.stored, "{\"guild_id\":\"7\",\"permissions\":\"8\"}"));
	CHECK(!IS_ERR(wire_callback_read(
	    cx, c, SV("error=access_denied&state=stately&error_description=stately+0123456789abcdef0123+no"), &got)));
	CHECK(sv_eqz(got.description, "\xC2\xABredacted\xC2\xBB \xC2\xABredacted\xC2\xBB no"));
	CHECK(!IS_ERR(wire_callback_read(cx, c, SV("error=nope&error_description=not+s3cr%26t+value"), &got)));
	CHECK(sv_eqz(got.description, "not \xC2\xABredacted\xC2\xBB"));
	CHECK(!IS_ERR(wire_callback_read(cx, c, SV("error=nope&error_description=not+s3cr%2526t%2520value"), &got)));
	CHECK(sv_eqz(got.description, "not \xC2\xABredacted\xC2\xBB"));
	world_start();
	c = world_client(
	    cx, "oauth2",
	    "values: {authorize_url: 'https://as.test/a', token_url: 'https://as.test/t'}\n"
	    "callback: {code: spapi_oauth_code, errors: {nope: denied, broken: config_error, later: retry}}\n");
	CHECK(!IS_ERR(wire_callback_read(cx, c, SV("spapi_oauth_code=Z&code=Y"), &got)) && sv_eqz(got.code, "Z"));
	CHECK(!IS_ERR(wire_callback_read(cx, c, SV("error=nope"), &got)) && got.denied);
	CHECK(!IS_ERR(wire_callback_read(cx, c, SV("error=broken"), &got)) && got.reason == REASON_MISCONFIGURED);
	CHECK(!IS_ERR(wire_callback_read(cx, c, SV("error=later"), &got)) && got.reason == REASON_PROVIDER_DOWN);
	world_start();
}
