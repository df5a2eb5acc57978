/* SPDX-License-Identifier: Apache-2.0 */
#include "core/jdoc.h"
#include "core/arena.h"
#include "core/text.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_LEVELS = 64, HEAD = 16 };

/* ---- jansson's memory: the size stands before each piece, so that it can be wiped ---- */
/* jansson 2.14 may lose a byte of a string when memory runs out and still report success: any refusal ends the parse.
 * A thread's own flag, since the allocator is given nothing to note it in. */
static _Thread_local bool starved;

static void *take(size_t n)
{
	char *p = n > SIZE_MAX - HEAD ? NULL : malloc(n + HEAD);

	if (p == NULL) {
		starved = true;
		return NULL;
	}
	memcpy(p, &n, sizeof n);
	return p + HEAD;
}

static void give(void *p)
{
	size_t n;

	if (p == NULL)
		return;
	char *start = (char *)p - HEAD;
	memcpy(&n, start, sizeof n);
	wipe(start, n + HEAD);
	free(start);
}

void jdoc_start(void)
{
	json_set_alloc_funcs(take, give);
	json_object_seed(0); /* from the system's random source: chosen keys cannot be made to collide */
}

static void json_drop(json_t **j) { json_decref(*j); }

/* jansson calls itself once a level: levels are counted before it may spend the stack. */
static bool too_deep(struct sv s)
{
	size_t level = 0;
	bool quoted = false;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (quoted) {
			if (c == '\\')
				i++;
			else if (c == '"')
				quoted = false;
		} else if (c == '"') {
			quoted = true;
		} else if ((c == '{' || c == '[') && ++level > MOST_LEVELS) {
			return true;
		} else if ((c == '}' || c == ']') && level > 0) {
			level--;
		}
	}
	return false;
}

/* jansson's own sentences quote the text, which may hold a secret. */
static const char *words(enum json_error_code code)
{
	switch (code) {
	case json_error_premature_end_of_input: return "the text ends too early";
	case json_error_end_of_input_expected: return "nothing may follow the value";
	case json_error_invalid_utf8: return "not UTF-8";
	case json_error_null_character:
	case json_error_null_byte_in_key: return "a string holds the character U+0000";
	case json_error_duplicate_key: return "a key stands twice in one object";
	case json_error_numeric_overflow: return "a number is too large";
	case json_error_stack_overflow: return "nested too deep";
	case json_error_invalid_syntax:
	case json_error_wrong_type:
	case json_error_invalid_argument:
	case json_error_invalid_format:
	case json_error_cannot_open_file:
	case json_error_unknown:
	case json_error_item_not_found:
	case json_error_index_out_of_range:
	case json_error_out_of_memory:
	case json_error_null_value:
	default: return "this is not allowed here";
	}
}

static struct err not_json(struct ctx *cx, const char *what, const json_error_t *je)
{
	return refuse(cx, E_BAD_INPUT, "%s is not valid JSON: line %d column %d: %s", what, je->line, je->column,
		      words(json_error_code(je)));
}

static struct node *to_node(struct arena *a, json_t *j);

static bool add_children(struct arena *a, struct node *n, json_t *j)
{
	if (n->kind == NODE_LIST) {
		for (size_t i = 0; i < json_array_size(j); i++)
			if (!node_add(n, to_node(a, json_array_get(j, i))))
				return false;
		return true;
	}
	for (void *it = json_object_iter(j); it != NULL; it = json_object_iter_next(j, it)) {
		struct node *c = to_node(a, json_object_iter_value(it));

		if (c == NULL)
			return false;
		c->key = arena_sv(a, (struct sv){ json_object_iter_key(it), json_object_iter_key_len(it) });
		if (c->key.p == NULL || !node_add(n, c))
			return false;
	}
	return true;
}

static struct node *to_node(struct arena *a, json_t *j)
{
	static const enum node_kind kinds[] = {
		[JSON_OBJECT] = NODE_MAP,  [JSON_ARRAY] = NODE_LIST, [JSON_STRING] = NODE_TEXT,
		[JSON_INTEGER] = NODE_INT, [JSON_REAL] = NODE_REAL,  [JSON_TRUE] = NODE_BOOL,
		[JSON_FALSE] = NODE_BOOL,  [JSON_NULL] = NODE_NULL,
	};
	struct node *n = node_new(a, kinds[json_typeof(j)]);

	if (n == NULL)
		return NULL;
	switch (n->kind) {
	case NODE_NULL: return n;
	case NODE_BOOL: n->b = json_is_true(j); return n;
	case NODE_INT: n->i = json_integer_value(j); return n;
	case NODE_REAL: n->r = json_real_value(j); return n;
	case NODE_TEXT:
		n->text = arena_sv(a, (struct sv){ json_string_value(j), json_string_length(j) });
		return n->text.p == NULL ? NULL : n;
	case NODE_LIST:
	case NODE_MAP: return add_children(a, n, j) ? n : NULL;
	default: return NULL;
	}
}

struct err jdoc_parse(struct ctx *cx, struct sv text, const char *what, const struct node **out)
{
	json_error_t je;

	*out = NULL;
	if (text.n == 0)
		return refuse(cx, E_BAD_INPUT, "%s is not valid JSON: it is empty", what);
	if (!text_is_utf8(text))
		return refuse(cx, E_BAD_INPUT, "%s is not valid JSON: not UTF-8", what);
	if (memchr(text.p, '\0', text.n) != NULL) /* jansson would take one for the end of the text */
		return refuse(cx, E_BAD_INPUT, "%s is not valid JSON: it holds a zero byte", what);
	if (too_deep(text))
		return refuse(cx, E_BAD_INPUT, "%s is not valid JSON: nested more than %d levels deep", what,
			      MOST_LEVELS);
	starved = false;
	CLEANUP(json_drop) json_t *root = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &je);
	if (starved)
		return fail(cx, E_INTERNAL, "out of memory", "reading JSON");
	if (root == NULL)
		return not_json(cx, what, &je);
	*out = to_node(cx->arena, root);
	if (*out != NULL)
		return OK;
	if (arena_at_cap(cx->arena))
		return refuse(cx, E_TOO_LARGE, "%s is too large", what);
	return fail(cx, E_INTERNAL, "out of memory", "reading JSON");
}
