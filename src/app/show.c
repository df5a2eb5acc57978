/* SPDX-License-Identifier: Apache-2.0 */
#include "app/show.h"
#include "app/term.h"
#include "core/jout.h"
#include "core/text.h"
#include <string.h>

enum { TEXT_BYTES = 8 << 20, COLUMNS = 8, CELL_BYTES = 400 };

/* What a terminal has no line for: as JSON. */
static void put_json(struct buf *b, const struct node *n)
{
	CLEANUP(buf_free) struct buf text = BUF(TEXT_BYTES);
	struct jout w = JOUT(&text);

	jout_node(&w, NULL, n);
	term_plain(b, buf_view(&text));
	b->broken = b->broken || text.broken;
}

void show_value(struct buf *b, const struct node *n)
{
	if (n == NULL)
		return;
	switch (n->kind) {
	case NODE_TEXT: term_plain(b, n->text); return;
	case NODE_BOOL: buf_str(b, n->b ? "yes" : "no"); return;
	case NODE_INT: buf_i64(b, n->i); return;
	case NODE_LIST:
		for (const struct node *i = n->first; i != NULL; i = i->next) {
			if (i != n->first)
				buf_str(b, ", ");
			if (i->kind == NODE_TEXT)
				term_plain(b, i->text);
		}
		return;
	case NODE_MAP:
	case NODE_REAL: put_json(b, n); return;
	case NODE_NULL:
	default: return;
	}
}

/* Characters, not bytes: the first byte of each counts. */
static size_t width(struct sv v)
{
	size_t n = 0;

	for (size_t i = 0; i < v.n; i++)
		n += ((unsigned char)v.p[i] & 0xC0) != 0x80 ? 1 : 0;
	return n;
}

static const struct node *at(const struct node *item, const char *path)
{
	const struct node *n = NULL;

	for (struct sv rest = sv_of(path); n == NULL && rest.p != NULL;)
		n = node_path(item, sv_cut(&rest, '|'));
	return n;
}
static void cell(struct buf *b, const struct node *item, const char *path)
{
	buf_clear(b);
	show_value(b, at(item, path));
	if (!buf_ok(b) || b->n == 0) {
		buf_clear(b);
		buf_char(b, '-');
	}
}

static void measure(const struct node *items, const struct show_table *t, size_t wide[static COLUMNS])
{
	CLEANUP(buf_free) struct buf b = BUF(CELL_BYTES);

	for (size_t c = 0; c < t->n; c++)
		wide[c] = strlen(t->columns[c].title);
	for (const struct node *i = items->first; i != NULL; i = i->next) {
		for (size_t c = 0; c < t->n; c++) {
			cell(&b, i, t->columns[c].path);
			size_t w = width(buf_view(&b));
			wide[c] = w > wide[c] ? w : wide[c];
		}
	}
}

static void put_cell(struct buf *out, struct sv v, size_t wide, bool last)
{
	buf_sv(out, v);
	for (size_t i = width(v); i < wide + 2 && !last; i++)
		buf_char(out, ' ');
}

static void put_table(struct buf *out, const struct node *items, const struct show_table *t)
{
	CLEANUP(buf_free) struct buf b = BUF(CELL_BYTES);
	size_t wide[COLUMNS];

	measure(items, t, wide);
	for (size_t c = 0; c < t->n; c++)
		put_cell(out, sv_of(t->columns[c].title), wide[c], c + 1 == t->n);
	buf_char(out, '\n');
	for (const struct node *i = items->first; i != NULL; i = i->next) {
		for (size_t c = 0; c < t->n; c++) {
			cell(&b, i, t->columns[c].path);
			put_cell(out, buf_view(&b), wide[c], c + 1 == t->n);
		}
		buf_char(out, '\n');
	}
}

struct err show_json(struct cli *cli, const struct client_answer *a)
{
	TRY(cli_print(cli, sv_trim(a->body)));
	return cli_print(cli, SV("\n"));
}

struct err show_list(struct cli *cli, const struct client_answer *a, const struct show_table *t)
{
	CLEANUP(buf_free) struct buf out = BUF(TEXT_BYTES);
	const struct node *items = node_get(a->json, "items"), *total = node_get(a->json, "total_count");

	if (cli_has(cli, OPT_JSON))
		return show_json(cli, a);
	if (items == NULL || items->kind != NODE_LIST || t->n > COLUMNS)
		return refuse(cli->cx, E_UPSTREAM, "the engine's answer has no list");
	if (items->n == 0)
		buf_printf(&out, "%s\n", t->none);
	else
		put_table(&out, items, t);
	if (total != NULL && total->kind == NODE_INT && total->i > (int64_t)items->n)
		buf_printf(&out, "(%zu of %lld; see --limit and --offset)\n", items->n, (long long)total->i);
	TRY(buf_done(cli->cx, &out, "the list"));
	return cli_print(cli, buf_view(&out));
}

struct err show_one(struct cli *cli, const struct client_answer *a, const struct show_table *t)
{
	CLEANUP(buf_free) struct buf out = BUF(TEXT_BYTES);
	size_t wide = 0;

	if (cli_has(cli, OPT_JSON))
		return show_json(cli, a);
	for (size_t c = 0; c < t->n; c++)
		wide = strlen(t->columns[c].title) > wide ? strlen(t->columns[c].title) : wide;
	for (size_t c = 0; c < t->n; c++) {
		put_cell(&out, sv_of(t->columns[c].title), wide, false);
		size_t before = out.n;
		show_value(&out, at(a->json, t->columns[c].path));
		buf_str(&out, out.n == before ? "-\n" : "\n");
	}
	TRY(buf_done(cli->cx, &out, "the answer"));
	return cli_print(cli, buf_view(&out));
}
