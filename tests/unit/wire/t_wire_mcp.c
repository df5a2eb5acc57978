/* SPDX-License-Identifier: Apache-2.0 */
#include "core/buf.h"
#include "core/jdoc.h"
#include "core/jout.h"
#include "core/text.h"
#include "tt.h"
#include "wire/wire_mcp.h"
#include "wire/wire_mcp_param.h"
#include "wire/wire_sse.h"
#include "wireworld.h"

/* ---- names ---- */
TEST(a_toolkit_is_named_after_its_server)
{
	static const struct {
		const char *server, *want;
	} t[] = {
		{ "loan-mcp-server", "Loan" },
		{ "loan-app", "LoanApp" },
		{ "mcp-server", "Tools" },
		{ "probe-x", "ProbeX" },
		{ "", "Tools" },
		{ "mcp-servers/everything", "SEverything" },
		{ "MCP Server", "Tools" },
		{ "a_b.c d", "ABCD" },
		{ "smcperver", "Tools" },
		{ "2fa", "2fa" },
		{ "gr\xC3\xBC\xC3\x9F", "Gr" },
		{ "x\nMcp-Name: y", "XNameY" },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		char got[WIRE_MCP_NAME];

		wire_mcp_toolkit(sv_of(t[i].server), got);
		CHECK_ROW(t[i].server, strcmp(got, t[i].want) == 0);
	}
	char got[WIRE_MCP_NAME];
	wire_mcp_toolkit(SV_NONE, got);
	CHECK(strcmp(got, "Tools") == 0);
	wire_mcp_toolkit_version(SV("2.0.0-beta+build.5"), got);
	CHECK(strcmp(got, "2.0.0-betabuild.5") == 0);
	wire_mcp_toolkit_version(SV("\xC3\xBC"), got);
	CHECK(strcmp(got, "0.0.0") == 0);
}

/* ---- arguments that go into headers ---- */
static const struct node *parse(struct ctx *cx, const char *json)
{
	const struct node *n = NULL;

	CHECK(!IS_ERR(jdoc_parse(cx, sv_of(json), "row", &n)));
	return n;
}
TEST(an_annotation_that_breaks_a_rule_makes_the_tool_unusable)
{
	static const struct {
		const char *schema;
		int mirrored; /* -1: refused */
	} t[] = {
		{ "{\"properties\":{\"a\":{\"type\":\"string\",\"x-mcp-header\":\"Region\"}}}", 1 },
		{ "{\"properties\":{\"a\":{\"properties\":{\"b\":{\"type\":\"integer\",\"x-mcp-header\":\"N\"}}}}}",
		  1 },
		{ "{\"properties\":{\"properties\":{\"type\":\"boolean\",\"x-mcp-header\":\"P\"}}}", 1 },
		{ "{\"properties\":{\"x-mcp-header\":{\"type\":\"string\"}}}", 0 },
		{ "{\"properties\":{\"a\":{\"type\":\"string\"}}}", 0 },
		{ "{}", 0 },
		{ "{\"properties\":{\"a\":{\"type\":\"number\",\"x-mcp-header\":\"N\"}}}", -1 },
		{ "{\"properties\":{\"a\":{\"type\":\"object\",\"x-mcp-header\":\"N\"}}}", -1 },
		{ "{\"properties\":{\"a\":{\"type\":\"string\",\"x-mcp-header\":\"\"}}}", -1 },
		{ "{\"properties\":{\"a\":{\"type\":\"string\",\"x-mcp-header\":1}}}", -1 },
		{ "{\"properties\":{\"a\":{\"type\":\"string\",\"x-mcp-header\":\"a b\"}}}", -1 },
		{ "{\"properties\":{\"a\":{\"type\":\"string\",\"x-mcp-header\":\"a\\r\\nb\"}}}", -1 },
		{ "{\"properties\":{\"a\":{\"type\":\"string\",\"x-mcp-header\":\"N\"},"
		  "\"b\":{\"type\":\"string\",\"x-mcp-header\":\"n\"}}}",
		  -1 },
		{ "{\"properties\":{\"a\":{\"items\":{\"type\":\"string\",\"x-mcp-header\":\"N\"}}}}", -1 },
		{ "{\"properties\":{\"a\":{\"anyOf\":[{\"type\":\"string\",\"x-mcp-header\":\"N\"}]}}}", -1 },
		{ "{\"$defs\":{\"d\":{\"properties\":{\"a\":{\"type\":\"string\",\"x-mcp-header\":\"N\"}}}}}", -1 },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		CLEANUP(buf_free) struct buf b = BUF(4096);
		struct jout w = JOUT(&b);
		const char *why = NULL;

		jout_open(&w, NULL);
		CHECK(!IS_ERR(wire_mcp_param_find(cx, parse(cx, t[i].schema), &w, &why)));
		jout_close(&w);
		CHECK_ROW(t[i].schema, (why != NULL) == (t[i].mirrored < 0));
		if (why != NULL)
			continue;
		buf_char(&b, '\0');
		CHECK_ROW(t[i].schema, node_get(parse(cx, b.p), "mirror")->n == (size_t)t[i].mirrored);
	}
}
TEST(a_header_carries_any_text)
{
	static const struct {
		const char *text, *want;
	} t[] = {
		{ "us-west1", "us-west1" },
		{ "a b", "a b" },
		{ " a", "=?base64?IGE=?=" },
		{ "a ", "=?base64?YSA=?=" },
		{ "", "=?base64?"
		      "?=" },
		{ "gr\xC3\xBC", "=?base64?Z3LDvA==?=" },
		{ "a\r\nX: y", "=?base64?YQ0KWDogeQ==?=" },
		{ "=?base64?YQ==?=", "=?base64?PT9iYXNlNjQ/WVE9PT89?=" },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		struct sv got;

		CHECK(!IS_ERR(wire_mcp_param_text(cx, sv_of(t[i].text), &got)));
		CHECK_ROW(t[i].text, sv_eqz(got, t[i].want));
	}
}
TEST(values_go_into_the_headers_of_their_types)
{
	struct ctx *cx = tt_ctx();
	const struct node *mirror = parse(
	    cx,
	    "[{\"header\":\"S\",\"type\":\"string\",\"path\":[\"s\"]},{\"header\":\"I\",\"type\":\"integer\","
	    "\"path\":[\"o\",\"i\"]},{\"header\":\"B\",\"type\":\"boolean\",\"path\":[\"b\"]},{\"header\":\"Gone\","
	    "\"type\":\"string\",\"path\":[\"gone\"]},{\"header\":\"Null\",\"type\":\"string\",\"path\":[\"null\"]},"
	    "{\"header\":\"Big\",\"type\":\"integer\",\"path\":[\"big\"]}]");
	const struct node *args =
	    parse(cx, "{\"s\":\"text\",\"o\":{\"i\":-7},\"b\":false,\"null\":null,\"big\":9007199254740993}");
	struct wire_mcp_header h[WIRE_MCP_PARAMS_MOST];
	size_t n = 0;

	CHECK(!IS_ERR(wire_mcp_param_headers(cx, mirror, args, h, &n)));
	CHECK(n == 3 && sv_eqz(h[0].name, "Mcp-Param-S") && sv_eqz(h[0].value, "text"));
	CHECK(sv_eqz(h[1].name, "Mcp-Param-I") && sv_eqz(h[1].value, "-7"));
	CHECK(sv_eqz(h[2].name, "Mcp-Param-B") && sv_eqz(h[2].value, "false"));
}

/* ---- which revision ---- */
#define OLD(v)   RPC("\"id\":2,\"result\":{\"protocolVersion\":\"" v "\",\"serverInfo\":{\"name\":\"s\"}}")
#define FAILS(c) RPC("\"id\":1,\"error\":{\"code\":" c ",\"message\":\"no\"}")
TEST(the_probe_decides_which_revision_is_spoken)
{
	static const struct {
		const char *name;
		int status;
		const char *probe;
		int status2; /* 0: initialize is not to be tried */
		const char *initialize, *want;
		bool settled;
	} t[] = {
		{ "modern", 200, RPC("\"id\":1,\"result\":{\"supportedVersions\":[\"2026-07-28\"]}"), 0, NULL,
		  "2026-07-28", true },
		{ "all of them", 200,
		  RPC("\"id\":1,\"result\":{\"supportedVersions\":[\"2026-07-28\",\"2025-11-25\"]}"), 0, NULL,
		  "2026-07-28", true },
		{ "only legacy ones", 200, RPC("\"id\":1,\"result\":{\"supportedVersions\":[\"2025-06-18\"]}"), 200,
		  OLD("2025-06-18"), "2025-06-18", true },
		{ "-32022 with a legacy one", 400,
		  RPC("\"id\":1,\"error\":{\"code\":-32022,\"message\":\"\",\"data\":{\"supported\":[\"2025-11-25\"]}"
		      "}"),
		  200, OLD("2025-11-25"), "2025-11-25", true },
		{ "-32022 with others", 400,
		  RPC("\"id\":1,\"error\":{\"code\":-32022,\"message\":\"\",\"data\":{\"supported\":[\"2099-01-01\"]}"
		      "}"),
		  0, NULL, NULL, false },
		{ "-32020 is our mistake", 400, FAILS("-32020"), 0, NULL, NULL, false },
		{ "-32021 too", 400, FAILS("-32021"), 0, NULL, NULL, false },
		{ "-32601", 200, FAILS("-32601"), 200, OLD("2025-03-26"), "2025-03-26", true },
		{ "-32602", 400, FAILS("-32602"), 200, OLD("2025-11-25"), "2025-11-25", true },
		{ "code 0", 400, FAILS("0"), 200, OLD("2024-11-05"), "2024-11-05", true },
		{ "plain 404", 404, "not found", 200, OLD("2025-11-25"), "2025-11-25", true },
		{ "HTML", 200, "<html>", 200, OLD("2025-11-25"), "2025-11-25", true },
		{ "500 is not kept", 500, "oops", 200, OLD("2025-11-25"), "2025-11-25", false },
		{ "502 is an outage", 502, "", 0, NULL, NULL, false },
		{ "401 is no verdict", 401, "", 0, NULL, NULL, false },
		{ "unknown revision", 200, FAILS("-32601"), 200, OLD("1999-01-01"), NULL, false },
		{ "nothing at all", 404, "", 404, "", NULL, false },
		{ "the modern one by initialize", 200, FAILS("-32601"), 200, OLD("2026-07-28"), NULL, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		struct wire_mcp p = world_mcp("");
		struct wire_mcp_answer a;
		struct wire_mcp_server s;
		bool settled = false;

		world_start();
		world_json(t[i].status, t[i].probe);
		if (t[i].initialize != NULL)
			world_json(t[i].status2, t[i].initialize);
		world_json(202, ""); /* notifications/initialized */
		CHECK(!IS_ERR(wire_mcp_greet(cx, &p, &s, &settled, &a)));
		CHECK_ROW(t[i].name, (a.fate == MCP_ANSWERED) == (t[i].want != NULL) && settled == t[i].settled);
		CHECK_ROW(t[i].name, t[i].want == NULL || strcmp(p.version, t[i].want) == 0);
		CHECK_ROW(t[i].name, (a.fate == MCP_ANSWERED) == (a.say[0] == '\0'));
		CHECK(world_has(world_sent(0)->body, "server/discover"));
		CHECK_ROW(t[i].name, world_calls() == (t[i].initialize == NULL ? 1 : t[i].want == NULL ? 2 : 3));
	}
}

/* ---- answers ---- */
TEST(only_the_answer_to_this_request_counts)
{
	static const struct {
		const char *name, *type, *body;
		enum wire_mcp_fate want;
	} t[] = {
		{ "plain", "application/json; charset=utf-8", RPC("\"id\":1,\"result\":{}"), MCP_ANSWERED },
		{ "batch", "application/json",
		  "[" RPC("\"method\":\"notifications/x\"") "," RPC("\"id\":1,\"result\":{}") "]", MCP_ANSWERED },
		{ "stream", "text/event-stream", "id: 1\ndata:\n\ndata: " RPC("\"id\":1,\"result\":{}") "\r\n\r\n",
		  MCP_ANSWERED },
		{ "after another's", "text/event-stream",
		  "data: " RPC("\"id\":7,\"result\":{}") "\n\ndata: {bad\n\ndata: " RPC(
		      "\"id\":1,\"result\":{\"a\":1}") "\n\n",
		  MCP_ANSWERED },
		{ "an error without id", "application/json",
		  RPC("\"id\":null,\"error\":{\"code\":-1,\"message\":\"m\"}"), MCP_ERROR },
		{ "another's", "application/json", RPC("\"id\":2,\"result\":{}"), MCP_UNREADABLE },
		{ "text for an id", "application/json", RPC("\"id\":\"1\",\"result\":{}"), MCP_UNREADABLE },
		{ "no result", "application/json", RPC("\"id\":1"), MCP_UNREADABLE },
		{ "a list as result", "application/json", RPC("\"id\":1,\"result\":[]"), MCP_UNREADABLE },
		{ "JSON twice", "application/json", RPC("\"id\":1,\"result\":{}") "{}", MCP_UNREADABLE },
		{ "the stream ends", "text/event-stream", "data: " RPC("\"method\":\"notifications/progress\"") "\n\n",
		  MCP_CUT },
		{ "never finished", "text/event-stream", "data: " RPC("\"id\":1,\"result\":{}") "\n", MCP_CUT },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		struct wire_mcp p = world_mcp("2026-07-28");
		const struct wire_mcp_call call = { .name = SV("t") };
		struct wire_mcp_answer a;

		world_start();
		world_answer((struct world_reply){ NET_DONE, true, 200, t[i].type, t[i].body, 0, 0 });
		CHECK(!IS_ERR(wire_mcp_call(cx, &p, &call, &a)));
		CHECK_ROW(t[i].name, a.fate == t[i].want);
		CHECK(world_sent(0)->once == NET_UNREPEATED && world_has(world_sent(0)->headers, "Mcp-Name: t"));
	}
}
TEST(a_server_that_asks_for_ping_is_answered_and_nothing_else_is_granted)
{
	struct ctx *cx = tt_ctx();
	struct wire_mcp p = world_mcp("2025-11-25");
	const struct wire_mcp_call call = { .name = SV("t") };
	struct wire_mcp_answer a;

	world_start();
	world_answer((struct world_reply){
	    NET_DONE, true, 200, "text/event-stream",
	    "data: " RPC("\"id\":\"s1\",\"method\":\"ping\"") "\n\ndata: " RPC(
		"\"id\":5,\"method\":\"sampling/createMessage\"") "\n\ndata: " RPC("\"id\":1,\"result\":{}") "\n\n",
	    0, 0 });
	world_json(202, "");
	world_json(202, "");
	CHECK(!IS_ERR(wire_mcp_call(cx, &p, &call, &a)) && a.fate == MCP_ANSWERED && world_calls() == 3);
	CHECK(strcmp(world_sent(1)->body, RPC("\"id\":\"s1\",\"result\":{}")) == 0);
	CHECK(world_has(world_sent(2)->body, "\"id\":5,\"error\":{\"code\":-32601"));
}

/* ---- results as an Arcade worker's ---- */
TEST(results_become_outputs)
{
	static const struct {
		const char *result, *want;
	} t[] = {
		{ "{\"content\":[{\"type\":\"text\",\"text\":\"hi\"}]}",
		  "{\"success\":true,\"output\":{\"value\":\"hi\"}}" },
		{ "{\"content\":[{\"type\":\"text\",\"text\":\" {\\\"a\\\":1} \"}]}",
		  "{\"success\":true,\"output\":{\"value\":{\"a\":1}}}" },
		{ "{\"content\":[{\"type\":\"text\",\"text\":\"{half\"}]}",
		  "{\"success\":true,\"output\":{\"value\":\"{half\"}}" },
		{ "{\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"}]}",
		  "{\"success\":true,\"output\":{\"value\":\"a\\nb\"}}" },
		{ "{\"content\":[{\"type\":\"image\",\"data\":\"x\"}]}",
		  "{\"success\":true,\"output\":{\"value\":[{\"type\":\"image\",\"data\":\"x\"}]}}" },
		{ "{\"content\":[],\"structuredContent\":null}", "{\"success\":true,\"output\":{\"value\":null}}" },
		{ "{\"resultType\":\"complete\",\"structuredContent\":[1]}",
		  "{\"success\":true,\"output\":{\"value\":[1]}}" },
		{ "{\"content\":null}", "{\"success\":true,\"output\":{\"value\":\"\"}}" },
		{ "{}", "{\"success\":true,\"output\":{\"value\":\"\"}}" },
		{ "{\"isError\":true,\"content\":[{\"type\":\"text\",\"text\":\"bad\"}]}",
		  "{\"success\":false,\"output\":{\"error\":{\"message\":\"bad\",\"kind\":\"TOOL_RUNTIME_FATAL\","
		  "\"can_retry\":false}}}" },
		{ "{\"isError\":true,\"content\":[{\"type\":\"text\",\"text\":\"bad\"}],\"_meta\":{\"arcade\":{"
		  "\"errorKind\":"
		  "\"TOOL_RUNTIME_RETRY\",\"canRetry\":true,\"retryAfterMs\":5,\"statusCode\":429}}}",
		  "{\"success\":false,\"output\":{\"error\":{\"message\":\"bad\",\"kind\":\"TOOL_RUNTIME_RETRY\","
		  "\"can_retry\":true,\"retry_after_ms\":5,\"status_code\":429}}}" },
		{ "{\"resultType\":\"task\"}",
		  "{\"success\":false,\"output\":{\"error\":{\"message\":\"the server answers with a kind of result "
		  "that this "
		  "engine does not know\",\"kind\":\"TOOL_RUNTIME_FATAL\",\"can_retry\":false}}}" },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		CLEANUP(buf_free) struct buf b = BUF(4096);
		struct jout w = JOUT(&b);
		const struct wire_mcp_answer a = { .fate = MCP_ANSWERED, .result = parse(cx, t[i].result) };
		struct wire_mcp_done d;

		CHECK(!IS_ERR(wire_mcp_done(cx, &a, &d)) && d.json != NULL);
		jout_node(&w, NULL, d.json);
		CHECK_ROW(t[i].result, sv_eqz(buf_view(&b), t[i].want));
	}
}
TEST(what_a_server_wants_of_a_person_is_an_address_to_show_or_a_refusal)
{
	static const struct {
		const char *wants, *url;
	} t[] = {
		{ "{\"a\":{\"method\":\"elicitation/create\",\"params\":{\"mode\":\"url\",\"url\":\"https://a.example/"
		  "x\"}}}",
		  "https://a.example/x" },
		{ "{\"a\":{\"method\":\"elicitation/create\",\"params\":{\"mode\":\"form\"}}}", NULL },
		{ "{\"a\":{\"method\":\"sampling/createMessage\"}}", NULL },
		{ "{\"a\":{\"params\":{\"mode\":\"url\",\"url\":\"javascript:alert(1)\"}}}", NULL },
		{ "{\"a\":{\"params\":{\"mode\":\"url\",\"url\":\"http://a.example/\"}}}", NULL },
		{ "{\"a\":{\"params\":{\"mode\":\"url\",\"url\":\"https://u:p@a.example/\"}}}", NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		char text[400];

		(void)snprintf(text, sizeof text, "{\"resultType\":\"input_required\",\"inputRequests\":%s}",
			       t[i].wants);
		const struct wire_mcp_answer a = { .fate = MCP_ANSWERED, .result = parse(cx, text) };
		struct wire_mcp_done d;
		CHECK(!IS_ERR(wire_mcp_done(cx, &a, &d)));
		CHECK_ROW(t[i].wants, t[i].url == NULL ? d.url.p == NULL : sv_eqz(d.url, t[i].url));
		CHECK(sv_eqz(node_text(node_path(d.json, SV("output.error.kind"))),
			     t[i].url == NULL ? "TOOL_RUNTIME_FATAL" : "TOOL_RUNTIME_CONTEXT_REQUIRED"));
	}
}
TEST(rounds_that_only_carry_state_are_gone_through_and_end)
{
	struct ctx *cx = tt_ctx();
	struct wire_mcp p = world_mcp("2026-07-28");
	const struct wire_mcp_call call = { .name = SV("t") };
	struct wire_mcp_answer a;

	world_start();
	world_json(200, RPC("\"id\":1,\"result\":{\"resultType\":\"input_required\",\"requestState\":\"s-1\"}"));
	world_json(200, RPC("\"id\":2,\"result\":{\"resultType\":\"complete\"}"));
	CHECK(!IS_ERR(wire_mcp_call(cx, &p, &call, &a)) && a.fate == MCP_ANSWERED && world_calls() == 2);
	CHECK(!world_has(world_sent(0)->body, "requestState") &&
	      world_has(world_sent(1)->body, "\"requestState\":\"s-1\""));
}
