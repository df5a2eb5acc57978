/* SPDX-License-Identifier: Apache-2.0 */
#include "model/pdef_scopes.h"
#include "core/arena.h"
#include "core/text.h"
#include "model/pdef_decode.h"

enum { ALIASES_MOST = 64, ROWS_MOST = 64, HELD_MOST = 32, ALL_MOST = 256, NAME_MOST = 512 };
struct alias {
	struct sv from, to;
};
struct row {
	struct sv name;
	struct sv_list said, all; /* all: what those hold too, at any depth */
	const struct node *at;
};
struct pdef_scopes {
	struct sv_list prefixes, silent;
	struct alias *aliases;
	struct row *rows;
	size_t n_aliases, n_rows;
};

/* ---- names ---- */
/* The name that stands for all names of a scope: a prefix that may be left out is, then an alias gives way to what it
 * stands for (which is no alias itself). */
static struct sv bare(const struct pdef_scopes *s, struct sv name)
{
	for (size_t i = 0; i < s->prefixes.n; i++) {
		struct sv p = s->prefixes.v[i];

		if (name.n > p.n && sv_starts(name, p))
			return (struct sv){ name.p + p.n, name.n - p.n };
	}
	return name;
}
static struct sv proper(const struct pdef_scopes *s, struct sv name)
{
	struct sv b = bare(s, name);

	for (size_t i = 0; i < s->n_aliases; i++)
		if (sv_eq(s->aliases[i].from, b))
			return s->aliases[i].to;
	return b;
}
static bool listed(struct sv_list list, struct sv name)
{
	for (size_t i = 0; i < list.n; i++)
		if (sv_eq(list.v[i], name))
			return true;
	return false;
}
static const struct row *row_of(const struct pdef_scopes *s, struct sv name)
{
	for (size_t i = 0; i < s->n_rows; i++)
		if (sv_eq(s->rows[i].name, name))
			return &s->rows[i];
	return NULL;
}

bool pdef_scopes_have(const struct pdef_scopes *s, struct sv_list set, struct sv wanted)
{
	if (listed(set, wanted))
		return true;
	if (s == NULL)
		return false;
	struct sv name = proper(s, wanted);
	for (size_t i = 0; i < set.n; i++) {
		struct sv had = proper(s, set.v[i]);
		const struct row *r = row_of(s, had);

		if (sv_eq(had, name) || (r != NULL && listed(r->all, name)))
			return true;
	}
	return false;
}
bool pdef_scopes_silent(const struct pdef_scopes *s, struct sv scope)
{
	return s != NULL && listed(s->silent, proper(s, scope));
}

/* ---- reading ---- */
struct reading {
	struct ctx *cx;
	struct pdef_scopes *s;
	size_t total; /* of what all rows say */
};
static struct err no_memory(const struct reading *r)
{
	return fail(r->cx, E_INTERNAL, "out of memory", "scopes of a definition");
}
static struct err wrong(const struct reading *r, const struct node *n, const char *section, const char *what)
{
	char field[PDEF_FIELD];

	pdef_decode_field(section, n->key, field);
	return pdef_decode_wrong(r->cx, n, field, what);
}
/* RFC 6749 section 3.3 */
static bool is_scope(struct sv name)
{
	if (name.n == 0 || name.n > NAME_MOST)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] <= ' ' || name.p[i] == 0x7F)
			return false;
	return true;
}
static bool is_text(const struct node *n) { return n->kind == NODE_TEXT && is_scope(n->text); }
static struct err list_new(const struct reading *r, size_t n, struct sv_list *out)
{
	*out = (struct sv_list){ .v = arena_array(r->cx->arena, n + 1, sizeof *out->v) };
	return out->v == NULL ? no_memory(r) : OK;
}

/* A name that ends with a star is a prefix; the aliases are read after all of them are known. */
static bool is_prefix(const struct node *c) { return sv_ends(c->key, SV("*")) || sv_eqz(c->text, "*"); }
static struct err prefixes(const struct reading *r, const struct node *map)
{
	static const char *const how =
	    "must be '*' for a name of a prefix and '*', and only then: 'https://x.example/*': '*'";

	TRY(list_new(r, map->n, &r->s->prefixes));
	for (const struct node *c = map->first; c != NULL; c = c->next) {
		if (!is_scope(c->key) || !is_text(c))
			return wrong(r, c, "scopes.aliases", "must be a scope, without spaces, and its other name");
		if (!is_prefix(c))
			continue;
		if (c->key.n < 2 || !sv_ends(c->key, SV("*")) || !sv_eqz(c->text, "*"))
			return wrong(r, c, "scopes.aliases", how);
		r->s->prefixes.v[r->s->prefixes.n++] = (struct sv){ c->key.p, c->key.n - 1 };
	}
	return OK;
}
static struct err aliases(const struct reading *r, const struct node *map)
{
	struct pdef_scopes *s = r->s;

	if (map == NULL)
		return OK;
	if (map->kind != NODE_MAP || map->n > ALIASES_MOST)
		return pdef_decode_wrong(r->cx, map, "scopes.aliases",
					 "must be a map of at most 64 scopes to their other names");
	TRY(prefixes(r, map));
	s->aliases = arena_array(r->cx->arena, map->n + 1, sizeof *s->aliases);
	if (s->aliases == NULL)
		return no_memory(r);
	for (const struct node *c = map->first; c != NULL; c = c->next)
		if (!is_prefix(c))
			s->aliases[s->n_aliases++] = (struct alias){ bare(s, c->key), bare(s, c->text) };
	for (const struct node *c = map->first; c != NULL; c = c->next) {
		struct sv to = bare(s, c->text);

		if (is_prefix(c))
			continue;
		if (sv_eq(bare(s, c->key), to))
			return wrong(r, c, "scopes.aliases", "is an alias of itself");
		if (!sv_eq(proper(s, to), to))
			return wrong(r, c, "scopes.aliases", "is an alias of another alias: give the scope's own name");
		if (!sv_eq(proper(s, c->key), to))
			return wrong(r, c, "scopes.aliases", "is there twice, with and without a prefix");
	}
	return OK;
}

static struct err read_row(struct reading *r, const struct node *c)
{
	static const char *const section = "scopes.implies";
	struct row *row = &r->s->rows[r->s->n_rows];

	if (!is_scope(c->key) || c->kind != NODE_LIST || c->n > HELD_MOST)
		return wrong(r, c, section, "must be a scope with a list of at most 32 scopes that it holds");
	*row = (struct row){ .name = proper(r->s, c->key), .at = c };
	if (row_of(r->s, row->name) != NULL)
		return wrong(r, c, section, "is there twice, under two of its names");
	TRY(list_new(r, c->n, &row->said));
	for (const struct node *one = c->first; one != NULL; one = one->next) {
		if (!is_text(one))
			return wrong(r, c, section, "must hold scopes, without spaces");
		row->said.v[row->said.n++] = proper(r->s, one->text);
	}
	r->total += c->n;
	if (r->total > ALL_MOST)
		return wrong(r, c, section, "is too much: at most 256 scopes may stand in all the lists together");
	r->s->n_rows++;
	return OK;
}
/* What the row says, and then, along the growing list, what each of those says. */
static struct err close_row(const struct reading *r, struct row *row)
{
	TRY(list_new(r, r->total, &row->all));
	for (size_t i = 0; i <= row->all.n; i++) {
		const struct row *more = i == 0 ? row : row_of(r->s, row->all.v[i - 1]);

		for (size_t k = 0; more != NULL && k < more->said.n; k++) {
			struct sv name = more->said.v[k];

			if (sv_eq(name, row->name))
				return wrong(r, row->at, "scopes.implies", "holds itself, directly or through another");
			if (!listed(row->all, name))
				row->all.v[row->all.n++] = name;
		}
	}
	return OK;
}
static struct err implies(struct reading *r, const struct node *map)
{
	if (map == NULL)
		return OK;
	if (map->kind != NODE_MAP || map->n > ROWS_MOST)
		return pdef_decode_wrong(r->cx, map, "scopes.implies",
					 "must be a map of at most 64 scopes to lists of what they hold");
	r->s->rows = arena_array(r->cx->arena, map->n + 1, sizeof *r->s->rows);
	if (r->s->rows == NULL)
		return no_memory(r);
	for (const struct node *c = map->first; c != NULL; c = c->next)
		TRY(read_row(r, c));
	for (size_t i = 0; i < r->s->n_rows; i++)
		TRY(close_row(r, &r->s->rows[i]));
	return OK;
}

static struct err not_returned(const struct reading *r, const struct node *list)
{
	static const char *const section = "scopes.not_returned";

	if (list == NULL)
		return OK;
	if (list->kind != NODE_LIST || list->n > HELD_MOST)
		return pdef_decode_wrong(r->cx, list, section, "must be a list of at most 32 scopes");
	TRY(list_new(r, list->n, &r->s->silent));
	for (const struct node *c = list->first; c != NULL; c = c->next) {
		if (!is_text(c))
			return pdef_decode_wrong(r->cx, c, section, "must hold scopes, without spaces");
		r->s->silent.v[r->s->silent.n++] = proper(r->s, c->text);
	}
	return OK;
}

static const struct node *there(const struct node *n) { return n == NULL || n->kind == NODE_NULL ? NULL : n; }
struct err pdef_scopes_read(struct ctx *cx, const struct pdef_scopes_in *in, const struct pdef_scopes **out)
{
	const struct pdef_scopes_in say = { there(in->aliases), there(in->implies), there(in->not_returned) };
	struct reading r = { .cx = cx };

	*out = NULL;
	if (say.aliases == NULL && say.implies == NULL && say.not_returned == NULL)
		return OK;
	r.s = arena_array(cx->arena, 1, sizeof *r.s);
	if (r.s == NULL)
		return no_memory(&r);
	TRY(aliases(&r, say.aliases));
	TRY(implies(&r, say.implies));
	TRY(not_returned(&r, say.not_returned));
	*out = r.s;
	return OK;
}
