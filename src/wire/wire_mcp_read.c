/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire_mcp_read.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/jdoc.h"
#include "core/jout.h"
#include "core/text.h"
#include "wire/wire_mcp_head.h"
#include <stdio.h>

enum { ASKED_MOST = 64, NOTE_BYTES = 64 << 10 };
#define REPLY_TIMEOUT SEC(5) /* for our answer to what a server asks */

void wire_mcp_read_say(struct wire_mcp_answer *out, enum wire_mcp_fate fate, const char *what)
{
	out->fate = fate;
	out->too_large = false;
	(void)snprintf(out->say, sizeof out->say, "%.200s", what);
}
static void too_large(struct wire_mcp_answer *out)
{
	wire_mcp_read_say(out, MCP_CUT, "the answer is too large");
	out->too_large = true;
}

void wire_mcp_read_clear(struct wire_mcp_reading *r)
{
	wire_sse_clear(&r->sse);
	buf_free(&r->whole);
}
static bool is_ours(const struct wire_mcp_reading *r, const struct node *message)
{
	const struct node *id = node_get(message, "id");

	if (id != NULL && id->kind == NODE_INT)
		return id->i == r->p->ids;
	return !r->streams && (id == NULL || id->kind == NODE_NULL) && node_get(message, "error") != NULL;
}
static void take_error(struct wire_mcp_reading *r, const struct node *error)
{
	const struct node *code = node_get(error, "code");
	struct sv message = node_text_at(error, "message");

	r->out->code = code != NULL && code->kind == NODE_INT ? code->i : 0;
	r->out->message = message.p == NULL ? SV("") : message;
	r->out->data = node_get(error, "data");
	r->out->fate = MCP_ERROR;
	(void)snprintf(r->out->say, sizeof r->out->say, "error %lld: %.*s", (long long)r->out->code,
		       SV_FMT(sv_upto(r->out->message, 180)));
	r->found = true;
}
/* A server may only ask whether we are there.  Our answer goes by a request of its own. */
static void reply(struct wire_mcp_reading *r, const struct node *message)
{
	CLEANUP(net_reply_clear) struct net_reply got = { .sent = false };
	CLEANUP(wire_mcp_head_clear) struct wire_mcp_heads h = { .n = 0 };
	CLEANUP(buf_free) struct buf body = BUF(NOTE_BYTES);
	const struct wire_mcp_ask as = { .method = "" };
	int64_t left = r->p->deadline - clock_mono();
	struct jout w = JOUT(&body);

	jout_open(&w, NULL);
	jout_strz(&w, "jsonrpc", "2.0");
	jout_node(&w, "id", node_get(message, "id"));
	jout_open(&w, sv_eqz(node_text_at(message, "method"), "ping") ? "result" : "error");
	if (!sv_eqz(node_text_at(message, "method"), "ping")) {
		jout_i64(&w, "code", -32601);
		jout_strz(&w, "message", "this client has no such method");
	}
	jout_close(&w);
	jout_close(&w);
	/* The call goes on whether the server hears of us or not. */
	if (left <= 0 || IS_ERR(jout_done(r->cx, &w)) || IS_ERR(wire_mcp_head_post(r->cx, r->p, &as, &h))) {
		(void)forgive(r->cx);
		return;
	}
	const struct net_call c = { .purpose = "mcp.reply",
				    .method = SV("POST"),
				    .url = r->url,
				    .headers = h.v,
				    .n_headers = h.n,
				    .body = buf_view(&body),
				    .timeout = left < REPLY_TIMEOUT ? left : REPLY_TIMEOUT,
				    .max_reply = NOTE_BYTES };
	if (IS_ERR(net_call(r->cx, r->p->net, &c, &got)))
		(void)forgive(r->cx);
}
static void take_message(struct wire_mcp_reading *r, const struct node *message)
{
	if (message->kind != NODE_MAP)
		return;
	if (node_text_at(message, "method").n > 0) {
		bool request = node_get(message, "id") != NULL && !wire_mcp_modern(r->p);

		if (request && r->asked++ < ASKED_MOST)
			reply(r, message);
		return;
	}
	if (!is_ours(r, message))
		return;
	r->out->result = node_get(message, "result");
	if (node_get(message, "error") != NULL) {
		take_error(r, node_get(message, "error"));
	} else if (r->out->result != NULL && r->out->result->kind == NODE_MAP) {
		r->out->fate = MCP_ANSWERED;
		r->out->say[0] = '\0';
		r->found = true;
	}
}
/* One message, or the batch of 2025-03-26.  What is no JSON is passed over: the stream may hold anything. */
static void take_text(struct wire_mcp_reading *r, struct sv text)
{
	struct sv kept = arena_sv(r->cx->arena, text);
	const struct node *n = NULL;

	if (kept.p == NULL) {
		r->e = fail(r->cx, E_INTERNAL, "out of memory", "an MCP answer of %zu bytes", text.n);
		return;
	}
	struct err e = jdoc_parse_lenient(r->cx, kept, "the server's answer", &n);
	if (IS_ERR(e)) {
		if (!r->streams)
			(void)snprintf(r->out->say, sizeof r->out->say, "%.200s", r->cx->cause.say);
		r->e = e.code == E_BAD_INPUT ? forgive(r->cx) : e;
		return;
	}
	if (n->kind != NODE_LIST) {
		take_message(r, n);
		return;
	}
	for (const struct node *m = n->first; m != NULL && !r->found && !IS_ERR(r->e); m = m->next)
		take_message(r, m);
}
static bool is_stream(const struct net_reply *reply)
{
	struct sv type = reply->content_type;

	return type.n >= 17 && sv_ieq(sv_upto(type, 17), SV("text/event-stream"));
}
bool wire_mcp_read_piece(void *arg, const struct net_reply *so_far, struct sv piece)
{
	struct wire_mcp_reading *r = arg;
	struct sv event;

	r->seen += piece.n;
	r->streams = is_stream(so_far);
	if (!r->streams) {
		buf_sv(&r->whole, piece);
		return buf_ok(&r->whole);
	}
	while (!r->found && !IS_ERR(r->e) && wire_sse_next(&r->sse, &piece, &event))
		take_text(r, event);
	r->stuck = wire_sse_broken(&r->sse);
	return !r->found && !IS_ERR(r->e) && !r->stuck;
}

/* ---- what came of it ---- */
static struct err keep_challenge(struct ctx *cx, const struct net_reply *reply, struct sv *out)
{
	CLEANUP(buf_free) struct buf b = BUF(32 << 10);

	*out = SV_NONE;
	for (size_t i = 0;; i++) {
		struct sv one = net_header_of(reply, "WWW-Authenticate", i);

		if (one.p == NULL)
			break;
		buf_str(&b, i == 0 ? "" : ", ");
		buf_sv(&b, one);
	}
	TRY(buf_done(cx, &b, "a challenge"));
	if (b.n == 0)
		return OK;
	*out = arena_sv(cx->arena, buf_view(&b));
	return out->p == NULL ? fail(cx, E_INTERNAL, "out of memory", "a challenge") : OK;
}
static void of_status(struct wire_mcp_reading *r, int status)
{
	char text[120];

	if (status == 401) {
		wire_mcp_read_say(r->out, MCP_NO_TOKEN, "the server wants a token (401)");
		return;
	}
	if (status == 403 && r->out->challenge.p != NULL) {
		wire_mcp_read_say(r->out, MCP_NO_SCOPE, "the server wants more than the token may do (403)");
		return;
	}
	if (r->found)
		return;
	(void)snprintf(text, sizeof text, "the server answered with status %d", status);
	if (status < 200 || status >= 300)
		wire_mcp_read_say(r->out, status >= 502 && status <= 504 ? MCP_BUSY : MCP_REFUSED, text);
	else if (r->out->say[0] == '\0')
		wire_mcp_read_say(r->out, r->streams ? MCP_CUT : MCP_UNREADABLE,
				  r->streams ? "the stream ended without an answer"
					     : "the server answered with something else");
}
static void of_fate(struct wire_mcp_reading *r, const struct net_reply *reply)
{
	char text[240];

	(void)snprintf(text, sizeof text, "%s: %s", net_fate_text(reply->fate), reply->detail);
	wire_mcp_read_say(r->out,
			  !reply->sent                 ? MCP_UNREACHABLE
			  : reply->fate == NET_TIMEOUT ? MCP_TIMEOUT
						       : MCP_CUT,
			  text);
	r->out->too_large = reply->fate == NET_TOO_LARGE;
}
struct err wire_mcp_read_settle(struct wire_mcp_reading *r, const struct net_reply *reply)
{
	struct sv session = net_header_of(reply, "Mcp-Session-Id", 0);

	TRY(r->e);
	r->out->status = reply->status;
	if (reply->fate != NET_DONE && !r->found) {
		of_fate(r, reply);
		return OK;
	}
	if (r->stuck) {
		too_large(r->out);
		return OK;
	}
	TRY(keep_challenge(r->cx, reply, &r->out->challenge));
	if (!r->found)
		r->out->fate = r->ask->notice && reply->status / 100 == 2 ? MCP_ANSWERED : MCP_UNREADABLE;
	if (!r->streams && !r->ask->notice && r->whole.n > 0)
		take_text(r, buf_view(&r->whole));
	TRY(r->e);
	if (r->out->fate == MCP_ANSWERED && r->ask->notice)
		return OK;
	of_status(r, reply->status);
	if (strcmp(r->ask->method, "initialize") == 0 && session.p != NULL &&
	    !sv_copy(session, r->p->session, sizeof r->p->session))
		wire_mcp_read_say(r->out, MCP_UNREADABLE, "the server's session id is too long");
	return OK;
}
/* Nothing more is to be had. */
static struct err stuck(struct wire_mcp_reading *r, const char *what)
{
	r->stuck = true;
	wire_mcp_read_say(r->out, MCP_CUT, what);
	return OK;
}
struct err wire_mcp_read_rest(struct wire_mcp_reading *r, const struct net_reply *reply)
{
	char text[200];

	TRY(r->e);
	if (r->found)
		return OK;
	if (r->stuck || reply->fate == NET_TOO_LARGE) {
		r->stuck = true;
		too_large(r->out);
		return OK;
	}
	if (reply->fate == NET_TIMEOUT) {
		wire_mcp_read_late(r->out);
	} else if (reply->fate == NET_DONE && (reply->status != 200 || !is_stream(reply))) {
		(void)snprintf(text, sizeof text,
			       "the stream ended without an answer, and status %d came in place of the rest",
			       reply->status);
		return stuck(r, text);
	} else if (reply->fate != NET_DONE && !r->streams) {
		(void)snprintf(text, sizeof text,
			       "the stream ended without an answer, and the rest could not be fetched: %s",
			       net_fate_text(reply->fate));
		return stuck(r, text);
	}
	return OK;
}
void wire_mcp_read_late(struct wire_mcp_answer *out)
{
	wire_mcp_read_say(out, MCP_TIMEOUT, "the stream ended, and the rest did not come in time");
}
