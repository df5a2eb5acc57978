/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire_env.h"
#include "core/arena.h"
#include "core/jdoc.h"
#include "core/rnd.h"
#include "core/text.h"
#include "wire/wire_jwt.h"
#include <inttypes.h>
#include <stdlib.h>

static struct tmpl_var *slot(struct wire_env *e, const char *name)
{
	for (size_t i = 0; i < e->env.n_vars; i++)
		if (sv_eqz(sv_of(name), e->vars[i].name))
			return &e->vars[i];
	if (e->env.n_vars == WIRE_VARS)
		abort(); /* the names are literals of ours: there are fewer */
	e->vars[e->env.n_vars].name = name;
	return &e->vars[e->env.n_vars++];
}

void wire_env_text(struct wire_env *e, const char *name, struct sv value)
{
	slot(e, name)->value = (struct tmpl_value){ .text = value };
}

void wire_env_list(struct wire_env *e, const char *name, struct sv_list value)
{
	slot(e, name)->value = (struct tmpl_value){ .list = value, .is_list = true };
}

void wire_env_secret(struct wire_env *e, const char *name, struct sv value)
{
	wire_env_text(e, name, value);
	if (value.n > 0 && e->n_secrets < WIRE_SECRETS)
		e->secrets[e->n_secrets++] = value;
}

void wire_env_root(struct wire_env *e, const char *name, const struct node *tree)
{
	size_t i = 0;

	while (i < e->env.n_roots && !sv_eqz(sv_of(name), e->roots[i].name))
		i++;
	if (i == WIRE_ROOTS)
		abort();
	e->roots[i] = (struct tmpl_root){ name, tree };
	if (i == e->env.n_roots)
		e->env.n_roots++;
}

struct err wire_env_stored(struct ctx *cx, struct sv json, const struct node **out)
{
	if (json.n > 0)
		TRY(jdoc_parse(cx, json, "kept values", out));
	else
		*out = node_new(cx->arena, NODE_MAP);
	return *out == NULL ? fail(cx, E_INTERNAL, "out of memory", "kept values") : OK;
}

/* scheme://host[:port] of the redirect address: the address people know this engine by. */
static struct sv public_url(struct sv redirect_uri)
{
	struct sv rest;
	size_t at, end;

	if (!sv_find(redirect_uri, SV("://"), &at))
		return SV("");
	rest = sv_from(redirect_uri, at + 3);
	if (!sv_find(rest, SV("/"), &end))
		end = rest.n;
	return sv_upto(redirect_uri, at + 3 + end);
}

struct err wire_env_start(struct ctx *cx, const struct wire_client *c, struct wire_env *out)
{
	const struct node *stored = NULL;
	char *now = arena_printf(cx->arena, "%" PRId64, cx->now / SEC(1));
	char *nonce = arena_alloc(cx->arena, ID_TEXT);

	*out = (struct wire_env){ .client = c };
	out->env = (struct tmpl_env){ .vars = out->vars,
				      .roots = out->roots,
				      .delimiter = c->def->parts->scope_delimiter,
				      .sign = wire_jwt,
				      .sign_arg = out };
	if (now == NULL || nonce == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "a call's values");
	id_uuid(nonce);
	TRY(wire_env_stored(cx, c->stored, &stored));
	wire_env_text(out, "client_id", c->client_id);
	wire_env_secret(out, "client_secret", c->client_secret == NULL ? SV_NONE : secret_view(c->client_secret));
	wire_env_text(out, "redirect_uri", c->redirect_uri);
	wire_env_text(out, "public_url", public_url(c->redirect_uri));
	wire_env_text(out, "version", SV(TOKENBOOTH_VERSION));
	wire_env_text(out, "now", sv_of(now));
	wire_env_text(out, "nonce", sv_of(nonce));
	wire_env_root(out, "var", c->def->parts->values);
	wire_env_root(out, "stored", stored);
	wire_env_root(out, "callback", stored);
	return OK;
}
