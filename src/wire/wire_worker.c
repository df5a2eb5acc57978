/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire_worker.h"
#include "core/arena.h"
#include "core/codec.h"
#include "core/digest.h"
#include "core/jdoc.h"
#include "core/jout.h"
#include "core/text.h"
#include "net/net.h"
#include <stdio.h>

enum { MOST_HEALTH = 64 << 10, MOST_TOOLS = 16 << 20, MOST_RESULT = 16 << 20, MOST_TOKEN = 2048, MOST_URL = 4096 };
#define TOKEN_LEFT SEC(60) /* the JWT outlives the call by so much: the worker's clock may be ahead */

/* ---- the token (contract 4.2) ---- */
static struct err claims(struct ctx *cx, const struct wire_worker *w, struct buf *out)
{
	CLEANUP(buf_free) struct buf b = BUF(MOST_TOKEN);
	struct jout j = JOUT(&b);

	jout_open(&j, NULL);
	jout_strz(&j, "iss", "arcade-engine");
	jout_strz(&j, "aud", "worker");
	jout_strz(&j, "ver", "1");
	jout_i64(&j, "iat", cx->now / SEC(1));
	jout_i64(&j, "exp", (cx->now + w->timeout + TOKEN_LEFT) / SEC(1));
	jout_close(&j);
	TRY(jout_done(cx, &j));
	enc_b64url(out, buf_view(&b));
	return OK;
}
static struct err bearer(struct ctx *cx, const struct wire_worker *w, struct buf *out)
{
	static const struct sv scheme = SV_INIT("Bearer ");

	buf_sv(out, scheme);
	enc_b64url(out, SV("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"));
	buf_char(out, '.');
	TRY(claims(cx, w, out));
	TRY(buf_done(cx, out, "the worker's token"));
	struct sha256 mac =
	    hmac_sha256(w->secret == NULL ? SV("") : secret_view(w->secret), sv_from(buf_view(out), scheme.n));
	buf_char(out, '.');
	enc_b64url(out, sha256_view(&mac));
	return buf_done(cx, out, "the worker's token");
}

/* ---- what came of it ---- */
static void say(struct wire_worker_answer *out, enum wire_worker_fate fate, const char *what)
{
	out->fate = fate;
	(void)snprintf(out->say, sizeof out->say, "%.200s", what);
}
static void of_status(struct wire_worker_answer *out)
{
	char text[120];

	if (out->status == 401 || out->status == 403) {
		say(out, WORKER_REFUSED, "the worker does not accept our token: its secret differs from the one here");
		return;
	}
	(void)snprintf(text, sizeof text, "the worker answered with status %d", out->status);
	say(out, out->status >= 502 && out->status <= 504 ? WORKER_BUSY : WORKER_REFUSED, text);
}
static void of_fate(struct wire_worker_answer *out, const struct net_reply *r)
{
	char text[240];

	(void)snprintf(text, sizeof text, "%s: %s", net_fate_text(r->fate), r->detail);
	say(out,
	    !r->sent                   ? WORKER_UNREACHABLE
	    : r->fate == NET_TIMEOUT   ? WORKER_TIMEOUT
	    : r->fate == NET_TOO_LARGE ? WORKER_UNREADABLE
				       : WORKER_CUT,
	    text);
}
static struct err of_body(struct ctx *cx, const struct net_reply *r, struct wire_worker_answer *out)
{
	out->text = arena_sv(cx->arena, buf_view(&r->body));
	if (out->text.p == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "a worker's answer of %zu bytes", r->body.n);
	struct err e = jdoc_parse_lenient(cx, out->text, "the worker's answer", &out->json);
	if (!IS_ERR(e)) {
		out->fate = WORKER_ANSWERED;
		return OK;
	}
	if (e.code != E_BAD_INPUT)
		return e;
	say(out, WORKER_UNREADABLE, cx->cause.say);
	return forgive(cx);
}

/* ---- the calls ---- */
struct ask {
	const char *method, *path, *purpose;
	struct sv body;
	size_t most;
	bool open; /* without a token */
	enum net_once once;
};
static struct err call(struct ctx *cx, const struct wire_worker *w, const struct ask *ask,
		       struct wire_worker_answer *out)
{
	CLEANUP(net_reply_clear) struct net_reply reply = { .sent = false };
	CLEANUP(buf_free) struct buf token = BUF(MOST_TOKEN);
	CLEANUP(buf_free) struct buf url = BUF(MOST_URL);
	struct sv base = w->uri;

	*out = (struct wire_worker_answer){ .fate = WORKER_UNREACHABLE };
	while (base.n > 0 && base.p[base.n - 1] == '/')
		base.n--;
	buf_sv(&url, base);
	buf_str(&url, ask->path);
	TRY(buf_done(cx, &url, "the worker's address"));
	TRY(bearer(cx, w, &token));
	const struct net_header headers[] = { { SV("Accept"), SV("application/json") },
					      { SV("Content-Type"), SV("application/json") },
					      { SV("Authorization"), buf_view(&token) } };
	const struct net_call c = { .purpose = ask->purpose,
				    .method = sv_of(ask->method),
				    .url = buf_view(&url),
				    .headers = headers,
				    .n_headers = ARRAY_LEN(headers) - ask->open,
				    .body = ask->body,
				    .timeout = w->timeout,
				    .max_reply = ask->most,
				    .once = ask->once };
	struct err e = net_call(cx, w->net, &c, &reply);
	out->sent = reply.sent;
	TRY(e);
	out->status = reply.status;
	if (reply.fate != NET_DONE) {
		of_fate(out, &reply);
		return OK;
	}
	if (reply.status >= 200 && reply.status < 300)
		return of_body(cx, &reply, out);
	of_status(out);
	return OK;
}
struct err wire_worker_health(struct ctx *cx, const struct wire_worker *w, struct wire_worker_answer *out)
{
	return call(cx, w,
		    &(struct ask){ .method = "GET",
				   .path = "/worker/health",
				   .purpose = "worker.health",
				   .most = MOST_HEALTH,
				   .open = true },
		    out);
}
struct err wire_worker_tools(struct ctx *cx, const struct wire_worker *w, struct wire_worker_answer *out)
{
	return call(
	    cx, w,
	    &(struct ask){ .method = "GET", .path = "/worker/tools", .purpose = "worker.tools", .most = MOST_TOOLS },
	    out);
}
struct err wire_worker_invoke(struct ctx *cx, const struct wire_worker *w, struct sv body,
			      struct wire_worker_answer *out)
{
	return call(cx, w,
		    &(struct ask){ .method = "POST",
				   .path = "/worker/tools/invoke",
				   .purpose = "worker.invoke",
				   .body = body,
				   .most = MOST_RESULT,
				   .once = NET_UNREPEATED },
		    out);
}

/* ---- the answer to a call ---- */
static bool is(const struct node *n, enum node_kind kind)
{
	return n == NULL || n->kind == NODE_NULL || n->kind == kind;
}
static bool error_fits(const struct node *error)
{
	static const struct {
		const char *field;
		enum node_kind kind;
	} t[] = { { "message", NODE_TEXT },
		  { "kind", NODE_TEXT },
		  { "developer_message", NODE_TEXT },
		  { "additional_prompt_content", NODE_TEXT },
		  { "stacktrace", NODE_TEXT },
		  { "can_retry", NODE_BOOL },
		  { "retry_after_ms", NODE_INT },
		  { "status_code", NODE_INT },
		  { "extra", NODE_MAP } };

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		if (!is(node_get(error, t[i].field), t[i].kind))
			return false;
	return is(error, NODE_MAP);
}
bool wire_worker_fits(const struct node *answer)
{
	const struct node *success = node_get(answer, "success"), *output = node_get(answer, "output");
	const struct node *error = node_get(output, "error"), *wants = node_get(output, "requires_authorization");

	if (success == NULL || success->kind != NODE_BOOL || !is(output, NODE_MAP) || !error_fits(error))
		return false;
	return success->b || (error != NULL && error->kind == NODE_MAP) || (wants != NULL && wants->kind == NODE_MAP);
}
