/* SPDX-License-Identifier: Apache-2.0 */
#include "app/story.h"
#include "app/show.h"
#include "core/text.h"

enum { STORY_BYTES = 8 << 20, STEP_WIDE = 16, OUTCOME_WIDE = 8, NAME_WIDE = 14 };

static void padded(struct buf *b, const struct node *n, size_t wide)
{
	size_t before = b->n;

	show_value(b, n);
	do
		buf_char(b, ' ');
	while (b->n < before + wide);
}

static void line(struct buf *b, const char *name, const struct node *value)
{
	size_t before;

	if (value == NULL || value->kind == NODE_NULL)
		return;
	buf_str(b, "    ");
	before = b->n;
	buf_str(b, name);
	do
		buf_char(b, ' ');
	while (b->n < before + NAME_WIDE);
	show_value(b, value);
	buf_char(b, '\n');
}

/* What is shown at the top of the step, or is noise to a person. */
static bool passed_over(struct sv key)
{
	static const char *const names[] = { "cause", "fix", "flow", "host", "took_ms" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (sv_eqz(key, names[i]))
			return true;
	return false;
}

static void step(struct buf *b, const struct node *e)
{
	const struct node *data = node_get(e, "data");

	padded(b, node_get(e, "at"), 0);
	buf_char(b, ' ');
	padded(b, node_get(e, "step"), STEP_WIDE);
	padded(b, node_get(e, "outcome"), OUTCOME_WIDE);
	show_value(b, node_get(e, "reason"));
	buf_char(b, '\n');
	for (const struct node *d = data == NULL ? NULL : data->first; d != NULL; d = d->next)
		if (!passed_over(d->key))
			line(b, d->key.p, d);
	line(b, "cause", node_get(e, "cause"));
	line(b, "fix", node_get(e, "fix"));
}

struct err story_show(struct cli *cli, const struct node *events)
{
	CLEANUP(buf_free) struct buf out = BUF(STORY_BYTES);

	buf_str(&out, "\nTimeline (UTC):\n");
	for (const struct node *e = events == NULL ? NULL : events->first; e != NULL; e = e->next)
		step(&out, e);
	if (events == NULL || events->n == 0)
		buf_str(&out, "no steps are kept\n");
	TRY(buf_done(cli->cx, &out, "the timeline"));
	return cli_print(cli, buf_view(&out));
}
