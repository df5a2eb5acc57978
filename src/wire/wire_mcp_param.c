/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire_mcp_param.h"
#include "core/arena.h"
#include "core/codec.h"
#include "core/jout.h"
#include "core/text.h"

enum { DEPTH = 16, NAME_MOST = 80, VALUE_MOST = 8 << 10 };
#define SAFE_INT ((int64_t)1 << 53)

/* ---- what a schema says ---- */
struct search {
	struct jout *w;
	struct sv names[WIRE_MCP_PARAMS_MOST], path[DEPTH];
	size_t n, depth;
	const char *why;
};
static bool is_token(struct sv s) { return text_is_id(s, NAME_MOST, "!#$%&'*+-.^_`|~"); } /* RFC 9110 5.6.2 */

static void found(struct search *s, const struct node *property, struct sv name)
{
	struct sv type = node_text_at(property, "type");

	if (!is_token(name))
		s->why = "x-mcp-header must be the name of a header";
	else if (!sv_eqz(type, "string") && !sv_eqz(type, "integer") && !sv_eqz(type, "boolean"))
		s->why = "x-mcp-header stands on a property that is no string, integer or boolean";
	for (size_t i = 0; i < s->n; i++)
		if (sv_ieq(s->names[i], name))
			s->why = "x-mcp-header names the same header twice";
	if (s->n == WIRE_MCP_PARAMS_MOST)
		s->why = "x-mcp-header stands on too many properties";
	if (s->why != NULL)
		return;
	s->names[s->n++] = name;
	jout_open(s->w, NULL);
	jout_str(s->w, "header", name);
	jout_str(s->w, "type", type);
	jout_list(s->w, "path");
	for (size_t i = 0; i < s->depth; i++)
		jout_str(s->w, NULL, s->path[i]);
	jout_list_end(s->w);
	jout_close(s->w);
}
static void walk(struct search *s, const struct node *n, bool reachable);

static void properties(struct search *s, const struct node *map, bool reachable)
{
	if (s->depth == DEPTH)
		reachable = false;
	for (const struct node *p = map->first; p != NULL && s->why == NULL; p = p->next) {
		if (reachable)
			s->path[s->depth++] = p->key;
		const struct node *name = node_get(p, "x-mcp-header");

		if (name != NULL && !reachable)
			s->why = "x-mcp-header stands where no argument can be found for certain";
		else if (name != NULL)
			found(s, p, node_text(name).p == NULL ? SV("") : node_text(name));
		walk(s, p, reachable);
		s->depth -= reachable;
	}
}
/* Only through `properties` does an argument have one place; everything else in the schema must be free of it. */
static void walk(struct search *s, const struct node *n, bool reachable)
{
	if (n->kind != NODE_MAP && n->kind != NODE_LIST)
		return;
	for (const struct node *c = n->first; c != NULL && s->why == NULL; c = c->next) {
		if (n->kind == NODE_MAP && sv_eqz(c->key, "properties") && c->kind == NODE_MAP) {
			properties(s, c, reachable);
			continue;
		}
		if (c->kind == NODE_MAP && node_get(c, "x-mcp-header") != NULL)
			s->why = "x-mcp-header stands where no argument can be found for certain";
		walk(s, c, false);
	}
}
struct err wire_mcp_param_find(struct ctx *cx, const struct node *schema, struct jout *w, const char **why)
{
	struct search *s = arena_alloc(cx->arena, sizeof *s);

	*why = NULL;
	if (s == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "a tool's schema");
	s->w = w;
	jout_list(w, "mirror");
	if (schema != NULL)
		walk(s, schema, true);
	jout_list_end(w);
	*why = s->why;
	return OK;
}

/* ---- values ---- */
struct err wire_mcp_param_text(struct ctx *cx, struct sv text, struct sv *out)
{
	CLEANUP(buf_free) struct buf b = BUF(VALUE_MOST * 2);
	bool plain = text.n > 0 && text.p[0] != ' ' && text.p[text.n - 1] != ' ' &&
		     !(sv_starts(text, SV("=?base64?")) && sv_ends(text, SV("?=")));

	for (size_t i = 0; i < text.n && plain; i++)
		plain = text.p[i] >= 0x20 && text.p[i] <= 0x7E;
	if (text.n > VALUE_MOST)
		return refuse(cx, E_BAD_INPUT, "an argument that goes into a header has more than %d bytes",
			      VALUE_MOST);
	if (!plain)
		buf_str(&b, "=?base64?");
	if (plain)
		buf_sv(&b, text);
	else
		enc_b64(&b, text);
	if (!plain)
		buf_str(&b, "?=");
	TRY(buf_done(cx, &b, "a header"));
	*out = arena_sv(cx->arena, buf_view(&b));
	return out->p == NULL ? fail(cx, E_INTERNAL, "out of memory", "a header") : OK;
}
static const struct node *at_path(const struct node *arguments, const struct node *path)
{
	const struct node *n = arguments;

	for (const struct node *k = path == NULL ? NULL : path->first; k != NULL && n != NULL; k = k->next)
		n = node_get_sv(n, node_text(k));
	return n;
}
/* p NULL: the value is not of the type its header is for, so the server will refuse it in its own words. */
static struct sv value_of(struct ctx *cx, const struct node *v, struct sv type)
{
	if (v->kind == NODE_TEXT && sv_eqz(type, "string"))
		return v->text;
	if (v->kind == NODE_BOOL && sv_eqz(type, "boolean"))
		return v->b ? SV("true") : SV("false");
	if (v->kind == NODE_INT && sv_eqz(type, "integer") && v->i < SAFE_INT && v->i > -SAFE_INT)
		return sv_of(arena_printf(cx->arena, "%lld", (long long)v->i));
	return SV_NONE;
}
struct err wire_mcp_param_headers(struct ctx *cx, const struct node *mirror, const struct node *arguments,
				  struct wire_mcp_header out[static WIRE_MCP_PARAMS_MOST], size_t *n)
{
	*n = 0;
	for (const struct node *m = mirror == NULL ? NULL : mirror->first; m != NULL && *n < WIRE_MCP_PARAMS_MOST;
	     m = m->next) {
		const struct node *v = at_path(arguments, node_get(m, "path"));
		struct sv text = v == NULL ? SV_NONE : value_of(cx, v, node_text_at(m, "type"));

		if (text.p == NULL)
			continue;
		TRY(wire_mcp_param_text(cx, text, &out[*n].value));
		out[*n].name = sv_of(arena_printf(cx->arena, "Mcp-Param-%.*s", SV_FMT(node_text_at(m, "header"))));
		if (out[*n].name.p == NULL)
			return fail(cx, E_INTERNAL, "out of memory", "a header");
		(*n)++;
	}
	return OK;
}
