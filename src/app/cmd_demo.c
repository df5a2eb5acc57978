/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_demo.c: engine and simulated Discord in one process, an account, and one authorization to click through (design
 * 10). */
#include "app/client.h"
#include "app/cmd.h"
#include "app/life.h"
#include "app/version.h"
#include "core/arena.h"
#include "core/codec.h"
#include "core/jout.h"
#include "core/rnd.h"
#include "core/text.h"
#include "net/net.h"
#include "sim/sim.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEXT_BYTES = 64 << 10, SIM_PORT = 9199 };
#define USER      "alice@example.com"
#define CLIENT_ID "1199990000000000001"

struct demo {
	struct cli *cli;
	struct cli local; /* as if --data had named the demo's folder */
	char folder[512];
	bool own_folder; /* made here, goes away at the end */
	struct sim *sim;
	struct sim_at at;
	struct life life;
	struct life_how how;
	struct client *client;
	char client_secret[TOKEN_TEXT], password[TOKEN_TEXT];
	const char *id, *link; /* of the authorization */
};

/* ---- its folder ---- */
static struct err make_folder(struct demo *d)
{
	const char *tmp = getenv("TMPDIR");

	if (cli_has(d->cli, OPT_DATA)) {
		if (!sv_copy(sv_of(d->cli->opt[OPT_DATA]), d->folder, sizeof d->folder))
			return refuse(d->cli->cx, E_CONFIG, "--data is too long");
		return OK;
	}
	int n = snprintf(d->folder, sizeof d->folder, "%s/tokenbooth-demo-XXXXXX",
			 tmp == NULL || tmp[0] == '\0' ? "/tmp" : tmp);
	if (n < 0 || (size_t)n >= sizeof d->folder || mkdtemp(d->folder) == NULL)
		return refuse(d->cli->cx, E_CONFIG, "cannot make a folder for the demo: %s", strerror(errno));
	d->own_folder = true;
	return OK;
}

static void remove_folder(const struct demo *d)
{
	static const char *const files[] = {
		"engine.yaml",  "store.sqlite3", "store.sqlite3-wal", "store.sqlite3-shm", "root.key",
		"control.sock", "lock"
	};
	char path[600];

	if (!d->own_folder)
		return;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		int n = snprintf(path, sizeof path, "%s/%s", d->folder, files[i]);

		if (n > 0 && (size_t)n < sizeof path)
			(void)unlink(path);
	}
	(void)rmdir(d->folder);
}

static struct err write_config(struct demo *d, const char **path)
{
	struct ctx *cx = d->cli->cx;
	CLEANUP(buf_free) struct buf b = BUF(TEXT_BYTES);

	buf_printf(
	    &b,
	    "api:\n  development: true\n"
	    "provider_definitions:\n  discord:\n    origin: \"%s\"\n"
	    "auth:\n  providers:\n    - id: demo-discord\n      description: Discord, simulated\n      type: oauth2\n"
	    "      provider_id: discord\n      client_id: \"" CLIENT_ID "\"\n      client_secret: \"%s\"\n",
	    d->at.provider_url, d->client_secret);
	*path = arena_printf(cx->arena, "%s/engine.yaml", d->folder);
	if (*path == NULL || !buf_ok(&b))
		return fail(cx, E_INTERNAL, "out of memory", "demo");
	if (mkdir(d->folder, 0700) != 0 && errno != EEXIST)
		return refuse(cx, E_CONFIG, "cannot make %s: %s", d->folder, strerror(errno));
	int fd = open(*path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool good = fd >= 0 && write(fd, b.p, b.n) == (ssize_t)b.n;
	if (fd >= 0)
		good = close(fd) == 0 && good;
	return good ? OK : refuse(cx, E_CONFIG, "cannot write %s: %s", *path, strerror(errno));
}

/* ---- the two servers ---- */
static struct err start_sim(struct demo *d)
{
	static const char *const providers[] = { "discord" };
	struct sim_how how = { .providers = providers,
			       .n_providers = 1,
			       .listen_host = "127.0.0.1",
			       .listen_port = SIM_PORT,
			       .plain = true };

	if (cli_has(d->cli, OPT_SIM_LISTEN)) {
		const char *colon = strrchr(d->cli->opt[OPT_SIM_LISTEN], ':');
		int64_t port;

		if (colon == NULL || !sv_i64(sv_of(colon + 1), 0, 65535, &port))
			return cli_usage(d->cli, "--sim-listen must be HOST:PORT");
		how.listen_port = (int)port;
		how.listen_host = arena_printf(d->cli->cx->arena, "%.*s", (int)(colon - d->cli->opt[OPT_SIM_LISTEN]),
					       d->cli->opt[OPT_SIM_LISTEN]);
		return how.listen_host == NULL ? fail(d->cli->cx, E_INTERNAL, "out of memory", "demo")
					       : sim_start(d->cli->cx, &how, &d->sim, &d->at);
	}
	struct err e = sim_start(d->cli->cx, &how, &d->sim, &d->at);
	if (e.code != E_CONFIG)
		return e;
	(void)forgive(d->cli->cx); /* the usual port is taken: any will do */
	how.listen_port = 0;
	return sim_start(d->cli->cx, &how, &d->sim, &d->at);
}

static struct err start_engine(struct demo *d)
{
	const char *config;

	TRY(write_config(d, &config));
	d->how = (struct life_how){ .conf = { .file = config,
					      .data = d->folder,
					      .listen = d->cli->opt[OPT_LISTEN],
					      .log_level = cli_has(d->cli, OPT_LOG_LEVEL) ? d->cli->opt[OPT_LOG_LEVEL]
											  : "error" },
				    .may_create = true,
				    .listen = true };
	return life_up(d->cli->cx, &d->life, &d->how);
}

/* ---- what a developer and an operator would do ---- */
static struct err call(struct demo *d, const char *method, const char *path, struct sv body, struct client_answer *a)
{
	struct err e = client_call(&d->local, d->client, &(struct client_ask){ method, path, body }, a);

	d->cli->status = d->local.status;
	return e;
}

static struct err tell_sim(struct demo *d)
{
	CLEANUP(net_reply_clear) struct net_reply r = { .fate = NET_FAILED };
	CLEANUP(buf_free) struct buf b = BUF(TEXT_BYTES);
	struct net_header type = { SV("Content-Type"), SV("application/json") };
	struct jout w = JOUT(&b);
	const char *url = arena_printf(d->cli->cx->arena, "%s/apps", d->at.control);
	const char *redirect =
	    arena_printf(d->cli->cx->arena, "%s/api/v1/oauth/demo-discord/callback", d->life.en.config->public_url);

	jout_open(&w, NULL);
	jout_strz(&w, "client_id", CLIENT_ID);
	jout_strz(&w, "client_secret", d->client_secret);
	jout_strz(&w, "redirect_uri", redirect);
	jout_close(&w);
	TRY(jout_done(d->cli->cx, &w));
	if (url == NULL || redirect == NULL)
		return fail(d->cli->cx, E_INTERNAL, "out of memory", "demo");
	struct net_call c = { .purpose = "demo",
			      .method = SV("POST"),
			      .url = sv_of(url),
			      .headers = &type,
			      .n_headers = 1,
			      .body = buf_view(&b),
			      .timeout = SEC(10),
			      .max_reply = TEXT_BYTES };
	TRY(net_call(d->cli->cx, d->life.en.net, &c, &r));
	return r.fate == NET_DONE && r.status == 200
		   ? OK
		   : refuse(d->cli->cx, E_UPSTREAM, "the simulator did not take the demo's client: %s", r.detail);
}

static struct err make_account(struct demo *d)
{
	CLEANUP(buf_free) struct buf b = BUF(TEXT_BYTES);
	struct client_answer a;

	buf_printf(&b, "{\"email\":\"" USER "\",\"password\":\"%s\"}", d->password);
	return call(d, "POST", "/tb/v1/accounts", buf_view(&b), &a);
}

static struct err authorize(struct demo *d)
{
	static const char body[] =
	    "{\"user_id\":\"" USER "\",\"auth_requirement\":{\"provider_id\":\"discord\",\"provider_type\":"
	    "\"oauth2\",\"oauth2\":{\"scopes\":[\"identify\",\"email\",\"guilds\"]}}}";
	struct client_answer a;

	TRY(call(d, "POST", "/v1/auth/authorize", sv_of(body), &a));
	d->id = arena_text(d->cli->cx->arena, node_text_at(a.json, "id"));
	d->link = arena_text(d->cli->cx->arena, node_text_at(a.json, "url"));
	return d->id == NULL || d->link == NULL || d->link[0] == '\0'
		   ? refuse(d->cli->cx, E_UPSTREAM, "the engine gave no link")
		   : OK;
}

static struct err greet(struct demo *d)
{
	CLEANUP(buf_free) struct buf b = BUF(TEXT_BYTES);
	struct jout w = JOUT(&b);

	if (cli_has(d->cli, OPT_JSON)) {
		jout_open(&w, NULL);
		jout_strz(&w, "event", "ready");
		jout_strz(&w, "url", d->life.en.config->public_url);
		jout_strz(&w, "link", d->link);
		jout_strz(&w, "authorization", d->id);
		jout_strz(&w, "email", USER);
		jout_strz(&w, "password", d->password);
		jout_strz(&w, "simulator", d->at.provider_url);
		jout_strz(&w, "control", d->at.control);
		jout_str(&w, "api_key", d->life.first_key == NULL ? SV_NONE : secret_view(d->life.first_key));
		jout_close(&w);
		TRY(jout_done(d->cli->cx, &w));
		buf_char(&b, '\n');
		return cli_print(d->cli, buf_view(&b));
	}
	buf_printf(&b,
		   "This is a simulation: the engine runs at %s, and a simulated Discord at %s.\n"
		   "Nothing leaves this machine.\n\n"
		   "An app has asked for a Discord token for its user " USER ".  Now be that user.  Open:\n\n    %s\n\n"
		   "1. The simulated Discord asks for your consent.  Press \"Authorize\".\n"
		   "2. Tokenbooth asks who you are.  Sign in:\n\n       email     " USER "\n       password  %s\n\n"
		   "3. Confirm.  The app then has its token, and this program says so.\n\nWaiting for you; Ctrl-C ends "
		   "the demo.\n",
		   d->life.en.config->public_url, d->at.provider_url, d->link, d->password);
	TRY(buf_done(d->cli->cx, &b, "start message"));
	return cli_print(d->cli, buf_view(&b));
}

/* ---- what came of it ---- */
static bool told_to_stop(void)
{
	sigset_t set;

	return sigpending(&set) == 0 && (sigismember(&set, SIGTERM) == 1 || sigismember(&set, SIGINT) == 1);
}

static struct err use_token(struct demo *d, struct sv token)
{
	CLEANUP(net_reply_clear) struct net_reply r = { .fate = NET_FAILED };
	CLEANUP(buf_free) struct buf bearer = BUF(8192);
	CLEANUP(buf_free) struct buf b = BUF(TEXT_BYTES);
	const char *url = arena_printf(d->cli->cx->arena, "%s/api/users/@me", d->at.provider_url);

	buf_str(&bearer, "Bearer ");
	buf_sv(&bearer, token);
	struct net_header headers[] = { { SV("Authorization"), buf_view(&bearer) } };
	if (url == NULL || !buf_ok(&bearer))
		return fail(d->cli->cx, E_INTERNAL, "out of memory", "demo");
	struct net_call c = { .purpose = "demo",
			      .method = SV("GET"),
			      .url = sv_of(url),
			      .headers = headers,
			      .n_headers = 1,
			      .timeout = SEC(10),
			      .max_reply = TEXT_BYTES,
			      .user_agent = SV("DiscordBot (http://localhost, 1)") };
	TRY(net_call(d->cli->cx, d->life.en.net, &c, &r));
	if (cli_has(d->cli, OPT_JSON))
		buf_printf(&b, "{\"event\":\"completed\",\"status\":%d}\n", r.status);
	else
		buf_printf(&b,
			   "\nThe app has its token: %.*s... (%zu characters).  With it, the simulated Discord's "
			   "/users/@me answers %d:\n\n"
			   "    %.*s\n\nThat is all.  Ctrl-C ends the demo.\n",
			   SV_FMT(sv_upto(token, 4)), token.n, r.status, SV_FMT(buf_view(&r.body)));
	TRY(buf_done(d->cli->cx, &b, "the result"));
	return cli_print(d->cli, buf_view(&b));
}

static struct err wait_for_consent(struct demo *d)
{
	const char *path = arena_printf(d->cli->cx->arena, "/v1/auth/status?id=%s&wait=2", d->id);
	struct client_answer a;

	if (path == NULL)
		return fail(d->cli->cx, E_INTERNAL, "out of memory", "demo");
	while (!told_to_stop()) {
		/* One pass's memory does not outlive it: people may take their time. */
		CLEANUP(arena_drop) struct arena *arena = arena_new(1 << 20);
		struct ctx cx = { .now = d->cli->cx->now, .request_id = "", .arena = arena };

		if (arena == NULL)
			return fail(d->cli->cx, E_INTERNAL, "out of memory", "demo");
		d->local.cx = &cx;
		struct err e = call(d, "GET", path, SV_NONE, &a);
		d->local.cx = d->cli->cx;
		if (IS_ERR(e))
			return refuse(d->cli->cx, E_UPSTREAM, "%s", cx.cause.say);
		if (sv_eq(node_text_at(a.json, "status"), SV("completed")))
			return use_token(d, node_text(node_path(a.json, SV("context.token"))));
	}
	return OK;
}

static struct err play(struct demo *d)
{
	TRY(make_folder(d));
	TRY(start_sim(d));
	TRY(start_engine(d));
	TRY(tell_sim(d));
	d->local = *d->cli;
	d->local.opt[OPT_DATA] = d->folder;
	d->local.opt[OPT_URL] = NULL;
	TRY(client_open(&d->local, &d->client));
	TRY(make_account(d));
	TRY(authorize(d));
	TRY(greet(d));
	if (!cli_has(d->cli, OPT_NO_WAIT))
		TRY(wait_for_consent(d));
	life_wait_signal();
	return OK;
}

struct err cmd_demo(struct cli *cli)
{
	struct demo *d = calloc(1, sizeof *d);

	if (d == NULL)
		return fail(cli->cx, E_INTERNAL, "out of memory", "demo");
	d->cli = cli;
	id_token(d->client_secret);
	id_token(d->password);
	d->password[16] = '\0'; /* 96 bits are enough to type */
	life_block_signals();
	struct err e = play(d);
	client_free(d->client);
	life_down(&d->life);
	sim_stop(d->sim);
	remove_folder(d);
	wipe(d, sizeof *d);
	free(d);
	return e;
}
