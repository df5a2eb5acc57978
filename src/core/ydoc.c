/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ydoc.h"
#include "core/arena.h"
#include "core/text.h"
#include <errno.h>
#include <stdlib.h>
#include <yaml.h>

enum { MOST_BYTES = 1 << 20, MOST_LEVELS = 32, MOST_KEYS = 4096 };

struct reader {
	struct ctx *cx;
	const char *file;
	yaml_parser_t parser;
	yaml_event_t ev;
	bool held; /* ev is to be deleted */
};

static void reader_close(struct reader *r)
{
	if (r->held)
		yaml_event_delete(&r->ev);
	yaml_parser_delete(&r->parser);
}

static struct err wrong(struct reader *r, size_t line, const char *what)
{
	return refuse(r->cx, E_BAD_INPUT, "%s:%zu: %s", r->file, line + 1, what);
}

static struct err no_memory(struct reader *r) { return fail(r->cx, E_INTERNAL, "out of memory", "reading YAML"); }

/* libyaml's sentences are constants: they never quote the text. */
static struct err next(struct reader *r)
{
	if (r->held)
		yaml_event_delete(&r->ev);
	r->held = false;
	if (yaml_parser_parse(&r->parser, &r->ev) == 1) {
		r->held = true;
		return OK;
	}
	if (r->parser.error == YAML_MEMORY_ERROR)
		return no_memory(r);
	return wrong(r, r->parser.problem_mark.line, r->parser.problem == NULL ? "not YAML" : r->parser.problem);
}

/* ---- plain scalars: the JSON schema of YAML 1.2 section 10.2, with True and TRUE as people write them ---- */
static bool one_of(struct sv s, const char *a, const char *b, const char *c)
{
	return sv_eqz(s, a) || sv_eqz(s, b) || sv_eqz(s, c);
}

static size_t run_of_digits(struct sv s, size_t at)
{
	size_t i = at;

	while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
		i++;
	return i - at;
}

/* -? (0 | [1-9][0-9]*) (\.[0-9]+)? ([eE][-+]?[0-9]+)?  A leading zero means text: an account number, not an octal. */
static enum node_kind number_kind(struct sv s)
{
	size_t i = s.n > 0 && s.p[0] == '-' ? 1 : 0, n = run_of_digits(s, i);
	enum node_kind kind = NODE_INT;

	if (n == 0 || (n > 1 && s.p[i] == '0'))
		return NODE_TEXT;
	i += n;
	if (i < s.n && s.p[i] == '.') {
		n = run_of_digits(s, i + 1);
		if (n == 0)
			return NODE_TEXT;
		i += n + 1;
		kind = NODE_REAL;
	}
	if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
		i++;
		if (i < s.n && (s.p[i] == '-' || s.p[i] == '+'))
			i++;
		n = run_of_digits(s, i);
		if (n == 0)
			return NODE_TEXT;
		i += n;
		kind = NODE_REAL;
	}
	return i == s.n ? kind : NODE_TEXT;
}

static void plain(struct node *n)
{
	struct sv s = n->text;

	n->kind = number_kind(s);
	if (s.n == 0 || sv_eqz(s, "~") || one_of(s, "null", "Null", "NULL")) {
		n->kind = NODE_NULL;
	} else if (one_of(s, "true", "True", "TRUE") || one_of(s, "false", "False", "FALSE")) {
		n->kind = NODE_BOOL;
		n->b = s.p[0] == 't' || s.p[0] == 'T';
	} else if (n->kind == NODE_INT && !sv_i64(s, INT64_MIN, INT64_MAX, &n->i)) {
		n->kind = NODE_TEXT; /* more than 64 bits: fine as an id, refused where a number is due */
	} else if (n->kind == NODE_REAL) {
		errno = 0;
		n->r = strtod(s.p, NULL);
		if (errno == ERANGE && (n->r > 1 || n->r < -1))
			n->kind = NODE_TEXT;
	}
}

static struct err scalar(struct reader *r, struct node *n)
{
	struct sv s = { (const char *)r->ev.data.scalar.value, r->ev.data.scalar.length };
	size_t at;

	if (sv_find(s, (struct sv){ "", 1 }, &at))
		return wrong(r, r->ev.start_mark.line, "a text holds the character U+0000");
	n->text = arena_sv(r->cx->arena, s);
	if (n->text.p == NULL)
		return no_memory(r);
	if (r->ev.data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		plain(n);
	return OK;
}

static struct err refuse_extras(struct reader *r, const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor != NULL)
		return wrong(r, r->ev.start_mark.line, "anchors (&name) are not supported; write the value out");
	if (tag != NULL)
		return wrong(r, r->ev.start_mark.line, "tags (!name) are not supported");
	return OK;
}

static struct err value(struct reader *r, int level, struct node **out);

static struct err list(struct reader *r, int level, struct node *n)
{
	TRY(next(r));
	while (r->ev.type != YAML_SEQUENCE_END_EVENT) {
		struct node *c;

		TRY(value(r, level, &c));
		if (!node_add(n, c))
			return no_memory(r);
		TRY(next(r));
	}
	return OK;
}

static struct err key_of(struct reader *r, const struct node *map, struct sv *key)
{
	size_t line = r->ev.start_mark.line;
	struct node *k;

	if (r->ev.type != YAML_SCALAR_EVENT)
		return wrong(r, line, "a key must be plain text");
	TRY(value(r, 0, &k));
	if (k->kind != NODE_TEXT)
		return wrong(r, line, "a key must be text; put it into quotes");
	if (node_get_sv(map, k->text) != NULL)
		return wrong(r, line, "a key stands twice in one map");
	if (map->n == MOST_KEYS)
		return wrong(r, line, "more than 4096 keys in one map");
	*key = k->text;
	return OK;
}

static struct err map(struct reader *r, int level, struct node *n)
{
	TRY(next(r));
	while (r->ev.type != YAML_MAPPING_END_EVENT) {
		struct node *c;
		struct sv key;

		TRY(key_of(r, n, &key));
		TRY(next(r));
		TRY(value(r, level, &c));
		c->key = key;
		if (!node_add(n, c))
			return no_memory(r);
		TRY(next(r));
	}
	return OK;
}

/* The value the current event starts; on return the current event is its last. */
static struct err value(struct reader *r, int level, struct node **out)
{
	size_t line = r->ev.start_mark.line;
	struct node *n = node_new(r->cx->arena, NODE_TEXT);

	*out = n;
	if (n == NULL)
		return no_memory(r);
	if (level > MOST_LEVELS)
		return wrong(r, line, "nested more than 32 levels deep");
	n->file = r->file;
	n->line = (int)line + 1;
	/* libyaml's names of events are an enumeration with members no document yields here */
	if (r->ev.type == YAML_SCALAR_EVENT) {
		TRY(refuse_extras(r, r->ev.data.scalar.anchor, r->ev.data.scalar.tag));
		return scalar(r, n);
	}
	if (r->ev.type == YAML_SEQUENCE_START_EVENT) {
		TRY(refuse_extras(r, r->ev.data.sequence_start.anchor, r->ev.data.sequence_start.tag));
		n->kind = NODE_LIST;
		return list(r, level + 1, n);
	}
	if (r->ev.type == YAML_MAPPING_START_EVENT) {
		TRY(refuse_extras(r, r->ev.data.mapping_start.anchor, r->ev.data.mapping_start.tag));
		n->kind = NODE_MAP;
		return map(r, level + 1, n);
	}
	if (r->ev.type == YAML_ALIAS_EVENT)
		return wrong(r, line, "aliases (*name) are not supported; write the value out");
	return wrong(r, line, "a value is missing");
}

static struct err document(struct reader *r, struct node **out)
{
	TRY(next(r)); /* start of the stream */
	TRY(next(r));
	if (r->ev.type == YAML_STREAM_END_EVENT) { /* only comments */
		*out = node_new(r->cx->arena, NODE_NULL);
		if (*out == NULL)
			return no_memory(r);
		(*out)->file = r->file;
		(*out)->line = 1;
		return OK;
	}
	if (r->ev.data.document_start.tag_directives.start != r->ev.data.document_start.tag_directives.end)
		return wrong(r, r->ev.start_mark.line, "tags (!name) are not supported");
	TRY(next(r));
	TRY(value(r, 0, out));
	TRY(next(r)); /* end of the document */
	TRY(next(r));
	if (r->ev.type != YAML_STREAM_END_EVENT)
		return wrong(r, r->ev.start_mark.line, "only one document is allowed in a file");
	return OK;
}

struct err ydoc_parse(struct ctx *cx, struct sv text, const char *file, struct node **out)
{
	struct sv name = arena_sv(cx->arena, sv_of(file));

	*out = NULL;
	if (name.p == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "reading YAML");
	if (sv_starts(text, SV("\xEF\xBB\xBF"))) /* the mark some editors put before UTF-8 */
		text = sv_from(text, 3);
	if (text.n > MOST_BYTES)
		return refuse(cx, E_BAD_INPUT, "%s:1: more than 1 MB", file);
	if (!text_is_utf8(text))
		return refuse(cx, E_BAD_INPUT, "%s:1: not UTF-8", file);
	CLEANUP(reader_close) struct reader r = { .cx = cx, .file = name.p };
	if (yaml_parser_initialize(&r.parser) != 1)
		return fail(cx, E_INTERNAL, "out of memory", "reading YAML");
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)(text.n == 0 ? "" : text.p), text.n);
	struct err e = document(&r, out);
	if (IS_ERR(e))
		*out = NULL;
	return e;
}
