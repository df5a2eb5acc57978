/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/jdoc.h"
#include "core/jout.h"
#include "core/text.h"
#include "core/url.h"
#include "wire/wire_mcp.h"
#include <stdio.h>

enum { MOST = 40 << 20, SAY_MOST = 4 << 10, BAD_PARAMS = -32602, URL_WANTED = -32042 };
enum { LEVELS_MOST = 62 }; /* of the 64 that JSON may have here, less those around a value */

/* ---- what a result holds ---- */
static bool is_text(const struct node *block)
{
	return sv_eqz(node_text_at(block, "type"), "text") && node_text_at(block, "text").p != NULL;
}
static bool all_text(const struct node *content)
{
	for (const struct node *b = content->first; b != NULL; b = b->next)
		if (!is_text(b))
			return false;
	return true;
}
static void joined(const struct node *content, struct buf *out)
{
	for (const struct node *b = content == NULL ? NULL : content->first; b != NULL; b = b->next)
		if (is_text(b)) {
			buf_str(out, out->n > 0 ? "\n" : "");
			buf_sv(out, node_text_at(b, "text"));
		}
}
/* Are there at most `most` levels? */
static bool fits(const struct node *n, int most)
{
	if (n->kind != NODE_LIST && n->kind != NODE_MAP)
		return true;
	for (const struct node *c = n->first; c != NULL && most > 1; c = c->next)
		if (!fits(c, most - 1))
			return false;
	return most > 1 || (most == 1 && n->first == NULL);
}
/* One text block that is a JSON object or list is that value (contract 4.8); one that has too many levels for a value
 * among the others of an answer stays a text. */
static const struct node *parsed(struct ctx *cx, const struct node *content)
{
	struct sv text = content->n == 1 ? sv_trim(node_text_at(content->first, "text")) : SV_NONE;
	const struct node *n = NULL;

	if (text.n == 0 || (text.p[0] != '{' && text.p[0] != '['))
		return NULL;
	if (IS_ERR(jdoc_parse(cx, text, "a tool's answer", &n))) { /* what that would change stays a text, whole */
		(void)forgive(cx);
		return NULL;
	}
	return fits(n, LEVELS_MOST) ? n : NULL;
}
static struct err value(struct ctx *cx, const struct node *result, struct jout *w)
{
	CLEANUP(buf_free) struct buf text = BUF(MOST);
	const struct node *structured = node_get(result, "structuredContent"), *content = node_get(result, "content");

	if (structured != NULL) {
		jout_node(w, "value", structured);
	} else if (content == NULL || content->kind != NODE_LIST) {
		jout_str(w, "value", SV(""));
	} else if (!all_text(content)) {
		jout_node(w, "value", content);
	} else if (parsed(cx, content) != NULL) {
		jout_node(w, "value", parsed(cx, content));
	} else {
		joined(content, &text);
		TRY(buf_done(cx, &text, "a tool's answer"));
		jout_str(w, "value", buf_view(&text));
	}
	return OK;
}

/* ---- what went wrong ---- */
struct wrong {
	const char *kind;
	struct sv message;
	bool can_retry;
	const struct node *arcade; /* _meta.arcade of an Arcade server; NULL */
};
static void put_number(struct jout *w, const char *key, const struct node *map, const char *name)
{
	const struct node *n = node_get(map, name);

	if (n != NULL && n->kind == NODE_INT)
		jout_i64(w, key, n->i);
}
static void put_error(struct jout *w, const struct wrong *e)
{
	struct sv kind = node_text_at(e->arcade, "errorKind"),
		  more = node_text_at(e->arcade, "additionalPromptContent");
	const struct node *again = node_get(e->arcade, "canRetry");

	jout_open(w, "error");
	jout_str(w, "message", e->message);
	jout_str(w, "kind", kind.n > 0 ? kind : sv_of(e->kind));
	jout_bool(w, "can_retry", again != NULL && again->kind == NODE_BOOL ? again->b : e->can_retry);
	if (more.n > 0)
		jout_str(w, "additional_prompt_content", more);
	put_number(w, "retry_after_ms", e->arcade, "retryAfterMs");
	put_number(w, "status_code", e->arcade, "statusCode");
	jout_close(w);
}
static struct sv text_or(struct ctx *cx, const struct buf *text, const char *otherwise)
{
	struct sv kept = text->n == 0 ? sv_of(otherwise) : arena_sv(cx->arena, buf_view(text));

	return kept.p == NULL ? sv_of(otherwise) : kept;
}
static struct wrong of_tool(struct ctx *cx, const struct node *result)
{
	CLEANUP(buf_free) struct buf text = BUF(1 << 20);

	joined(node_get(result, "content"), &text);
	return (struct wrong){ .kind = "TOOL_RUNTIME_FATAL",
			       .message = text_or(cx, &text, "the tool failed and says nothing of why"),
			       .arcade = node_path(result, SV("_meta.arcade")) };
}
static struct wrong of_code(struct ctx *cx, const struct wire_mcp_answer *a)
{
	bool input = a->code == BAD_PARAMS;
	struct sv m = sv_upto(a->message, SAY_MOST);

	while (m.n > 0 && !text_is_utf8(m))
		m.n--;
	const char *z =
	    arena_printf(cx->arena, "the server answers with error %lld: %.*s", (long long)a->code, SV_FMT(m));
	return (struct wrong){ .kind = input ? "TOOL_RUNTIME_BAD_INPUT_VALUE" : "TOOL_RUNTIME_FATAL",
			       .message = sv_of(z == NULL ? "the server answers with an error" : z) };
}

/* ---- what a server wants of a person ---- */
/* An https address (or http to this machine) to show, never to fetch. */
static struct sv shown_url(struct ctx *cx, struct sv url)
{
	struct url u;
	bool good = url.p != NULL && url.n <= 2048 && !IS_ERR(url_parse(cx, url, "url", &u)) && (u.https || u.loopback);

	(void)forgive(cx);
	return good ? url : SV_NONE;
}
static struct sv url_of(struct ctx *cx, const struct node *list)
{
	for (const struct node *n = list == NULL ? NULL : list->first; n != NULL; n = n->next) {
		const struct node *params = node_get(n, "params") == NULL ? n : node_get(n, "params");
		struct sv mode = node_text_at(params, "mode"), url = node_text_at(params, "url");

		if (url.n > 0 && (mode.p == NULL || sv_eqz(mode, "url")))
			return shown_url(cx, url);
	}
	return SV_NONE;
}
static struct wrong of_url(struct ctx *cx, struct sv url)
{
	const char *z = arena_printf(
	    cx->arena, "the server wants the user to go to %.*s first; call the tool again after that", SV_FMT(url));

	return (struct wrong){ .kind = "TOOL_RUNTIME_CONTEXT_REQUIRED",
			       .message = sv_of(z == NULL ? "the server wants the user to go somewhere first" : z) };
}
static struct wrong of_wish(struct ctx *cx, const struct node *result)
{
	const struct node *wants = node_get(result, "inputRequests");
	struct sv method = wants == NULL || wants->first == NULL ? SV_NONE : node_text_at(wants->first, "method");
	const char *z =
	    arena_printf(cx->arena, "the tool wants %.*s in the middle of the call, which this engine cannot give",
			 SV_FMT(method.n == 0 ? SV("more input") : sv_upto(method, 60)));

	return (struct wrong){ .kind = "TOOL_RUNTIME_FATAL",
			       .message = sv_of(z == NULL ? "the tool wants more input" : z) };
}

/* ---- all of it ---- */
static bool is_true(const struct node *n) { return n != NULL && n->kind == NODE_BOOL && n->b; }

struct sorted {
	bool success;
	struct wrong wrong;
};
static struct sorted sort_result(struct ctx *cx, const struct node *result, struct wire_mcp_done *out)
{
	struct sv type = node_text_at(result, "resultType");

	if (sv_eqz(type, "input_required")) {
		out->url = url_of(cx, node_get(result, "inputRequests"));
		return (struct sorted){ false, out->url.p == NULL ? of_wish(cx, result) : of_url(cx, out->url) };
	}
	if (type.p != NULL && !sv_eqz(type, "complete"))
		return (
		    struct sorted){ false,
				    { .kind = "TOOL_RUNTIME_FATAL",
				      .message = SV("the server answers with a kind of result that this engine does "
						    "not know") } };
	if (is_true(node_get(result, "isError")))
		return (struct sorted){ false, of_tool(cx, result) };
	return (struct sorted){ .success = true };
}
static struct sorted sort_error(struct ctx *cx, const struct wire_mcp_answer *a, struct wire_mcp_done *out)
{
	size_t at;

	if (a->code == URL_WANTED)
		out->url = url_of(cx, node_get(a->data, "elicitations"));
	if (out->url.p != NULL)
		return (struct sorted){ false, of_url(cx, out->url) };
	out->unknown_tool = a->code == BAD_PARAMS &&
			    (sv_find(a->message, SV("nknown tool"), &at) || sv_find(a->message, SV("not found"), &at));
	return (struct sorted){ false, of_code(cx, a) };
}
struct err wire_mcp_done(struct ctx *cx, const struct wire_mcp_answer *a, struct wire_mcp_done *out)
{
	CLEANUP(buf_free) struct buf b = BUF(MOST);
	struct jout w = JOUT(&b);

	*out = (struct wire_mcp_done){ .json = NULL };
	if (a->fate != MCP_ANSWERED && a->fate != MCP_ERROR)
		return OK;
	struct sorted s = a->fate == MCP_ERROR ? sort_error(cx, a, out) : sort_result(cx, a->result, out);
	jout_open(&w, NULL);
	jout_bool(&w, "success", s.success);
	jout_open(&w, "output");
	if (s.success)
		TRY(value(cx, a->result, &w));
	else
		put_error(&w, &s.wrong);
	if (out->url.p != NULL) {
		jout_open(&w, "requires_authorization");
		jout_str(&w, "authorization_url", out->url);
		jout_strz(&w, "status", "pending");
		jout_close(&w);
	}
	jout_close(&w);
	jout_close(&w);
	TRY(jout_done(cx, &w));
	struct sv text = arena_sv(cx->arena, buf_view(&b));
	if (text.p == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "a tool's answer");
	return jdoc_parse_lenient(cx, text, "a tool's answer", &out->json);
}
