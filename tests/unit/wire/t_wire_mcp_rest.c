/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "tt.h"
#include "wire/wire_mcp.h"
#include "wireworld.h"

static struct wire_mcp on(const char *version)
{
	struct wire_mcp p = world_mcp(version);

	CHECK(sv_copy(SV("s-9"), p.session, sizeof p.session));
	return p;
}

/* Before 2026-07-28 a stream may end early; the rest is had by the id of its last event. */
#define PRIMED "id: e-1\nretry: 0\ndata:\n\n"
#define ANSWER "id: e-2\ndata: " RPC("\"id\":1,\"result\":{}") "\n\n"
TEST(the_rest_of_a_stream_that_ended_early_is_asked_for)
{
	static const struct {
		const char *name, *version, *first, *type, *rest;
		enum net_fate cut;
		int status;
		size_t calls;
		enum wire_mcp_fate want;
	} t[] = {
		{ "the rest", "2025-11-25", PRIMED, "text/event-stream", ANSWER, NET_DONE, 200, 2, MCP_ANSWERED },
		{ "after a cut", "2025-06-18", PRIMED "data: {\"half", "text/event-stream", ANSWER, NET_CUT, 200, 2,
		  MCP_ANSWERED },
		{ "no GET", "2025-11-25", PRIMED, "text/plain", "no", NET_DONE, 405, 2, MCP_CUT },
		{ "no session any more", "2025-11-25", PRIMED, "application/json", "{}", NET_DONE, 404, 2, MCP_CUT },
		{ "no token", "2025-11-25", PRIMED, "text/event-stream", "", NET_DONE, 401, 2, MCP_CUT },
		{ "no id", "2025-11-25", "data:\n\n", NULL, NULL, NET_DONE, 0, 1, MCP_CUT },
		{ "an id of an unfinished event", "2025-11-25", "retry: 0\nid: e-1\n", NULL, NULL, NET_DONE, 0, 1,
		  MCP_CUT },
		{ "an id that is no header", "2025-11-25", "id: e\x01\ndata:\n\n", NULL, NULL, NET_DONE, 0, 1,
		  MCP_CUT },
		{ "the stateless revision", "2026-07-28", PRIMED, NULL, NULL, NET_DONE, 0, 1, MCP_CUT },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		struct wire_mcp p = on(t[i].version);
		const struct wire_mcp_call call = { .name = SV("t") };
		struct wire_mcp_answer a;

		world_start();
		world_answer((struct world_reply){ t[i].cut, true, t[i].cut == NET_DONE ? 200 : 0, "text/event-stream",
						   t[i].first, 0, 0 });
		if (t[i].rest != NULL)
			world_answer((struct world_reply){ NET_DONE, true, t[i].status, t[i].type, t[i].rest, 0, 0 });
		CHECK(!IS_ERR(wire_mcp_call(cx, &p, &call, &a)));
		CHECK_ROW(t[i].name, a.fate == t[i].want && world_calls() == t[i].calls && !wire_mcp_forgotten(&a));
		if (t[i].calls < 2)
			continue;
		const struct world_sent *s = world_sent(1);
		CHECK_ROW(t[i].name, strcmp(s->method, "GET") == 0 && s->body[0] == '\0' &&
					 world_has(s->headers, "Last-Event-ID: e-1\n") &&
					 world_has(s->headers, "Mcp-Session-Id: s-9\n") &&
					 world_has(s->headers, "Accept: text/event-stream\n") &&
					 world_has(s->headers, "MCP-Protocol-Version: 2025-"));
	}
}
TEST(each_rest_goes_on_where_the_last_one_ended)
{
	struct ctx *cx = tt_ctx();
	struct wire_mcp p = on("2025-11-25");
	const struct wire_mcp_call call = { .name = SV("t") };
	struct wire_mcp_answer a;

	world_start();
	world_answer((struct world_reply){ NET_DONE, true, 200, "text/event-stream", PRIMED, 0, 0 });
	world_answer((struct world_reply){ NET_DONE, true, 200, "text/event-stream", "id: e-7\ndata:\n\n", 0, 0 });
	world_answer((struct world_reply){ NET_CUT, true, 0, "text/event-stream", ": nothing yet\n", 0, 0 });
	world_answer((struct world_reply){ NET_DONE, true, 200, "text/event-stream", ANSWER, 0, 0 });
	CHECK(!IS_ERR(wire_mcp_call(cx, &p, &call, &a)) && a.fate == MCP_ANSWERED && world_calls() == 4);
	CHECK(world_has(world_sent(2)->headers, "Last-Event-ID: e-7\n"));
	CHECK(world_has(world_sent(3)->headers, "Last-Event-ID: e-7\n"));
}
TEST(a_rest_later_than_the_deadline_is_not_waited_for)
{
	struct ctx *cx = tt_ctx();
	struct wire_mcp p = on("2025-11-25");
	const struct wire_mcp_call call = { .name = SV("t") };
	struct wire_mcp_answer a;

	world_start();
	world_answer((struct world_reply){ NET_DONE, true, 200, "text/event-stream",
					   "id: e-1\nretry: 3600000\ndata:\n\n", 0, 0 });
	world_json(202, "");
	CHECK(!IS_ERR(wire_mcp_call(cx, &p, &call, &a)) && a.fate == MCP_TIMEOUT && world_calls() == 1);
	wire_mcp_cancel(cx, &p);
	CHECK(world_calls() == 2);
	CHECK(world_has(world_sent(1)->body, "notifications/cancelled"));
}
