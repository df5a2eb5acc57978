/* SPDX-License-Identifier: Apache-2.0 */
/* t_way_admin.c: providers, settings, keys, people through the whole pipeline. */
#include "tt_api.h"

#define CLIENT "\"oauth2\":{\"client_id\":\"c1\",\"client_secret\":\"a-very-long-secret-wxyz\"}"

TEST(a_provider_from_create_to_delete)
{
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	tt_api_begin(tt_ctx(), &w);
	struct tt_answer a =
	    tt_send(&w, "POST", "/v1/admin/auth_providers", "{\"id\":\"mine\",\"provider_id\":\"discord\"," CLIENT "}");
	CHECK_ROW(a.body, a.status == 201 && tt_has(a.body, "\"binding\":{\"type\":\"project\",\"id\":\""));
	CHECK_ROW(
	    a.body,
	    tt_has(
		a.body,
		"\"client_secret\":{\"binding\":\"project\",\"editable\":true,\"exists\":true,\"hint\":\"...wxyz\"}"));
	CHECK(!tt_has(a.body, "a-very-long-secret") && tt_has(a.body, "/callback\""));
	CHECK(tt_has(a.body, "\"token_request\":{") && tt_has(a.body, "\"scope_delimiter\":\" \""));
	a = tt_send(&w, "POST", "/v1/admin/auth_providers", "{\"id\":\"mine\",\"provider_id\":\"discord\"," CLIENT "}");
	CHECK_ROW(a.body, a.status == 409 && tt_has(a.head, "x-should-retry: false"));
	a = tt_send(&w, "GET", "/v1/admin/auth_providers", NULL);
	CHECK_ROW(a.body, tt_has(a.body, "\"limit\":2,\"offset\":0,\"page_count\":2,\"total_count\":2"));
	a = tt_send(&w, "GET", "/v1/admin/auth_providers?limit=1&offset=1", NULL);
	CHECK_ROW(a.body, tt_has(a.body, "\"limit\":1,\"offset\":1,\"page_count\":1,\"total_count\":2"));
	a = tt_send(&w, "PATCH", "/v1/admin/auth_providers/mine", "{\"description\":\"d2\",\"id\":\"mine\"}");
	CHECK_ROW(a.body, a.status == 200 && tt_has(a.body, "\"description\":\"d2\"") && tt_has(a.body, "...wxyz"));
	a = tt_send(&w, "PATCH", "/v1/admin/auth_providers/mine", "{\"id\":\"other\"}");
	CHECK_ROW(a.body, a.status == 400 && tt_has(a.body, "\"field\":\"id\""));
	a = tt_send(&w, "DELETE", "/v1/admin/auth_providers/mine", NULL);
	CHECK_ROW(a.body, a.status == 200 && tt_has(a.body, "\"id\":\"mine\""));
	a = tt_send(&w, "GET", "/v1/admin/auth_providers/mine", NULL);
	CHECK_ROW(a.body, a.status == 404 && tt_has(a.body, "auth provider mine not found"));
}

TEST(providers_that_are_refused)
{
	static const struct {
		const char *method, *target, *body;
		int status;
		const char *says;
	} t[] = {
		{ "POST", "/v1/admin/auth_providers", "{\"provider_id\":\"discord\"," CLIENT "}", 400,
		  "\"field\":\"id\"" },
		{ "POST", "/v1/admin/auth_providers", "{\"id\":\"a\",\"provider_id\":\"discord\"}", 400,
		  "\"field\":\"oauth2.client_id\"" },
		{ "POST", "/v1/admin/auth_providers", "{\"id\":\"a\",\"status\":\"on\"," CLIENT "}", 400,
		  "\"field\":\"status\",\"rule\":\"enum\"" },
		{ "POST", "/v1/admin/auth_providers", "{\"id\":\"a\",\"type\":\"saml\"," CLIENT "}", 400,
		  "\"field\":\"type\",\"rule\":\"enum\"" },
		{ "POST", "/v1/admin/auth_providers", "{\"id\":\"a\",\"oauth2\":7}", 400, "oauth2" },
		{ "POST", "/v1/admin/auth_providers", "{\"id\":\"a b\",\"provider_id\":\"discord\"," CLIENT "}", 400,
		  "\"field\":\"id\"" },
		{ "POST", "/v1/admin/auth_providers", "{\"id\":\"arcade-x\",\"provider_id\":\"discord\"," CLIENT "}",
		  400, "\"field\":\"id\"" },
		{ "PATCH", "/v1/admin/auth_providers/discord", "{\"description\":\"x\"}", 403, "configuration file" },
		{ "DELETE", "/v1/admin/auth_providers/discord", NULL, 403, "configuration file" },
		{ "DELETE", "/v1/admin/auth_providers/none", NULL, 404, "not_found" },
		{ "PATCH", "/v1/admin/auth_providers/none", "{}", 404, "not_found" },
	};
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	tt_api_begin(tt_ctx(), &w);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct tt_answer a = tt_send(&w, t[i].method, t[i].target, t[i].body);
		CHECK_ROW(arena_printf(w.cx->arena, "%s %s: %d %s", t[i].method, t[i].body, a.status, a.body),
			  a.status == t[i].status && tt_has(a.body, t[i].says));
	}
	struct tt_answer a = tt_send(&w, "GET", "/v1/admin/auth_providers/discord", NULL);
	CHECK_ROW(a.body, tt_has(a.body, "\"binding\":{\"type\":\"static\"}") && tt_has(a.body, "\"editable\":false"));
	CHECK_ROW(a.body, !tt_has(a.body, "s3cret"));
}

TEST(session_verification)
{
	static const char path[] = "/v1/admin/settings/session_verification";
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	tt_api_begin(tt_ctx(), &w);
	struct tt_answer a = tt_send(&w, "GET", path, NULL);
	CHECK_ROW(a.body, a.status == 200 && tt_has(a.body, "\"verifier_url\":\"" TT_VERIFIER "\""));
	CHECK(tt_has(a.body, "\"unsafe_skip_verification\":false,\"unsafe_skip_verification_choice_allowed\":false"));
	a = tt_send(&w, "PUT", path, "{\"verifier_url\":\"https://new.example/v\"}");
	CHECK_ROW(a.body, a.status == 200 && tt_has(a.body, "https://new.example/v"));
	a = tt_send(&w, "PUT", path, "{\"verifier_url\":null}");
	CHECK_ROW(a.body, a.status == 200 && tt_has(a.body, "\"verifier_url\":null"));
	a = tt_send(&w, "PUT", path, "{\"verifier_url\":\"\"}");
	CHECK_ROW(a.body, a.status == 200 && tt_has(a.body, "\"verifier_url\":null"));
	a = tt_send(&w, "PUT", path, "{\"verifier_url\":\"file:///etc/passwd\"}");
	CHECK_ROW(a.body, a.status == 400 && tt_has(a.body, "\"field\":\"verifier_url\""));
	a = tt_send(&w, "PUT", path, "{\"unsafe_skip_verification\":true}");
	CHECK_ROW(a.body, a.status == 403 && tt_has(a.body, "\"name\":\"forbidden\""));
}

TEST(connections_are_filtered_in_three_spellings_and_deleted)
{
	static const char *const spellings[] = { "provider_id=discord&user_id=al", "provider[id]=discord&user[id]=al",
						 "provider.id=discord&user.id=al",
						 "provider%5Bid%5D=discord&user%5Bid%5D=al" };
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };
	struct tt_scopes scopes = { { SV_INIT("identify") }, 1 };

	tt_api_begin(tt_ctx(), &w);
	tt_net_answer("userinfo", 200, "{\"id\":\"1\"}");
	tt_net_answer("revoke", 200, "");
	(void)tt_consent(w.cx, w.f.en, tt_ask(w.f.en, "al", &scopes), TT_TOKENS("t-1", "identify"));
	(void)tt_consent(w.cx, w.f.en, tt_ask(w.f.en, "bo", &scopes), TT_TOKENS("t-2", "identify"));
	struct tt_answer a = tt_send(&w, "GET", "/v1/admin/user_connections", NULL);
	CHECK_ROW(a.body, a.status == 200 && tt_has(a.body, "\"total_count\":2") && !tt_has(a.body, "t-1"));
	for (size_t i = 0; i < ARRAY_LEN(spellings); i++) {
		a = tt_send(&w, "GET", arena_printf(w.cx->arena, "/v1/admin/user_connections?%s", spellings[i]), NULL);
		CHECK_ROW(spellings[i], a.status == 200 && tt_has(a.body, "\"total_count\":1") &&
					    tt_has(a.body, "\"user_id\":\"al\""));
	}
	const char *id = tt_value(&w, a.body, "id");
	a = tt_send(&w, "DELETE", arena_printf(w.cx->arena, "/v1/admin/user_connections/%s", id), NULL);
	CHECK_ROW(a.body, a.status == 204 && a.body[0] == '\0' && tt_has(a.head, "Tokenbooth-Revocation: "));
	a = tt_send(&w, "DELETE", arena_printf(w.cx->arena, "/v1/admin/user_connections/%s", id), NULL);
	CHECK_ROW(a.body, a.status == 404);
	a = tt_send(&w, "GET", "/tb/v1/events?limit=100", NULL);
	CHECK_ROW(a.body, a.status == 200 && tt_has(a.body, "\"kind\":\""));
}

TEST(keys_are_made_listed_and_revoked)
{
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	tt_api_begin(tt_ctx(), &w);
	struct tt_answer a = tt_send(&w, "POST", "/tb/v1/api_keys", "{\"name\":\"app\"}");
	const char *key = tt_value(&w, a.body, "key"), *id = tt_value(&w, a.body, "id");
	CHECK_ROW(a.body, a.status == 201 && strncmp(key, "arc_", 4) == 0 && tt_has(a.head, "no-store"));
	a = tt_send(&w, "GET", "/tb/v1/api_keys", NULL);
	CHECK_ROW(a.body, a.status == 200 && !tt_has(a.body, key) && tt_has(a.body, key + strlen(key) - 4));
	a = tt_send(&w, "DELETE", arena_printf(w.cx->arena, "/tb/v1/api_keys/%s", id), NULL);
	CHECK(a.status == 204);
	w.key = key;
	CHECK(tt_send(&w, "GET", "/tb/v1/api_keys", NULL).status == 401);
	w.key = w.made;
	static const char *const bad[] = { "{}", "{\"name\":\"\"}", "{\"name\":\"a\",\"expires_at\":\"soon\"}",
					   "{\"name\":\"a\",\"expires_at\":\"2001-01-01T00:00:00Z\"}" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_ROW(bad[i], tt_send(&w, "POST", "/tb/v1/api_keys", bad[i]).status == 400);
	CHECK(tt_send(&w, "DELETE", "/tb/v1/api_keys/key_none", NULL).status == 404);
}

TEST(a_key_makes_no_accounts_and_the_operator_does)
{
	static const char ada[] = "{\"email\":\"Ada@example.com\",\"password\":\"a long sentence\"}";
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	tt_api_begin(tt_ctx(), &w);
	CHECK(tt_send(&w, "POST", "/tb/v1/accounts", ada).status == 403);
	w.key = NULL;
	w.control = true;
	struct tt_answer a = tt_send(&w, "POST", "/tb/v1/accounts", ada);
	CHECK_ROW(a.body,
		  a.status == 201 && tt_has(a.body, "\"email\":\"ada@example.com\"") && !tt_has(a.body, "sentence"));
	const char *id = tt_value(&w, a.body, "id");
	CHECK(tt_send(&w, "POST", "/tb/v1/accounts", ada).status == 409);
	CHECK(tt_send(&w, "POST", "/tb/v1/accounts", "{\"email\":\"b@c.d\",\"password\":\"short\"}").status == 400);
	CHECK(tt_send(&w, "POST", "/tb/v1/accounts",
		      "{\"email\":\"b@c.d\",\"password\":\"a long sentence\",\"role\":\"king\"}")
		  .status == 400);
	a = tt_send(&w, "GET", "/tb/v1/members", NULL);
	CHECK_ROW(a.body, a.status == 200 && tt_has(a.body, "\"role\":\"verify\""));
	a = tt_send(&w, "PUT", arena_printf(w.cx->arena, "/tb/v1/members/%s", id), "{\"role\":\"admin\"}");
	CHECK_ROW(a.body, a.status == 200 && tt_has(a.body, "\"role\":\"admin\""));
	a = tt_send(&w, "PUT", arena_printf(w.cx->arena, "/tb/v1/members/%s", id), "{\"role\":\"none\"}");
	CHECK_ROW(a.body, a.status == 400 && tt_has(a.body, "\"field\":\"role\""));
	a = tt_send(&w, "GET", arena_printf(w.cx->arena, "/tb/v1/accounts/%s", id), NULL);
	CHECK(a.status == 200);
	a = tt_send(&w, "PUT", arena_printf(w.cx->arena, "/tb/v1/accounts/%s/password", id),
		    "{\"password\":\"another sentence\"}");
	CHECK(a.status == 204);
	a = tt_send(&w, "GET", "/tb/v1/accounts", NULL);
	CHECK_ROW(a.body, a.status == 200 && tt_has(a.body, "\"total_count\":1"));
	CHECK(tt_send(&w, "DELETE", arena_printf(w.cx->arena, "/tb/v1/members/%s", id), NULL).status == 204);
	a = tt_send(&w, "GET", "/tb/v1/projects", NULL);
	CHECK_ROW(a.body, a.status == 200 && tt_has(a.body, "\"org_id\":\""));
}

/* A person with a role, signed in by the API; w sends the cookie from then on. */
static const char *sign_in(struct tt_api *w, const char *email, const char *role)
{
	w->key = w->cookie = w->origin = w->csrf = NULL;
	w->control = true;
	struct tt_answer a =
	    tt_send(w, "POST", "/tb/v1/accounts",
		    arena_printf(w->cx->arena, "{\"email\":\"%s\",\"password\":\"a long sentence\",\"role\":\"%s\"}",
				 email, role));
	CHECK_ROW(a.body, a.status == 201);
	const char *id = tt_value(w, a.body, "id");
	w->control = false;
	w->origin = "http://localhost:9099";
	a = tt_send(w, "POST", "/tb/v1/sessions",
		    arena_printf(w->cx->arena, "{\"email\":\"%s\",\"password\":\"a long sentence\"}", email));
	CHECK_ROW(a.body, a.status == 201 && tt_has(a.head, "HttpOnly; SameSite=Lax"));
	w->cookie = tt_set_cookie(w, &a, "tb_session_9099");
	CHECK(w->cookie[0] != '\0');
	a = tt_send(w, "GET", "/tb/v1/sessions/current", NULL);
	w->csrf = tt_value(w, a.body, "csrf");
	CHECK_ROW(a.body, a.status == 200 && w->csrf[0] != '\0');
	return id;
}

TEST(a_session_acts_with_its_role_and_only_from_our_own_pages)
{
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	tt_api_begin(tt_ctx(), &w);
	(void)sign_in(&w, "ada@example.com", "admin");
	struct tt_answer a = tt_send(&w, "GET", "/tb/v1/sessions/current", NULL);
	CHECK_ROW(a.body, a.status == 200 && tt_has(a.body, "\"role\":\"admin\"") && tt_has(a.body, "ada@example.com"));
	CHECK(tt_send(&w, "POST", "/tb/v1/api_keys", "{\"name\":\"k\"}").status == 201);
	static const char *const foreign[] = { "https://evil.example", "null", "http://localhost:9098",
					       "http://localhost:9099.evil.example", "" };
	for (size_t i = 0; i < ARRAY_LEN(foreign); i++) {
		w.origin = foreign[i];
		CHECK_ROW(foreign[i], tt_send(&w, "POST", "/tb/v1/api_keys", "{\"name\":\"k\"}").status == 403);
		CHECK_ROW(foreign[i], tt_send(&w, "GET", "/tb/v1/api_keys", NULL).status == 200);
	}
	w.origin = "http://localhost:9099";
	static const char *const wrong[] = { "", "1", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" };
	const char *right = w.csrf;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		w.csrf = wrong[i];
		a = tt_send(&w, "POST", "/tb/v1/api_keys", "{\"name\":\"k\"}");
		CHECK_ROW(wrong[i], a.status == 403 && tt_has(a.body, "csrf_failed"));
	}
	w.csrf = right;
	CHECK(tt_send(&w, "DELETE", "/tb/v1/sessions/current", NULL).status == 204);
	CHECK(tt_send(&w, "GET", "/tb/v1/sessions/current", NULL).status == 401);
}

TEST(a_small_role_may_little)
{
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	tt_api_begin(tt_ctx(), &w);
	const char *boss = sign_in(&w, "boss@example.com", "owner");
	(void)sign_in(&w, "viewer@example.com", "viewer");
	CHECK(tt_send(&w, "GET", "/v1/admin/auth_providers", NULL).status == 200);
	CHECK(tt_send(&w, "GET", "/tb/v1/api_keys", NULL).status == 403);
	CHECK(tt_send(&w, "POST", "/tb/v1/api_keys", "{\"name\":\"k\"}").status == 403);
	CHECK(
	    tt_send(&w, "POST", "/v1/auth/authorize", "{\"auth_requirement\":{\"provider_id\":\"discord\"}}").status ==
	    403);
	(void)sign_in(&w, "admin@example.com", "admin");
	const char *path = arena_printf(w.cx->arena, "/tb/v1/accounts/%s/password", boss);
	struct tt_answer a = tt_send(&w, "PUT", path, "{\"password\":\"my own sentence\"}");
	CHECK_ROW(a.body, a.status == 403 && tt_has(a.body, "higher role"));
	a = tt_send(&w, "POST", "/v1/auth/authorize", "{\"auth_requirement\":{\"provider_id\":\"discord\"}}");
	CHECK_ROW(a.body, a.status == 200 && tt_has(a.body, "\"user_id\":\"admin@example.com\""));
	CHECK(tt_send(&w, "DELETE", "/tb/v1/sessions", NULL).status == 204);
	CHECK(tt_send(&w, "GET", "/tb/v1/sessions/current", NULL).status == 401);
}

TEST(wrong_passwords_are_told_nothing)
{
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	tt_api_begin(tt_ctx(), &w);
	(void)sign_in(&w, "ada@example.com", "member");
	w.cookie = NULL;
	struct tt_answer a =
	    tt_send(&w, "POST", "/tb/v1/sessions", "{\"email\":\"ada@example.com\",\"password\":\"not that one\"}");
	struct tt_answer b =
	    tt_send(&w, "POST", "/tb/v1/sessions", "{\"email\":\"eve@example.com\",\"password\":\"not that one\"}");
	CHECK_ROW(a.body, a.status == 401 && b.status == 401 && strcmp(a.body, b.body) == 0);
	w.origin = "https://evil.example";
	CHECK(tt_send(&w, "POST", "/tb/v1/sessions", "{\"email\":\"ada@example.com\",\"password\":\"a long sentence\"}")
		  .status == 403);
}
