/* SPDX-License-Identifier: Apache-2.0 */
#include "model/tmpl_scan.h"
#include "core/text.h"

static const struct {
	const char *name;
	size_t least, most;
} functions[FN__COUNT] = {
	[FN_JOIN] = { "join", 2, 2 },
	[FN_SPLIT] = { "split", 2, 2 },
	[FN_FIRST] = { "first", 1, 1 },
	[FN_LOWER] = { "lower", 1, 1 },
	[FN_URLENCODE] = { "urlencode", 1, 1 },
	[FN_URLDECODE] = { "urldecode", 1, 1 },
	[FN_BASE64] = { "base64", 1, 1 },
	[FN_BASIC] = { "basic", 2, 2 },
	[FN_JWT_DECODE] = { "jwt_decode", 2, 2 },
	[FN_DEFAULT] = { "default", 2, TMPL_MOST_ARGS },
	[FN_SIGN_JWT] = { "sign_jwt", 0, 0 },
};

static struct err wrong(struct ctx *cx, const char *what)
{
	return refuse(cx, E_BAD_INPUT, "is not a valid template: %s", what);
}

static bool word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static void skip(struct sv *s)
{
	while (s->n > 0 && (s->p[0] == ' ' || s->p[0] == '\t'))
		*s = sv_from(*s, 1);
}

static bool eat(struct sv *s, char c)
{
	skip(s);
	if (s->n == 0 || s->p[0] != c)
		return false;
	*s = sv_from(*s, 1);
	return true;
}

/* word ( . word )* ; after the first dot a claim's name may be an address (OpenID Connect Core 5.1.2); n 0: none here
 */
static struct sv take_name(struct sv *s)
{
	bool dotted = false;
	size_t n = 0;

	for (; n < s->n; n++) {
		bool dot = s->p[n] == '.' && n > 0 && s->p[n - 1] != '.';

		if (!dot && !word_char(s->p[n]) && !(dotted && (s->p[n] == ':' || s->p[n] == '/')))
			break;
		dotted = dotted || dot;
	}
	if (n > 0 && s->p[n - 1] == '.')
		n = 0;
	struct sv name = sv_upto(*s, n);
	*s = sv_from(*s, n);
	return name;
}

static struct err take(struct ctx *cx, struct sv *s, struct tmpl_pool *pool, int deep, const struct tmpl_expr **out);

static struct err take_args(struct ctx *cx, struct sv *s, struct tmpl_pool *pool, int deep, struct tmpl_expr *call)
{
	enum tmpl_fn fn = 0;

	while (fn < FN__COUNT && !sv_eqz(call->text, functions[fn].name))
		fn++;
	if (fn == FN__COUNT)
		return refuse(cx, E_BAD_INPUT, "is not a valid template: there is no function %.*s()",
			      SV_FMT(call->text));
	call->kind = TX_CALL;
	call->fn = fn;
	while (!eat(s, ')')) {
		if (call->n_args == functions[fn].most)
			return refuse(cx, E_BAD_INPUT, "is not a valid template: %s() takes %zu arguments",
				      functions[fn].name, functions[fn].most);
		if (call->n_args > 0 && !eat(s, ','))
			return wrong(cx, "arguments are separated by commas and closed by )");
		TRY(take(cx, s, pool, deep + 1, &call->args[call->n_args]));
		call->n_args++;
	}
	if (call->n_args < functions[fn].least)
		return refuse(cx, E_BAD_INPUT, "is not a valid template: %s() takes %zu arguments", functions[fn].name,
			      functions[fn].least);
	return OK;
}

static struct err take(struct ctx *cx, struct sv *s, struct tmpl_pool *pool, int deep, const struct tmpl_expr **out)
{
	if (deep > TMPL_MOST_DEEP || pool->n == TMPL_MOST_NODES)
		return wrong(cx, "nested too deep");
	struct tmpl_expr *x = &pool->v[pool->n++];
	*x = (struct tmpl_expr){ .kind = TX_NAME };
	*out = x;
	skip(s);
	if (s->n > 1 && (s->p[0] == '\'' || s->p[0] == '"')) {
		struct sv rest = sv_from(*s, 1);

		x->kind = TX_TEXT;
		x->text = sv_cut(&rest, s->p[0]);
		if (rest.p == NULL)
			return wrong(cx, "a quote is not closed");
		*s = rest;
		return OK;
	}
	x->text = take_name(s);
	if (x->text.n == 0)
		return wrong(cx, "a name, a function or a text in quotes is expected between {{ and }}");
	return eat(s, '(') ? take_args(cx, s, pool, deep, x) : OK;
}

struct err tmpl_scan_next(struct ctx *cx, struct sv *rest, struct tmpl_pool *pool, struct tmpl_part *out, bool *more)
{
	size_t at;

	*out = (struct tmpl_part){ .literal = *rest };
	*more = rest->n > 0;
	pool->n = 0;
	if (rest->n > TMPL_MOST_TEXT)
		return wrong(cx, "longer than 4096 bytes");
	if (!sv_find(*rest, SV("{{"), &at)) {
		*rest = sv_from(*rest, rest->n);
		return OK;
	}
	if (at > 0) {
		out->literal = sv_upto(*rest, at);
		*rest = sv_from(*rest, at);
		return OK;
	}
	struct sv s = sv_from(*rest, 2);
	out->literal = SV_NONE;
	TRY(take(cx, &s, pool, 1, &out->expr));
	if (!eat(&s, '}') || s.n == 0 || s.p[0] != '}')
		return wrong(cx, "{{ is not closed by }}");
	*rest = sv_from(s, 1);
	return OK;
}

bool tmpl_scan_has(const struct tmpl_expr *x, struct sv name)
{
	if (x->kind == TX_NAME)
		return sv_ends(name, SV(".")) ? sv_starts(x->text, name) : sv_eq(x->text, name);
	for (size_t i = 0; i < x->n_args; i++)
		if (tmpl_scan_has(x->args[i], name))
			return true;
	return false;
}
