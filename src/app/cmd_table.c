/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_table.c: every command, once. */
#include "api/api.h"
#include "api/metrics.h"
#include "app/cmd.h"
#include "app/conf_doc.h"
#include "app/doctor.h"
#include "app/error_doc.h"
#include "app/version.h"
#include "core/jout.h"
#include <string.h>

#define B(o)   CLI_BIT(OPT_##o)
#define ENGINE (B(CONFIG) | B(ENV) | B(DATA) | B(LISTEN) | B(PUBLIC_URL) | B(LOG_LEVEL) | B(LOG_FORMAT) | B(JSON))
#define CLIENT (B(CONFIG) | B(ENV) | B(DATA) | B(URL) | B(KEY) | B(KEY_FILE) | B(PROJECT) | B(JSON))
#define PAGED  (B(LIMIT) | B(OFFSET))

const struct cli_command cmd_table[] = {
	{ "serve", "", 0, 0, ENGINE, cmd_serve, "Runs the engine.",
	  "The data folder is made on the first run, with a store, a root key and a first API key, which is shown "
	  "once.\n"
	  "Logs go to standard error.  SIGTERM drains and ends it." },
	{ "init", "", 0, 0, ENGINE, cmd_init, "Makes the data folder and the first API key without running the engine.",
	  NULL },
	{ "demo", "", 0, 0, B(LISTEN) | B(SIM_LISTEN) | B(DATA) | B(JSON) | B(LOG_LEVEL) | B(NO_WAIT), cmd_demo,
	  "Shows a whole consent in your browser, with a simulated Discord.",
	  "Needs neither internet nor credentials.  Without --data its data are in a folder that goes away when it "
	  "ends." },
	{ "key create", "NAME", 1, 1, CLIENT | B(EXPIRES), cmd_key_create, "Makes an API key and shows it once.",
	  NULL },
	{ "key list", "", 0, 0, CLIENT | PAGED, cmd_key_list, "Lists API keys.", NULL },
	{ "key revoke", "ID", 1, 1, CLIENT, cmd_key_revoke, "Ends an API key.", NULL },
	{ "provider add", "ID", 1, 1,
	  CLIENT | B(TYPE) | B(CLIENT_ID) | B(CLIENT_SECRET) | B(PUBLIC_CLIENT) | B(DESCRIPTION) | B(EXTERNAL_ID) |
	      B(OAUTH2_FILE),
	  cmd_provider_add, "Adds a provider and prints its redirect address.",
	  "The client secret is read from --client-secret-file, or asked for.  A provider without --type is described "
	  "whole by\n"
	  "--oauth2-file." },
	{ "provider set", "ID", 1, 1,
	  CLIENT | B(TYPE) | B(CLIENT_ID) | B(CLIENT_SECRET) | B(DESCRIPTION) | B(STATUS) | B(OAUTH2_FILE),
	  cmd_provider_set, "Changes a provider: what is given here, and nothing else.",
	  "A new client secret is read from --client-secret-file, or asked for with --client-secret-file -.  The "
	  "section "
	  "of\n"
	  "--oauth2-file is laid over the one that is there.  Another client id ends the provider's connections: their "
	  "tokens\n"
	  "belong to the old one.  A provider of engine.yaml is changed there." },
	{ "provider list", "", 0, 0, CLIENT | PAGED, cmd_provider_list, "Lists providers.", NULL },
	{ "provider show", "ID", 1, 1, CLIENT, cmd_provider_show, "Shows one provider.", NULL },
	{ "provider remove", "ID", 1, 1, CLIENT, cmd_provider_remove, "Removes a provider and its connections.", NULL },
	{ "connection list", "", 0, 0, CLIENT | PAGED | B(USER) | B(PROVIDER), cmd_connection_list,
	  "Lists connected users.", NULL },
	{ "connection show", "ID", 1, 1, CLIENT, cmd_connection_show, "Shows one connection and its story.",
	  "Each step says what was asked, what was answered, and, when it went wrong, the reason with its cause and "
	  "its "
	  "fix." },
	{ "connection delete", "ID", 1, 1, CLIENT, cmd_connection_delete,
	  "Disconnects a user and says what happened at the provider.", NULL },
	{ "authorization list", "", 0, 0, CLIENT | PAGED | B(USER) | B(PROVIDER), cmd_authorization_list,
	  "Lists what users were asked for, and how it stands.", NULL },
	{ "authorization show", "ID", 1, 1, CLIENT, cmd_authorization_show, "Shows one authorization and its story.",
	  "Also of one that failed and so has no connection." },
	{ "server add", "ID URI", 2, 2,
	  CLIENT | B(TYPE) | B(SECRET) | B(TIMEOUT) | B(RETRY) | B(HEADER) | B(HEADER_SECRET), cmd_server_add,
	  "Registers a tool server made with arcade-serve or arcade-mcp-server, or a remote MCP server.",
	  "The secret that a tool server shares with the engine is read from --secret-file, or asked for.  A remote "
	  "MCP\n"
	  "server (--type mcp) is told what --header says, with secrets in it from --header-secret-file." },
	{ "server authorize", "ID", 1, 1, CLIENT | B(USER), cmd_server_authorize,
	  "Shows the link by which a user agrees to the use of a remote MCP server that wants OAuth.", NULL },
	{ "server test", "URI", 1, 1, CLIENT | B(TYPE), cmd_server_test, "Says whether a server answers at an address.",
	  NULL },
	{ "server list", "", 0, 0, CLIENT | PAGED, cmd_server_list, "Lists tool servers.", NULL },
	{ "server show", "ID", 1, 1, CLIENT, cmd_server_show, "Shows one tool server.", NULL },
	{ "server remove", "ID", 1, 1, CLIENT, cmd_server_remove, "Takes a tool server and its tools away.", NULL },
	{ "tool list", "", 0, 0, CLIENT | PAGED | B(TOOLKIT), cmd_tool_list, "Lists tools.", NULL },
	{ "tool show", "TOOL", 1, 1, CLIENT, cmd_tool_show, "Shows one tool and its inputs.", NULL },
	{ "tool run", "TOOL", 1, 1, CLIENT | B(USER) | B(INPUT), cmd_tool_run,
	  "Runs a tool and prints what it answers.",
	  "Inputs are given with --input; required ones that are missing are asked for at a terminal.  When the tool "
	  "acts "
	  "for\n"
	  "--user and he has not agreed yet, the link for him is shown, and the tool runs when he has." },
	{ "secret set", "KEY", 1, 1, CLIENT | B(VALUE) | B(DESCRIPTION), cmd_secret_set,
	  "Sets a secret that tools ask for by its key.", "The value is read from --value-file, or asked for." },
	{ "secret list", "", 0, 0, CLIENT | PAGED, cmd_secret_list, "Lists secrets, never their values.", NULL },
	{ "secret remove", "KEY", 1, 1, CLIENT, cmd_secret_remove, "Removes a secret.", NULL },
	{ "user add", "EMAIL", 1, 1, CLIENT | B(PASSWORD) | B(ROLE), cmd_user_add,
	  "Makes an account that may confirm who it is.",
	  "The password is read from --password-file, or asked for.  With --role it may do more: the first owner of "
	  "an\n"
	  "engine whose set-up address was lost is made with --role owner." },
	{ "doctor", "", 0, 0, CLIENT | B(TRY_CREDENTIALS), doctor_run,
	  "Says in words what is wrong with the set-up, and the mend.",
	  "It looks at the configuration of --config (else the one that is found), not at the one a running engine was "
	  "started\n"
	  "with: name the same.  With --url, or ARCADE_BASE_URL, it sees only what the engine tells.  With "
	  "--try-credentials the\n"
	  "engine sends each provider its client id and client secret with a code that cannot be good: what the "
	  "provider "
	  "then\n"
	  "finds wrong tells whether it believes them.  Whether a redirect address is registered there only a first "
	  "consent shows." },
	{ "backup", "FILE", 1, 1, CLIENT | B(FORCE), cmd_backup, "Copies the store to a file while the engine runs.",
	  "The copy is consistent, checked, and readable by this user only.  Everything secret in it stays sealed: the "
	  "root "
	  "key is\nnot in it, and without the root key nobody opens it, you included.  Keep root.key at another "
	  "place." },
	{ "restore", "FILE", 1, 1, B(CONFIG) | B(ENV) | B(DATA) | B(FORCE) | B(JSON), cmd_restore,
	  "Puts a backup in the place of the store; no engine may be running on the data folder.",
	  "The backup is checked first: it must be whole, of this version or older, and the root key of the data "
	  "folder must "
	  "open\nit.  With --force a store that is there is kept beside the new one.  Everybody has to sign in again, "
	  "and every "
	  "grant is\nrenewed at its next use, since the backup cannot know what happened after it was made." },
	{ "simulate", "PROVIDER...", 1, CLI_ARGS, B(LISTEN) | B(APP) | B(CA_DIR) | B(PLAIN) | B(JSON), cmd_simulate,
	  "Plays a provider's side, for work without internet or credentials.", NULL },
	{ "docs", "config|api|errors|metrics|openapi", 1, 1, 0, cmd_docs,
	  "Prints a document made from the program's own tables.", NULL },
	{ "version", "", 0, 0, B(JSON), cmd_version, "Says which version this is.", NULL },
};
const size_t cmd_table_n = ARRAY_LEN(cmd_table);

struct err cmd_version(struct cli *cli)
{
	return cli_print(cli, cli_has(cli, OPT_JSON)
				  ? SV("{\"name\":\"tokenbooth\",\"version\":\"" VERSION_TEXT "\"}\n")
				  : SV("tokenbooth " VERSION_TEXT "\n"));
}

struct err cmd_docs(struct cli *cli)
{
	CLEANUP(buf_free) struct buf b = BUF(4 << 20);

	if (strcmp(cli->args[0], "config") == 0)
		conf_doc(&b);
	else if (strcmp(cli->args[0], "api") == 0)
		TRY(api_docs(cli->cx, &b));
	else if (strcmp(cli->args[0], "errors") == 0)
		TRY(error_doc(cli->cx, &b));
	else if (strcmp(cli->args[0], "metrics") == 0)
		metrics_doc(&b);
	else if (strcmp(cli->args[0], "openapi") == 0)
		TRY(api_openapi(cli->cx, "http://localhost:9099", VERSION_TEXT, &b));
	else
		return cli_usage(cli, "there is no document %s", cli->args[0]);
	TRY(buf_done(cli->cx, &b, "the document"));
	return cli_print(cli, buf_view(&b));
}
