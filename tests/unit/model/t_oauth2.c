/* SPDX-License-Identifier: Apache-2.0 */
#include "core/jdoc.h"
#include "core/jout.h"
#include "core/text.h"
#include "model/pdef_parts.h"
#include "tt.h"

static const struct node *json(struct ctx *cx, const char *text)
{
	const struct node *n = NULL;

	CHECK_ROW(text, !IS_ERR(jdoc_parse(cx, sv_of(text), "t", &n)));
	return n;
}

static const char custom[] =
    "{\"client_id\":\"abc\",\"client_secret\":\"x\",\"scope_delimiter\":\",\",\"pkce\":{\"enabled\":true,\"code_"
    "challenge_method\":\"S256\"},"
    "\"authorize_request\":{\"endpoint\":\"https://h.test/"
    "a\",\"params\":{\"response_type\":\"code\",\"client_id\":\"{{client_id}}\","
    "\"redirect_uri\":\"{{redirect_uri}}\",\"scope\":\"{{scopes}} {{existing_scopes}}\",\"prompt\":\"consent\"}},"
    "\"token_request\":{\"endpoint\":\"https://h.test/"
    "t\",\"auth_method\":\"client_secret_basic\",\"params\":{\"grant_type\":\"authorization_code\","
    "\"redirect_uri\":\"{{redirect_uri}}\"},\"response_map\":{\"access_token\":\"$.data.token\",\"scope\":\"join('$."
    "data.scopes', ' ')\"}},"
    "\"refresh_request\":{\"endpoint\":\"https://h.test/r\",\"request_content_type\":\"application/"
    "json\",\"params\":{\"grant_type\":\"refresh_token\","
    "\"refresh_token\":\"{{refresh_token}}\",\"client_id\":\"{{client_id}}\",\"client_secret\":\"{{client_secret}}\"}},"
    "\"user_info_request\":{\"endpoint\":\"https://h.test/me\",\"response_map\":{\"sub\":\"$.id\"},"
    "\"triggers\":{\"on_token_grant\":true,\"on_token_refresh\":true}},"
    "\"token_introspection_request\":{\"endpoint\":\"https://h.test/"
    "i\",\"method\":\"POST\",\"params\":{\"token\":\"{{access_token}}\"},"
    "\"expiration_format\":\"relative_seconds\",\"response_map\":{\"expires_in\":\"$.ttl\"},\"triggers\":{\"on_token_"
    "grant\":true,\"on_token_refresh\":false}}}";

static const char *text_at(const struct node *n, const char *path)
{
	static char z[400];

	CHECK_ROW(path, sv_copy(node_text(node_path(n, sv_of(path))), z, sizeof z));
	return z;
}

TEST(custom_provider_reads_back_as_it_was_given_with_defaults)
{
	static const struct {
		const char *path, *want;
	} t[] = {
		{ "scope_delimiter", "," },
		{ "pkce.code_challenge_method", "S256" },
		{ "authorize_request.endpoint", "https://h.test/a" },
		{ "authorize_request.method", "GET" },
		{ "authorize_request.params.scope", "{{scopes}} {{existing_scopes}}" },
		{ "authorize_request.params.prompt", "consent" },
		{ "authorize_request.request_content_type", "application/x-www-form-urlencoded" },
		{ "authorize_request.response_content_type", "application/json" },
		{ "token_request.endpoint", "https://h.test/t" },
		{ "token_request.method", "POST" },
		{ "token_request.auth_method", "client_secret_basic" },
		{ "token_request.params.grant_type", "authorization_code" },
		{ "token_request.response_map.access_token", "$.data.token" },
		{ "token_request.response_map.scope", "join('$.data.scopes', ' ')" },
		{ "refresh_request.endpoint", "https://h.test/r" },
		{ "refresh_request.auth_method", "" },
		{ "refresh_request.request_content_type", "application/json" },
		{ "refresh_request.params.client_secret", "{{client_secret}}" },
		{ "user_info_request.method", "GET" },
		{ "user_info_request.auth_method", "bearer_access_token" },
		{ "user_info_request.response_map.sub", "$.id" },
		{ "token_introspection_request.expiration_format", "relative_seconds" },
		{ "token_introspection_request.auth_method", "client_secret_basic" },
		{ "token_introspection_request.response_map.expires_in", "$.ttl" },
	};
	struct ctx *cx = tt_ctx();
	CLEANUP(pdef_drop) struct pdef *d = NULL;
	struct node *merged, *view;

	CHECK(!IS_ERR(pdef_from_oauth2(cx, NULL, json(cx, custom), &merged)));
	struct err e = pdef_load(cx, merged, &(struct pdef_how){ "hooli", false }, &d);
	if (IS_ERR(e))
		fprintf(stderr, "%s\n", cx->cause.say);
	CHECK(!IS_ERR(e));
	CHECK(!IS_ERR(pdef_to_oauth2(cx, d, &view)));
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		CHECK_ROW(t[i].path, strcmp(text_at(view, t[i].path), t[i].want) == 0);
	CHECK(node_path(view, SV("pkce.enabled"))->b && node_path(view, SV("token_introspection_request.enabled"))->b);
	CHECK(node_path(view, SV("user_info_request.triggers.on_token_refresh"))->b);
	CHECK(!node_path(view, SV("token_introspection_request.triggers.on_token_refresh"))->b);
	CHECK(node_path(view, SV("authorize_request.params"))->n == 5 &&
	      node_path(view, SV("token_request.params"))->n == 2);
	CHECK(strcmp(d->name, "hooli") == 0 && d->pkce && d->refresh == REFRESH_TOKEN && !d->can_revoke &&
	      d->user_info_on_refresh);
	/* what is shown means the same when it is sent again */
	struct node *merged2, *view2;
	CLEANUP(pdef_drop) struct pdef *d2 = NULL;
	CHECK(!IS_ERR(pdef_from_oauth2(cx, NULL, view, &merged2)));
	CHECK(!IS_ERR(pdef_load(cx, merged2, &(struct pdef_how){ "hooli", false }, &d2)));
	CHECK(!IS_ERR(pdef_to_oauth2(cx, d2, &view2)) && node_equal(view, view2));
}

TEST(least_custom_provider)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(pdef_drop) struct pdef *d = NULL;
	struct node *merged, *view;

	CHECK(!IS_ERR(pdef_from_oauth2(cx, NULL,
				       json(cx, "{\"authorize_request\":{\"endpoint\":\"https://h.test/"
						"a\"},\"token_request\":{\"endpoint\":\"https://h.test/t\"}}"),
				       &merged)));
	CHECK(!IS_ERR(pdef_load(cx, merged, &(struct pdef_how){ "hooli", false }, &d)));
	CHECK(!d->pkce && d->refresh == REFRESH_NONE && !d->has_user_info && !d->has_introspection &&
	      d->parts->token.auth[0] == PAUTH_NONE);
	CHECK(!IS_ERR(pdef_to_oauth2(cx, d, &view)));
	CHECK(node_get(view, "refresh_request") == NULL && node_get(view, "user_info_request") == NULL);
	CHECK(!node_path(view, SV("pkce.enabled"))->b && node_path(view, SV("token_request.response_map"))->n == 0);
}

TEST(overrides_of_a_built_in_provider)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(pdef_library_drop) struct pdef_library *l = NULL;
	CLEANUP(pdef_drop) struct pdef *d = NULL, *ghes = NULL, *none = NULL;
	struct node *merged, *view;

	CHECK(!IS_ERR(pdef_library_load(cx, NULL, false, &l)));
	const struct node *base = pdef_library_find(l, SV("github"));
	CHECK(!IS_ERR(pdef_from_oauth2(cx, base, json(cx, "{\"client_id\":\"x\"}"), &merged)) &&
	      node_equal(merged, base));
	CHECK(!IS_ERR(
	    pdef_from_oauth2(cx, base,
			     json(cx, "{\"pkce\":{\"enabled\":false},\"refresh_request\":null,\"authorize_request\":{"
				      "\"params\":{\"scope\":\"{{scopes}}\",\"client_id\":\"{{client_id}}\"}}}"),
			     &merged)));
	CHECK(!IS_ERR(pdef_load(cx, merged, &(struct pdef_how){ "gh", false }, &d)));
	CHECK(!d->pkce && d->refresh == REFRESH_NONE && d->can_revoke && d->parts->n_scope_lists == 0 &&
	      d->parts->authorize_params->n == 2);
	CHECK(!IS_ERR(pdef_to_oauth2(cx, d, &view)));
	CHECK(strcmp(text_at(view, "authorize_request.endpoint"), "https://github.com/login/oauth/authorize") == 0);
	CHECK(strcmp(text_at(view, "token_request.params.client_secret"), "{{client_secret}}") == 0);
	CHECK(!IS_ERR(pdef_from_oauth2(
	    cx, base,
	    json(cx, "{\"variables\":{\"host\":\"ghe.corp.test\",\"api_base\":\"https://ghe.corp.test/api/v3\"}}"),
	    &merged)));
	CHECK(!IS_ERR(pdef_load(cx, merged, &(struct pdef_how){ "ghes", false }, &ghes)));
	CHECK(!IS_ERR(pdef_to_oauth2(cx, ghes, &view)));
	CHECK(strcmp(text_at(view, "token_request.endpoint"), "https://ghe.corp.test/login/oauth/access_token") == 0);
	CHECK(strcmp(text_at(view, "user_info_request.endpoint"), "https://ghe.corp.test/api/v3/user") == 0);
	CHECK(!IS_ERR(pdef_from_oauth2(cx, base, json(cx, "{\"variables\":{\"host\":\"evil.test/x\"}}"), &merged)));
	CHECK(pdef_load(cx, merged, &(struct pdef_how){ "gh", false }, &none).code == E_BAD_INPUT);
}

#define TOKEN "\"token_request\":{\"endpoint\":\"https://h.test/t\"}"
#define AUTH  "\"authorize_request\":{\"endpoint\":\"https://h.test/a\"}"
static const struct mistake {
	const char *json, *field, *rule;
} mistakes[] = {
	{ "{}", "oauth2.authorize_request.endpoint", "required" },
	{ "[]", "oauth2", "type" },
	{ "{" AUTH "}", "oauth2.token_request.endpoint", "required" },
	{ "{" TOKEN "}", "oauth2.authorize_request.endpoint", "required" },
	{ "{" AUTH "," TOKEN ",\"refresh_request\":{}}", "oauth2.refresh_request.endpoint", "required" },
	{ "{" AUTH "," TOKEN ",\"user_info_request\":{\"method\":\"GET\"}}", "oauth2.user_info_request.endpoint",
	  "required" },
	{ "{" AUTH ",\"token_request\":{\"endpoint\":\"nope\"}}", "oauth2.token_request.endpoint", "url" },
	{ "{" AUTH ",\"token_request\":{\"endpoint\":\"http://h.test/t\"}}", "oauth2.token_request.endpoint", "url" },
	{ "{" AUTH ",\"token_request\":{\"endpoint\":5}}", "oauth2.token_request.endpoint", "type" },
	{ "{" AUTH ",\"token_request\":{\"endpoint\":\"https://h.test/t\",\"params\":[]}}",
	  "oauth2.token_request.params", "type" },
	{ "{" AUTH ",\"token_request\":{\"endpoint\":\"https://h.test/t\",\"params\":{\"a\":{}}}}",
	  "oauth2.token_request.params.a", "type" },
	{ "{" AUTH ",\"token_request\":{\"endpoint\":\"https://h.test/t\",\"params\":{\"a\":\"{{scop}}\"}}}",
	  "oauth2.token_request.params.a", "placeholder" },
	{ "{\"authorize_request\":{\"endpoint\":\"https://h.test/"
	  "a\",\"params\":{\"s\":\"{{client_secret}}\"}}," TOKEN "}",
	  "oauth2.authorize_request.params.s", "placeholder" },
	{ "{" AUTH ",\"token_request\":{\"endpoint\":\"https://h.test/t\",\"method\":\"FETCH\"}}",
	  "oauth2.token_request.method", "enum" },
	{ "{" AUTH ",\"token_request\":{\"endpoint\":\"https://h.test/t\",\"auth_method\":\"magic\"}}",
	  "oauth2.token_request.auth_method", "enum" },
	{ "{" AUTH ",\"token_request\":{\"endpoint\":\"https://h.test/t\",\"request_content_type\":\"text/xml\"}}",
	  "oauth2.token_request.request_content_type", "enum" },
	{ "{" AUTH
	  ",\"token_request\":{\"endpoint\":\"https://h.test/t\",\"response_map\":{\"access_token\":\"a.b\"}}}",
	  "oauth2.token_request.response_map.access_token", "path" },
	{ "{" AUTH ",\"token_request\":{\"endpoint\":\"https://h.test/t\",\"response_map\":{\"nope\":\"$.b\"}}}",
	  "oauth2.token_request.response_map.nope", "unknown" },
	{ "{" AUTH "," TOKEN ",\"scope_delimiter\":\";\"}", "oauth2.scope_delimiter", "enum" },
	{ "{" AUTH "," TOKEN ",\"pkce\":{\"enabled\":true,\"code_challenge_method\":\"plain\"}}",
	  "oauth2.pkce.code_challenge_method", "enum" },
	{ "{" AUTH "," TOKEN ",\"pkce\":{\"enabled\":\"yes\"}}", "oauth2.pkce.enabled", "type" },
	{ "{" AUTH "," TOKEN
	  ",\"token_introspection_request\":{\"endpoint\":\"https://h.test/i\",\"expiration_format\":\"iso\"}}",
	  "oauth2.token_introspection_request.expiration_format", "enum" },
	{ "{" AUTH "," TOKEN
	  ",\"user_info_request\":{\"endpoint\":\"https://h.test/m\",\"triggers\":{\"on_token_grant\":1}}}",
	  "oauth2.user_info_request.triggers.on_token_grant", "type" },
	{ "{" AUTH "," TOKEN ",\"variables\":[]}", "oauth2.variables", "type" },
};

TEST(mistakes_are_named_as_arcade_names_the_fields)
{
	for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
		struct ctx *cx = tt_ctx();
		struct node *merged;

		CHECK_ROW(mistakes[i].json,
			  pdef_from_oauth2(cx, NULL, json(cx, mistakes[i].json), &merged).code == E_BAD_INPUT);
		if (cx->cause.n_fields == 0 || strcmp(cx->cause.fields[0].field, mistakes[i].field) != 0)
			fprintf(stderr, "said: %s\n", cx->cause.say);
		CHECK_ROW(mistakes[i].json,
			  cx->cause.n_fields > 0 && strcmp(cx->cause.fields[0].field, mistakes[i].field) == 0);
		CHECK_ROW(mistakes[i].json, strcmp(cx->cause.fields[0].rule, mistakes[i].rule) == 0);
	}
}
