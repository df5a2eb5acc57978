/* SPDX-License-Identifier: Apache-2.0 */
#include "model/pdef_vars.h"
#include "core/arena.h"
#include "core/text.h"
#include "model/jpath.h"
#include "model/pdef_decode.h"
#include "model/tmpl.h"
#include <regex.h>
#include <stdio.h>

enum { MOST_VALUE = 500, MOST_PATTERN = 200 };
struct var {
	struct sv pattern, fixed, description;
	struct sv_list words;
	const struct node *preset;
};
static const struct nfield var_rows[] = {
	NSV(struct var, pattern, NOPT, 1, MOST_PATTERN),
	NSV(struct var, fixed, NOPT, 1, MOST_VALUE),
	NSV(struct var, description, NOPT, 1, 500),
	{ .name = "enum", .kind = NF_LIST_SV, .at = offsetof(struct var, words), .lo = 1, .hi = 64 },
	{ .name = "default", .kind = NF_NODE, .at = offsetof(struct var, preset) },
};

static struct err no_memory(struct ctx *cx) { return fail(cx, E_INTERNAL, "out of memory", "reading a definition"); }

struct err pdef_vars_environment(struct ctx *cx, const struct node *tree, const struct node **out)
{
	const struct node *all = node_get(tree, "environments"), *pick = node_get(tree, "environment");
	struct sv name = node_text(pick);

	*out = tree;
	if (name.n == 0)
		return OK;
	const struct node *env = node_get_sv(all, name);
	if (env == NULL || env->kind != NODE_MAP)
		return pdef_decode_wrong(cx, pick, "environment", "is not one of the definition's environments");
	*out = node_merge(cx->arena, tree, env);
	return *out == NULL ? no_memory(cx) : OK;
}

/* What an instance says of a variable; by the API it said so under another name. */
static struct err wrong_value(struct ctx *cx, const struct node *given, const char *field, const char *what)
{
	char named[PDEF_FIELD + 8];

	if (given == NULL || given->file != NULL)
		return pdef_decode_wrong(cx, given, field, what);
	(void)snprintf(named, sizeof named, "oauth2.%s", field);
	return bad_field(cx, named, "invalid", "%s", what);
}

/* The pattern must fit the whole value. */
static struct err fits(struct ctx *cx, const struct node *at, const char *field, struct sv pattern, const char *value)
{
	const char *whole = arena_printf(cx->arena, "^(%.*s)$", SV_FMT(pattern));
	regex_t re;

	if (whole == NULL)
		return no_memory(cx);
	if (regcomp(&re, whole, REG_EXTENDED | REG_NOSUB) != 0)
		return pdef_decode_wrong(cx, at, field, "has a pattern that is not an extended regular expression");
	int rc = regexec(&re, value, 0, NULL, 0);
	regfree(&re);
	return rc == 0 ? OK : wrong_value(cx, at, field, "does not fit its pattern");
}

static bool is_word(const struct sv_list *l, struct sv s)
{
	for (size_t i = 0; i < l->n; i++)
		if (sv_eq(l->v[i], s))
			return true;
	return l->n == 0;
}

/* given: what the instance says.  *out: p NULL when nobody says anything. */
static struct err value_of(struct ctx *cx, const struct var *v, const struct node *given, const char *field,
			   struct sv *out)
{
	struct sv preset, said;

	TRY(jpath_text(cx, v->preset, &preset));
	TRY(jpath_text(cx, given, &said));
	*out = said.n > 0 ? said : v->fixed.p != NULL ? v->fixed : preset;
	if (v->fixed.p != NULL && !sv_eq(*out, v->fixed))
		return wrong_value(cx, given, field, "is fixed and cannot be given another value");
	if (out->p == NULL)
		return OK;
	char *z = arena_text(cx->arena, *out);
	if (z == NULL)
		return no_memory(cx);
	if (out->n > MOST_VALUE || text_has_control(*out))
		return wrong_value(cx, given, field, "is longer than 500 bytes or holds control characters");
	if (!is_word(&v->words, *out))
		return wrong_value(cx, given, field, "is not one of the words that are allowed");
	return v->pattern.p == NULL ? OK : fits(cx, given, field, v->pattern, z);
}

/* Does any text of the definition need it? */
static bool used(const struct node *n, const char *name)
{
	if (n->kind == NODE_TEXT)
		return tmpl_names(n->text, name);
	for (const struct node *c = n->first; c != NULL; c = c->next)
		if (used(c, name))
			return true;
	return false;
}

/* Not the definition is wrong, but the instance that gives no value to it. */
static struct err lacking(struct ctx *cx, struct sv key)
{
	char field[PDEF_FIELD];

	pdef_decode_field("oauth2.variables", key, field);
	return bad_field(cx, field, "required", "is required");
}

struct some {
	const struct node *tree, *values;
	bool partial;
};
static struct err one(struct ctx *cx, const struct some *s, const struct node *decl, struct node *out)
{
	const struct node *given = node_get_sv(s->values, decl->key);
	struct var v = { .preset = NULL };
	char field[PDEF_FIELD], name[PDEF_FIELD];
	struct sv value = SV_NONE;

	pdef_decode_field("variables", decl->key, field);
	pdef_decode_field("var", decl->key, name);
	TRY(node_decode(cx, decl, &(struct node_decode){ var_rows, ARRAY_LEN(var_rows), field, NODE_REFUSE_UNKNOWN },
			&v));
	if (v.pattern.p == NULL && v.words.n == 0 && v.fixed.p == NULL)
		return pdef_decode_wrong(cx, decl, field, "needs a pattern, an enum or a fixed value");
	TRY(value_of(cx, &v, given, field, &value));
	if (value.p == NULL)
		return s->partial || !used(s->tree, name) ? OK : lacking(cx, decl->key);
	return node_set(cx->arena, out, decl->key, node_new_text(cx->arena, value)) ? OK : no_memory(cx);
}

struct err pdef_vars(struct ctx *cx, const struct node *tree, bool partial, const struct node **out)
{
	const struct node *decls = node_get(tree, "variables"), *values = node_get(tree, "values");
	struct node *map = node_new(cx->arena, NODE_MAP);
	const struct some s = { tree, values, partial };

	*out = map;
	if (map == NULL)
		return no_memory(cx);
	if ((decls != NULL && decls->kind != NODE_MAP) || (values != NULL && values->kind != NODE_MAP))
		return pdef_decode_wrong(cx, tree, "variables", "and values must be maps");
	for (const struct node *c = values == NULL ? NULL : values->first; c != NULL; c = c->next)
		if (node_get_sv(decls, c->key) == NULL)
			return pdef_decode_wrong(cx, c, "values", "has a name that variables does not declare");
	for (const struct node *c = decls == NULL ? NULL : decls->first; c != NULL; c = c->next)
		TRY(one(cx, &s, c, map));
	return OK;
}
