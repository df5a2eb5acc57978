/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/jout.h"
#include "core/logf.h"
#include "core/text.h"
#include "wire/wire_mcp.h"
#include "wire/wire_mcp_param.h"

enum { ALL_MOST = 16 << 20, TEXT_MOST = 8 << 10 };

/* ---- names ---- */
static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }
static bool alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
/* Takes `word` out of the text wherever it stands. */
static void without(char *z, const char *word)
{
	size_t n = strlen(word);

	for (char *at = strstr(z, word); at != NULL; at = strstr(z, word))
		memmove(at, at + n, strlen(at + n) + 1);
}
void wire_mcp_toolkit(struct sv server, char out[static WIRE_MCP_NAME])
{
	char z[WIRE_MCP_NAME * 2];
	size_t n = 0;
	bool start = true;

	server = sv_upto(server, sizeof z - 1);
	for (size_t i = 0; i < server.n; i++)
		z[i] = server.p[i] == '\0' ? ' ' : lower(server.p[i]);
	z[server.n] = '\0';
	without(z, "mcp");
	without(z, "server");
	for (const char *p = z; *p != '\0' && n < WIRE_MCP_NAME - 1; p++) {
		if (alnum(*p))
			out[n++] = start && *p >= 'a' ? (char)(*p - 'a' + 'A') : *p;
		start = !alnum(*p);
	}
	out[n] = '\0';
	if (n == 0)
		memcpy(out, "Tools", sizeof "Tools");
}
void wire_mcp_toolkit_version(struct sv told, char out[static WIRE_MCP_NAME])
{
	size_t n = 0;

	for (size_t i = 0; i < told.n && n < WIRE_MCP_NAME - 1; i++)
		if (alnum(lower(told.p[i])) || told.p[i] == '-' || told.p[i] == '.')
			out[n++] = told.p[i];
	out[n] = '\0';
	if (n == 0)
		memcpy(out, "0.0.0", sizeof "0.0.0");
}

/* ---- types ---- */
static bool is_null_type(const struct node *s) { return sv_eqz(node_text_at(s, "type"), "null"); }
/* One level of "this or null" is seen through: that is how optional arguments are written. */
static const struct node *seen_through(const struct node *schema)
{
	static const char *const choices[] = { "anyOf", "oneOf" };

	for (size_t i = 0; i < ARRAY_LEN(choices); i++) {
		const struct node *list = node_get(schema, choices[i]), *one = NULL;
		size_t n = 0;

		for (const struct node *c = list == NULL ? NULL : list->first; c != NULL; c = c->next)
			if (!is_null_type(c)) {
				one = c;
				n++;
			}
		if (n == 1)
			return one;
	}
	return schema;
}
static struct sv json_type(const struct node *schema)
{
	const struct node *t = node_get(schema, "type");

	if (t == NULL || t->kind != NODE_LIST)
		return node_text(t);
	for (const struct node *one = t->first; one != NULL; one = one->next)
		if (!sv_eqz(node_text(one), "null"))
			return node_text(one);
	return SV_NONE;
}
static struct sv val_type(const struct node *schema)
{
	static const char *const same[] = { "string", "integer", "number", "boolean", "array" };
	struct sv t = json_type(schema);

	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		if (sv_eqz(t, same[i]))
			return t;
	return SV("json");
}
static void words(struct jout *w, const struct node *list)
{
	bool texts = list != NULL && list->kind == NODE_LIST && list->n > 0;

	for (const struct node *e = texts ? list->first : NULL; e != NULL; e = e->next)
		texts = texts && e->kind == NODE_TEXT;
	if (texts)
		jout_node(w, "enum", list);
}
static void value_schema(struct jout *w, const struct node *schema)
{
	const struct node *s = seen_through(schema), *items = node_get(s, "items");
	struct sv type = val_type(s);

	jout_open(w, "value_schema");
	jout_str(w, "val_type", type);
	if (sv_eqz(type, "array")) {
		struct sv inner = items == NULL ? SV("json") : val_type(items);

		jout_str(w, "inner_val_type", sv_eqz(inner, "array") ? SV("json") : inner);
		words(w, node_get(items, "enum"));
	} else {
		words(w, node_get(s, "enum"));
	}
	jout_close(w);
}
static bool is_required(const struct node *schema, struct sv name)
{
	const struct node *list = node_get(schema, "required");

	for (const struct node *r = list == NULL ? NULL : list->first; r != NULL; r = r->next)
		if (sv_eq(node_text(r), name))
			return true;
	return false;
}

/* ---- one tool ---- */
static void input(struct jout *w, const struct node *schema)
{
	const struct node *all = node_get(schema, "properties");

	jout_open(w, "input");
	jout_list(w, "parameters");
	for (const struct node *p = all == NULL || all->kind != NODE_MAP ? NULL : all->first; p != NULL; p = p->next) {
		struct sv about = node_text_at(p, "description");

		jout_open(w, NULL);
		jout_str(w, "name", p->key);
		jout_bool(w, "required", is_required(schema, p->key));
		jout_str(w, "description", about.p == NULL ? node_text_at(p, "title") : about);
		jout_bool(w, "inferrable", true);
		value_schema(w, p);
		jout_close(w);
	}
	jout_list_end(w);
	jout_close(w);
}
static void output(struct jout *w, const struct node *tool)
{
	jout_open(w, "output");
	jout_list(w, "available_modes");
	jout_str(w, NULL, SV("value"));
	jout_str(w, NULL, SV("error"));
	jout_list_end(w);
	if (node_get(tool, "outputSchema") != NULL) {
		jout_open(w, "value_schema");
		jout_strz(w, "val_type", "json");
		jout_close(w);
	}
	jout_close(w);
}
static void hint(struct jout *w, const char *key, const struct node *annotations, const char *name)
{
	const struct node *n = node_get(annotations, name);

	if (n != NULL && n->kind == NODE_BOOL)
		jout_bool(w, key, n->b);
}
static void metadata(struct jout *w, const struct node *tool)
{
	const struct node *arcade = node_path(tool, SV("_meta.arcade.metadata")), *a = node_get(tool, "annotations");

	if (arcade != NULL && arcade->kind == NODE_MAP) {
		jout_node(w, "metadata", arcade);
		return;
	}
	if (a == NULL || a->kind != NODE_MAP)
		return;
	jout_open(w, "metadata");
	jout_open(w, "behavior");
	hint(w, "read_only", a, "readOnlyHint");
	hint(w, "destructive", a, "destructiveHint");
	hint(w, "idempotent", a, "idempotentHint");
	hint(w, "open_world", a, "openWorldHint");
	jout_close(w);
	jout_close(w);
}
static struct err tool(struct ctx *cx, const struct wire_mcp_told *in, const struct node *t, struct jout *w)
{
	char toolkit[WIRE_MCP_NAME], version[WIRE_MCP_NAME];
	const struct node *schema = node_get(t, "inputSchema");
	const char *why = NULL;

	wire_mcp_toolkit(in->server->name, toolkit);
	wire_mcp_toolkit_version(in->server->version, version);
	jout_open(w, NULL);
	jout_str(w, "name", node_text_at(t, "name"));
	jout_str(w, "description", node_text_at(t, "description"));
	jout_open(w, "toolkit");
	jout_strz(w, "name", toolkit);
	jout_str(w, "description", sv_upto(in->server->instructions, TEXT_MOST));
	jout_strz(w, "version", version);
	jout_close(w);
	input(w, schema);
	output(w, t);
	metadata(w, t);
	jout_open(w, "mcp");
	jout_node(w, "input_schema", schema);
	TRY(in->modern ? wire_mcp_param_find(cx, schema, w, &why) : OK);
	jout_close(w);
	jout_close(w);
	return OK;
}
/* Written apart and looked at first: one that may not be offered must leave nothing behind. */
static struct err usable(struct ctx *cx, const struct wire_mcp_told *in, const struct node *t, bool *out)
{
	CLEANUP(buf_free) struct buf scratch = BUF(1 << 20);
	struct jout w = JOUT(&scratch);
	const char *why = NULL;

	*out = t->kind == NODE_MAP;
	if (!*out || !in->modern)
		return OK;
	jout_open(&w, NULL);
	TRY(wire_mcp_param_find(cx, node_get(t, "inputSchema"), &w, &why));
	*out = why == NULL;
	if (why != NULL)
		log_event(cx, LOG_WARN, "tool.unusable", LOG_SV("worker", in->worker),
			  LOG_SV("tool", sv_upto(node_text_at(t, "name"), 128)), LOG_STR("why", why));
	return OK;
}
struct err wire_mcp_catalogue(struct ctx *cx, const struct wire_mcp_told *in, struct sv *json)
{
	CLEANUP(buf_free) struct buf all = BUF(ALL_MOST);
	struct jout w = JOUT(&all);

	jout_list(&w, NULL);
	for (const struct node *t = in->tools->first; t != NULL; t = t->next) {
		bool good;

		TRY(usable(cx, in, t, &good));
		if (good)
			TRY(tool(cx, in, t, &w));
	}
	jout_list_end(&w);
	TRY(jout_done(cx, &w));
	*json = arena_sv(cx->arena, buf_view(&all));
	return json->p == NULL ? fail(cx, E_INTERNAL, "out of memory", "a catalogue") : OK;
}
