/* SPDX-License-Identifier: Apache-2.0 */
#include "app/cli.h"
#include "app/cmd.h"
#include "app/term.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/logf.h"
#include "core/text.h"
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { ARENA_BYTES = 64 << 20, WORDS = 2, USAGE_BYTES = 64 << 10 };
static const struct {
	const char *name;
	char brief;
	const char *value, *doc;
} options[] = {
#define X(id, name, brief, value, doc) { name, brief, value, doc },
	CLI_OPTIONS(X)
#undef X
};

struct err cli_usage(struct cli *cli, const char *fmt, ...)
{
	char what[300];
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(what, sizeof what, fmt, ap) < 0)
		what[0] = '\0';
	va_end(ap);
	cli->status = CLI_USAGE;
	return refuse(cli->cx, E_BAD_INPUT, "%s; see: tokenbooth %s%s--help", what,
		      cli->command == NULL ? "" : cli->command->name, cli->command == NULL ? "" : " ");
}

struct err cli_print(struct cli *cli, struct sv text)
{
	if (!term_write(stdout, text, cli_has(cli, OPT_JSON) ? TERM_JSON : TERM_TEXT) || fflush(stdout) != 0)
		return refuse(cli->cx, E_INTERNAL, "cannot write to standard output");
	return OK;
}

/* ---- help ---- */
/* Whether it is one of `key create`, `key list`, ... for "key". */
static bool in_group(const struct cli_command *c, const char *word)
{
	size_t n = strlen(word);

	return strncmp(c->name, word, n) == 0 && c->name[n] == ' ';
}

static void help_all(struct buf *b, const char *group)
{
	if (group == NULL)
		buf_str(b, "Tokenbooth holds end-users' OAuth grants for AI agents and apps, and speaks the Arcade "
			   "Engine's API.\n\nusage: tokenbooth COMMAND [ARGUMENTS]\n\n");
	else
		buf_printf(b, "usage: tokenbooth %s COMMAND [ARGUMENTS]\n\n", group);
	for (size_t i = 0; i < cmd_table_n; i++) {
		const struct cli_command *c = &cmd_table[i];
		int used = (int)(strlen(c->name) + strlen(c->takes) + 1);

		if (group != NULL && !in_group(c, group))
			continue;
		buf_printf(b, "  %s %s%*s %s\n", c->name, c->takes, used < 30 ? 30 - used : 0, "", c->doc);
	}
	buf_str(b, "\n`tokenbooth COMMAND --help` tells more about one.\n");
}

static void help_one(const struct cli_command *c, struct buf *b)
{
	buf_printf(b, "usage: tokenbooth %s%s%s [OPTIONS]\n\n%s\n", c->name, c->takes[0] == '\0' ? "" : " ", c->takes,
		   c->doc);
	if (c->more != NULL)
		buf_printf(b, "\n%s\n", c->more);
	buf_str(b, "\noptions:\n");
	for (size_t o = 0; o < OPT__COUNT; o++) {
		char left[64];

		if ((c->options & CLI_BIT(o)) == 0 && o != OPT_HELP)
			continue;
		int n = snprintf(left, sizeof left, "%s%c%s--%s%s%s", options[o].brief != 0 ? "-" : " ",
				 options[o].brief != 0 ? options[o].brief : ' ', options[o].brief != 0 ? ", " : "  ",
				 options[o].name, options[o].value != NULL ? " " : "",
				 options[o].value != NULL ? options[o].value : "");
		buf_printf(b, "  %s%*s %s\n", left, n < 34 ? 34 - n : 0, "", options[o].doc);
	}
}

/* Without a command: of all those that begin with this word; NULL: of all. */
static struct err help(struct cli *cli, const char *group)
{
	CLEANUP(buf_free) struct buf b = BUF(USAGE_BYTES);

	if (cli->command == NULL)
		help_all(&b, group);
	else
		help_one(cli->command, &b);
	return cli_print(cli, buf_view(&b));
}

/* ---- which command ---- */
/* The longest row whose words are the first of argv; *words: how many. */
static const struct cli_command *find(int argc, char **argv, int *words)
{
	const struct cli_command *best = NULL;

	for (size_t i = 0; i < cmd_table_n; i++) {
		const char *name = cmd_table[i].name, *space = strchr(name, ' ');
		int n = space == NULL ? 1 : 2;
		size_t head = space == NULL ? strlen(name) : (size_t)(space - name);

		if (argc < n || strlen(argv[0]) != head || strncmp(argv[0], name, head) != 0)
			continue;
		if ((n == 1 || strcmp(argv[1], space + 1) == 0) && (best == NULL || n > *words)) {
			best = &cmd_table[i];
			*words = n;
		}
	}
	return best;
}

static bool wants_help(const char *arg) { return strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0; }

static struct err unknown(struct cli *cli, int argc, char **argv)
{
	CLEANUP(buf_free) struct buf b = BUF(1000);

	for (size_t i = 0; i < cmd_table_n && argc > 0; i++)
		if (in_group(&cmd_table[i], argv[0]))
			buf_printf(&b, "%s%s", b.n > 0 ? ", " : "", cmd_table[i].name);
	if (b.n > 0 && argc > 1 && wants_help(argv[1]))
		return help(cli, argv[0]);
	if (b.n > 0)
		return cli_usage(cli, "%s: which? %.*s", argv[0], SV_FMT(buf_view(&b)));
	return cli_usage(cli, "there is no command %s", argc > 0 ? argv[0] : "");
}

/* ---- options ---- */
struct parser {
	struct option longs[OPT__COUNT + 1];
	char shorts[2 * OPT__COUNT + 2];
};

static void parser_fill(struct parser *p)
{
	size_t n = 0;

	*p = (struct parser){ .shorts = "" };
	p->shorts[n++] = ':'; /* tells a missing value from an unknown option */
	for (int o = 0; o < OPT__COUNT; o++) {
		p->longs[o] =
		    (struct option){ options[o].name, options[o].value != NULL ? required_argument : no_argument, NULL,
				     256 + o };
		if (options[o].brief == 0)
			continue;
		p->shorts[n++] = options[o].brief;
		if (options[o].value != NULL)
			p->shorts[n++] = ':';
	}
	p->shorts[n] = '\0';
}

static int option_of(int got)
{
	if (got >= 256)
		return got - 256;
	for (int o = 0; o < OPT__COUNT; o++)
		if (options[o].brief != 0 && options[o].brief == got)
			return o;
	return -1;
}

/* The list of an option that may be repeated; NULL: it may not. */
static const char **many(struct cli *cli, int o, size_t **n)
{
	switch (o) {
	case OPT_INPUT: *n = &cli->n_inputs; return cli->inputs;
	case OPT_APP: *n = &cli->n_apps; return cli->apps;
	case OPT_HEADER: *n = &cli->n_headers; return cli->headers;
	case OPT_HEADER_SECRET: *n = &cli->n_header_secrets; return cli->header_secrets;
	default: return NULL;
	}
}
static struct err take_option(struct cli *cli, int o, const char *value)
{
	if (o != OPT_HELP && (cli->command->options & CLI_BIT(o)) == 0)
		return cli_usage(cli, "--%s does not go with %s", options[o].name, cli->command->name);
	size_t *n = NULL;
	const char **list = many(cli, o, &n);
	if (list != NULL && *n == CLI_APPS)
		return cli_usage(cli, "--%s: at most %d", options[o].name, CLI_APPS);
	if (list != NULL)
		list[(*n)++] = value;
	cli->opt[o] = value == NULL ? "" : value;
	return OK;
}

/* "there is no option --client-secret": without the value, which may be a secret. */
static struct err no_option(struct cli *cli, const char *typed)
{
	return cli_usage(cli, "there is no option %.*s", (int)strcspn(typed, "="), typed);
}

/* getopt takes any beginning of a name that fits one only, and --client-secret SECRET must not be read as
 * --client-secret-file: only whole names count. */
static bool whole_name(int o, const char *typed)
{
	size_t n = strlen(options[o].name);

	return strncmp(typed + 2, options[o].name, n) == 0 && (typed[2 + n] == '\0' || typed[2 + n] == '=');
}

/* What stands in a path names one thing there: an empty one, or one with a slash, would ask for another path. */
static struct err one_thing(struct cli *cli, struct sv what, const char *given)
{
	bool dots = strcmp(given, ".") == 0 || strcmp(given, "..") == 0;

	if (given[0] == '\0')
		return cli_usage(cli, "%.*s is empty", SV_FMT(what));
	return strchr(given, '/') != NULL || dots
		   ? cli_usage(cli, "%.*s cannot be \"%s\": it names one thing, and is no path", SV_FMT(what), given)
		   : OK;
}

static struct err names(struct cli *cli)
{
	struct sv rest = sv_of(cli->command->takes);

	for (size_t i = 0; i < cli->n_args && rest.p != NULL; i++) {
		struct sv what = sv_cut(&rest, ' ');

		if (sv_eqz(what, "ID") || sv_eqz(what, "KEY") || sv_eqz(what, "TOOL"))
			TRY(one_thing(cli, what, cli->args[i]));
	}
	return cli_has(cli, OPT_PROJECT) ? one_thing(cli, SV("--project"), cli->opt[OPT_PROJECT]) : OK;
}

static struct err parse(struct cli *cli, int argc, char **argv)
{
	struct parser p;
	int got;

	parser_fill(&p);
	opterr = 0;
	while ((got = getopt_long(argc, argv, p.shorts, p.longs, NULL)) != -1) {
		int o = option_of(got);
		const char *typed = argv[optind - (optarg != NULL && optarg == argv[optind - 1] ? 2 : 1)];

		if (got == ':')
			return cli_usage(cli, "%s needs a value", argv[optind - 1]);
		if (o < 0 || (got >= 256 && !whole_name(o, typed)))
			return no_option(cli, typed);
		TRY(take_option(cli, o, optarg));
	}
	for (; optind < argc; optind++) {
		if (cli->n_args == CLI_ARGS)
			return cli_usage(cli, "too many arguments");
		cli->args[cli->n_args++] = argv[optind];
	}
	if (cli_has(cli, OPT_HELP))
		return OK;
	if (cli->n_args < cli->command->least)
		return cli_usage(cli, "%s is missing", cli->command->takes);
	if (cli->n_args > cli->command->most)
		return cli_usage(cli, "%s is too much", cli->args[cli->command->most]);
	return names(cli);
}

static struct err dispatch(struct cli *cli, int argc, char **argv)
{
	int words = 0;

	if (argc == 1 || wants_help(argv[1]) || strcmp(argv[1], "help") == 0) {
		cli->status = argc == 1 ? CLI_USAGE : CLI_DONE;
		return help(cli, NULL);
	}
	if (strcmp(argv[1], "--version") == 0) {
		static char version[] = "version";

		argv[1] = version;
	}
	cli->command = find(argc - 1, argv + 1, &words);
	if (cli->command == NULL)
		return unknown(cli, argc - 1, argv + 1);
	TRY(parse(cli, argc - words, argv + words));
	return cli_has(cli, OPT_HELP) ? help(cli, NULL) : cli->command->run(cli);
}

/* One line, whoever's words are in it: a peer's, a user's, a file's. */
static void say(struct ctx *cx)
{
	CLEANUP(buf_free) struct buf b = BUF(2 * sizeof cx->cause.say);

	term_plain(&b, sv_of(cx->cause.say));
	term_note(cx, "tokenbooth: %.*s\n", SV_FMT(buf_view(&b)));
}

int cli_main(int argc, char **argv)
{
	CLEANUP(arena_drop) struct arena *arena = arena_new(ARENA_BYTES);
	struct ctx cx = { .now = clock_now(), .request_id = "", .arena = arena };
	struct cli cli = { .cx = &cx, .program = argc > 0 && argv[0][0] != '\0' ? argv[0] : "tokenbooth" };

	if (arena == NULL) {
		(void)fputs("tokenbooth: out of memory\n", stderr);
		return CLI_FAILED;
	}
	(void)setvbuf(stdout, NULL, _IONBF, 0); /* cli_print gives whole texts; a key that was shown is kept nowhere */
	log_setup(LOG_ERROR, LOG_CONSOLE);      /* an engine that starts says what it wants itself */
	struct err e = dispatch(&cli, argc, argv);
	if (!IS_ERR(e))
		return cli.status;
	say(&cx);
	if (cli.status != 0)
		return cli.status;
	return e.code == E_CONFIG ? CLI_CONFIG : CLI_FAILED;
}
