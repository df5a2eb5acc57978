/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/node.h"
#include "core/text.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* One field being decoded: where it is, what it is called, what the table says. */
struct at {
	const struct nfield *f;
	const struct node *n;
	const char *prefix;
	char name[sizeof(((struct field_error *)0)->field)];
};

static size_t append(char *dst, size_t cap, size_t at, struct sv s)
{
	size_t n = s.n < cap - 1 - at ? s.n : cap - 1 - at;

	if (n > 0)
		memcpy(dst + at, s.p, n);
	dst[at + n] = '\0';
	return at + n;
}

/* A name too long is shown cut; bad_field mends a torn last character. */
static void name_it(char *dst, size_t cap, const char *prefix, struct sv key)
{
	size_t n = append(dst, cap, 0, sv_of(prefix));

	if (n > 0)
		n = append(dst, cap, n, SV("."));
	(void)append(dst, cap, n, key);
}

/* Only made when it is asked for: most fields are as they should be. */
static const char *name_of(struct at *at)
{
	if (at->name[0] == '\0')
		name_it(at->name, sizeof at->name, at->prefix, sv_of(at->f->name));
	return at->name;
}

/* Adds one field error.  A tree read from a file says where: "engine.yaml:3: api.port must be ...". */
static struct err wrong(struct ctx *cx, const struct node *n, const char *field, const char *rule, const char *message)
{
	struct cause *c = &cx->cause;
	size_t had = c->code == E_OK ? 0 : strlen(c->say), fields = c->n_fields;
	struct err e = bad_field(cx, field, rule, "%s", message);

	if (n == NULL || n->file == NULL || c->n_fields == fields)
		return e;
	const char *said = c->fields[fields].message;
	char whole[sizeof c->say];
	int k = snprintf(whole, sizeof whole, "%s%s:%d: %s", had == 0 ? "" : "; ", n->file, n->line, said);
	c->say[had] = '\0';
	if (k > 0 && (size_t)k < sizeof c->say - had)
		memcpy(c->say + had, whole, (size_t)k + 1);
	else if (had == 0)
		(void)append(c->say, sizeof c->say, 0, sv_of(said));
	return e;
}

static struct err misfit(struct ctx *cx, struct at *at, const char *rule, const char *message)
{
	return wrong(cx, at->n, name_of(at), rule, message);
}

static struct err out_of_range(struct ctx *cx, struct at *at, bool low, const char *unit)
{
	int64_t limit = low ? at->f->lo : at->f->hi;
	char z[96];

	if (low && limit == 1 && unit[0] != '\0')
		return misfit(cx, at, "min", "must not be empty");
	(void)snprintf(z, sizeof z, "must be at %s %" PRId64 "%s", low ? "least" : "most", limit, unit);
	return misfit(cx, at, low ? "min" : "max", z);
}

static struct err no_memory(struct ctx *cx, const char *name)
{
	if (cx->cause.code != E_OK)
		return (struct err){ cx->cause.code };
	return fail(cx, E_INTERNAL, "out of memory", "decoding %s", name);
}

/* A plain YAML scalar counts as text wherever text is due: node.text holds what was written. */
static bool as_text(const struct node *n, struct sv *out)
{
	bool scalar = n->kind == NODE_BOOL || n->kind == NODE_INT || n->kind == NODE_REAL;

	*out = n->text;
	return n->kind == NODE_TEXT || (scalar && n->text.p != NULL);
}

static bool too_short(int64_t lo, size_t n) { return lo > 0 && n < (uint64_t)lo; }
static bool too_long(int64_t hi, size_t n) { return hi < 0 || n > (uint64_t)hi; }

static struct err take_text(struct ctx *cx, struct at *at, struct sv *out)
{
	struct sv s;

	if (!as_text(at->n, &s))
		return misfit(cx, at, "type", "must be a string");
	if (too_short(at->f->lo, s.n))
		return out_of_range(cx, at, true, " bytes");
	if (too_long(at->f->hi, s.n))
		return out_of_range(cx, at, false, " bytes");
	*out = s;
	return OK;
}

static struct err take_secret(struct ctx *cx, struct at *at, struct secret **out)
{
	struct sv text;

	TRY(take_text(cx, at, &text));
	struct secret *s = secret_copy(text);
	if (s == NULL)
		return no_memory(cx, name_of(at));
	secret_free(*out);
	memcpy(out, &s, sizeof s); /* as *out = s; the analyzer loses sight of that one and reports a leak */
	return OK;
}

static struct err take_i64(struct ctx *cx, struct at *at, int64_t *out)
{
	if (at->n->kind != NODE_INT)
		return misfit(cx, at, "type", "must be an integer");
	if (at->n->i < at->f->lo)
		return out_of_range(cx, at, true, "");
	if (at->n->i > at->f->hi)
		return out_of_range(cx, at, false, "");
	*out = at->n->i;
	return OK;
}

static struct err take_bool(struct ctx *cx, struct at *at, bool *out)
{
	if (at->n->kind != NODE_BOOL)
		return misfit(cx, at, "type", "must be true or false");
	*out = at->n->b;
	return OK;
}

static struct err take_enum(struct ctx *cx, struct at *at, int *out)
{
	char list[128] = "must be one of ";
	size_t n = strlen(list);
	struct sv s;

	if (!as_text(at->n, &s))
		return misfit(cx, at, "type", "must be a string");
	for (int i = 0; at->f->words[i] != NULL; i++) {
		int k = snprintf(list + n, sizeof list - n, "%s%s", i == 0 ? "" : ", ", at->f->words[i]);

		if (sv_eqz(s, at->f->words[i])) {
			*out = i;
			return OK;
		}
		n = k < 0 || (size_t)k >= sizeof list - n ? sizeof list - 1 : n + (size_t)k;
	}
	return misfit(cx, at, "enum", list);
}

static struct err take_list(struct ctx *cx, struct at *at, struct sv_list *out)
{
	struct err bad = OK;

	if (at->n->kind != NODE_LIST)
		return misfit(cx, at, "type", "must be a list of strings");
	if (too_short(at->f->lo, at->n->n))
		return out_of_range(cx, at, true, " items");
	if (too_long(at->f->hi, at->n->n))
		return out_of_range(cx, at, false, " items");
	struct sv *v = arena_array(cx->arena, at->n->n, sizeof *v);
	if (v == NULL)
		return no_memory(cx, name_of(at));
	size_t i = 0;
	for (const struct node *c = at->n->first; c != NULL; c = c->next, i++) {
		char item[sizeof at->name + 24];

		if (as_text(c, &v[i]))
			continue;
		(void)snprintf(item, sizeof item, "%s[%zu]", name_of(at), i);
		bad = wrong(cx, c, item, "type", "must be a string");
	}
	if (!IS_ERR(bad))
		*out = (struct sv_list){ v, at->n->n };
	return bad;
}

static struct err take(struct ctx *cx, struct at *at, enum node_unknown unknown, void *out)
{
	switch (at->f->kind) {
	case NF_SV: return take_text(cx, at, out);
	case NF_SECRET: return take_secret(cx, at, out);
	case NF_BOOL: return take_bool(cx, at, out);
	case NF_I64: return take_i64(cx, at, out);
	case NF_NODE: *(const struct node **)out = at->n; return OK;
	case NF_ENUM: return take_enum(cx, at, out);
	case NF_LIST_SV: return take_list(cx, at, out);
	case NF_SUB:
		return node_decode(cx, at->n, &(struct node_decode){ at->f->sub, at->f->n_sub, name_of(at), unknown },
				   out);
	default: return fail(cx, E_INTERNAL, "internal error", "decode table: kind %d", (int)at->f->kind);
	}
}

/* Absent and null are two answers: the second is shown where it stands. */
static struct err missing(struct ctx *cx, const struct node *map, struct at *at)
{
	if (!at->f->required)
		return OK;
	return at->n == NULL ? wrong(cx, map, name_of(at), "required", "is required")
			     : wrong(cx, at->n, name_of(at), "required", "must not be null");
}

static struct err refuse_unknown(struct ctx *cx, const struct node *map, const struct node_decode *how)
{
	struct err bad = OK;

	for (const struct node *c = map->first; c != NULL; c = c->next) {
		char name[sizeof(((struct at *)0)->name)];
		size_t i = 0;

		while (i < how->n && !sv_eqz(c->key, how->fields[i].name))
			i++;
		if (i < how->n)
			continue;
		name_it(name, sizeof name, how->prefix, c->key);
		bad = wrong(cx, c, name, "unknown", "is not a known field");
	}
	return bad;
}

static struct err not_a_map(struct ctx *cx, const struct node *n, const struct node_decode *how)
{
	if (how->prefix[0] != '\0')
		return wrong(cx, n, how->prefix, "type", "must be an object");
	if (n != NULL && n->file != NULL)
		return refuse(cx, E_BAD_INPUT, "%s:%d: must be a map of names to values", n->file, n->line);
	return refuse(cx, E_BAD_INPUT, "failed to validate request body: must be a JSON object");
}

struct err node_decode(struct ctx *cx, const struct node *n, const struct node_decode *how, void *out)
{
	struct err bad = OK;

	if (n == NULL || n->kind != NODE_MAP)
		return not_a_map(cx, n, how);
	for (size_t i = 0; i < how->n; i++) {
		struct at at = { .f = &how->fields[i], .n = node_get(n, how->fields[i].name), .prefix = how->prefix };
		struct err e;

		if (at.n == NULL || at.n->kind == NODE_NULL)
			e = missing(cx, n, &at);
		else
			e = take(cx, &at, how->unknown, (char *)out + at.f->at);
		if (e.code == E_INTERNAL)
			return e;
		if (IS_ERR(e))
			bad = e;
	}
	if (how->unknown == NODE_REFUSE_UNKNOWN) {
		struct err e = refuse_unknown(cx, n, how);

		if (IS_ERR(e))
			bad = e;
	}
	return bad;
}
