/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_H
#define CLI_H
/* cli.h: the command line, from two tables: options (once, whoever takes them) and commands (cmd_table in
 * commands.c).
 *
 * Promises: exit status 0 done, 1 refused or failed (reason on stderr), 2 wrong usage, 3 configuration refused, 4
 * engine not reachable.  Every command has --help, printed from its row.
 */
#include "core/buf.h"
#include "core/secret.h"
/* enum, long name, short, name of the value or NULL, what it does. */
#define CLI_OPTIONS(X)                                                                                                 \
	X(OPT_CONFIG, "config", 'c', "FILE", "engine.yaml to read")                                                    \
	X(OPT_ENV, "env", 'e', "FILE", "dotenv file with variables for engine.yaml")                                   \
	X(OPT_DATA, "data", 0, "DIR", "data folder (default: $TOKENBOOTH_DATA, else ~/.local/share/tokenbooth)")       \
	X(OPT_LISTEN, "listen", 0, "HOST:PORT",                                                                        \
	  "address to listen on (default localhost:9099, both loopbacks; of simulate: 127.0.0.1:8443; port 0: a free " \
	  "one)")                                                                                                      \
	X(OPT_PUBLIC_URL, "public-url", 0, "URL",                                                                      \
	  "how browsers reach it; links and redirect addresses are made of it")                                        \
	X(OPT_LOG_LEVEL, "log-level", 0, "LEVEL", "debug, info, warn or error")                                        \
	X(OPT_LOG_FORMAT, "log-format", 0, "FORMAT", "console or json")                                                \
	X(OPT_JSON, "json", 0, NULL, "answer as JSON")                                                                 \
	X(OPT_URL, "url", 0, "URL", "engine to talk to over the network (default: $ARCADE_BASE_URL)")                  \
	X(OPT_KEY, "key", 0, "KEY", "its API key (default: $ARCADE_API_KEY)")                                          \
	X(OPT_KEY_FILE, "key-file", 0, "FILE", "file with the API key, - for standard input")                          \
	X(OPT_PROJECT, "project", 0, "ID", "project (default: default)")                                               \
	X(OPT_TYPE, "type", 0, "TYPE",                                                                                 \
	  "of a provider: discord, github, google, ...; of a server: http (default), mcp")                             \
	X(OPT_CLIENT_ID, "client-id", 0, "ID", "client id the provider gave you")                                      \
	X(OPT_CLIENT_SECRET, "client-secret-file", 0, "FILE",                                                          \
	  "file with the client secret, - for standard input; else it is asked for")                                   \
	X(OPT_PUBLIC_CLIENT, "public-client", 0, NULL, "the provider gave no client secret")                           \
	X(OPT_DESCRIPTION, "description", 0, "TEXT", "for people")                                                     \
	X(OPT_EXTERNAL_ID, "external-id", 0, "ID", "last part of the redirect address before /callback")               \
	X(OPT_OAUTH2_FILE, "oauth2-file", 0, "FILE",                                                                   \
	  "JSON file with the provider's oauth2 section, - for standard input")                                        \
	X(OPT_PASSWORD, "password-file", 0, "FILE",                                                                    \
	  "file with the password, - for standard input; else it is asked for")                                        \
	X(OPT_ROLE, "role", 0, "ROLE", "verify (default), viewer, member, admin or owner")                             \
	X(OPT_USER, "user", 0, "USER", "the user, or only his")                                                        \
	X(OPT_PROVIDER, "provider", 0, "ID", "only this provider's")                                                   \
	X(OPT_EXPIRES, "expires-at", 0, "TIME", "when it ends: 2027-01-31T00:00:00Z")                                  \
	X(OPT_LIMIT, "limit", 0, "N", "how many (default 100)")                                                        \
	X(OPT_OFFSET, "offset", 0, "N", "how many to skip")                                                            \
	X(OPT_APP, "app", 0, "ID:SECRET:REDIRECT_URI", "a client the provider knows; may be repeated")                 \
	X(OPT_CA_DIR, "ca-dir", 0, "DIR", "where the throw-away CA is written")                                        \
	X(OPT_PLAIN, "plain", 0, NULL, "plain HTTP")                                                                   \
	X(OPT_SIM_LISTEN, "sim-listen", 0, "HOST:PORT",                                                                \
	  "where the simulated provider listens (default 127.0.0.1:9199)")                                             \
	X(OPT_NO_WAIT, "no-wait", 0, NULL, "do not wait for the consent")                                              \
	X(OPT_FORCE, "force", 0, NULL, "replace what is there")                                                        \
	X(OPT_SECRET, "secret-file", 0, "FILE",                                                                        \
	  "file with the server's secret, - for standard input; else it is asked for")                                 \
	X(OPT_HEADER, "header", 0, "NAME: VALUE",                                                                      \
	  "a header for a remote MCP server; ${secret:KEY} in it stands for a secret; may be repeated")                \
	X(OPT_HEADER_SECRET, "header-secret-file", 0, "KEY=FILE",                                                      \
	  "file with a secret that a header names, - for standard input; may be repeated")                             \
	X(OPT_TIMEOUT, "timeout", 0, "SECONDS", "how long a call may take (default 30)")                               \
	X(OPT_RETRY, "retry", 0, "N", "tries when it cannot be reached, with the first (default 3)")                   \
	X(OPT_VALUE, "value-file", 0, "FILE", "file with the value, - for standard input; else it is asked for")       \
	X(OPT_TOOLKIT, "toolkit", 0, "NAME", "only this toolkit's")                                                    \
	X(OPT_INPUT, "input", 0, "NAME=VALUE", "an input of the tool; may be repeated")                                \
	X(OPT_STATUS, "status", 0, "STATUS", "active or inactive")                                                     \
	X(OPT_TRY_CREDENTIALS, "try-credentials", 0, NULL,                                                             \
	  "let the engine send each provider's client id and secret to it, with a made-up code")                       \
	X(OPT_HELP, "help", 'h', NULL, "this text")
enum cli_option {
#define X(id, name, brief, value, doc) id,
	CLI_OPTIONS(X)
#undef X
	    OPT__COUNT
};
_Static_assert(OPT__COUNT < 64, "options are bits of a word");
#define CLI_BIT(o) (UINT64_C(1) << (o))
enum { CLI_ARGS = 16, CLI_APPS = 32 };

struct cli {
	struct ctx *cx;
	const char *program; /* what to type for it: argv[0] */
	const struct cli_command *command;
	const char *opt[OPT__COUNT]; /* value; "" for one without value; NULL: not given */
	const char *apps[CLI_APPS];
	size_t n_apps;
	const char *inputs[CLI_APPS];
	size_t n_inputs;
	const char *headers[CLI_APPS];
	size_t n_headers;
	const char *header_secrets[CLI_APPS];
	size_t n_header_secrets;
	const char *args[CLI_ARGS];
	size_t n_args;
	int status; /* what main returns when `run` returned OK, or instead of 1 when it failed */
};
struct cli_command {
	const char *name;  /* "key create" */
	const char *takes; /* "NAME": for the usage line */
	size_t least, most;
	uint64_t options;
	struct err (*run)(struct cli *cli);
	const char *doc;  /* one sentence */
	const char *more; /* shown by its --help; NULL: nothing */
};
enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_CONFIG = 3, CLI_UNREACHABLE = 4 };

int cli_main(int argc, char **argv) NONNULL(2);
struct err cli_usage(struct cli *cli, const char *fmt, ...) MUST_USE NONNULL(1, 2)
    PRINTF_LIKE(2, 3); /* wrong usage: status 2 */
static inline bool cli_has(const struct cli *cli, enum cli_option o) { return cli->opt[o] != NULL; }
struct err cli_print(struct cli *cli, struct sv text) MUST_USE
    NONNULL(1); /* to stdout, through term.h, flushed; a full disk is an error */
#endif
