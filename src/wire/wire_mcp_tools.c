/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/clock.h"
#include "core/jout.h"
#include "core/text.h"
#include "wire/wire_mcp_param.h"
#include "wire/wire_mcp_rpc.h"
#include <inttypes.h>
#include <stdio.h>

enum {
	MOST_TOOLS = 16 << 20,
	MOST_RESULT = 16 << 20,
	MOST_NOTICE = 64 << 10,
	PAGES_MOST = 100,
	ROUNDS_MOST = 10,
	PARAMS_MOST = 8 << 20,
	NO_SUCH_SESSION = -32000
};

/* ---- a call that takes too long ---- */
/* Nobody waits for it any more.  Since 2026-07-28 the closed connection says so; before, it does not. */
void wire_mcp_cancel(struct ctx *cx, struct wire_mcp *p)
{
	struct wire_mcp_answer a;
	char params[80];

	if (p->given_up == 0)
		return;
	int n = snprintf(params, sizeof params, "\"requestId\":%" PRId64 ",\"reason\":\"timed out\"", p->given_up);
	p->given_up = 0;
	const struct wire_mcp_ask ask = { .method = "notifications/cancelled",
					  .params = { params, (size_t)n },
					  .most = MOST_NOTICE,
					  .notice = true };
	if (IS_ERR(wire_mcp_rpc(cx, p, &ask, &a)))
		(void)forgive(cx); /* the call is over either way */
}
static struct err asked(struct ctx *cx, struct wire_mcp *p, const struct wire_mcp_ask *ask, struct wire_mcp_answer *out)
{
	TRY(wire_mcp_rpc(cx, p, ask, out));
	if (ask->once && out->fate == MCP_TIMEOUT && !wire_mcp_modern(p))
		p->given_up = p->ids;
	return OK;
}

/* ---- a session that is dead (contract 4.10: some say 400) ---- */
static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
/* "Session not found", "Mcp-Session-Id", "invalidSession"; not "Expression" or "obsession". */
static bool speaks_of_sessions(struct sv s)
{
	size_t at;

	for (; sv_find(s, SV("ession"), &at); s = sv_from(s, at + 1)) {
		char before = at > 1 ? s.p[at - 2] : ' ';

		if (at > 0 && (s.p[at - 1] == 'S' || (s.p[at - 1] == 's' && !is_letter(before))))
			return true;
	}
	return false;
}
bool wire_mcp_forgotten(const struct wire_mcp_answer *a)
{
	size_t at;

	if (a->status == 404)
		return true;
	return a->status == 400 && (a->code == NO_SUCH_SESSION || speaks_of_sessions(a->message) ||
				    sv_find(a->message, SV("not initialized"), &at) || a->fate == MCP_REFUSED);
}
static bool session_is_dead(const struct wire_mcp *p, const struct wire_mcp_answer *a)
{
	return p->session[0] != '\0' && !p->restarted && wire_mcp_forgotten(a);
}
static struct err with_session(struct ctx *cx, struct wire_mcp *p, const struct wire_mcp_ask *ask,
			       struct wire_mcp_answer *out)
{
	struct wire_mcp_server ignored;
	bool settled;

	TRY(asked(cx, p, ask, out));
	if (!session_is_dead(p, out))
		return OK;
	p->restarted = true;
	p->session[0] = '\0';
	TRY(wire_mcp_greet(cx, p, &ignored, &settled, out));
	return out->fate == MCP_ANSWERED ? asked(cx, p, ask, out) : OK;
}

/* ---- tools/list ---- */
static void wrong(struct wire_mcp_answer *out, const char *what)
{
	out->fate = MCP_UNREADABLE;
	(void)snprintf(out->say, sizeof out->say, "%s", what);
}
static struct err cursor_of(struct ctx *cx, struct sv cursor, struct sv *params)
{
	CLEANUP(buf_free) struct buf b = BUF(64 << 10);
	struct jout w = JOUT(&b);

	jout_open(&w, NULL);
	jout_str(&w, "cursor", cursor);
	jout_close(&w);
	TRY(jout_done(cx, &w));
	*params = arena_sv(cx->arena, buf_view(&b));
	if (params->p == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "a cursor");
	*params = (struct sv){ params->p + 1, params->n - 2 };
	return OK;
}
static bool seen_before(const struct sv *cursors, size_t n, struct sv cursor)
{
	for (size_t i = 0; i < n; i++)
		if (sv_eq(cursors[i], cursor))
			return true;
	return false;
}
/* The tools of a page are moved to the list: both live in the arena. */
static bool move_tools(struct node *to, const struct node *page)
{
	for (struct node *t = page->first, *next; t != NULL; t = next) {
		next = t->next;
		t->next = NULL;
		t->key = SV_NONE;
		if (!node_add(to, t))
			return false;
	}
	return true;
}
struct err wire_mcp_tools(struct ctx *cx, struct wire_mcp *p, const struct node **tools, struct wire_mcp_answer *out)
{
	struct node *all = node_new(cx->arena, NODE_LIST);
	struct sv *cursors = arena_array(cx->arena, PAGES_MOST, sizeof *cursors);
	struct sv params = SV("");

	*tools = all;
	if (all == NULL || cursors == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "a list of tools");
	for (size_t i = 0; i < PAGES_MOST; i++) {
		TRY(with_session(cx, p,
				 &(struct wire_mcp_ask){ .method = "tools/list", .params = params, .most = MOST_TOOLS },
				 out));
		if (out->fate != MCP_ANSWERED)
			return OK;
		const struct node *page = node_get(out->result, "tools");
		if (page == NULL || page->kind != NODE_LIST) {
			wrong(out, "the server's answer has no list of tools");
			return OK;
		}
		if (!move_tools(all, page))
			return fail(cx, E_INTERNAL, "out of memory", "a list of tools");
		cursors[i] = node_text_at(out->result, "nextCursor");
		if (cursors[i].n == 0)
			return OK;
		if (seen_before(cursors, i, cursors[i])) {
			wrong(out, "the server's list of tools goes round in a circle");
			return OK;
		}
		TRY(cursor_of(cx, cursors[i], &params));
	}
	wrong(out, "the server's list of tools has too many pages");
	return OK;
}

/* ---- tools/call ---- */
static struct err call_params(struct ctx *cx, const struct wire_mcp_call *call, const struct node *state,
			      struct buf *out)
{
	struct jout w = JOUT(out);

	jout_open(&w, NULL);
	jout_str(&w, "name", call->name);
	if (call->arguments == NULL)
		jout_raw(&w, "arguments", SV("{}"));
	else
		jout_node(&w, "arguments", call->arguments);
	if (state != NULL)
		jout_node(&w, "requestState", state);
	jout_close(&w);
	return jout_done(cx, &w);
}
static struct err one_round(struct ctx *cx, struct wire_mcp *p, const struct wire_mcp_call *call,
			    const struct node *state, struct wire_mcp_answer *out)
{
	struct wire_mcp_header mirrored[WIRE_MCP_PARAMS_MOST];
	CLEANUP(buf_free) struct buf params = BUF(PARAMS_MOST);
	struct wire_mcp_ask ask = { .method = "tools/call", .meta = call->meta, .most = MOST_RESULT, .once = true };

	TRY(call_params(cx, call, state, &params));
	ask.params = (struct sv){ params.p + 1, params.n - 2 };
	if (wire_mcp_modern(p)) {
		TRY(wire_mcp_param_text(cx, call->name, &ask.name));
		TRY(wire_mcp_param_headers(cx, call->mirror, call->arguments, mirrored, &ask.n_headers));
		ask.headers = mirrored;
	}
	return with_session(cx, p, &ask, out);
}
/* A server that keeps no state between requests has us carry it; nobody is asked anything. */
static const struct node *only_state(const struct wire_mcp_answer *a)
{
	const struct node *wants = node_get(a->result, "inputRequests"), *state = node_get(a->result, "requestState");

	if (a->fate != MCP_ANSWERED || !sv_eqz(node_text_at(a->result, "resultType"), "input_required"))
		return NULL;
	return wants == NULL || wants->kind == NODE_NULL || wants->n == 0 ? state : NULL;
}
struct err wire_mcp_call(struct ctx *cx, struct wire_mcp *p, const struct wire_mcp_call *call,
			 struct wire_mcp_answer *out)
{
	const struct node *state = NULL;

	for (int i = 0; i <= ROUNDS_MOST; i++) {
		if (i > 0)
			clock_pause(MSEC(50));
		TRY(one_round(cx, p, call, state, out));
		state = only_state(out);
		if (state == NULL)
			return OK;
	}
	wrong(out, "the server goes on asking for another round");
	return OK;
}
