/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_tools.c: tools and their secrets: one call of the API each. */
#include "app/ask.h"
#include "app/cmd.h"
#include "app/secretin.h"
#include "app/term.h"
#include "core/jout.h"
#include "core/text.h"

enum { BODY_BYTES = 64 << 10 };

/* ---- tools ---- */
/* Of servers that do not answer, or whose tools are not all there: a list alone looks whole. */
static struct err say_missing(struct cli *cli, struct client *c, struct sv server)
{
	struct client_answer a;

	TRY(ask_part(cli, c, &(struct ask_part){ "GET", "/v1", "workers", server, "health" }, &a));
	struct sv says = node_text_at(a.json, "message");
	if (!ask_true(a.json, "enabled") || (ask_true(a.json, "healthy") && sv_eqz(says, "ok")))
		return OK;
	return ask_say(cli, "Server %.*s: %.*s\n", SV_FMT(server), SV_FMT(says));
}
static struct err servers_state(struct cli *cli)
{
	CLEANUP(client_drop) struct client *c = NULL;
	struct client_answer a;
	const struct node *items;

	TRY(client_open(cli, &c));
	TRY(ask_over(cli, c, &(struct ask){ "GET", { "/v1", "workers?limit=100", NULL }, SV_NONE }, &a));
	items = node_get(a.json, "items");
	if (items != NULL && items->n == 0)
		return ask_say(cli, "No servers.  Add one: tokenbooth server add ID URI\n");
	for (const struct node *s = items == NULL ? NULL : items->first; s != NULL; s = s->next)
		TRY(say_missing(cli, c, node_text_at(s, "id")));
	return OK;
}
struct err cmd_tool_list(struct cli *cli)
{
	static const struct show_column columns[] = { { "TOOL", "qualified_name" },
						      { "VERSION", "toolkit.version" },
						      { "READY", "requirements.met" },
						      { "WHAT IT DOES", "description" } };

	TRY(ask_list(cli, "/v1", "tools", &(struct show_table){ columns, ARRAY_LEN(columns), "No tools." }));
	return cli_has(cli, OPT_JSON) ? OK : servers_state(cli);
}
static struct err inputs_of(struct cli *cli, const struct node *tool)
{
	const struct node *list = node_path(tool, SV("input.parameters"));
	CLEANUP(buf_free) struct buf b = BUF(BODY_BYTES);

	for (const struct node *p = list == NULL ? NULL : list->first; p != NULL; p = p->next) {
		const struct node *must = node_get(p, "required");

		buf_str(&b, p == list->first ? "\nInputs:\n  " : "  ");
		term_plain(&b, node_text_at(p, "name"));
		buf_str(&b, " (");
		term_plain(&b, node_text(node_path(p, SV("value_schema.val_type"))));
		buf_str(&b, must != NULL && must->kind == NODE_BOOL && must->b ? ", required)  " : ")  ");
		term_plain(&b, node_text_at(p, "description").p == NULL ? SV("") : node_text_at(p, "description"));
		buf_char(&b, '\n');
	}
	TRY(buf_done(cli->cx, &b, "the inputs"));
	return cli_print(cli, buf_view(&b));
}
struct err cmd_tool_show(struct cli *cli)
{
	static const struct show_column columns[] = { { "name", "fully_qualified_name" },
						      { "what it does", "description" },
						      { "ready", "requirements.met" },
						      { "provider", "requirements.authorization.provider_id" },
						      { "scopes", "requirements.authorization.oauth2.scopes" } };
	struct client_answer a;

	TRY(ask_once(cli, "GET", &(struct client_path){ "/v1", "tools", cli->args[0] }, SV_NONE, &a));
	TRY(show_one(cli, &a, &(struct show_table){ columns, ARRAY_LEN(columns), "" }));
	return cli_has(cli, OPT_JSON) ? OK : inputs_of(cli, a.json);
}

/* ---- secrets ---- */
struct err cmd_secret_set(struct cli *cli)
{
	CLEANUP(buf_free) struct buf b = BUF(BODY_BYTES);
	CLEANUP(secret_drop) struct secret *value = NULL;
	struct jout w = JOUT(&b);
	struct client_answer a;

	TRY(secretin_read(cli, OPT_VALUE, "Value", &value));
	jout_open(&w, NULL);
	jout_str(&w, "value", secret_view(value));
	if (cli_has(cli, OPT_DESCRIPTION))
		jout_strz(&w, "description", cli->opt[OPT_DESCRIPTION]);
	jout_close(&w);
	TRY(jout_done(cli->cx, &w));
	TRY(ask_once(cli, "PUT", &(struct client_path){ "/v1", "admin/secrets", cli->args[0] }, buf_view(&b), &a));
	return cli_has(cli, OPT_JSON) ? show_json(cli, &a) : ask_say(cli, "Set the secret %s.\n", cli->args[0]);
}
struct err cmd_secret_list(struct cli *cli)
{
	static const struct show_column columns[] = { { "KEY", "key" },
						      { "ENDS IN", "hint" },
						      { "DESCRIPTION", "description" },
						      { "CHANGED", "updated_at" },
						      { "LAST USED", "last_accessed_at" } };

	return ask_list(
	    cli, "/v1", "admin/secrets",
	    &(struct show_table){ columns, ARRAY_LEN(columns), "No secrets.  Set one: tokenbooth secret set KEY" });
}
struct err cmd_secret_remove(struct cli *cli) { return ask_remove(cli, "admin/secrets", "secret"); }
