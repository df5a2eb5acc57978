/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/toolbox_read.h"
#include "core/arena.h"
#include "core/jout.h"
#include "core/text.h"
#include "domain/scopes.h"

enum { NAME_MOST = 100, TOOL_MOST = 128, MOST = 1 << 20, SCOPES_MOST = 200, KEYS_MOST = 100 };

/* ---- what is shown ---- */
static bool known_type(struct sv t)
{
	static const char *const known[] = { "string", "integer", "number", "boolean", "json", "array" };

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (sv_eqz(t, known[i]))
			return true;
	return false;
}
static struct sv type_or_json(struct sv t) { return known_type(t) ? t : SV("json"); }

/* The helpers of arcadejs stop at an array without inner_val_type and at an empty enum (contract 3.6). */
static void value_schema(struct jout *w, const struct node *s)
{
	static const char *const more[] = { "properties",    "inner_properties",    "description",
					    "required_keys", "inner_required_keys", "nullable" };
	struct sv type = type_or_json(node_text_at(s, "val_type")), inner = node_text_at(s, "inner_val_type");
	const struct node *e = node_get(s, "enum");

	jout_open(w, "value_schema");
	jout_str(w, "val_type", type);
	jout_str(w, "inner_val_type", sv_eqz(type, "array") ? type_or_json(inner) : SV_NONE);
	jout_node(w, "enum", e != NULL && e->kind == NODE_LIST && e->n > 0 ? e : NULL);
	for (size_t i = 0; i < ARRAY_LEN(more); i++) {
		const struct node *n = node_get(s, more[i]);

		if (n != NULL && n->kind != NODE_NULL)
			jout_node(w, more[i], n);
	}
	jout_close(w);
}
static bool is_true(const struct node *map, const char *key, bool otherwise)
{
	const struct node *n = node_get(map, key);

	return n == NULL || n->kind != NODE_BOOL ? otherwise : n->b;
}
static struct err input(struct ctx *cx, const struct node *entry, struct buf *out)
{
	const struct node *list = node_path(entry, SV("input.parameters"));
	struct jout w = JOUT(out);

	jout_open(&w, NULL);
	jout_list(&w, "parameters");
	for (const struct node *p = list == NULL ? NULL : list->first; p != NULL; p = p->next) {
		if (node_text_at(p, "name").n == 0)
			return refuse(cx, E_BAD_INPUT, "a parameter has no name");
		jout_open(&w, NULL);
		jout_str(&w, "name", node_text_at(p, "name"));
		jout_bool(&w, "required", is_true(p, "required", false));
		jout_str(&w, "description", node_text_at(p, "description"));
		jout_bool(&w, "inferrable", is_true(p, "inferrable", true));
		value_schema(&w, node_get(p, "value_schema"));
		jout_close(&w);
	}
	jout_list_end(&w);
	jout_close(&w);
	return jout_done(cx, &w);
}
static void output(struct jout *w, const struct node *o)
{
	const struct node *schema = node_get(o, "value_schema"), *modes = node_get(o, "available_modes");

	if (o == NULL || o->kind != NODE_MAP)
		return;
	jout_open(w, "output");
	jout_node(w, "available_modes", modes);
	jout_str(w, "description", node_text_at(o, "description"));
	if (schema != NULL && schema->kind == NODE_MAP)
		value_schema(w, schema);
	jout_close(w);
}
static void members(struct jout *w, const struct node *entry, const struct tool *t)
{
	jout_str(w, "name", t->name);
	jout_str(w, "qualified_name", t->qualified);
	jout_str(w, "fully_qualified_name", t->full);
	jout_str(w, "description", t->description);
	jout_open(w, "toolkit");
	jout_str(w, "name", t->toolkit);
	jout_str(w, "description", node_text(node_path(entry, SV("toolkit.description"))));
	jout_str(w, "version", t->version);
	jout_close(w);
	jout_raw(w, "input", t->input);
	output(w, node_get(entry, "output"));
	if (t->about.n > 0)
		jout_raw(w, "metadata", t->about);
}
static struct err kept(struct ctx *cx, const struct buf *b, struct sv *out)
{
	TRY(buf_done(cx, b, "a tool"));
	*out = arena_sv(cx->arena, buf_view(b));
	return out->p == NULL ? fail(cx, E_INTERNAL, "out of memory", "a tool") : OK;
}
/* A part of the entry as JSON text; "" when it is not there. */
static struct err as_json(struct ctx *cx, const struct node *n, enum node_kind kind, struct sv *out)
{
	CLEANUP(buf_free) struct buf b = BUF(MOST);
	struct jout w = JOUT(&b);

	*out = SV("");
	if (n == NULL || n->kind != kind || n->n == 0)
		return OK;
	jout_node(&w, NULL, n);
	TRY(jout_done(cx, &w));
	return kept(cx, &b, out);
}
static struct err show(struct ctx *cx, const struct node *entry, struct tool *t)
{
	CLEANUP(buf_free) struct buf in = BUF(MOST);
	CLEANUP(buf_free) struct buf about = BUF(MOST);
	CLEANUP(buf_free) struct buf all = BUF(MOST);
	const struct node *metadata = node_get(entry, "metadata");
	struct jout w = JOUT(&all), m = JOUT(&about);

	TRY(as_json(cx, node_path(entry, SV("mcp.input_schema")), NODE_MAP, &t->schema));
	TRY(as_json(cx, node_path(entry, SV("mcp.mirror")), NODE_LIST, &t->mirror));
	TRY(input(cx, entry, &in));
	TRY(kept(cx, &in, &t->input));
	if (metadata != NULL && metadata->kind == NODE_MAP)
		jout_node(&m, NULL, metadata);
	TRY(kept(cx, &about, &t->about));
	jout_open(&w, NULL);
	members(&w, entry, t);
	jout_close(&w);
	TRY(jout_done(cx, &w));
	TRY(kept(cx, &all, &t->shown));
	t->shown = (struct sv){ t->shown.p + 1, t->shown.n - 2 }; /* the members, without their braces */
	return OK;
}

/* ---- what it needs ---- */
static struct err texts(struct ctx *cx, const struct node *list, const char *key, struct sv_list *out)
{
	size_t most = list == NULL ? 0 : list->n;

	*out = (struct sv_list){ .v = arena_array(cx->arena, most + 1, sizeof *out->v) };
	if (out->v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "a tool");
	for (const struct node *n = list == NULL ? NULL : list->first; n != NULL; n = n->next) {
		struct sv s = key == NULL ? node_text(n) : node_text_at(n, key);

		if (s.p == NULL && key != NULL)
			s = node_text_at(n, "key_id"); /* older workers (contract 4.3) */
		if (s.n == 0)
			return refuse(cx, E_BAD_INPUT, "a requirement has no key");
		if ((out->v[out->n++] = arena_sv(cx->arena, s)).p == NULL)
			return fail(cx, E_INTERNAL, "out of memory", "a tool");
	}
	return OK;
}
static struct err keep(struct ctx *cx, struct sv *s)
{
	if (s->p == NULL)
		return OK;
	*s = arena_sv(cx->arena, *s);
	return s->p == NULL ? fail(cx, E_INTERNAL, "out of memory", "a tool") : OK;
}
static struct err needs(struct ctx *cx, const struct node *entry, struct tool *t)
{
	const struct node *r = node_get(entry, "requirements"), *a = node_get(r, "authorization");
	struct sv_list listed;

	TRY(texts(cx, node_get(r, "secrets"), "key", &t->secrets));
	TRY(texts(cx, node_get(r, "metadata"), "key", &t->metadata));
	if (t->secrets.n > KEYS_MOST || t->metadata.n > KEYS_MOST)
		return refuse(cx, E_BAD_INPUT, "more than %d requirements", KEYS_MOST);
	if (a == NULL || a->kind != NODE_MAP)
		return OK;
	t->auth = (struct tool_auth){ .there = true,
				      .id = node_text_at(a, "id"),
				      .provider_id = node_text_at(a, "provider_id"),
				      .provider_type = node_text_at(a, "provider_type") };
	TRY(keep(cx, &t->auth.id));
	TRY(keep(cx, &t->auth.provider_id));
	TRY(keep(cx, &t->auth.provider_type));
	TRY(texts(cx, node_path(a, SV("oauth2.scopes")), NULL, &listed));
	TRY(scopes_split(cx, listed, &t->auth.scopes));
	return t->auth.scopes.n > SCOPES_MOST ? refuse(cx, E_BAD_INPUT, "more than %d scopes", SCOPES_MOST) : OK;
}

/* ---- who it is ---- */
static struct err named(struct ctx *cx, const struct node *entry, struct tool *t)
{
	struct sv version = node_text(node_path(entry, SV("toolkit.version")));

	t->name = node_text_at(entry, "name");
	t->toolkit = node_text(node_path(entry, SV("toolkit.name")));
	t->description = node_text_at(entry, "description");
	if (!text_is_id(t->toolkit, NAME_MOST, ""))
		return refuse(cx, E_BAD_INPUT, "the toolkit's name must be 1 to %d letters and digits", NAME_MOST);
	if (!text_is_id(t->name, TOOL_MOST, "._-"))
		return refuse(cx, E_BAD_INPUT, "the tool's name must be 1 to %d letters, digits, '.', '_' or '-'",
			      TOOL_MOST);
	if (version.p != NULL && !text_is_id(version, NAME_MOST, ".-+"))
		return refuse(cx, E_BAD_INPUT, "the toolkit's version is none");
	TRY(keep(cx, &t->name));
	TRY(keep(cx, &t->toolkit));
	TRY(keep(cx, &t->description));
	t->told_version = version;
	TRY(keep(cx, &t->told_version));
	t->version = version.p == NULL ? SV("0.0.0") : t->told_version;
	t->qualified = sv_of(arena_printf(cx->arena, "%.*s.%.*s", SV_FMT(t->toolkit), SV_FMT(t->name)));
	t->full =
	    sv_of(arena_printf(cx->arena, "%.*s.%.*s@%.*s", SV_FMT(t->toolkit), SV_FMT(t->name), SV_FMT(t->version)));
	return t->qualified.p == NULL || t->full.p == NULL ? fail(cx, E_INTERNAL, "out of memory", "a tool") : OK;
}
struct err toolbox_read(struct ctx *cx, const struct node *entry, struct tool *out)
{
	struct tool t = { .newest = false };

	if (entry->kind != NODE_MAP)
		return refuse(cx, E_BAD_INPUT, "it is no object");
	TRY(named(cx, entry, &t));
	TRY(needs(cx, entry, &t));
	TRY(show(cx, entry, &t));
	*out = t;
	return OK;
}
