/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire_mcp_rpc.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/jout.h"
#include "core/text.h"
#include "core/url.h"
#include "net/net.h"
#include "wire/wire_mcp_head.h"
#include "wire/wire_mcp_read.h"

enum { BODY_MOST = 8 << 20, HOPS_MOST = 3 };
/* Before the rest of a broken stream is asked for, when the server does not say how long. */
#define RESUME_PAUSE SEC(1)
#define RESUME_LEAST MSEC(100)

bool wire_mcp_modern(const struct wire_mcp *p) { return strcmp(p->version, "2026-07-28") >= 0; }

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

/* ---- one POST, and where it is redirected to ---- */
static struct err post(struct wire_mcp_reading *r, struct sv body, const struct wire_mcp_heads *h, struct sv *next)
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
				    .more = wire_mcp_read_piece,
				    .more_arg = r };
	struct err e = net_call(r->cx, r->p->net, &c, &got);
	r->p->called = r->p->called || (r->ask->once && got.sent);
	TRY(e);
	struct sv to = net_header_of(&got, "Location", 0);
	if ((got.status == 307 || got.status == 308) && to.p != NULL) {
		*next = arena_sv(r->cx->arena, to);
		return next->p == NULL ? fail(r->cx, E_INTERNAL, "out of memory", "a redirect") : OK;
	}
	return wire_mcp_read_settle(r, &got);
}

/* ---- the rest of a stream that broke off ---- */
/* A server of the revisions before 2026-07-28 may end the stream of an answer when it likes, and gives what follows its
 * last event to whoever names it (2025-11-25, Streamable HTTP, resumability). */
static bool has_rest(const struct wire_mcp_reading *r)
{
	return !r->found && !r->stuck && r->out->fate == MCP_CUT && r->sse.id[0] != '\0' && r->p->version[0] != '\0' &&
	       !wire_mcp_modern(r->p) && strcmp(r->ask->method, "initialize") != 0;
}
/* false: the deadline is nearer than the moment at which the server wants to be asked. */
static bool rest_awhile(struct wire_mcp_reading *r)
{
	int64_t pause = r->sse.retry < 0 ? RESUME_PAUSE : r->sse.retry > RESUME_LEAST ? r->sse.retry : RESUME_LEAST;

	if (pause >= r->p->deadline - clock_mono()) {
		wire_mcp_read_late(r->out);
		return false;
	}
	clock_pause(pause);
	return true;
}
static struct err get_rest(struct wire_mcp_reading *r)
{
	CLEANUP(net_reply_clear) struct net_reply got = { .sent = false };
	CLEANUP(wire_mcp_head_clear) struct wire_mcp_heads h = { .n = 0 };
	char id[WIRE_SSE_ID];
	int64_t left = r->p->deadline - clock_mono();

	memcpy(id, r->sse.id, sizeof id); /* the next event has another */
	TRY(wire_mcp_head_session(r->cx, r->p, sv_of(id), &h));
	wire_sse_again(&r->sse);
	r->streams = false;
	const struct net_call c = { .purpose = "mcp.resume",
				    .method = SV("GET"),
				    .url = r->url,
				    .headers = h.v,
				    .n_headers = h.n,
				    .timeout = left > 0 ? left : 1,
				    .max_reply = r->ask->most > r->seen ? r->ask->most - r->seen : 1,
				    .more = wire_mcp_read_piece,
				    .more_arg = r };
	TRY(net_call(r->cx, r->p->net, &c, &got));
	return wire_mcp_read_rest(r, &got);
}
static struct err resume(struct wire_mcp_reading *r)
{
	while (has_rest(r) && rest_awhile(r))
		TRY(get_rest(r));
	return OK;
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
	CLEANUP(wire_mcp_head_clear) struct wire_mcp_heads h = { .n = 0 };
	CLEANUP(buf_free) struct buf body = BUF(BODY_MOST);
	struct sv url = p->uri, next = p->uri;

	*out = (struct wire_mcp_answer){ .fate = MCP_UNREACHABLE };
	p->ids += ask->notice ? 0 : 1;
	TRY(write_body(cx, p, ask, &body));
	TRY(wire_mcp_head_post(cx, p, ask, &h));
	for (int i = 0; i < HOPS_MOST; i++) {
		CLEANUP(wire_mcp_read_clear)
		struct wire_mcp_reading r = { .cx = cx,
					      .p = p,
					      .ask = ask,
					      .out = out,
					      .url = url,
					      .sse = WIRE_SSE(ask->most),
					      .whole = BUF(ask->most) };

		TRY(post(&r, buf_view(&body), &h, &next));
		if (next.p == NULL)
			return resume(&r);
		if (!same_origin(cx, p->uri, next)) {
			wire_mcp_read_say(out, MCP_REFUSED,
					  "the server redirects to another host; register the address it means");
			return OK;
		}
		url = next;
	}
	wire_mcp_read_say(out, MCP_REFUSED, "the server redirects in a circle");
	return OK;
}
