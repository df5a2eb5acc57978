/* SPDX-License-Identifier: Apache-2.0 */
#include "core/jdoc.h"
#include "core/arena.h"
#include "core/jstr.h"
#include "core/text.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* FEW: in maps of up to so many members a key is compared with those before it; in larger ones all are sorted. */
enum { MOST_LEVELS = 64, FEW = 16 };
static const char early[] = "the text ends too early", not_here[] = "this is not allowed here",
		  twice[] = "a key stands twice in one object", too_large[] = "a number is too large",
		  nul[] = "a string holds the character U+0000", more[] = "nothing may follow the value";

struct reader {
	struct arena *arena;
	const char *at, *end;
	size_t level;
	const char *why, *wrong; /* what is wrong, and the end of it; the first time counts */
	bool too_deep, starved;
	bool as_written; /* numbers and booleans keep their text */
	bool lenient;    /* integers of any size; no string is refused for an escape that is no character */
};

static void *no(struct reader *r, const char *why, const char *wrong)
{
	if (r->why == NULL) {
		r->why = why;
		r->wrong = wrong;
	}
	return NULL;
}
/* What comes next does not fit. */
static void *unfit(struct reader *r) { return r->at == r->end ? no(r, early, r->at) : no(r, not_here, r->at + 1); }
static void *starved(struct reader *r)
{
	r->starved = true;
	return no(r, "", r->at);
}

/* Skips white space (RFC 8259 section 2). */
static void skip(struct reader *r)
{
	while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t'))
		r->at++;
}
/* True when `c` comes next, and skips it. */
static bool next_is(struct reader *r, char c)
{
	skip(r);
	if (r->at == r->end || *r->at != c)
		return false;
	r->at++;
	return true;
}

static bool unescape(struct reader *r, struct sv in, char *z, size_t *n)
{
	enum jstr_wrong why = JSTR_ESCAPE;
	const char *wrong = in.p;

	*n = jstr_read(in, r->lenient, z, &why, &wrong);
	return *n != SIZE_MAX || no(r, why == JSTR_NUL ? nul : not_here, wrong + 1) != NULL;
}

/* r->at stands behind the opening quote.  The copy in the arena ends with a NUL. */
static bool string(struct reader *r, struct sv *out)
{
	size_t left = (size_t)(r->end - r->at), n = 0;
	bool escaped = false;

	while (n < left && r->at[n] != '"') {
		size_t run = jstr_plain(r->at + n, left - n);

		n += run;
		if (run > 0)
			continue;
		if (r->at[n] != '\\')
			return no(r, not_here, r->at + n) != NULL;
		escaped = true;
		n += 2;
	}
	if (n >= left)
		return no(r, early, r->end) != NULL;
	char *z = arena_alloc(r->arena, n + 1);
	*out = (struct sv){ z, n };
	if (z == NULL)
		return starved(r) != NULL;
	if (!escaped)
		memcpy(z, r->at, n);
	else if (!unescape(r, (struct sv){ r->at, n }, z, &out->n))
		return false;
	r->at += n + 1;
	return true;
}

/* ---- the rest ---- */
static size_t digits(struct reader *r)
{
	const char *from = r->at;

	while (r->at < r->end && *r->at >= '0' && *r->at <= '9')
		r->at++;
	return (size_t)(r->at - from);
}

/* RFC 8259 section 6; false: not a number.  *real: it has a fraction or an exponent. */
static bool number_shape(struct reader *r, bool *real)
{
	if (*r->at == '-')
		r->at++;
	bool zero = r->at < r->end && *r->at == '0';
	size_t n = digits(r);
	if (zero && n > 1)
		r->at -= n - 1;
	if (n == 0 || (zero && n > 1))
		return false;
	*real = false;
	if (r->at < r->end && *r->at == '.') {
		r->at++;
		*real = true;
		if (digits(r) == 0)
			return false;
	}
	if (r->at < r->end && (*r->at == 'e' || *r->at == 'E')) {
		r->at++;
		*real = true;
		if (r->at < r->end && (*r->at == '+' || *r->at == '-'))
			r->at++;
		return digits(r) > 0;
	}
	return true;
}

static struct node *number(struct reader *r, struct node *n)
{
	struct sv text = { r->at, 0 };
	bool real;

	if (!number_shape(r, &real))
		return unfit(r);
	text.n = (size_t)(r->at - text.p);
	bool fits = !real && sv_i64(text, INT64_MIN, INT64_MAX, &n->i), past = !real && !fits;
	if (past && !r->lenient)
		return no(r, too_large, r->at);
	const char *z = fits && !r->as_written ? "" : arena_text(r->arena, text);
	if (z == NULL)
		return starved(r);
	if (r->as_written || past)
		n->text = (struct sv){ z, text.n };
	n->kind = fits ? NODE_INT : NODE_REAL;
	if (fits)
		return n;
	n->r = strtod(z, NULL); /* the process never leaves the locale "C" */
	return past || isfinite(n->r) ? n : no(r, too_large, r->at);
}

static struct node *word(struct reader *r, struct node *n, const char *z)
{
	size_t len = strlen(z), left = (size_t)(r->end - r->at);

	if (left < len || memcmp(r->at, z, len) != 0)
		return unfit(r);
	r->at += len;
	n->kind = *z == 'n' ? NODE_NULL : NODE_BOOL;
	n->b = *z == 't';
	if (r->as_written && n->kind == NODE_BOOL)
		n->text = sv_of(z);
	return n;
}

static int by_key(const void *a, const void *b)
{
	const struct node *const *x = a, *const *y = b;
	struct sv s = (*x)->key, t = (*y)->key;

	return s.n != t.n ? (s.n > t.n) - (s.n < t.n) : s.n == 0 ? 0 : memcmp(s.p, t.p, s.n);
}

/* Looking each key up among all before it would take hours on a body made for that. */
static bool keys_differ(struct reader *r, const struct node *map)
{
	const struct node **v = map->n > FEW ? malloc(map->n * sizeof(const struct node *)) : NULL;
	size_t n = 0;
	bool ok = true;

	if (map->n <= FEW)
		return true;
	if (v == NULL)
		return starved(r) != NULL;
	for (const struct node *c = map->first; c != NULL; c = c->next)
		v[n++] = c;
	qsort(v, n, sizeof(const struct node *), by_key);
	for (size_t i = 1; i < n && ok; i++)
		ok = by_key(&v[i - 1], &v[i]) != 0;
	free(v);
	return ok || no(r, twice, r->at) != NULL;
}

static struct node *value(struct reader *r);

static bool member(struct reader *r, struct node *map)
{
	struct sv key;

	if (!next_is(r, '"'))
		return unfit(r) != NULL;
	if (!string(r, &key))
		return false;
	if (map->n < FEW && node_get_sv(map, key) != NULL)
		return no(r, twice, r->at) != NULL;
	if (!next_is(r, ':'))
		return unfit(r) != NULL;
	struct node *c = value(r);
	if (c == NULL)
		return false;
	c->key = key;
	return node_add(map, c);
}

static struct node *map(struct reader *r, struct node *n)
{
	n->kind = NODE_MAP;
	if (next_is(r, '}'))
		return n;
	do
		if (!member(r, n))
			return NULL;
	while (next_is(r, ','));
	if (!next_is(r, '}'))
		return unfit(r);
	return keys_differ(r, n) ? n : NULL;
}

static struct node *list(struct reader *r, struct node *n)
{
	n->kind = NODE_LIST;
	if (next_is(r, ']'))
		return n;
	do
		if (!node_add(n, value(r)))
			return NULL;
	while (next_is(r, ','));
	return next_is(r, ']') ? n : unfit(r);
}

/* Calls itself once a level, hence the cap. */
static struct node *nested(struct reader *r, struct node *n)
{
	if (r->level == MOST_LEVELS) {
		r->too_deep = r->why == NULL;
		return no(r, "", r->at);
	}
	r->level++;
	n = *r->at++ == '{' ? map(r, n) : list(r, n);
	r->level--;
	return n;
}

static struct node *value(struct reader *r)
{
	struct node *n = node_new(r->arena, NODE_TEXT);

	if (n == NULL)
		return starved(r);
	if (next_is(r, '"'))
		return string(r, &n->text) ? n : NULL;
	switch (r->at == r->end ? '\0' : *r->at) {
	case '{':
	case '[': return nested(r, n);
	case 't': return word(r, n, "true");
	case 'f': return word(r, n, "false");
	case 'n': return word(r, n, "null");
	case '-': return number(r, n);
	default: return r->at < r->end && *r->at >= '0' && *r->at <= '9' ? number(r, n) : unfit(r);
	}
}

/* Lines and columns count from 1, columns in characters. */
static struct err not_json(struct ctx *cx, const char *what, struct sv text, const struct reader *r)
{
	int line = 1, column = 0;

	if (r->starved && arena_at_cap(cx->arena))
		return refuse(cx, E_TOO_LARGE, "%s is too large", what);
	if (r->starved)
		return fail(cx, E_INTERNAL, "out of memory", "reading JSON");
	if (r->too_deep)
		return refuse(cx, E_BAD_INPUT, "%s is not valid JSON: nested more than %d levels deep", what,
			      MOST_LEVELS);
	for (const char *p = text.p; p < r->wrong; p++) {
		column = *p == '\n' ? 0 : column + (((unsigned char)*p & 0xC0) != 0x80);
		line += *p == '\n';
	}
	return refuse(cx, E_BAD_INPUT, "%s is not valid JSON: line %d column %d: %s", what, line, column, r->why);
}

static struct err parse(struct ctx *cx, struct reader r, const char *what, const struct node **out)
{
	struct sv text = { r.at, (size_t)(r.end - r.at) };

	*out = NULL;
	if (text.n == 0)
		return refuse(cx, E_BAD_INPUT, "%s is not valid JSON: it is empty", what);
	if (!text_is_utf8(text))
		return refuse(cx, E_BAD_INPUT, "%s is not valid JSON: not UTF-8", what);
	if (memchr(text.p, '\0', text.n) != NULL)
		return refuse(cx, E_BAD_INPUT, "%s is not valid JSON: it holds a zero byte", what);
	const struct node *n = value(&r);
	skip(&r);
	if (n != NULL && r.at < r.end)
		n = no(&r, more, r.at + 1);
	if (n == NULL)
		return not_json(cx, what, text, &r);
	*out = n;
	return OK;
}

struct err jdoc_parse(struct ctx *cx, struct sv text, const char *what, const struct node **out)
{
	return parse(cx, (struct reader){ .arena = cx->arena, .at = text.p, .end = text.p + text.n }, what, out);
}

struct err jdoc_parse_written(struct ctx *cx, struct sv text, const char *what, const struct node **out)
{
	const struct reader r = { .arena = cx->arena, .at = text.p, .end = text.p + text.n, .as_written = true };

	return parse(cx, r, what, out);
}

struct err jdoc_parse_lenient(struct ctx *cx, struct sv text, const char *what, const struct node **out)
{
	const struct reader r = { .arena = cx->arena, .at = text.p, .end = text.p + text.n, .lenient = true };

	return parse(cx, r, what, out);
}
