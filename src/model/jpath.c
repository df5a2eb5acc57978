/* SPDX-License-Identifier: Apache-2.0 */
#include "model/jpath.h"
#include "core/arena.h"
#include "core/codec.h"
#include "core/jdoc.h"
#include "core/jout.h"
#include "core/text.h"

enum { MOST_TEXT = 1024, MOST_STEPS = 16, MOST_DEEP = 4, MOST_JOINED = 65536, MOST_JWT = 65536, MOST_INDEX = 9999 };

/* One walk over an expression.  `root` NULL with `dry`: only the grammar is checked. */
struct walk {
	struct ctx *cx;
	struct sv rest;
	const struct node *root;
	bool dry;
	int deep;
};

static struct err wrong(struct ctx *cx, const char *what)
{
	return refuse(cx, E_BAD_INPUT, "is not a valid path: %s", what);
}

static struct err no_memory(struct ctx *cx) { return fail(cx, E_INTERNAL, "out of memory", "reading a path"); }

static void skip(struct walk *w)
{
	while (w->rest.n > 0 && (w->rest.p[0] == ' ' || w->rest.p[0] == '\t'))
		w->rest = sv_from(w->rest, 1);
}

static bool eat(struct walk *w, struct sv what)
{
	skip(w);
	if (!sv_starts(w->rest, what))
		return false;
	w->rest = sv_from(w->rest, what.n);
	return true;
}

static bool name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
	       c == '@' || c == ':' || c == '/';
}

static struct sv take_name(struct walk *w)
{
	size_t n = 0;

	while (n < w->rest.n && name_char(w->rest.p[n]))
		n++;
	struct sv s = sv_upto(w->rest, n);
	w->rest = sv_from(w->rest, n);
	return s;
}

/* 'text' or "text", without escapes; p NULL: none here. */
static struct sv take_quoted(struct walk *w)
{
	struct sv rest = w->rest;

	if (rest.n < 2 || (rest.p[0] != '\'' && rest.p[0] != '"'))
		return SV_NONE;
	char q = rest.p[0];
	rest = sv_from(rest, 1);
	struct sv s = sv_cut(&rest, q);
	if (rest.p == NULL)
		return SV_NONE;
	w->rest = rest;
	return s;
}

/* ---- literals and comparison ---- */
struct literal {
	enum node_kind kind;
	struct sv text;
	int64_t i;
	bool b;
};

static bool take_literal(struct walk *w, struct literal *out)
{
	skip(w);
	*out = (struct literal){ .kind = NODE_TEXT, .text = take_quoted(w) };
	if (out->text.p != NULL)
		return true;
	struct sv s = take_name(w);
	if (sv_eqz(s, "null"))
		out->kind = NODE_NULL;
	else if (sv_eqz(s, "true") || sv_eqz(s, "false"))
		*out = (struct literal){ .kind = NODE_BOOL, .b = sv_eqz(s, "true") };
	else if (sv_i64(s, INT64_MIN, INT64_MAX, &out->i))
		out->kind = NODE_INT;
	else
		return false;
	return true;
}

static bool fits(const struct node *n, const struct literal *l)
{
	if (l->kind == NODE_NULL)
		return n == NULL || n->kind == NODE_NULL;
	if (n == NULL || n->kind != l->kind)
		return false;
	return l->kind == NODE_TEXT ? sv_eq(n->text, l->text) : l->kind == NODE_BOOL ? n->b == l->b : n->i == l->i;
}

/* ---- steps ---- */
static const struct node *nth(const struct node *n, int64_t i)
{
	const struct node *c = n != NULL && n->kind == NODE_LIST ? n->first : NULL;

	while (c != NULL && i-- > 0)
		c = c->next;
	return c;
}

static struct err step_filter(struct walk *w, const struct node **at)
{
	struct literal want;
	struct sv name = take_name(w);
	const struct node *row = *at != NULL && (*at)->kind == NODE_LIST ? (*at)->first : NULL;

	if (name.n == 0 || !eat(w, SV("==")) || !take_literal(w, &want) || !eat(w, SV("]")))
		return wrong(w->cx, "a filter is [?name==literal]");
	while (row != NULL && !fits(node_get_sv(row, name), &want))
		row = row->next;
	*at = row;
	return OK;
}

static struct err step_bracket(struct walk *w, const struct node **at)
{
	int64_t i;
	struct sv quoted;

	if (eat(w, SV("?")))
		return step_filter(w, at);
	quoted = take_quoted(w);
	if (quoted.p != NULL) {
		if (quoted.n == 0 || !eat(w, SV("]")))
			return wrong(w->cx, "a name in brackets is ['name']");
		*at = node_get_sv(*at, quoted);
		return OK;
	}
	if (!sv_i64(take_name(w), 0, MOST_INDEX, &i) || !eat(w, SV("]")))
		return wrong(w->cx, "an index in brackets is [0] to [9999]");
	*at = nth(*at, i);
	return OK;
}

static struct err take_path(struct walk *w, const struct node **out)
{
	const struct node *at = w->root;

	if (!eat(w, SV("$")))
		return wrong(w->cx, "it must begin with $, join( or jwt_decode(");
	for (int steps = 0; w->rest.n > 0 && (w->rest.p[0] == '.' || w->rest.p[0] == '['); steps++) {
		bool dot = w->rest.p[0] == '.';

		if (steps == MOST_STEPS)
			return wrong(w->cx, "more than 16 steps");
		w->rest = sv_from(w->rest, 1);
		if (!dot) {
			TRY(step_bracket(w, &at));
			continue;
		}
		struct sv name = take_name(w);
		if (name.n == 0)
			return wrong(w->cx, "a name must follow the dot");
		at = node_get_sv(at, name);
	}
	*out = at;
	return OK;
}

/* ---- functions ---- */
static struct err take_expr(struct walk *w, const struct node **out);

/* An argument: an expression, bare or in quotes. */
static struct err take_arg(struct walk *w, const struct node **out)
{
	skip(w);
	struct sv quoted = take_quoted(w);
	if (quoted.p == NULL)
		return take_expr(w, out);
	struct walk in = { .cx = w->cx, .rest = quoted, .root = w->root, .dry = w->dry, .deep = w->deep };
	TRY(take_expr(&in, out));
	skip(&in);
	return in.rest.n == 0 ? OK : wrong(w->cx, "something follows the path in quotes");
}

static struct err joined(struct walk *w, const struct node *list, struct sv sep, const struct node **out)
{
	CLEANUP(buf_free) struct buf b = BUF(MOST_JOINED);
	bool first = true;

	*out = list;
	if (list == NULL || list->kind != NODE_LIST)
		return OK; /* a text stays as it is */
	*out = NULL;
	for (const struct node *c = list->first; c != NULL && buf_ok(&b); c = c->next) {
		struct sv s;

		TRY(jpath_text(w->cx, c, &s));
		if (s.p == NULL)
			continue;
		if (!first)
			buf_sv(&b, sep);
		buf_sv(&b, s);
		first = false;
	}
	struct err e = buf_done(w->cx, &b, "a joined list");
	if (e.code == E_TOO_LARGE) /* the peer's doing, and no reason to throw its answer away */
		return forgive(w->cx);
	TRY(e);
	*out = node_new_text(w->cx->arena, buf_view(&b));
	return *out == NULL ? no_memory(w->cx) : OK;
}

static struct err take_join(struct walk *w, const struct node **out)
{
	const struct node *list = NULL;

	TRY(take_arg(w, &list));
	if (!eat(w, SV(",")))
		return wrong(w->cx, "join takes two arguments");
	skip(w);
	struct sv sep = take_quoted(w);
	if (sep.p == NULL || !eat(w, SV(")")))
		return wrong(w->cx, "join takes a list and a text in quotes");
	*out = NULL;
	return w->dry ? OK : joined(w, list, sep, out);
}

static struct err take_jwt(struct walk *w, const struct node **out)
{
	const struct node *token = NULL, *claims = NULL;
	struct sv text = SV_NONE;

	TRY(take_arg(w, &token));
	if (!eat(w, SV(",")))
		return wrong(w->cx, "jwt_decode takes two arguments");
	if (!w->dry)
		TRY(jpath_text(w->cx, token, &text));
	if (text.p != NULL)
		TRY(jpath_jwt(w->cx, text, &claims));
	struct walk in = { .cx = w->cx, .rest = w->rest, .root = claims, .dry = w->dry, .deep = w->deep };
	TRY(take_arg(&in, out));
	w->rest = in.rest;
	return eat(w, SV(")")) ? OK : wrong(w->cx, "jwt_decode must be closed by )");
}

static struct err take_expr(struct walk *w, const struct node **out)
{
	struct err e;

	if (++w->deep > MOST_DEEP)
		return wrong(w->cx, "nested too deep");
	if (eat(w, SV("join(")))
		e = take_join(w, out);
	else if (eat(w, SV("jwt_decode(")))
		e = take_jwt(w, out);
	else
		e = take_path(w, out);
	w->deep--;
	return e;
}

static struct err whole(struct walk *w, const struct node **out)
{
	if (w->rest.n == 0 || w->rest.n > MOST_TEXT)
		return wrong(w->cx, w->rest.n == 0 ? "it is empty" : "longer than 1024 bytes");
	TRY(take_expr(w, out));
	skip(w);
	return OK;
}

struct err jpath_get(struct ctx *cx, struct sv expr, const struct node *root, const struct node **out)
{
	struct walk w = { .cx = cx, .rest = expr, .root = root };

	*out = NULL;
	TRY(whole(&w, out));
	return w.rest.n == 0 ? OK : wrong(cx, "something follows the path");
}

struct err jpath_check(struct ctx *cx, struct sv expr)
{
	struct walk w = { .cx = cx, .rest = expr, .dry = true };
	const struct node *none = NULL;

	TRY(whole(&w, &none));
	return w.rest.n == 0 ? OK : wrong(cx, "something follows the path");
}

/* ---- conditions ---- */
static bool is_something(const struct node *n)
{
	if (n == NULL || n->kind == NODE_NULL)
		return false;
	return n->kind == NODE_BOOL ? n->b : n->kind != NODE_TEXT || n->text.n > 0;
}

static struct err condition(struct walk *w, bool *out)
{
	const struct node *n = NULL;
	struct literal l;

	TRY(whole(w, &n));
	*out = is_something(n);
	if (w->rest.n == 0)
		return OK;
	bool differs = eat(w, SV("!="));
	if ((!differs && !eat(w, SV("=="))) || !take_literal(w, &l))
		return wrong(w->cx, "a condition is a path, path == literal or path != literal");
	skip(w);
	*out = fits(n, &l) != differs;
	return w->rest.n == 0 ? OK : wrong(w->cx, "something follows the condition");
}

struct err jpath_test(struct ctx *cx, struct sv cond, const struct node *root, bool *out)
{
	struct walk w = { .cx = cx, .rest = cond, .root = root };

	*out = false;
	return condition(&w, out);
}

struct err jpath_check_cond(struct ctx *cx, struct sv cond)
{
	struct walk w = { .cx = cx, .rest = cond, .dry = true };
	bool ignored;

	return condition(&w, &ignored);
}

/* ---- values ---- */
struct err jpath_text(struct ctx *cx, const struct node *n, struct sv *out)
{
	CLEANUP(buf_free) struct buf b = BUF(64);
	struct jout w = JOUT(&b);

	*out = SV_NONE;
	if (n == NULL || n->kind == NODE_NULL || n->kind == NODE_LIST || n->kind == NODE_MAP)
		return OK;
	if (n->text.p != NULL) { /* also a plain YAML scalar, as it was written */
		*out = n->text;
		return OK;
	}
	jout_node(&w, NULL, n);
	TRY(jout_done(cx, &w));
	*out = arena_sv(cx->arena, buf_view(&b));
	return out->p == NULL ? no_memory(cx) : OK;
}

struct err jpath_jwt(struct ctx *cx, struct sv jwt, const struct node **out)
{
	CLEANUP(buf_free) struct buf b = BUF(MOST_JWT);
	struct sv rest = jwt, head = sv_cut(&rest, '.'), payload = sv_cut(&rest, '.');

	*out = NULL;
	if (jwt.n > MOST_JWT || head.n == 0 || payload.n == 0 || rest.p == NULL)
		return OK;
	if (!dec_b64url(&b, payload))
		return buf_starved(&b) ? no_memory(cx) : OK;
	struct err e = jdoc_parse_lenient(cx, buf_view(&b), "a JWT", out);
	if (e.code == E_BAD_INPUT)
		return forgive(cx); /* not a JWT: absent */
	if (*out != NULL && (*out)->kind != NODE_MAP)
		*out = NULL;
	return e;
}
