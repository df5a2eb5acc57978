/* SPDX-License-Identifier: Apache-2.0 */
#include "core/jout.h"
#include "core/jstr.h"
#include "core/text.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_LEVELS = 256 };

/* Bytes from s.p[0] that may be copied as they are: no quote, backslash, control character or torn UTF-8. */
static size_t plain_run(struct sv s)
{
	size_t i = jstr_ascii(s.p, s.n);

	while (i < s.n) {
		unsigned char c = (unsigned char)s.p[i];
		size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;

		if (c < 0x20 || c == '"' || c == '\\' || c == 0x7F)
			break;
		if (n > 1 && (n > s.n - i || !text_is_utf8((struct sv){ s.p + i, n })))
			break;
		i += n;
	}
	return i;
}

/* The usual text, which needs no escape and for which there is room, between its quotes; `before` and `after` when they
 * are not 0. */
static bool quick(struct buf *b, char before, struct sv s, char after)
{
	size_t most = s.n + 4;

	if (b->broken || most > b->cap - b->n || b->n + most > b->max || jstr_ascii(s.p, s.n) != s.n)
		return false;
	char *to = b->p + b->n;
	*to = before;
	to += before != 0;
	*to++ = '"';
	if (s.n > 0)
		memcpy(to, s.p, s.n);
	to += s.n;
	*to++ = '"';
	*to = after;
	to += after != 0;
	b->n = (size_t)(to - b->p);
	return true;
}

static void put_text(struct buf *b, struct sv s)
{
	if (quick(b, 0, s, 0))
		return;
	buf_char(b, '"');
	while (s.n > 0) {
		size_t n = plain_run(s);
		unsigned char c = n < s.n ? (unsigned char)s.p[n] : 0;

		buf_add(b, s.p, n);
		if (n == s.n)
			break;
		if (c == '"' || c == '\\')
			buf_add(b, (const char[2]){ '\\', (char)c }, 2);
		else if (c == '\n')
			buf_str(b, "\\n");
		else if (c < 0x80)
			buf_printf(b, "\\u%04x", c);
		else
			buf_str(b, "\xEF\xBF\xBD"); /* not UTF-8: U+FFFD, so that the answer stays valid */
		s = sv_from(s, n + 1);
	}
	buf_char(b, '"');
}

/* What stands before every value: a comma, then the key. */
static void lead(struct jout *w, const char *key)
{
	struct sv k = sv_of(key);

	if (k.p == NULL || !quick(w->b, w->comma ? ',' : 0, k, ':')) {
		if (w->comma)
			buf_char(w->b, ',');
		if (k.p != NULL) {
			put_text(w->b, k);
			buf_char(w->b, ':');
		}
	}
	w->comma = true;
}

static void enter(struct jout *w, const char *key, char c)
{
	lead(w, key);
	buf_char(w->b, c);
	w->comma = false;
	if (++w->depth > MOST_LEVELS)
		w->broken = true;
}

static void leave(struct jout *w, char c)
{
	buf_char(w->b, c);
	w->comma = true;
	if (--w->depth < 0)
		w->broken = true;
}

void jout_open(struct jout *w, const char *key) { enter(w, key, '{'); }
void jout_close(struct jout *w) { leave(w, '}'); }
void jout_list(struct jout *w, const char *key) { enter(w, key, '['); }
void jout_list_end(struct jout *w) { leave(w, ']'); }

void jout_key(struct jout *w, struct sv key)
{
	if (w->comma)
		buf_char(w->b, ',');
	put_text(w->b, key);
	buf_char(w->b, ':');
	w->comma = false;
}

void jout_raw(struct jout *w, const char *key, struct sv json)
{
	lead(w, key);
	buf_sv(w->b, json);
}

void jout_null(struct jout *w, const char *key) { jout_raw(w, key, SV("null")); }
void jout_bool(struct jout *w, const char *key, bool v) { jout_raw(w, key, v ? SV("true") : SV("false")); }

void jout_str(struct jout *w, const char *key, struct sv v)
{
	if (v.p == NULL) {
		jout_null(w, key);
		return;
	}
	lead(w, key);
	put_text(w->b, v);
}

void jout_strz(struct jout *w, const char *key, const char *z) { jout_str(w, key, sv_of(z)); }

void jout_i64(struct jout *w, const char *key, int64_t v)
{
	lead(w, key);
	buf_i64(w->b, v);
}

void jout_time(struct jout *w, const char *key, int64_t usec)
{
	char z[TIME_TEXT];

	if (usec == 0) {
		jout_null(w, key);
		return;
	}
	time_text(usec, z);
	jout_strz(w, key, z);
}

/* The shortest of 15 to 17 digits that reads back as the same number. */
static void put_real(struct jout *w, const char *key, double v)
{
	char z[40] = "null";

	for (int digits = 15; isfinite(v) && digits <= 17; digits++) {
		(void)snprintf(z, sizeof z, "%.*g", digits, v);
		double back = strtod(z, NULL);
		if (!(back < v) && !(back > v))
			break;
	}
	lead(w, key);
	buf_str(w->b, z);
	if (isfinite(v) && strpbrk(z, ".e") == NULL)
		buf_str(w->b, ".0"); /* a real stays one when read again */
}

/* A number of YAML is written as it stands there, since it may be read as text: 2.10 is not 2.1. */
static void put_number(struct jout *w, const char *key, const struct node *n)
{
	if (n->text.p != NULL)
		jout_raw(w, key, n->text);
	else if (n->kind == NODE_INT)
		jout_i64(w, key, n->i);
	else
		put_real(w, key, n->r);
}

void jout_node(struct jout *w, const char *key, const struct node *n)
{
	if (n == NULL || w->broken) {
		jout_null(w, key);
		return;
	}
	switch (n->kind) {
	case NODE_BOOL: jout_bool(w, key, n->b); return;
	case NODE_INT:
	case NODE_REAL: put_number(w, key, n); return;
	case NODE_TEXT: jout_str(w, key, n->text); return;
	case NODE_LIST:
		jout_list(w, key);
		for (const struct node *c = n->first; c != NULL; c = c->next)
			jout_node(w, NULL, c);
		jout_list_end(w);
		return;
	case NODE_MAP:
		jout_open(w, key);
		for (const struct node *c = n->first; c != NULL; c = c->next) {
			jout_key(w, c->key);
			jout_node(w, NULL, c);
		}
		jout_close(w);
		return;
	case NODE_NULL:
	default: jout_null(w, key); return;
	}
}

struct err jout_done(struct ctx *cx, const struct jout *w)
{
	TRY(buf_done(cx, w->b, "the answer"));
	if (w->broken || w->depth != 0)
		return fail(cx, E_INTERNAL, "internal error", "JSON writer left at level %d", w->depth);
	return OK;
}
