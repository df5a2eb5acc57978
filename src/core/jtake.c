/* SPDX-License-Identifier: Apache-2.0 */
#include "core/jtake.h"
#include "core/arena.h"
#include "core/jstr.h"
#include "core/text.h"
#include <string.h>

enum { ITEMS = 16, FIELDS = 32 };

/* A copy of the text in the arena, which ends with a NUL: texts are left where they stand, their closing quotes
 * overwritten. */
struct take {
	struct arena *arena;
	char *at, *end;
};
struct table {
	const struct nfield *fields;
	size_t n;
};

static void skip(struct take *t)
{
	while (*t->at == ' ' || *t->at == '\n' || *t->at == '\r' || *t->at == '\t')
		t->at++;
}

static bool is(struct take *t, char c)
{
	skip(t);
	if (*t->at != c)
		return false;
	t->at++;
	return true;
}

static bool text(struct take *t, struct sv *out)
{
	if (!is(t, '"'))
		return false;
	size_t n = jstr_plain(t->at, (size_t)(t->end - t->at));
	if (t->at[n] != '"')
		return false;
	t->at[n] = '\0';
	*out = (struct sv){ t->at, n };
	t->at += n + 1;
	return true;
}

static bool within(const struct nfield *f, size_t n)
{
	return (f->lo <= 0 || n >= (uint64_t)f->lo) && f->hi >= 0 && n <= (uint64_t)f->hi;
}

static bool list(struct take *t, const struct nfield *f, struct sv_list *out)
{
	struct sv v[ITEMS];
	size_t n = 0;

	if (!is(t, '['))
		return false;
	if (!is(t, ']')) {
		do
			if (n == ITEMS || !text(t, &v[n++]))
				return false;
		while (is(t, ','));
		if (!is(t, ']'))
			return false;
	}
	struct sv *own = within(f, n) ? arena_array(t->arena, n, sizeof *own) : NULL;
	if (own == NULL)
		return false;
	memcpy(own, v, n * sizeof *own);
	*out = (struct sv_list){ own, n };
	return true;
}

static bool boolean(struct take *t, bool *out)
{
	bool yes = is(t, 't');
	struct sv rest = yes ? SV("rue") : SV("alse");

	if ((!yes && !is(t, 'f')) || (size_t)(t->end - t->at) < rest.n || memcmp(t->at, rest.p, rest.n) != 0)
		return false;
	t->at += rest.n;
	*out = yes;
	return true;
}

static bool object(struct take *t, const struct table *table, void *out);

static bool value(struct take *t, const struct nfield *f, void *out)
{
	struct sv s;

	switch (f->kind) {
	case NF_SV:
		if (!text(t, &s) || !within(f, s.n))
			return false;
		*(struct sv *)out = s;
		return true;
	case NF_LIST_SV: return list(t, f, out);
	case NF_BOOL: return boolean(t, out);
	case NF_SUB: return object(t, &(struct table){ f->sub, f->n_sub }, out);
	case NF_SECRET:
	case NF_I64:
	case NF_NODE:
	case NF_ENUM:
	default: return false;
	}
}

static bool named(const struct nfield *f, const char *key) { return f->name[0] == *key && strcmp(f->name, key) == 0; }

/* A key that stands twice, or is not in the table, is left to the long way: that one looks at all of them. */
static bool member(struct take *t, const struct table *table, uint32_t *seen, void *out)
{
	struct sv key;
	size_t i = 0;

	if (!text(t, &key) || !is(t, ':'))
		return false;
	while (i < table->n && !named(&table->fields[i], key.p))
		i++;
	if (i == table->n || (*seen & UINT32_C(1) << i) != 0)
		return false;
	*seen |= UINT32_C(1) << i;
	return value(t, &table->fields[i], (char *)out + table->fields[i].at);
}

/* Calls itself as deep as the tables go. */
static bool object(struct take *t, const struct table *table, void *out)
{
	uint32_t seen = 0;

	if (table->n > FIELDS || !is(t, '{'))
		return false;
	if (!is(t, '}')) {
		do
			if (!member(t, table, &seen, out))
				return false;
		while (is(t, ','));
		if (!is(t, '}'))
			return false;
	}
	for (size_t i = 0; i < table->n; i++)
		if (table->fields[i].required && (seen & UINT32_C(1) << i) == 0)
			return false;
	return true;
}

bool jtake_fields(struct arena *a, struct sv json, const struct nfield *fields, size_t n, void *out)
{
	if (json.n == 0 || json.n > JTAKE_MOST || !jstr_seven_bits(json.p, json.n))
		return false;
	char *z = arena_text(a, json);
	if (z == NULL)
		return false;
	struct take t = { .arena = a, .at = z, .end = z + json.n };
	if (!object(&t, &(struct table){ fields, n }, out))
		return false;
	skip(&t);
	return t.at == t.end;
}
