/* SPDX-License-Identifier: Apache-2.0 */
/* t_torture_reads.c: as t_torture.c, for what the project's own things are shown and taken away by: providers, keys,
 * connections, authorizations, the audit log, and the aliases of secrets. */
#include "domain/secret_names.h"
#include "tt_torture.h"

#define GITHUB \
	"\"type\":\"oauth2\",\"provider_id\":\"github\",\"oauth2\":{\"client_id\":\"c\",\"client_secret\":\"s3cret\"}"
static const char *sent(struct tt_api *w, const char *method, const char *target, const char *body)
{
	struct tt_answer a = tt_send(w, method, target, body);

	CHECK_ROW(a.body, a.status < 300);
	return a.body;
}
static const char *path(struct tt_api *w, const char *head, const char *id, const char *tail)
{
	return arena_printf(w->cx->arena, "%s%s%s", head, id, tail);
}
static void consent(struct tt_api *w, const char *user)
{
	struct tt_scopes scopes = { .v = { SV("identify") }, .n = 1 };

	(void)tt_consent(w->cx, w->f.en, tt_ask(w->f.en, user, &scopes), TT_TOKENS("tok", "identify"));
}

TEST(what_a_project_has_is_shown_without_each_allocation)
{
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	tt_api_begin(tt_ctx(), &w);
	consent(&w, "al");
	tt_net_answer("token", 400, "{\"error\":\"invalid_grant\"}");
	tt_net_answer("probe", 200, "{}");
	const char *connection = tt_value(&w, sent(&w, "GET", "/v1/admin/user_connections", NULL), "id"),
		   *authorization = tt_value(&w, sent(&w, "GET", "/tb/v1/authorizations", NULL), "id");
	const struct tt_call t[] = {
		{ "provider types", "GET", "/tb/v1/provider_types", NULL, 200, 0, "\"github\"" },
		{ "redirect address", "POST", "/tb/v1/redirect_uris", NULL, 200, 0, "/callback\"" },
		{ "provider test", "POST", "/tb/v1/providers/discord/test", NULL, 200, 0, "\"credentials\"" },
		{ "authorization", "GET", path(&w, "/tb/v1/authorizations/", authorization, ""), NULL, 200, 0,
		  "\"al\"" },
		{ "connection", "GET", path(&w, "/tb/v1/connections/", connection, ""), NULL, 200, 0, "\"al\"" },
		{ "kinds of events", "GET", "/tb/v1/event_kinds", NULL, 200, 0, "authorization.completed" },
		{ "events", "GET", "/tb/v1/events?cursor=", NULL, 200, 0, "provider.tested" },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		tt_torture(&w, &t[i], TT_SHORT);
	tt_torture(&w, &(struct tt_call){ "description", "GET", "/v1/swagger", NULL, 200, 0, "\"openapi\":\"3.0" },
		   TT_SHORT);
	tt_whole(&w);
}

/* ---- taken away ---- */
static void before_provider(struct tt_api *w, struct tt_call *c, long run)
{
	const char *id = arena_printf(w->cx->arena, "d%ld", run);

	(void)sent(w, "POST", "/v1/admin/auth_providers", arena_printf(w->cx->arena, "{\"id\":\"%s\"," GITHUB "}", id));
	c->target = path(w, "/v1/admin/auth_providers/", id, "");
}
static void before_connection(struct tt_api *w, struct tt_call *c, long run)
{
	tt_sql(w->cx, w->f.en, "UPDATE connections SET status = 'closed', ended_at = 1 WHERE status = 'live'");
	consent(w, arena_printf(w->cx->arena, "u%ld", run));
	c->target = path(w, "/v1/admin/user_connections/",
			 tt_value(w, sent(w, "GET", "/v1/admin/user_connections", NULL), "id"), "");
}
static void before_key(struct tt_api *w, struct tt_call *c, long run)
{
	const char *name = arena_printf(w->cx->arena, "{\"name\":\"r%ld\"}", run);

	c->target = path(w, "/tb/v1/api_keys/", tt_value(w, sent(w, "POST", "/tb/v1/api_keys", name), "id"), "");
}
static void before_secret(struct tt_api *w, struct tt_call *c, long run)
{
	(void)c;
	(void)run;
	(void)sent(w, "PUT", "/v1/secrets/GONE", "{\"value\":\"s3cret\"}");
}
TEST(what_a_project_has_goes_wholly_or_not_at_all)
{
	static const struct tt_exact t[] = {
		{ { "provider", "DELETE", NULL, NULL, 200, 0, "\"id\":\"d" },
		  before_provider,
		  TT_THREE(TT_ROWS("providers WHERE deleted_at > 0"), TT_EVENTS("provider.deleted"), "0") },
		{ { "connection", "DELETE", NULL, NULL, 204, 0, NULL },
		  before_connection,
		  TT_THREE(TT_ROWS("connections WHERE status = 'live'"), TT_EVENTS("connection.deleted"), "0") },
		{ { "key", "DELETE", NULL, NULL, 204, 0, NULL },
		  before_key,
		  TT_THREE(TT_ROWS("api_keys WHERE revoked_at > 0"), TT_EVENTS("api_key.revoked"), "0") },
		{ { "secret", "DELETE", "/v1/secrets/GONE", NULL, 204, 0, NULL },
		  before_secret,
		  TT_THREE(TT_ROWS("secrets"), TT_EVENTS("secret.deleted"), "0") },
		{ { "secret, new", "POST", "/v1/secrets/N%ld", "{\"value\":\"s3cret\"}", 200, 0, "\"N" },
		  NULL,
		  TT_THREE(TT_ROWS("secrets"), TT_EVENTS("secret.created"), "0") },
	};
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	tt_api_begin(tt_ctx(), &w);
	tt_net_answer("userinfo", 200, "{\"id\":\"1\"}");
	tt_net_answer("revoke", 200, "");
	CHECK(!IS_ERR(secret_names_open(w.cx, w.f.en, &w.f.en->secret_names)));
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		tt_torture_exact(&w, &t[i], TT_SHORT);
	tt_torture(&w, &(struct tt_call){ "secrets", "GET", "/v1/secrets", NULL, 200, 0, "\"N1\"" }, TT_SHORT);
	tt_torture(
	    &w, &(struct tt_call){ "secret", "PUT", "/v1/secrets/N1", "{\"value\":\"s3cret-%ld\"}", 200, 0, "\"N1\"" },
	    TT_SHORT);
	tt_whole(&w);
	secret_names_free(w.f.en->secret_names);
	w.f.en->secret_names = NULL;
}
