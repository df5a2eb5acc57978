/* SPDX-License-Identifier: Apache-2.0 */
#include "api/view_tool.h"
#include "api/view.h"
#include "core/arena.h"
#include "core/jdoc.h"
#include "core/text.h"
#include <string.h>

static const struct {
	enum tool_format f;
	const char *name;
} formats[] = { { FORMAT_ARCADE, "arcade" }, { FORMAT_OPENAI, "openai" }, { FORMAT_ANTHROPIC, "anthropic" } };

enum tool_format view_tool_format(struct sv name)
{
	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		if (sv_ieq(name, sv_of(formats[i].name)))
			return formats[i].f;
	return 0;
}

/* ---- for models ---- */
static const char *json_type(struct sv val_type)
{
	static const char *const same[] = { "string", "integer", "number", "boolean", "array" };

	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		if (sv_eqz(val_type, same[i]))
			return same[i];
	return "object";
}
static void schema(struct jout *w, const struct node *s, struct sv about);
static void object(struct jout *w, const struct node *properties, const struct node *required)
{
	if (properties == NULL || properties->kind != NODE_MAP)
		return;
	jout_open(w, "properties");
	for (const struct node *p = properties->first; p != NULL; p = p->next) {
		jout_key(w, p->key);
		jout_open(w, NULL);
		schema(w, p, node_text_at(p, "description"));
		jout_close(w);
	}
	jout_close(w);
	if (required != NULL && required->kind == NODE_LIST)
		jout_node(w, "required", required);
}
/* A value_schema as JSON Schema, inside an object that is open; calls itself for the members of objects, which the
 * catalogue's reader keeps to 64 levels. */
static void schema(struct jout *w, const struct node *s, struct sv about)
{
	const struct node *e = node_get(s, "enum");
	const char *type = json_type(node_text_at(s, "val_type"));
	bool list = strcmp(type, "array") == 0;

	jout_strz(w, "type", type);
	if (about.n > 0)
		jout_str(w, "description", about);
	if (list) {
		type = json_type(node_text_at(s, "inner_val_type"));
		jout_open(w, "items");
		jout_strz(w, "type", type);
	}
	if (e != NULL && e->kind == NODE_LIST && e->n > 0)
		jout_node(w, "enum", e);
	if (strcmp(type, "object") == 0)
		object(w, node_get(s, list ? "inner_properties" : "properties"),
		       node_get(s, list ? "inner_required_keys" : "required_keys"));
	if (list)
		jout_close(w);
}
static void parameter(struct jout *w, const struct node *p)
{
	jout_key(w, node_text_at(p, "name"));
	jout_open(w, NULL);
	schema(w, node_get(p, "value_schema"), node_text_at(p, "description"));
	jout_close(w);
}
static bool shown_to_models(const struct node *p)
{
	const struct node *inferrable = node_get(p, "inferrable");

	return inferrable == NULL || inferrable->kind != NODE_BOOL || inferrable->b;
}
static bool is_required(const struct node *p)
{
	const struct node *r = node_get(p, "required");

	return r != NULL && r->kind == NODE_BOOL && r->b;
}
static struct err parameters(struct ctx *cx, struct jout *w, const char *key, const struct tool *t)
{
	const struct node *input, *list;

	if (t->schema.n > 0) {
		jout_raw(w, key, t->schema);
		return OK;
	}
	TRY(jdoc_parse_lenient(cx, t->input, "a tool's input", &input));
	list = node_get(input, "parameters");
	jout_open(w, key);
	jout_strz(w, "type", "object");
	jout_open(w, "properties");
	for (const struct node *p = list == NULL ? NULL : list->first; p != NULL; p = p->next)
		if (shown_to_models(p))
			parameter(w, p);
	jout_close(w);
	jout_list(w, "required");
	for (const struct node *p = list == NULL ? NULL : list->first; p != NULL; p = p->next)
		if (shown_to_models(p) && is_required(p))
			jout_str(w, NULL, node_text_at(p, "name"));
	jout_list_end(w);
	jout_close(w);
	return OK;
}
/* A model's function has no dot in its name; toolname.h reads such a name. */
static struct err function(struct ctx *cx, struct jout *w, const struct tool *t, const char *input)
{
	char *name = arena_printf(cx->arena, "%.*s_%.*s", SV_FMT(t->toolkit), SV_FMT(t->name));

	if (name == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "a tool's name");
	for (char *dot = strchr(name, '.'); dot != NULL; dot = strchr(dot, '.'))
		*dot = '_';
	jout_strz(w, "name", name);
	jout_str(w, "description", t->description.p == NULL ? SV("") : t->description);
	return parameters(cx, w, input, t);
}

/* ---- requirements ---- */
const char *view_tool_consent(enum tool_consent c)
{
	static const char *const words[] = { "not_started", "pending", "completed", "failed" };

	return words[c];
}
static void authorization(struct jout *w, const struct view_tool *v)
{
	const struct tool_auth *a = &v->tool->auth;

	jout_open(w, "authorization");
	jout_str(w, "provider_id", a->provider_id);
	jout_str(w, "provider_type", a->provider_type);
	jout_str(w, "id", a->id);
	jout_open(w, "oauth2");
	view_list(w, "scopes", a->scopes);
	jout_close(w);
	jout_strz(w, "status", v->needs->provider_active ? "active" : "inactive");
	jout_strz(w, "status_reason", v->needs->provider_reason);
	if (v->with_user)
		jout_strz(w, "token_status", view_tool_consent(v->needs->consent));
	jout_close(w);
}
static void requirements(struct jout *w, const struct view_tool *v)
{
	const struct tool *t = v->tool;

	jout_open(w, "requirements");
	jout_bool(w, "met", v->needs->met);
	if (t->auth.there)
		authorization(w, v);
	if (t->secrets.n > 0) {
		jout_list(w, "secrets");
		for (size_t i = 0; i < t->secrets.n; i++) {
			jout_open(w, NULL);
			jout_str(w, "key", t->secrets.v[i]);
			jout_bool(w, "met", v->needs->secrets_met[i]);
			jout_strz(w, "status_reason", v->needs->secrets_met[i] ? "" : "secret not found");
			jout_close(w);
		}
		jout_list_end(w);
	}
	jout_close(w);
}
static struct err members(struct ctx *cx, struct jout *w, const struct view_tool *v)
{
	jout_raw(w, NULL, v->tool->shown);
	requirements(w, v);
	if (v->formats == 0)
		return OK;
	jout_open(w, "formatted_schema");
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		const struct view_tool plain = { v->tool, v->needs, v->with_user, 0 };

		if ((v->formats & (unsigned)formats[i].f) != 0)
			TRY(view_tool_as(cx, w, formats[i].name, &plain, formats[i].f));
	}
	jout_close(w);
	return OK;
}
struct err view_tool(struct ctx *cx, struct jout *w, const struct view_tool *v)
{
	jout_open(w, NULL);
	TRY(members(cx, w, v));
	jout_close(w);
	return OK;
}
struct err view_tool_as(struct ctx *cx, struct jout *w, const char *key, const struct view_tool *v, enum tool_format f)
{
	const struct view_tool plain = { v->tool, v->needs, v->with_user, 0 };
	struct err e = OK;

	jout_open(w, key);
	switch (f) {
	case FORMAT_ARCADE: e = members(cx, w, &plain); break;
	case FORMAT_ANTHROPIC: e = function(cx, w, v->tool, "input_schema"); break;
	case FORMAT_OPENAI:
	default:
		jout_strz(w, "type", "function");
		jout_open(w, "function");
		e = function(cx, w, v->tool, "parameters");
		jout_close(w);
		break;
	}
	jout_close(w);
	return e;
}
