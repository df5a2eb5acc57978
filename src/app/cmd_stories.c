/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_stories.c: connections and authorizations, with the steps that made and ended them. */
#include "app/ask.h"
#include "app/cmd.h"
#include "app/story.h"
#include "core/text.h"

/* ---- connections ---- */
static const struct show_column connection_columns[] = {
	{ "ID", "id" },         { "USER", "user_id" }, { "PROVIDER", "provider_id" }, { "STATUS", "connection_status" },
	{ "SCOPES", "scopes" },
};

struct err cmd_connection_list(struct cli *cli)
{
	return ask_list(cli, "/v1", "admin/user_connections",
			&(struct show_table){ connection_columns, ARRAY_LEN(connection_columns), "No connections." });
}

struct err cmd_connection_show(struct cli *cli)
{
	static const struct show_column columns[] = { { "id", "id" },
						      { "user", "user_id" },
						      { "provider", "provider_id" },
						      { "status", "connection_status" },
						      { "scopes", "scopes" },
						      { "user info", "provider_user_info" },
						      { "reason", "reason" },
						      { "cause", "cause" },
						      { "fix", "fix" } };
	struct client_answer a;

	TRY(ask_once(cli, "GET", &(struct client_path){ "/tb/v1", "connections", cli->args[0] }, SV_NONE, &a));
	TRY(show_one(cli, &a, &(struct show_table){ columns, ARRAY_LEN(columns), "" }));
	return cli_has(cli, OPT_JSON) ? OK : story_show(cli, node_get(a.json, "events"));
}

static const char *revocation_words(struct sv said)
{
	static const struct {
		struct sv word;
		const char *say;
	} words[] = {
		{ SV_INIT("done"), "the provider has revoked its tokens" },
		{ SV_INIT("queued"), "the provider will be asked to revoke its tokens as soon as it can be reached" },
		{ SV_INIT("kept"),
		  "the tokens were wiped here and not revoked at the provider, since others use the same grant" },
		{ SV_INIT("unsupported"), "the tokens were wiped here; the provider cannot revoke them" },
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (sv_eq(words[i].word, said))
			return words[i].say;
	return "the tokens were wiped here";
}

struct err cmd_connection_delete(struct cli *cli)
{
	struct client_answer a;

	TRY(ask_once(cli, "DELETE", &(struct client_path){ "/v1", "admin/user_connections", cli->args[0] }, SV_NONE,
		     &a));
	if (cli_has(cli, OPT_JSON))
		return ask_say(cli, "{\"deleted\":true,\"revocation\":\"%.*s\"}\n", SV_FMT(a.revocation));
	return ask_say(cli, "Disconnected %s: %s.\n", cli->args[0], revocation_words(a.revocation));
}

/* ---- authorizations: a failed one has no connection ---- */
struct err cmd_authorization_list(struct cli *cli)
{
	static const struct show_column columns[] = {
		{ "ID", "id" },         { "USER", "user_id" },       { "PROVIDER", "provider_id" },
		{ "STATUS", "status" }, { "REASON", "reason.code" }, { "CREATED", "created_at" },
		{ "SCOPES", "scopes" }
	};

	return ask_list(cli, "/tb/v1", "authorizations",
			&(struct show_table){ columns, ARRAY_LEN(columns), "No authorizations." });
}

struct err cmd_authorization_show(struct cli *cli)
{
	static const struct show_column columns[] = {
		{ "id", "id" },          { "user", "user_id" },       { "provider", "provider_id" },
		{ "status", "status" },  { "scopes", "scopes" },      { "created", "created_at" },
		{ "ended", "ended_at" }, { "reason", "reason.code" }, { "cause", "reason.cause" },
		{ "fix", "reason.fix" }
	};
	struct client_answer a;

	TRY(ask_once(cli, "GET", &(struct client_path){ "/tb/v1", "authorizations", cli->args[0] }, SV_NONE, &a));
	TRY(show_one(cli, &a, &(struct show_table){ columns, ARRAY_LEN(columns), "" }));
	return cli_has(cli, OPT_JSON) ? OK : story_show(cli, node_get(a.json, "events"));
}
