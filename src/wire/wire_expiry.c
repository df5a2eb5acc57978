/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "model/jpath.h"
#include "wire/wire_answer.h"

#define LONGEST_S ((int64_t)10 * 365 * 86400)

/* What an expires_in or an epoch said. */
enum said { SAID_ABSENT, SAID_NULL, SAID_NUMBER, SAID_ODD };

static enum said number(const struct node *n, int64_t *out)
{
	struct sv whole, s;

	if (n == NULL)
		return SAID_ABSENT;
	switch (n->kind) {
	case NODE_NULL: return SAID_NULL;
	case NODE_INT: *out = n->i; return SAID_NUMBER;
	case NODE_REAL: *out = n->r > 9e15 ? INT64_MAX : n->r < -9e15 ? INT64_MIN : (int64_t)n->r; return SAID_NUMBER;
	case NODE_TEXT:
		s = sv_trim(n->text);
		if (s.n == 0)
			return SAID_ABSENT;
		whole = sv_cut(&s, '.'); /* "3599.5" */
		return sv_i64(whole, INT64_MIN, INT64_MAX, out) ? SAID_NUMBER : SAID_ODD;
	case NODE_BOOL:
	case NODE_LIST:
	case NODE_MAP:
	default: return SAID_ODD;
	}
}

/* Ends at now + s.  More than ten years is as good as never, and would overflow somewhere. */
static int64_t after(const struct ctx *cx, int64_t s) { return s >= LONGEST_S ? 0 : cx->now + SEC(s); }

static int64_t by_default(const struct ctx *cx, const struct pdef_expires *x, int what)
{
	return what == PEXP_NEVER || x->lifetime_s == 0 ? 0 : after(cx, x->lifetime_s);
}

static struct err jwt_exp(struct ctx *cx, struct sv token, int64_t *out)
{
	const struct node *claims = NULL, *exp;

	TRY(jpath_jwt(cx, token, &claims));
	exp = node_get(claims, "exp");
	*out = exp != NULL && exp->kind == NODE_INT && exp->i > 0 && exp->i < INT64_MAX / SEC(1) ? SEC(exp->i) : 0;
	return OK;
}

/* epoch seconds, epoch milliseconds or ISO 8601; an epoch of 0 is "never" with some providers. */
static bool absolute(const struct node *n, int format, int64_t *out)
{
	int64_t v;

	if (format == PTIME_ISO)
		return time_parse(node_text(n), out);
	if (number(n, &v) != SAID_NUMBER || v < 0)
		return false;
	int64_t s = format == PTIME_EPOCH_MS ? v / 1000 : v;
	*out = s >= INT64_MAX / SEC(1) - LONGEST_S ? 0 : SEC(s);
	return true;
}

static bool relative(const struct ctx *cx, const struct pdef_expires *x, int64_t v, int64_t *out)
{
	if (v == 0 || v == -1)
		*out = by_default(cx, x, v == 0 ? x->zero : x->minus_one);
	else if (v > 0)
		*out = after(cx, v);
	return v >= -1;
}

struct err wire_answer_expiry(struct ctx *cx, const struct wire_expiry *in, int64_t *out, bool *odd)
{
	const struct pdef_expires *x = &in->answer->expires;
	const struct node *at = NULL, *n = NULL;
	int64_t v = 0;

	*odd = false;
	*out = 0;
	if (in->expires_at.p != NULL)
		TRY(jpath_get(cx, in->expires_at, in->tree, &at));
	if (at != NULL && at->kind != NODE_NULL) {
		if (absolute(at, in->answer->expires_at_format, out))
			return OK;
		*odd = true;
	}
	if (in->expires_in.p != NULL)
		TRY(jpath_get(cx, in->expires_in, in->tree, &n));
	enum said said = number(n, &v);
	if (said == SAID_NUMBER && relative(cx, x, v, out))
		return OK;
	*odd = *odd || said == SAID_ODD || said == SAID_NUMBER;
	if (said == SAID_NULL && x->none == PEXP_NEVER)
		return OK;
	if (x->jwt_exp && in->access_token.p != NULL)
		TRY(jwt_exp(cx, in->access_token, out));
	if (*out == 0)
		*out = by_default(cx, x, said == SAID_ABSENT ? x->absent : PEXP_LIFETIME);
	return OK;
}
