/* SPDX-License-Identifier: Apache-2.0 */
/* t_torture_tools.c: as t_torture.c, for tool servers, what models are told of their tools, and runs that are put off.
 */
#include "domain/secret_names.h"
#include "domain/toolbox.h"
#include "tt_torture.h"

#define HTTP "\"http\":{\"uri\":\"https://w.example\",\"secret\":\"s3cret\",\"timeout\":5,\"retry\":0}"
#define TOOL(name, needs)                                                                                            \
	"{\"name\":\"" name "\",\"toolkit\":{\"name\":\"Odd\",\"version\":\"1.0.0\"},\"input\":{\"parameters\":[]}," \
	"\"output\":null,\"requirements\":{" needs "}}"
#define CONSENT                                                                                                \
	"\"authorization\":{\"provider_id\":\"discord\",\"provider_type\":\"oauth2\",\"oauth2\":{\"scopes\":[" \
	"\"identify\"]}}"
/* All that an authorization server and what it guards would say, each in a place of its own. */
#define METADATA                                                                                                 \
	"{\"resource\":\"https://m.example/mcp\",\"authorization_servers\":[\"https://as.example\"],\"issuer\":" \
	"\"https://as.example\",\"authorization_endpoint\":\"https://as.example/a\",\"token_endpoint\":"         \
	"\"https://as.example/t\",\"registration_endpoint\":\"https://as.example/"                               \
	"r\",\"code_challenge_methods_supported\":["                                                             \
	"\"S256\"],\"client_id_metadata_document_supported\":true,\"scopes_supported\":[\"read\"]}"

static void begin(struct tt_api *w)
{
	struct tt_scopes scopes = { .v = { SV("identify") }, .n = 1 };

	tt_api_begin(tt_ctx(), w);
	w->f.e.config.max_worker_timeout_s = 300;
	CHECK(!IS_ERR(secret_names_open(w->cx, w->f.en, &w->f.en->secret_names)));
	CHECK(!IS_ERR(toolbox_open(w->cx, w->f.en, &w->f.en->tools)));
	tt_net_answer("worker.health", 200, "{\"status\":\"ok\"}");
	tt_net_answer("worker.tools", 200, "[" TOOL("Do", "") "," TOOL("Ask", CONSENT) "]");
	tt_net_answer("worker.invoke", 200, "{\"success\":true,\"output\":{\"value\":\"well\"}}");
	struct tt_answer a = tt_send(w, "POST", "/v1/workers", "{\"id\":\"odd\",\"type\":\"http\"," HTTP "}");
	CHECK_ROW(a.body, a.status == 201);
	(void)tt_consent(w->cx, w->f.en, tt_ask(w->f.en, "hit", &scopes), TT_TOKENS("tok", "identify"));
}
static void end(struct tt_api *w)
{
	tt_whole(w);
	toolbox_drop(&w->f.en->tools);
	secret_names_free(w->f.en->secret_names);
	w->f.en->secret_names = NULL;
}

TEST(tools_for_models_without_each_allocation)
{
	static const struct tt_call t[] = {
		{ "test", "POST", "/v1/workers/test", "{\"type\":\"http\",\"http\":{\"uri\":\"https://w.example\"}}",
		  200, 0, "\"success\":" },
		{ "change", "PATCH", "/v1/workers/odd", "{\"http\":{\"timeout\":6}}", 200, 0, "\"odd\"" },
		{ "formatted", "GET", "/v1/formatted_tools?format=openai&limit=%ld", NULL, 200, 0, "Odd" },
		{ "formatted one", "GET", "/v1/formatted_tools/Odd.Do?format=anthropic", NULL, 200, 0, "Odd" },
		{ "authorize", "POST", "/v1/tools/authorize", "{\"tool_name\":\"Odd.Ask\",\"user_id\":\"a%ld\"}", 200,
		  0, "\"pending\"" },
		{ "authorized", "POST", "/v1/tools/authorize", "{\"tool_name\":\"Odd.Ask\",\"user_id\":\"hit\"}", 200,
		  0, "\"completed\"" },
		{ "requirements", "POST", "/v1/tools/requirements",
		  "{\"tool_names\":[\"Odd.Do\",\"Odd.Ask\"],\"user_id\":\"r%ld\",\"authorize\":true}", 200, 0,
		  "\"url\":" },
		{ "requirements met", "POST", "/v1/tools/requirements",
		  "{\"tool_names\":[\"Odd.Do\",\"Odd.Ask\"],\"user_id\":\"hit\"}", 200, 0, "{\"met\":true" },
		{ "execute", "POST", "/v1/tools/execute", "{\"tool_name\":\"Odd.Ask\",\"user_id\":\"hit\"}", 200, 0,
		  NULL },
	};
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	begin(&w);
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		tt_torture(&w, &t[i], TT_SHORT);
	w.key = NULL;
	w.control = true;
	tt_torture(&w, &(struct tt_call){ "overview", "GET", "/tb/v1/overview", NULL, 200, 0, "\"workers\":" },
		   TT_SHORT);
	end(&w);
}

/* ---- runs that are put off ---- */
#define LATER "{\"tool_name\":\"Odd.Do\",\"user_id\":\"u%ld\",\"run_at\":\"2099-01-01T00:00:00\",\"input\":{\"a\":1}}"
static void before_cancel(struct tt_api *w, struct tt_call *c, long run)
{
	struct tt_answer a = tt_send(w, "POST", "/v1/tools/execute", tt_numbered(w, LATER, run));

	CHECK_ROW(a.body, a.status == 200);
	c->target = arena_printf(w->cx->arena, "/v1/scheduled_tools/%s", tt_value(w, a.body, "id"));
}
TEST(runs_are_put_off_wholly_or_not_at_all)
{
	static const struct tt_exact t[] = {
		{ { "put off", "POST", "/v1/tools/execute", LATER, 200, 0, "\"scheduled\"" },
		  NULL,
		  TT_THREE(TT_ROWS("schedules WHERE status = 'scheduled'"), TT_EVENTS("schedule.created"), "0") },
		{ { "cancel", "DELETE", NULL, NULL, 204, 0, NULL },
		  before_cancel,
		  TT_THREE(TT_ROWS("schedules WHERE status = 'scheduled'"), TT_EVENTS("schedule.cancelled"), "0") },
	};
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };
	struct tt_call show = { "put off, one", "GET", NULL, NULL, 200, 0, "\"input\":{\"a\":1}" };

	begin(&w);
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		tt_torture_exact(&w, &t[i], TT_SHORT);
	before_cancel(&w, &show, 0);
	tt_torture(&w, &show, TT_SHORT);
	tt_torture(&w, &(struct tt_call){ "put off, all", "GET", "/v1/scheduled_tools", NULL, 200, 0, "\"scheduled\"" },
		   TT_SHORT);
	end(&w);
}

/* ---- remote servers that want a token ---- */
TEST(remote_servers_without_each_allocation)
{
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	begin(&w);
	w.f.e.config.public_url = "https://tb.example";
	w.f.e.config.public_hostport = "tb.example";
	w.host = "tb.example";
	tt_net_answer("mcp", 401, "");
	tt_net_answer("mcp.discover", 200, METADATA);
	struct tt_answer a =
	    tt_send(&w, "POST", "/v1/workers",
		    "{\"id\":\"far\",\"type\":\"mcp\",\"mcp\":{\"uri\":\"https://m.example/mcp\",\"timeout\":5,"
		    "\"retry\":0}}");
	CHECK_ROW(a.body, a.status == 201);
	const char *client = arena_printf(w.cx->arena, "/api/v1/oauth/%s/client", tt_value(&w, a.body, "external_id"));
	tt_torture(&w,
		   &(struct tt_call){ "link", "GET", "/v1/workers/far/authorize?user_id=w%ld", NULL, 200, 0,
				      "\"status\":\"pending\"" },
		   TT_SHORT);
	w.key = NULL;
	tt_torture(&w, &(struct tt_call){ "client", "GET", client, NULL, 200, 0, "\"client_id\":" }, TT_SHORT);
	end(&w);
}
