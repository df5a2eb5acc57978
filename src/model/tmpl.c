/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/codec.h"
#include "core/jout.h"
#include "core/text.h"
#include "model/jpath.h"
#include "model/tmpl_scan.h"

enum { MOST_VALUE = 65536, MOST_ITEMS = 512 };

bool tmpl_names(struct sv text, const char *name)
{
	struct ctx scratch = { .request_id = "" };
	struct tmpl_pool pool;
	struct tmpl_part part;
	bool more = true;

	while (!IS_ERR(tmpl_scan_next(&scratch, &text, &pool, &part, &more)) && more)
		if (part.expr != NULL && tmpl_scan_has(part.expr, sv_of(name)))
			return true;
	return false;
}

/* ---- using ---- */
struct use {
	struct ctx *cx;
	const struct tmpl_env *env;
};
static struct err eval(const struct use *u, const struct tmpl_expr *x, struct tmpl_value *out);

static struct err no_memory(struct ctx *cx) { return fail(cx, E_INTERNAL, "out of memory", "filling a template"); }

static struct err keep(struct ctx *cx, const struct buf *b, struct tmpl_value *out)
{
	TRY(buf_done(cx, b, "a filled template"));
	*out = (struct tmpl_value){ .text = arena_sv(cx->arena, buf_view(b)) };
	return out->text.p == NULL ? no_memory(cx) : OK;
}

static struct err from_list(struct ctx *cx, const struct node *list, struct tmpl_value *out)
{
	size_t i = 0;
	struct sv *v = arena_array(cx->arena, list->n + 1, sizeof *v);

	if (v == NULL)
		return no_memory(cx);
	for (const struct node *c = list->first; c != NULL && i < MOST_ITEMS; c = c->next) {
		TRY(jpath_text(cx, c, &v[i]));
		i += v[i].p != NULL;
	}
	*out = (struct tmpl_value){ .list = { v, i }, .is_list = true };
	return OK;
}

static struct err eval_name(const struct use *u, struct sv name, struct tmpl_value *out)
{
	struct sv path = name, root = sv_cut(&path, '.');

	for (size_t i = 0; i < u->env->n_vars; i++)
		if (sv_eqz(name, u->env->vars[i].name)) {
			*out = u->env->vars[i].value;
			return OK;
		}
	for (size_t i = 0; path.p != NULL && i < u->env->n_roots; i++) {
		if (!sv_eqz(root, u->env->roots[i].name))
			continue;
		/* kept values have dots in their names ("guild.id"): the whole name first */
		const struct node *n = node_get_sv(u->env->roots[i].tree, path);
		if (n == NULL)
			n = node_path(u->env->roots[i].tree, path);
		if (n != NULL && n->kind == NODE_LIST)
			return from_list(u->cx, n, out);
		return jpath_text(u->cx, n, &out->text);
	}
	return OK;
}

static bool is_absent(const struct tmpl_value *v) { return v->is_list ? v->list.n == 0 : v->text.n == 0; }

static struct err as_text(const struct use *u, const struct tmpl_value *v, struct sv sep, struct sv *out)
{
	CLEANUP(buf_free) struct buf b = BUF(MOST_VALUE);
	struct tmpl_value t;

	*out = v->text;
	if (!v->is_list)
		return OK;
	for (size_t i = 0; i < v->list.n; i++) {
		if (i > 0)
			buf_sv(&b, sep);
		buf_sv(&b, v->list.v[i]);
	}
	TRY(keep(u->cx, &b, &t));
	*out = t.text;
	return OK;
}

static struct err arg_text(const struct use *u, const struct tmpl_expr *x, struct sv *out)
{
	struct tmpl_value v = { .is_list = false };

	TRY(eval(u, x, &v));
	return as_text(u, &v, u->env->delimiter, out);
}

static struct err do_join(const struct use *u, const struct tmpl_expr *x, struct tmpl_value *out)
{
	struct tmpl_value v = { .is_list = false };
	struct sv sep;

	TRY(eval(u, x->args[0], &v));
	TRY(arg_text(u, x->args[1], &sep));
	return as_text(u, &v, sep, &out->text);
}

static struct err do_split(const struct use *u, const struct tmpl_expr *x, struct tmpl_value *out)
{
	struct sv s, sep;
	size_t n = 0;

	TRY(arg_text(u, x->args[0], &s));
	TRY(arg_text(u, x->args[1], &sep));
	if (s.n == 0 || sep.n != 1) {
		*out = (struct tmpl_value){ .text = s };
		return OK;
	}
	struct sv *v = arena_array(u->cx->arena, MOST_ITEMS, sizeof *v);
	if (v == NULL)
		return no_memory(u->cx);
	while (s.p != NULL && n < MOST_ITEMS)
		v[n++] = sv_cut(&s, sep.p[0]);
	*out = (struct tmpl_value){ .list = { v, n }, .is_list = true };
	return OK;
}

static struct err do_jwt(const struct use *u, const struct tmpl_expr *x, struct tmpl_value *out)
{
	const struct node *claims = NULL, *n = NULL;
	struct sv token, path;

	TRY(arg_text(u, x->args[0], &token));
	TRY(arg_text(u, x->args[1], &path));
	if (token.p == NULL)
		return OK;
	TRY(jpath_jwt(u->cx, token, &claims));
	if (claims != NULL && path.p != NULL)
		TRY(jpath_get(u->cx, path, claims, &n));
	if (n != NULL && n->kind == NODE_LIST)
		return from_list(u->cx, n, out);
	return jpath_text(u->cx, n, &out->text);
}

static void lower(struct buf *b, struct sv s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_char(b, s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] - 'A' + 'a') : s.p[i]);
}

/* RFC 6749 section 2.3.1: both parts form-encoded, then base64. */
static void basic(struct buf *b, struct sv id, struct sv secret)
{
	CLEANUP(buf_free) struct buf pair = BUF(MOST_VALUE);

	enc_form(&pair, id);
	buf_char(&pair, ':');
	enc_form(&pair, secret);
	buf_str(b, "Basic ");
	enc_b64(b, buf_view(&pair));
	b->broken = b->broken || pair.broken;
}

/* Functions of text to text; an absent argument gives an absent value. */
static struct err do_text(const struct use *u, const struct tmpl_expr *x, struct tmpl_value *out)
{
	CLEANUP(buf_free) struct buf b = BUF(4 * MOST_VALUE);
	struct sv s = SV_NONE, t = SV_NONE;
	bool ok = true;

	if (x->n_args > 0)
		TRY(arg_text(u, x->args[0], &s));
	if (x->n_args > 1)
		TRY(arg_text(u, x->args[1], &t));
	if (x->n_args > 0 && s.p == NULL)
		return OK;
	switch (x->fn) {
	case FN_LOWER: lower(&b, s); break;
	case FN_URLENCODE: enc_pct(&b, s); break;
	case FN_URLDECODE: ok = dec_pct(&b, s); break;
	case FN_BASE64: enc_b64(&b, s); break;
	case FN_BASIC: basic(&b, s, t); break;
	case FN_SIGN_JWT:
		if (u->env->sign == NULL)
			return OK;
		TRY(u->env->sign(u->cx, u->env->sign_arg, &b));
		break;
	case FN_JOIN:
	case FN_SPLIT:
	case FN_FIRST:
	case FN_JWT_DECODE:
	case FN_DEFAULT:
	case FN__COUNT:
	default: return fail(u->cx, E_INTERNAL, "internal error", "template function %d", (int)x->fn);
	}
	if (!ok && buf_ok(&b)) { /* not percent-encoded: as it is */
		out->text = s;
		return OK;
	}
	return keep(u->cx, &b, out);
}

static struct err do_default(const struct use *u, const struct tmpl_expr *x, struct tmpl_value *out)
{
	for (size_t i = 0; i < x->n_args; i++) {
		*out = (struct tmpl_value){ .is_list = false };
		TRY(eval(u, x->args[i], out));
		if (!is_absent(out))
			return OK;
	}
	return OK;
}

static struct err do_first(const struct use *u, const struct tmpl_expr *x, struct tmpl_value *out)
{
	TRY(eval(u, x->args[0], out));
	if (out->is_list)
		*out = (struct tmpl_value){ .text = out->list.n > 0 ? out->list.v[0] : SV_NONE };
	return OK;
}

static struct err eval(const struct use *u, const struct tmpl_expr *x, struct tmpl_value *out)
{
	*out = (struct tmpl_value){ .is_list = false };
	if (x->kind == TX_TEXT) {
		out->text = x->text;
		return OK;
	}
	if (x->kind == TX_NAME)
		return eval_name(u, x->text, out);
	switch (x->fn) {
	case FN_JOIN: return do_join(u, x, out);
	case FN_SPLIT: return do_split(u, x, out);
	case FN_FIRST: return do_first(u, x, out);
	case FN_JWT_DECODE: return do_jwt(u, x, out);
	case FN_DEFAULT: return do_default(u, x, out);
	case FN_LOWER:
	case FN_URLENCODE:
	case FN_URLDECODE:
	case FN_BASE64:
	case FN_BASIC:
	case FN_SIGN_JWT:
	case FN__COUNT:
	default: return do_text(u, x, out);
	}
}

static bool in_list(const struct sv *v, size_t n, struct sv s)
{
	for (size_t i = 0; i < n; i++)
		if (sv_eq(v[i], s))
			return true;
	return false;
}

struct err tmpl_union(struct ctx *cx, struct sv_list a, struct sv_list b, struct sv_list *out)
{
	struct sv *v = arena_array(cx->arena, a.n + b.n + 1, sizeof *v);
	size_t n = 0;

	if (v == NULL)
		return no_memory(cx);
	for (size_t i = 0; i < a.n + b.n; i++) {
		struct sv s = i < a.n ? a.v[i] : b.v[i - a.n];

		if (s.n > 0 && !in_list(v, n, s))
			v[n++] = s;
	}
	*out = (struct sv_list){ v, n };
	return OK;
}

/* Contract 2.7: from the first of the two placeholders to the last, the union stands. */
static struct err put_union(struct ctx *cx, struct sv text, const struct tmpl_env *env, struct buf *out, bool *wanting)
{
	struct use u = { cx, env };
	struct tmpl_pool pool;
	struct tmpl_part part;
	struct tmpl_value a = { .is_list = true }, b = { .is_list = true }, all = { .is_list = true };
	struct sv s, rest = text, head = { text.p, 0 }, tail = SV_NONE;
	int seen = 0;
	bool more;

	TRY(eval_name(&u, SV("scopes"), &a));
	TRY(eval_name(&u, SV("existing_scopes"), &b));
	TRY(tmpl_union(cx, a.list, b.list, &all.list));
	for (;;) {
		TRY(tmpl_scan_next(cx, &rest, &pool, &part, &more));
		if (!more)
			break;
		bool scope = part.expr != NULL && (tmpl_scan_has(part.expr, SV("scopes")) ||
						   tmpl_scan_has(part.expr, SV("existing_scopes")));
		if (seen == 0 && !scope)
			head.n = (size_t)(rest.p - text.p);
		if (scope && ++seen > 0)
			tail = rest;
	}
	TRY(tmpl_put(cx, head, env, out, wanting));
	TRY(as_text(&u, &all, env->delimiter, &s));
	buf_sv(out, s);
	bool also = false;
	TRY(tmpl_put(cx, tail, env, out, &also));
	*wanting = *wanting || also;
	return OK;
}

/* Is what was written so far "scheme://host" and then a path, a query or a fragment? */
static bool past_host(const struct buf *b)
{
	struct sv s = buf_view(b);
	size_t at, end;

	if (!sv_find(s, SV("://"), &at))
		return false;
	s = sv_from(s, at + 3);
	return sv_find(s, SV("/"), &end) || sv_find(s, SV("?"), &end) || sv_find(s, SV("#"), &end);
}

static void put_value(const struct tmpl_env *env, struct sv s, struct buf *out)
{
	CLEANUP(buf_free) struct buf b = BUF(4 * MOST_VALUE);
	struct jout w = JOUT(&b);

	if (env->in_json) {
		jout_str(&w, NULL, s.p == NULL ? SV("") : s);
		buf_sv(out, sv_upto(sv_from(buf_view(&b), 1), b.n - 2));
		out->broken = out->broken || b.broken;
	} else if (env->in_url && past_host(out)) {
		enc_pct(out, s);
	} else {
		buf_sv(out, s);
	}
}

struct err tmpl_put(struct ctx *cx, struct sv text, const struct tmpl_env *env, struct buf *out, bool *wanting)
{
	struct use u = { cx, env };
	struct tmpl_pool pool;
	struct tmpl_part part;
	bool more;

	*wanting = false;
	if (tmpl_names(text, "scopes") && tmpl_names(text, "existing_scopes"))
		return put_union(cx, text, env, out, wanting);
	for (;;) {
		struct tmpl_value v = { .is_list = false };
		struct sv s;

		TRY(tmpl_scan_next(cx, &text, &pool, &part, &more));
		if (!more)
			return OK;
		if (part.expr == NULL) {
			buf_sv(out, part.literal);
			continue;
		}
		TRY(eval(&u, part.expr, &v));
		*wanting = *wanting || (!v.is_list && v.text.n == 0);
		TRY(as_text(&u, &v, env->delimiter, &s));
		put_value(env, s, out);
	}
}

struct err tmpl_text(struct ctx *cx, struct sv text, const struct tmpl_env *env, struct sv *out)
{
	CLEANUP(buf_free) struct buf b = BUF(4 * MOST_VALUE);
	struct tmpl_value v;
	bool wanting;

	*out = SV_NONE;
	TRY(tmpl_put(cx, text, env, &b, &wanting));
	if (wanting)
		return OK;
	TRY(keep(cx, &b, &v));
	v.text = sv_trim(v.text);
	*out = v.text.n == 0 ? SV_NONE : v.text;
	return OK;
}
