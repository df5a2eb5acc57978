/* SPDX-License-Identifier: Apache-2.0 */
#include "app/greet.h"
#include "core/arena.h"
#include "core/jout.h"
#include "pages/pages.h"
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ARENA_BYTES = 64 << 10, TEXT_BYTES = 16 << 10 };

/* systemd.exec(5): JOURNAL_STREAM is device:inode of what was connected to the journal. */
static bool stdout_is_journal(void)
{
	const char *z = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	return z != NULL && sscanf(z, "%llu:%llu", &dev, &ino) == 2 && fstat(STDOUT_FILENO, &st) == 0 &&
	       (unsigned long long)st.st_dev == dev && (unsigned long long)st.st_ino == ino;
}

static struct err as_json(struct cli *cli, const struct life *l, bool serving, struct sv setup)
{
	CLEANUP(buf_free) struct buf b = BUF(TEXT_BYTES);
	struct jout w = JOUT(&b);
	const char *dashboard = arena_printf(cli->cx->arena, "%s/dashboard", l->en.config->public_url);

	jout_open(&w, NULL);
	jout_strz(&w, "event", serving ? "ready" : "initialized");
	jout_strz(&w, "url", l->en.config->public_url);
	jout_strz(&w, "dashboard", dashboard);
	if (serving)
		jout_i64(&w, "pid", getpid());
	jout_bool(&w, "first_run", l->first_run);
	if (setup.p != NULL) {
		jout_str(&w, "api_key", secret_view(l->first_key));
		jout_str(&w, "setup_url", setup);
	}
	jout_close(&w);
	TRY(jout_done(cli->cx, &w));
	buf_char(&b, '\n');
	return cli_print(cli, buf_view(&b));
}

/* Every command named here finds this engine, also beside another folder. */
static const char *named_data(const struct cli *cli)
{
	return cli_has(cli, OPT_DATA) ? arena_printf(cli->cx->arena, " --data %s", cli->opt[OPT_DATA]) : "";
}

static void next_step(struct buf *b, const char *program, const char *data, struct sv setup)
{
	if (setup.p != NULL)
		buf_printf(b, "Next: open this address to make the first account (it works once):\n\n    %.*s\n\nThen ",
			   SV_FMT(setup));
	else
		buf_str(b, "Next: ");
	buf_printf(
	    b,
	    "add a provider, for example:\n\n"
	    "    %s provider add my-discord --type discord --client-id YOUR_CLIENT_ID%s\n\n"
	    "and register the redirect address it prints at the provider.  `%s doctor%s` says whether the set-up "
	    "is right.\n",
	    program, data, program, data);
}

static void next_start(struct buf *b, const char *program, const char *data, struct sv setup)
{
	buf_printf(b, "Next: start it with `%s serve%s`", program, data);
	if (setup.p == NULL)
		buf_str(b, ".\n");
	else
		buf_printf(b, ", then open this address to make the first account (it works once):\n\n    %.*s\n",
			   SV_FMT(setup));
}

/* A later start: the key and the set-up address were shown once; this is how to get others. */
static void next_later(struct buf *b, const char *program, const char *data)
{
	buf_printf(b,
		   "Next: `%s doctor%s` says whether the set-up is right; `%s key create NAME%s` makes another API "
		   "key.\n",
		   program, data, program, data);
}

static struct err greet(struct cli *cli, const struct life *l, bool serving)
{
	CLEANUP(buf_free) struct buf b = BUF(TEXT_BYTES);
	const char *data = named_data(cli);
	bool secrets = l->first_run && l->first_key != NULL && l->setup_token != NULL && !stdout_is_journal();

	struct sv setup = secrets ? pages_setup_url(cli->cx, &l->en, secret_view(l->setup_token)) : SV_NONE;

	if (data == NULL)
		return fail(cli->cx, E_INTERNAL, "out of memory", "start message");
	if (cli_has(cli, OPT_JSON))
		return as_json(cli, l, serving, setup);
	buf_printf(&b, "Tokenbooth %s %s %s\n\n", l->en.version, serving ? "is running at" : "is set up for",
		   l->en.config->public_url);
	if (serving)
		buf_printf(&b, "Dashboard:  %s/dashboard\nData:       %s\n\n", l->en.config->public_url,
			   l->en.config->data_dir);
	if (secrets)
		buf_printf(&b,
			   "This is the first run.  Your API key is shown only now:\n\n"
			   "    export ARCADE_BASE_URL=%s\n    export ARCADE_API_KEY=%.*s\n\n",
			   l->en.config->public_url, SV_FMT(secret_view(l->first_key)));
	else if (l->first_run)
		buf_printf(&b, "This is the first run.  Make yourself an API key: %s key create NAME%s\n\n",
			   cli->program, data);
	if (!serving)
		next_start(&b, cli->program, data, setup);
	else if (l->first_run)
		next_step(&b, cli->program, data, setup);
	else
		next_later(&b, cli->program, data);
	if (!buf_ok(&b))
		return fail(cli->cx, E_INTERNAL, "out of memory", "start message");
	return cli_print(cli, buf_view(&b));
}

/* What it shows is in memory of its own, wiped when it has been shown. */
struct err greet_started(struct cli *cli, const struct life *l, bool serving)
{
	CLEANUP(arena_drop) struct arena *own = arena_new(ARENA_BYTES);
	struct arena *was = cli->cx->arena;

	if (own == NULL)
		return fail(cli->cx, E_INTERNAL, "out of memory", "start message");
	cli->cx->arena = own;
	struct err e = greet(cli, l, serving);
	cli->cx->arena = was;
	return e;
}
