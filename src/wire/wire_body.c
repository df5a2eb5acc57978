/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire_body.h"
#include "core/codec.h"
#include "core/jout.h"
#include "core/text.h"
#include "model/jpath.h"

bool wire_body_omits(const struct pdef_call *call, const char *name)
{
	for (size_t i = 0; i < call->omit.n; i++)
		if (sv_eqz(call->omit.v[i], name))
			return true;
	return false;
}

static bool add(struct wire_pairs *out, struct wire_pair p)
{
	if (out->n == WIRE_MOST_PARAMS)
		return false;
	out->v[out->n++] = p;
	return true;
}

static struct sv renamed(const struct pdef_call *call, const char *name)
{
	struct sv other = node_text_at(call->rename, name);

	return other.n > 0 ? other : sv_of(name);
}

static struct err own(struct ctx *cx, const struct wire_env *e, const struct node *c, struct wire_pairs *out)
{
	struct wire_pair p = { .name = c->key, .typed = c->kind == NODE_TEXT ? NULL : c };

	if (c->kind == NODE_TEXT)
		TRY(tmpl_text(cx, c->text, &e->env, &p.value));
	else
		TRY(jpath_text(cx, c, &p.value));
	if (p.value.n > 0 && !add(out, p))
		return fail(cx, E_INTERNAL, "internal error", "more than 80 parameters");
	return OK;
}

struct err wire_body_params(struct ctx *cx, const struct wire_env *e, const struct wire_send *in,
			    struct wire_pairs *out)
{
	const struct node *params = in->call->params;

	out->n = 0;
	for (size_t i = 0; i < in->n_params; i++) {
		struct wire_pair p = { renamed(in->call, in->params[i].name), in->params[i].value, NULL };

		if (p.value.n == 0 || wire_body_omits(in->call, in->params[i].name) ||
		    node_get_sv(params, p.name) != NULL)
			continue;
		if (!add(out, p))
			return fail(cx, E_INTERNAL, "internal error", "more than 80 parameters");
	}
	for (const struct node *c = params == NULL ? NULL : params->first; c != NULL; c = c->next)
		TRY(own(cx, e, c, out));
	return OK;
}

void wire_body_form(const struct wire_pairs *p, struct buf *out)
{
	for (size_t i = 0; i < p->n; i++)
		form_add(out, p->v[i].name, p->v[i].value);
}

void wire_body_json(const struct wire_pairs *p, struct buf *out)
{
	struct jout w = JOUT(out);

	jout_open(&w, NULL);
	for (size_t i = 0; i < p->n; i++) {
		jout_key(&w, p->v[i].name);
		if (p->v[i].typed != NULL)
			jout_node(&w, NULL, p->v[i].typed);
		else
			jout_str(&w, NULL, p->v[i].value);
	}
	jout_close(&w);
}
