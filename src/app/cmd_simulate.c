/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_simulate.c: a provider's side, played (design 10, 15). */
#include "app/cmd.h"
#include "app/life.h"
#include "core/arena.h"
#include "core/jout.h"
#include "core/text.h"
#include "sim/sim.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES = 16 << 10 };

/* CLIENT_ID:CLIENT_SECRET:REDIRECT_URI; the last part has colons of its own. */
static struct err read_app(struct cli *cli, const char *text, struct sim_app *out)
{
	struct sv rest = sv_of(text), id = sv_cut(&rest, ':'), secret = rest.p == NULL ? SV("") : sv_cut(&rest, ':');

	if (id.n == 0 || rest.p == NULL || rest.n == 0)
		return cli_usage(cli, "--app must be CLIENT_ID:CLIENT_SECRET:REDIRECT_URI");
	*out = (struct sim_app){ arena_text(cli->cx->arena, id), arena_text(cli->cx->arena, secret),
				 arena_text(cli->cx->arena, rest) };
	if (out->client_id == NULL || out->client_secret == NULL || out->redirect_uri == NULL)
		return fail(cli->cx, E_INTERNAL, "out of memory", "apps");
	return OK;
}

static struct err read_listen(struct cli *cli, const char *text, struct sim_how *how)
{
	struct sv s = sv_of(text);
	const char *colon = strrchr(text, ':');
	int64_t port = 0;

	if (colon == NULL || !sv_i64(sv_of(colon + 1), 0, 65535, &port))
		return cli_usage(cli, "--listen must be HOST:PORT, like 127.0.0.1:8443");
	how->listen_host = arena_text(cli->cx->arena, sv_upto(s, (size_t)(colon - text)));
	how->listen_port = (int)port;
	return how->listen_host == NULL ? fail(cli->cx, E_INTERNAL, "out of memory", "listen") : OK;
}

/* Without --ca-dir the CA is written where the system keeps what need not last. */
static struct err make_ca_dir(struct cli *cli, struct sim_how *how)
{
	const char *tmp = getenv("TMPDIR");
	char *path =
	    arena_printf(cli->cx->arena, "%s/tokenbooth-ca-XXXXXX", tmp == NULL || tmp[0] == '\0' ? "/tmp" : tmp);

	if (path == NULL)
		return fail(cli->cx, E_INTERNAL, "out of memory", "CA folder");
	how->ca_dir = mkdtemp(path);
	return how->ca_dir == NULL ? refuse(cli->cx, E_CONFIG, "cannot make a folder for the CA: %s", strerror(errno))
				   : OK;
}

static struct err greet(struct cli *cli, const struct sim_at *at)
{
	CLEANUP(buf_free) struct buf b = BUF(TEXT_BYTES);
	struct jout w = JOUT(&b);

	if (cli_has(cli, OPT_JSON)) {
		jout_open(&w, NULL);
		jout_strz(&w, "event", "ready");
		jout_strz(&w, "url", at->provider_url);
		jout_list(&w, "connect_to");
		for (size_t i = 0; i < at->n_connect_to; i++)
			jout_strz(&w, NULL, at->connect_to[i]);
		jout_list_end(&w);
		jout_strz(&w, "ca_file", at->ca_file[0] == '\0' ? NULL : at->ca_file);
		jout_strz(&w, "proxy", at->proxy);
		jout_strz(&w, "control", at->control);
		jout_close(&w);
		TRY(jout_done(cli->cx, &w));
		buf_char(&b, '\n');
		return cli_print(cli, buf_view(&b));
	}
	buf_printf(&b, "The simulated provider listens at %s\nControl:    %s\nProxy:      %s\n", at->provider_url,
		   at->control, at->proxy);
	if (at->n_connect_to > 0)
		buf_str(&b, "\nFor engine.yaml:\n\nnetwork:\n  connect_to:\n");
	for (size_t i = 0; i < at->n_connect_to; i++)
		buf_printf(&b, "    - \"%s\"\n", at->connect_to[i]);
	if (at->ca_file[0] != '\0')
		buf_printf(&b, "  ca_file: %s\n", at->ca_file);
	TRY(buf_done(cli->cx, &b, "start message"));
	return cli_print(cli, buf_view(&b));
}

struct err cmd_simulate(struct cli *cli)
{
	CLEANUP(sim_drop) struct sim *sim = NULL;
	struct sim_app apps[CLI_APPS];
	struct sim_how how = { .providers = cli->args,
			       .n_providers = cli->n_args,
			       .listen_host = "127.0.0.1",
			       .listen_port = 8443,
			       .apps = apps,
			       .n_apps = cli->n_apps,
			       .ca_dir = cli->opt[OPT_CA_DIR],
			       .plain = cli_has(cli, OPT_PLAIN) };
	struct sim_at at;

	for (size_t i = 0; i < cli->n_apps; i++)
		TRY(read_app(cli, cli->apps[i], &apps[i]));
	if (cli_has(cli, OPT_LISTEN))
		TRY(read_listen(cli, cli->opt[OPT_LISTEN], &how));
	if (how.ca_dir == NULL && !how.plain)
		TRY(make_ca_dir(cli, &how));
	life_block_signals();
	TRY(sim_start(cli->cx, &how, &sim, &at));
	TRY(greet(cli, &at));
	life_wait_signal();
	return OK;
}
