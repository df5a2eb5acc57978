/* SPDX-License-Identifier: Apache-2.0 */
#include "app/ask.h"
#include "core/arena.h"
#include "core/codec.h"
#include "core/text.h"
#include <stdarg.h>
#include <stdio.h>

enum { PART_BYTES = 4096 };

struct err ask_over(struct cli *cli, struct client *c, const struct ask *in, struct client_answer *out)
{
	const char *path = client_path(cli, &in->at);

	if (path == NULL)
		return fail(cli->cx, E_INTERNAL, "out of memory", "path");
	return client_call(cli, c, &(struct client_ask){ in->method, path, in->body }, out);
}

struct err ask_once(struct cli *cli, const char *method, const struct client_path *at, struct sv body,
		    struct client_answer *out)
{
	CLEANUP(client_drop) struct client *c = NULL;

	TRY(client_open(cli, &c));
	return ask_over(cli, c, &(struct ask){ method, *at, body }, out);
}

bool ask_true(const struct node *n, const char *key)
{
	const struct node *v = node_get(n, key);

	return v != NULL && v->kind == NODE_BOOL && v->b;
}

struct err ask_part(struct cli *cli, struct client *c, const struct ask_part *p, struct client_answer *out)
{
	CLEANUP(buf_free) struct buf b = BUF(PART_BYTES);

	buf_printf(&b, "%s/", p->rest);
	enc_pct(&b, p->id);
	buf_printf(&b, "/%s", p->part);
	TRY(buf_done(cli->cx, &b, "the path"));
	const char *rest = arena_text(cli->cx->arena, buf_view(&b));
	if (rest == NULL)
		return fail(cli->cx, E_INTERNAL, "out of memory", "path");
	return ask_over(cli, c, &(struct ask){ p->method, { p->base, rest, NULL }, SV_NONE }, out);
}

struct sv ask_beside_ok(const struct node *health)
{
	static const struct sv ok_and = SV_INIT("ok; ");
	struct sv says = node_text_at(health, "message");

	if (sv_eqz(says, "ok"))
		return SV_NONE;
	return sv_starts(says, ok_and) ? sv_from(says, ok_and.n) : says;
}

struct err ask_say(struct cli *cli, const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return cli_print(cli, (struct sv){ text, n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1 });
}

/* "?limit=…&offset=…&…": only what was given. */
static const char *with_query(struct cli *cli, const char *rest)
{
	static const struct {
		enum cli_option option;
		struct sv name;
	} known[] = { { OPT_LIMIT, SV_INIT("limit") },
		      { OPT_OFFSET, SV_INIT("offset") },
		      { OPT_USER, SV_INIT("user_id") },
		      { OPT_PROVIDER, SV_INIT("provider_id") },
		      { OPT_TOOLKIT, SV_INIT("toolkit") } };
	CLEANUP(buf_free) struct buf q = BUF(4096);

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (cli_has(cli, known[i].option))
			form_add(&q, known[i].name, sv_of(cli->opt[known[i].option]));
	if (!cli_has(cli, OPT_LIMIT))
		form_add(&q, SV("limit"), SV("100"));
	return arena_printf(cli->cx->arena, "%s?%.*s", rest, SV_FMT(buf_view(&q)));
}

struct err ask_list(struct cli *cli, const char *base, const char *rest, const struct show_table *t)
{
	struct client_answer a;
	const char *full = with_query(cli, rest);

	if (full == NULL)
		return fail(cli->cx, E_INTERNAL, "out of memory", "path");
	TRY(ask_once(cli, "GET", &(struct client_path){ base, full, NULL }, SV_NONE, &a));
	return show_list(cli, &a, t);
}
struct err ask_remove(struct cli *cli, const char *rest, const char *what)
{
	struct client_answer a;

	TRY(ask_once(cli, "DELETE", &(struct client_path){ "/v1", rest, cli->args[0] }, SV_NONE, &a));
	return cli_has(cli, OPT_JSON) ? cli_print(cli, SV("{\"removed\":true}\n"))
				      : ask_say(cli, "Removed the %s %s.\n", what, cli->args[0]);
}
