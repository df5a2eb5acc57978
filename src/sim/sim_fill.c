/* SPDX-License-Identifier: Apache-2.0 */
/* sim_fill: templates of answers.  A text "$name" is replaced by a value of the call, "$user.a.b" by the user's data,
 * and
 * "$user.email?email" is left out unless the scope after the question mark was granted.  Everything else is copied. */
#include "core/arena.h"
#include "core/codec.h"
#include "core/text.h"
#include "sim/sim_serve.h"

static struct err no_memory(struct ctx *cx) { return fail(cx, E_INTERNAL, "out of memory", "simulator answer"); }

/* NULL in *out: leave the field out. */
static struct err fill_text(struct ctx *cx, struct sv text, const struct sim_values *v, struct node **out)
{
	struct sv rest = sv_from(text, 1), name = sv_cut(&rest, '?');
	const struct node *value = NULL;

	*out = NULL;
	if (rest.p != NULL && !sim_def_has(v->scopes, rest))
		return OK;
	if (sv_starts(name, SV("user.")))
		value = v->user == NULL ? NULL : node_path(v->user->data, sv_from(name, 5));
	else
		value = node_path(v->more, name);
	if (value == NULL)
		return OK;
	*out = node_copy(cx->arena, value);
	return *out == NULL ? no_memory(cx) : OK;
}

struct err sim_fill(struct ctx *cx, const struct node *template, const struct sim_values *v, struct node **out)
{
	if (template->kind == NODE_TEXT && template->text.n > 1 && template->text.p[0] == '$')
		return fill_text(cx, template->text, v, out);
	*out = template->kind == NODE_MAP || template->kind == NODE_LIST ? node_new(cx->arena, template->kind)
									 : node_copy(cx->arena, template);
	if (*out == NULL)
		return no_memory(cx);
	for (const struct node *c = template->first; c != NULL; c = c->next) {
		struct node *filled = NULL;

		TRY(sim_fill(cx, c, v, &filled));
		if (filled == NULL)
			continue;
		bool ok =
		    template->kind == NODE_MAP ? node_set(cx->arena, *out, c->key, filled) : node_add(*out, filled);
		if (!ok)
			return no_memory(cx);
	}
	return OK;
}

struct err sim_answer_node(struct ctx *cx, struct sim_call *call, const struct node *n)
{
	struct jout w = JOUT(call->rq->out);

	buf_clear(call->rq->out);
	jout_node(&w, NULL, n);
	return jout_done(cx, &w);
}

struct err sim_answer_fixed(struct ctx *cx, struct sim_call *call, const struct node *how, int status)
{
	const struct node *told = node_get(how, "status"), *body = node_get(how, "body");

	call->rq->status = told != NULL && told->kind == NODE_INT ? (int)told->i : status;
	if (body != NULL)
		return sim_answer_node(cx, call, body);
	buf_clear(call->rq->out);
	buf_str(call->rq->out, "{}");
	return buf_done(cx, call->rq->out, "answer");
}

struct err sim_form(struct ctx *cx, struct sv text, struct node **out)
{
	struct pair p;
	bool bad = false;

	*out = node_new(cx->arena, NODE_MAP);
	if (*out == NULL)
		return no_memory(cx);
	while (form_next(cx->arena, &text, &p, &bad)) {
		if (node_get_sv(*out, p.name) != NULL)
			return refuse(cx, E_BAD_INPUT, "parameter %.*s comes twice", SV_FMT(p.name));
		if (!node_set(cx->arena, *out, p.name, node_new_text(cx->arena, p.value)))
			return no_memory(cx);
	}
	return bad ? refuse(cx, E_BAD_INPUT, "parameters are not form-encoded") : OK;
}

struct sv sim_bearer(const struct request *rq)
{
	struct sv v = http_header_in(rq, "Authorization"), scheme = sv_cut(&v, ' ');

	return sv_ieq(scheme, SV("Bearer")) || sv_ieq(scheme, SV("token")) ? sv_trim(v) : SV_NONE;
}
