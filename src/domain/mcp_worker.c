/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/mcp_worker.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/jdoc.h"
#include "core/jout.h"
#include "core/text.h"
#include "domain/mcp_sessions.h"
#include "domain/worker_vault.h"
#include <stdio.h>

enum {
	HEADER_MISMATCH = -32020,
	UNSUPPORTED_VERSION = -32022,
	NO_METHOD = -32601,
	BAD_REQUEST = -32600,
	LEGACY_WORD = -32000
};
#define LEAVE_MOST SEC(5)

/* ---- the peer ---- */
static struct err peer_of(struct ctx *cx, struct engine *en, const struct mcp_worker_ask *ask, struct wire_mcp *out)
{
	struct worker_vault_headers headers = { .n = 0 };

	if (ask->w->secret_box.p != NULL)
		TRY(worker_vault_headers(cx, en, ask->w, &headers));
	*out = (struct wire_mcp){ .net = en->net,
				  .uri = ask->w->uri,
				  .headers = headers.v,
				  .n_headers = headers.n,
				  .token = ask->token,
				  .deadline = clock_mono() + ask->timeout };
	if (ask->w->era.n > 0 && !sv_copy(ask->w->era, out->version, sizeof out->version))
		return fail(cx, E_INTERNAL, "storage error", "revision of worker %.*s", SV_FMT(ask->w->unique_id));
	return OK;
}
static struct err era_of(struct ctx *cx, const struct wire_mcp *p, bool settled, struct sv *out)
{
	*out = settled ? arena_sv(cx->arena, sv_of(p->version)) : SV("");
	return out->p == NULL ? fail(cx, E_INTERNAL, "out of memory", "a revision") : OK;
}

/* ---- what it can do ---- */
static struct err told(struct ctx *cx, struct wire_mcp *p, const struct mcp_worker_ask *ask,
		       struct mcp_worker_told *out)
{
	const struct node *tools = NULL;
	bool settled = false;

	TRY(wire_mcp_greet(cx, p, &out->server, &settled, &out->answer));
	if (out->answer.fate != MCP_ANSWERED)
		return OK;
	TRY(era_of(cx, p, settled, &out->era));
	TRY(wire_mcp_tools(cx, p, &tools, &out->answer));
	if (out->answer.fate != MCP_ANSWERED)
		return OK;
	const struct wire_mcp_told in = { &out->server, tools, wire_mcp_modern(p), ask->w->unique_id };
	return wire_mcp_catalogue(cx, &in, &out->catalogue);
}
struct err mcp_worker_tools(struct ctx *cx, struct engine *en, const struct mcp_worker_ask *ask,
			    struct mcp_worker_told *out)
{
	struct wire_mcp p;

	*out = (struct mcp_worker_told){ .era = SV("") };
	TRY(peer_of(cx, en, ask, &p));
	struct err e = told(cx, &p, ask, out);
	if (!IS_ERR(e))
		wire_mcp_leave(cx, &p, LEAVE_MOST);
	return e;
}
struct err mcp_worker_greet(struct ctx *cx, struct engine *en, const struct mcp_worker_ask *ask,
			    struct mcp_worker_told *out)
{
	struct wire_mcp p;
	bool settled = false;

	*out = (struct mcp_worker_told){ .era = SV("") };
	TRY(peer_of(cx, en, ask, &p));
	TRY(wire_mcp_greet(cx, &p, &out->server, &settled, &out->answer));
	wire_mcp_leave(cx, &p, LEAVE_MOST);
	return OK;
}
struct err mcp_worker_leave(struct ctx *cx, struct engine *en, const struct mcp_worker_ask *ask,
			    const struct mcp_worker_end *end)
{
	struct wire_mcp p;

	TRY(peer_of(cx, en, ask, &p));
	if (!sv_copy(end->version, p.version, sizeof p.version) || !sv_copy(end->session, p.session, sizeof p.session))
		return fail(cx, E_INTERNAL, "a text does not fit", "a session");
	p.ids = p.given_up = end->given_up;
	wire_mcp_cancel(cx, &p);
	wire_mcp_leave(cx, &p, ask->timeout);
	return OK;
}

/* ---- a call ---- */
/* What the server may know of who calls; never a token (contract 4.8). */
static struct err meta_of(struct ctx *cx, const struct mcp_worker_call *call, struct sv *out)
{
	CLEANUP(buf_free) struct buf b = BUF(4096);
	struct jout w = JOUT(&b);

	jout_open(&w, NULL);
	jout_open(&w, "arcade_context");
	jout_open(&w, "authorization");
	jout_close(&w);
	if (call->user_id.n > 0)
		jout_str(&w, "user_id", call->user_id);
	jout_close(&w);
	jout_close(&w);
	TRY(jout_done(cx, &w));
	*out = arena_sv(cx->arena, buf_view(&b));
	if (out->p == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "a call");
	*out = (struct sv){ out->p + 1, out->n - 2 };
	return OK;
}
/* The server no longer speaks what it spoke: nothing ran, and it is to be asked anew. */
static bool contradicts(const struct wire_mcp *p, const struct wire_mcp_answer *a)
{
	if (!wire_mcp_modern(p))
		return false;
	if (a->fate == MCP_ERROR)
		return a->code == UNSUPPORTED_VERSION || a->code == NO_METHOD || a->code == BAD_REQUEST ||
		       a->code == LEGACY_WORD;
	return a->fate == MCP_REFUSED && (a->status == 400 || a->status == 404 || a->status == 405);
}
struct going {
	struct wire_mcp peer;
	struct wire_mcp_call call;
	bool settled, reprobed;
	bool kept; /* the session of an earlier call */
};
static struct err ready(struct ctx *cx, struct going *g, struct wire_mcp_answer *a)
{
	struct wire_mcp_server server;

	a->fate = MCP_ANSWERED;
	g->settled = true;
	if (wire_mcp_modern(&g->peer))
		return OK;
	return wire_mcp_greet(cx, &g->peer, &server, &g->settled, a);
}
/* Spoken to as before, in the session of an earlier call.  False: the server does not know it any more. */
static struct err as_before(struct ctx *cx, struct going *g, struct wire_mcp_answer *a, bool *good)
{
	bool other;

	g->settled = true;
	g->peer.restarted = true; /* the one repeat of a call: in a session of its own */
	TRY(wire_mcp_call(cx, &g->peer, &g->call, a));
	other =
	    a->fate == MCP_ERROR && a->status == 400 && (a->code == UNSUPPORTED_VERSION || a->code == HEADER_MISMATCH);
	*good = !other && !wire_mcp_forgotten(a);
	g->peer.session[0] = *good ? g->peer.session[0] : '\0';
	return OK;
}
static struct err once(struct ctx *cx, struct going *g, struct wire_mcp_answer *a)
{
	bool good = false;

	if (g->kept)
		TRY(as_before(cx, g, a, &good));
	if (good)
		return OK;
	TRY(ready(cx, g, a));
	if (a->fate != MCP_ANSWERED)
		return OK;
	TRY(wire_mcp_call(cx, &g->peer, &g->call, a));
	if (g->reprobed || !contradicts(&g->peer, a))
		return OK;
	const struct wire_mcp_answer was = *a;
	g->reprobed = true;
	g->peer.version[0] = '\0';
	TRY(ready(cx, g, a));
	if (a->fate == MCP_ANSWERED && !wire_mcp_modern(&g->peer))
		return wire_mcp_call(cx, &g->peer, &g->call, a);
	*a = a->fate == MCP_ANSWERED ? was : *a; /* as modern as before: it was an answer to the call */
	return OK;
}
/* As an http worker would have answered: the runner knows one kind of answer. */
static struct err as_worker(struct ctx *cx, const struct wire_mcp_answer *a, struct mcp_worker_done *out)
{
	static const enum wire_worker_fate of[] = {
		[MCP_ANSWERED] = WORKER_ANSWERED,
		[MCP_ERROR] = WORKER_ANSWERED,
		[MCP_UNREACHABLE] = WORKER_UNREACHABLE,
		[MCP_TIMEOUT] = WORKER_TIMEOUT,
		[MCP_CUT] = WORKER_CUT,
		[MCP_BUSY] = WORKER_BUSY,
		[MCP_REFUSED] = WORKER_REFUSED,
		[MCP_UNREADABLE] = WORKER_UNREADABLE,
		[MCP_NO_TOKEN] = WORKER_REFUSED,
		[MCP_NO_SCOPE] = WORKER_REFUSED,
	};
	struct wire_mcp_done done;

	out->answer = (struct wire_worker_answer){ .fate = of[a->fate], .status = a->status };
	if (a->fate == MCP_CUT && a->too_large)
		out->answer.fate = WORKER_UNREADABLE;
	TRY(wire_mcp_done(cx, a, &done));
	out->answer.json = done.json;
	out->stale = done.unknown_tool;
	if (done.json == NULL)
		(void)snprintf(out->answer.say, sizeof out->answer.say, "%s", a->say);
	return OK;
}
/* A session without a future is ended, and a call that nobody waits for taken back, by others: who called has his
 * answer now. */
static void part(struct ctx *cx, struct engine *en, const struct mcp_sessions_of *of, struct wire_mcp *p)
{
	if (p->session[0] == '\0' && p->given_up == 0)
		return;
	if (!mcp_sessions_end(en, of, p))
		wire_mcp_leave(cx, p, LEAVE_MOST);
}
static bool has_sessions(const struct wire_mcp *p) { return p->version[0] != '\0' && !wire_mcp_modern(p); }
/* After an answer there is no doubt about the session. */
static bool goes_on(const struct wire_mcp *p, const struct wire_mcp_answer *a)
{
	return has_sessions(p) && a->status == 200 && (a->fate == MCP_ANSWERED || a->fate == MCP_ERROR);
}
static struct err call_it(struct ctx *cx, struct engine *en, const struct mcp_worker_call *call, struct going *g,
			  struct mcp_worker_done *out)
{
	struct mcp_sessions_of of = { .w = call->at.w, .user_id = call->user_id };

	TRY(peer_of(cx, en, &call->at, &g->peer));
	TRY(meta_of(cx, call, &g->call.meta));
	if (call->mirror.n > 0)
		TRY(jdoc_parse(cx, call->mirror, "a tool's headers", &g->call.mirror));
	TRY(mcp_sessions_key(cx, en, &g->peer, &of));
	g->kept = has_sessions(&g->peer) && mcp_sessions_take(en, &of, &g->peer);
	struct err e = once(cx, g, &out->last);
	if (IS_ERR(e) || !goes_on(&g->peer, &out->last) || !mcp_sessions_give(en, &of, &g->peer))
		part(cx, en, &of, &g->peer);
	TRY(e);
	TRY(era_of(cx, &g->peer, g->settled && out->last.fate != MCP_UNREACHABLE, &out->era));
	out->header_mismatch = out->last.fate == MCP_ERROR && out->last.code == HEADER_MISMATCH;
	TRY(as_worker(cx, &out->last, out));
	out->stale = out->stale || out->header_mismatch;
	return OK;
}
struct err mcp_worker_call(struct ctx *cx, struct engine *en, const struct mcp_worker_call *call,
			   struct mcp_worker_done *out)
{
	struct going g = { .call = { .name = call->tool, .arguments = call->input } };

	*out = (struct mcp_worker_done){ .era = SV("") };
	struct err e = call_it(cx, en, call, &g, out);
	out->answer.sent = g.peer.called;
	return e;
}
