/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire_mcp_rpc.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/codec.h"
#include "core/jdoc.h"
#include "core/jout.h"
#include "core/text.h"
#include "core/url.h"
#include "net/net.h"
#include "wire/wire_sse.h"
#include <stdio.h>

enum {
	BODY_MOST = 8 << 20,
	TOKEN_MOST = 20 << 10,
	HEADERS_MOST = 128,
	HOPS_MOST = 3,
	ASKED_MOST = 64,
	NOTE_BYTES = 64 << 10
};
#define REPLY_TIMEOUT SEC(5) /* for our answer to what a server asks */

bool wire_mcp_modern(const struct wire_mcp *p) { return strcmp(p->version, "2026-07-28") >= 0; }

static void say(struct wire_mcp_answer *out, enum wire_mcp_fate fate, const char *what)
{
	out->fate = fate;
	(void)snprintf(out->say, sizeof out->say, "%.200s", what);
}

/* ---- the body ---- */
static void put_meta(const struct wire_mcp *p, const struct wire_mcp_ask *ask, struct jout *w)
{
	if (!wire_mcp_modern(p) && ask->meta.n == 0)
		return;
	jout_open(w, "_meta");
	if (wire_mcp_modern(p)) {
		jout_strz(w, "io.modelcontextprotocol/protocolVersion", p->version);
		jout_open(w, "io.modelcontextprotocol/clientInfo");
		jout_strz(w, "name", "tokenbooth");
		jout_strz(w, "version", TOKENBOOTH_VERSION);
		jout_close(w);
		jout_open(w, "io.modelcontextprotocol/clientCapabilities");
		jout_close(w);
	}
	if (ask->meta.n > 0)
		jout_raw(w, NULL, ask->meta);
	jout_close(w);
}
static struct err write_body(struct ctx *cx, const struct wire_mcp *p, const struct wire_mcp_ask *ask, struct buf *out)
{
	struct jout w = JOUT(out);

	jout_open(&w, NULL);
	jout_strz(&w, "jsonrpc", "2.0");
	if (!ask->notice)
		jout_i64(&w, "id", p->ids);
	jout_strz(&w, "method", ask->method);
	if (ask->params.n > 0 || ask->meta.n > 0 || wire_mcp_modern(p)) {
		jout_open(&w, "params");
		if (ask->params.n > 0)
			jout_raw(&w, NULL, ask->params);
		put_meta(p, ask, &w);
		jout_close(&w);
	}
	jout_close(&w);
	return jout_done(cx, &w);
}

/* ---- the headers ---- */
struct heads {
	struct net_header v[HEADERS_MOST];
	size_t n;
	struct buf token;
};
static void heads_clear(struct heads *h) { buf_free(&h->token); }
static void head(struct heads *h, struct sv name, struct sv value)
{
	if (h->n < HEADERS_MOST)
		h->v[h->n++] = (struct net_header){ name, value };
}
static struct err write_heads(struct ctx *cx, const struct wire_mcp *p, const struct wire_mcp_ask *ask, struct heads *h)
{
	h->token = BUF(TOKEN_MOST);
	head(h, SV("Content-Type"), SV("application/json"));
	head(h, SV("Accept"), SV("application/json, text/event-stream"));
	if (p->version[0] != '\0' && strcmp(ask->method, "initialize") != 0)
		head(h, SV("MCP-Protocol-Version"), sv_of(p->version));
	if (wire_mcp_modern(p)) {
		head(h, SV("Mcp-Method"), sv_of(ask->method));
		if (ask->name.n > 0)
			head(h, SV("Mcp-Name"), ask->name);
	} else if (p->session[0] != '\0') {
		head(h, SV("Mcp-Session-Id"), sv_of(p->session));
	}
	for (size_t i = 0; i < ask->n_headers; i++)
		head(h, ask->headers[i].name, ask->headers[i].value);
	for (size_t i = 0; i < p->n_headers; i++)
		if (p->token == NULL || !sv_ieq(p->headers[i].name, SV("Authorization")))
			head(h, p->headers[i].name, p->headers[i].value);
	if (p->token == NULL)
		return OK;
	buf_str(&h->token, "Bearer ");
	buf_sv(&h->token, secret_view(p->token));
	head(h, SV("Authorization"), buf_view(&h->token));
	return buf_done(cx, &h->token, "the user's token");
}

/* ---- messages that come ---- */
struct reading {
	struct ctx *cx;
	struct wire_mcp *p;
	const struct wire_mcp_ask *ask;
	struct wire_mcp_answer *out;
	struct sv url;
	struct wire_sse sse;
	struct buf whole; /* an answer that is no stream */
	int asked;        /* requests of the server */
	bool streams, found, stuck;
	struct err e; /* trouble of our own */
};
static void reading_clear(struct reading *r)
{
	wire_sse_clear(&r->sse);
	buf_free(&r->whole);
}
static bool is_ours(const struct reading *r, const struct node *message)
{
	const struct node *id = node_get(message, "id");

	if (id != NULL && id->kind == NODE_INT)
		return id->i == r->p->ids;
	return !r->streams && (id == NULL || id->kind == NODE_NULL) && node_get(message, "error") != NULL;
}
static void take_error(struct reading *r, const struct node *error)
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
static void reply(struct reading *r, const struct node *message)
{
	CLEANUP(net_reply_clear) struct net_reply got = { .sent = false };
	CLEANUP(heads_clear) struct heads h = { .n = 0 };
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
	if (left <= 0 || IS_ERR(r->e = jout_done(r->cx, &w)) || IS_ERR(r->e = write_heads(r->cx, r->p, &as, &h)))
		return;
	const struct net_call c = { .purpose = "mcp.reply",
				    .method = SV("POST"),
				    .url = r->url,
				    .headers = h.v,
				    .n_headers = h.n,
				    .body = buf_view(&body),
				    .timeout = left < REPLY_TIMEOUT ? left : REPLY_TIMEOUT,
				    .max_reply = NOTE_BYTES };
	r->e = net_call(r->cx, r->p->net, &c, &got);
}
static void take_message(struct reading *r, const struct node *message)
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
static void take_text(struct reading *r, struct sv text)
{
	struct sv kept = arena_sv(r->cx->arena, text);
	const struct node *n = NULL;

	if (kept.p == NULL) {
		r->e = fail(r->cx, E_INTERNAL, "out of memory", "an MCP answer of %zu bytes", text.n);
		return;
	}
	struct err e = jdoc_parse(r->cx, kept, "the server's answer", &n);
	if (IS_ERR(e)) {
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
static bool on_piece(void *arg, const struct net_reply *so_far, struct sv piece)
{
	struct reading *r = arg;
	struct sv type = so_far->content_type, event;

	r->streams = type.n >= 17 && sv_ieq(sv_upto(type, 17), SV("text/event-stream"));
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
static void of_status(struct reading *r, int status)
{
	char text[120];

	if (status == 401) {
		say(r->out, MCP_NO_TOKEN, "the server wants a token (401)");
		return;
	}
	if (status == 403 && r->out->challenge.p != NULL) {
		say(r->out, MCP_NO_SCOPE, "the server wants more than the token may do (403)");
		return;
	}
	if (r->found)
		return;
	(void)snprintf(text, sizeof text, "the server answered with status %d", status);
	if (status < 200 || status >= 300)
		say(r->out, status >= 502 && status <= 504 ? MCP_BUSY : MCP_REFUSED, text);
	else if (r->out->say[0] == '\0')
		say(r->out, r->streams ? MCP_CUT : MCP_UNREADABLE,
		    r->streams ? "the stream ended without an answer" : "the server answered with something else");
}
static void of_fate(struct reading *r, const struct net_reply *reply)
{
	char text[240];

	(void)snprintf(text, sizeof text, "%s: %s", net_fate_text(reply->fate), reply->detail);
	say(r->out, !reply->sent ? MCP_UNREACHABLE : reply->fate == NET_TIMEOUT ? MCP_TIMEOUT : MCP_CUT, text);
}
static struct err settle(struct reading *r, const struct net_reply *reply)
{
	struct sv session = net_header_of(reply, "Mcp-Session-Id", 0);

	TRY(r->e);
	r->out->status = reply->status;
	if (reply->fate != NET_DONE && !r->found) {
		of_fate(r, reply);
		return OK;
	}
	if (r->stuck) {
		say(r->out, MCP_CUT, "the answer is too large");
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
		say(r->out, MCP_UNREADABLE, "the server's session id is too long");
	return OK;
}

/* ---- one POST, and where it is redirected to ---- */
static struct err post(struct reading *r, struct sv body, const struct heads *h, struct sv *next)
{
	static const char *const want[] = { "Mcp-Session-Id", "WWW-Authenticate", "Location", NULL };
	CLEANUP(net_reply_clear) struct net_reply got = { .sent = false };
	int64_t left = r->p->deadline - clock_mono();

	*next = SV_NONE;
	const struct net_call c = { .purpose = "mcp",
				    .method = SV("POST"),
				    .url = r->url,
				    .headers = h->v,
				    .n_headers = h->n,
				    .body = body,
				    .timeout = left > 0 ? left : 1,
				    .max_reply = r->ask->most,
				    .once = r->ask->once ? NET_UNREPEATED : NET_MAY_REPEAT,
				    .want_headers = want,
				    .more = on_piece,
				    .more_arg = r };
	TRY(net_call(r->cx, r->p->net, &c, &got));
	struct sv to = net_header_of(&got, "Location", 0);
	if ((got.status == 307 || got.status == 308) && to.p != NULL) {
		*next = arena_sv(r->cx->arena, to);
		return next->p == NULL ? fail(r->cx, E_INTERNAL, "out of memory", "a redirect") : OK;
	}
	return settle(r, &got);
}
static bool same_origin(struct ctx *cx, struct sv a, struct sv b)
{
	struct url x, y;
	bool same = !IS_ERR(url_parse(cx, a, "url", &x)) && !IS_ERR(url_parse(cx, b, "url", &y)) &&
		    sv_eq(x.scheme, y.scheme) && sv_eq(x.host, y.host) && sv_eq(x.port, y.port);

	(void)forgive(cx);
	return same;
}
struct err wire_mcp_rpc(struct ctx *cx, struct wire_mcp *p, const struct wire_mcp_ask *ask, struct wire_mcp_answer *out)
{
	CLEANUP(heads_clear) struct heads h = { .n = 0 };
	CLEANUP(buf_free) struct buf body = BUF(BODY_MOST);
	struct sv url = p->uri, next = p->uri;

	*out = (struct wire_mcp_answer){ .fate = MCP_UNREACHABLE };
	p->ids += ask->notice ? 0 : 1;
	TRY(write_body(cx, p, ask, &body));
	TRY(write_heads(cx, p, ask, &h));
	for (int i = 0; i < HOPS_MOST; i++) {
		CLEANUP(reading_clear)
		struct reading r = { .cx = cx,
				     .p = p,
				     .ask = ask,
				     .out = out,
				     .url = url,
				     .sse = WIRE_SSE(ask->most),
				     .whole = BUF(ask->most) };

		TRY(post(&r, buf_view(&body), &h, &next));
		if (next.p == NULL)
			return OK;
		if (!same_origin(cx, p->uri, next)) {
			say(out, MCP_REFUSED, "the server redirects to another host; register the address it means");
			return OK;
		}
		url = next;
	}
	say(out, MCP_REFUSED, "the server redirects in a circle");
	return OK;
}
