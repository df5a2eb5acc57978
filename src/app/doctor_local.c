/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_local.c: what can be seen on this machine: configuration, folder, engine, address. */
#include "app/cmd.h"
#include "app/doctor.h"
#include "app/folder.h"
#include "app/version.h"
#include "core/arena.h"
#include "core/text.h"
#include "core/url.h"
#include "net/net.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { REPLY_BYTES = 4 << 20 };

void doctor_config(struct doctor *d)
{
	struct conf_how how = cmd_conf_how(d->cli);
	const char *base = getenv("ARCADE_BASE_URL");

	d->remote = cli_has(d->cli, OPT_URL) || (!cli_has(d->cli, OPT_DATA) && base != NULL && base[0] != '\0');
	if (d->remote) {
		doctor_say(d, "configuration", DOCTOR_SKIPPED, "",
			   "none was looked at: %s names an engine, which is asked over the network; run this on its "
			   "own machine with --data DIR, and the --config it was started with, to look at its files",
			   cli_has(d->cli, OPT_URL) ? "--url" : "ARCADE_BASE_URL");
		return;
	}
	if (IS_ERR(conf_load(d->cli->cx, &how, &d->conf))) {
		doctor_say(d, "configuration", DOCTOR_FAILED, "correct the configuration and run this again", "%s",
			   d->cli->cx->cause.say);
		return;
	}
	d->config = conf_get(d->conf);
	d->data = d->config->data_dir;
	d->public_url = d->config->public_url;
	if (conf_file(d->conf) == NULL)
		doctor_say(d, "configuration", DOCTOR_OK, "",
			   "no file (none was found, or named with --config): all defaults; data folder %s", d->data);
	else
		doctor_say(d, "configuration", DOCTOR_OK, "", "%s; data folder %s", conf_file(d->conf), d->data);
	const struct sv_list *w = conf_warnings(d->conf);
	for (size_t i = 0; i < w->n; i++)
		doctor_say(d, "configuration", DOCTOR_WARNING, "", "%.*s", SV_FMT(w->v[i]));
}

/* ---- the data folder ---- */
static bool look_at(struct doctor *d, const char *path, bool may_lack, bool is_folder)
{
	struct stat st;
	const char *mend;

	if (lstat(path, &st) != 0) {
		if (errno == ENOENT && may_lack)
			return true;
		doctor_say(d, "data folder", DOCTOR_FAILED,
			   errno == ENOENT ? "start the engine once: tokenbooth serve"
					   : "run this as the user who runs the engine",
			   "%s: %s", path, strerror(errno));
		return false;
	}
	if (st.st_uid != geteuid()) {
		doctor_say(d, "data folder", DOCTOR_FAILED,
			   "run it as that user, or give the folder to this one with chown",
			   "%s belongs to user %lu, this is user %lu", path, (unsigned long)st.st_uid,
			   (unsigned long)geteuid());
		return false;
	}
	if ((st.st_mode & 077) != 0) {
		mend = arena_printf(d->cli->cx->arena, "chmod %s %s", is_folder ? "700" : "600", path);
		doctor_say(d, "data folder", DOCTOR_FAILED, mend == NULL ? "" : mend,
			   "%s can be read by others (mode %03o)", path, (unsigned)st.st_mode & 0777);
		return false;
	}
	return true;
}

static const char *inside(struct doctor *d, const char *file)
{
	const char *path = arena_printf(d->cli->cx->arena, "%s/%s", d->data, file);

	return path == NULL ? "" : path;
}

void doctor_folder(struct doctor *d)
{
	const char *control;

	if (!doctor_here(d, "data folder"))
		return;
	bool good = look_at(d, d->data, false, true);
	if (!good && access(d->data, F_OK) != 0)
		return;
	good = look_at(d, inside(d, "store.sqlite3"), true, false) && good;
	good = look_at(d, inside(d, "control.sock"), true, false) && good;
	good = look_at(d, inside(d, "root.key"),
		       d->config->n_root_keys > 0 || access(inside(d, "store.sqlite3"), F_OK) != 0, false) &&
	       good;
	if (IS_ERR(folder_control_path(d->cli->cx, d->data, &control))) {
		doctor_say(d, "data folder", DOCTOR_FAILED, "use a shorter path", "%s", d->cli->cx->cause.say);
		return;
	}
	d->running = client_socket_alive(control);
	if (good)
		doctor_say(d, "data folder", DOCTOR_OK, "", "%s is private to this user", d->data);
}

/* ---- the engine ---- */
static void check_version(struct doctor *d)
{
	struct client_answer a;
	struct err e = client_call(d->cli, d->client, &(struct client_ask){ "GET", "/v1/swagger", SV_NONE }, &a);
	struct sv version = IS_ERR(e) ? SV_NONE : node_text(node_path(a.json, SV("info.version")));

	if (IS_ERR(e) || version.p == NULL)
		doctor_say(d, "version", DOCTOR_WARNING, "", "the engine did not tell its version");
	else if (!sv_eqz(version, VERSION_TEXT))
		doctor_say(d, "version", DOCTOR_FAILED,
			   "restart the engine, so that the program that is installed is the one that runs",
			   "the engine is %.*s, this program is %s", SV_FMT(version), VERSION_TEXT);
	else
		doctor_say(d, "version", DOCTOR_OK, "", "%s", VERSION_TEXT);
}

/* The engine may have been started with --listen or --public-url: its redirect addresses show what it goes by. */
static void learn_public_url(struct doctor *d)
{
	struct client_answer a;
	size_t at;

	if (IS_ERR(client_call(d->cli, d->client, &(struct client_ask){ "GET", "/v1/config", SV_NONE }, &a))) {
		(void)forgive(d->cli->cx);
		return;
	}
	struct sv template = node_text(node_path(a.json, SV("oauth2.callback_url_template")));
	if (!sv_find(template, SV("/api/v1/oauth/"), &at))
		return;
	d->public_url = arena_text(d->cli->cx->arena, sv_upto(template, at));
	if (d->config != NULL && d->public_url != NULL && strcmp(d->public_url, d->config->public_url) != 0)
		doctor_say(d, "configuration", DOCTOR_WARNING,
			   "if the engine was started with a --config, name the same file here; if with --listen or "
			   "--public-url, all is well",
			   "the engine that runs goes by %s, and this configuration says %s", d->public_url,
			   d->config->public_url);
}

void doctor_engine(struct doctor *d)
{
	struct client_answer a;

	if (!d->remote && !doctor_here(d, "engine"))
		return;
	if (IS_ERR(client_open(d->cli, &d->client))) {
		doctor_say(d, "engine", DOCTOR_FAILED, d->remote ? "" : "start it: tokenbooth serve", "%s",
			   d->cli->cx->cause.say);
		return;
	}
	if (!d->remote && !d->running)
		doctor_say(d, "engine", DOCTOR_WARNING, "start it: tokenbooth serve", "no engine is running on %s",
			   d->data);
	struct err e = client_call(d->cli, d->client, &(struct client_ask){ "GET", "/v1/health", SV_NONE }, &a);
	if (IS_ERR(e)) {
		struct sv reason = node_text_at(a.json, "reason");
		size_t at;

		doctor_say(d, "store", DOCTOR_FAILED,
			   sv_find(reason, SV("damaged"), &at)
			       ? "stop the engine, then: tokenbooth restore BACKUP --force (docs/OPERATIONS.md)"
			       : "see the engine's log",
			   "%.*s", SV_FMT(reason.p != NULL ? reason : sv_of(d->cli->cx->cause.say)));
		(void)forgive(d->cli->cx);
		return;
	}
	doctor_say(d, "store", DOCTOR_OK, "", "it answers %s", client_where(d->client));
	if (!d->remote && !d->running)
		return;
	check_version(d);
	learn_public_url(d);
}

/* ---- its addresses ---- */
static bool ask_health(struct doctor *d, const char *base, struct net_reply *r)
{
	struct net *n = NULL;
	struct url u;
	const char *url = arena_printf(d->cli->cx->arena, "%s/v1/health", base);

	if (url == NULL || IS_ERR(url_parse(d->cli->cx, sv_of(url), "url", &u)))
		return false;
	struct net_how how = { .ssrf_allowlist = { &u.host, 1 },
			       .ca_file = d->config == NULL ? NULL : d->config->ca_file,
			       .development = true,
			       .user_agent = "tokenbooth/" VERSION_TEXT };
	struct net_call call = { .purpose = "doctor",
				 .method = SV("GET"),
				 .url = sv_of(url),
				 .timeout = SEC(10),
				 .max_reply = REPLY_BYTES };
	struct err e = net_start(d->cli->cx, &how, &n);
	if (!IS_ERR(e))
		e = net_call(d->cli->cx, n, &call, r);
	net_free(n);
	return !IS_ERR(e);
}

static void check_public(struct doctor *d)
{
	CLEANUP(net_reply_clear) struct net_reply r = { .fate = NET_FAILED };
	const char *base = d->public_url;
	size_t at;

	if (!ask_health(d, base, &r) || r.fate != NET_DONE) {
		doctor_say(d, "public address", DOCTOR_FAILED,
			   "correct --public-url (api.public_host), or what stands before the engine (name, proxy, "
			   "certificate)",
			   "%s cannot be reached from here: %s", base, r.detail);
		return;
	}
	if (r.status != 200 || !sv_find(buf_view(&r.body), SV("\"healthy\""), &at)) {
		doctor_say(d, "public address", DOCTOR_FAILED,
			   "make the proxy send this host to the engine, or correct --public-url",
			   "what answers at %s is not this engine (status %d)", base, r.status);
		return;
	}
	doctor_say(d, "public address", DOCTOR_OK, "", "%s; redirect addresses start with %s/api/v1/oauth/", base,
		   base);
}

static void check_port(struct doctor *d)
{
	CLEANUP(net_reply_clear) struct net_reply r = { .fate = NET_FAILED };
	const char *base = arena_printf(d->cli->cx->arena, "http://localhost:%d", d->config->listen_port);

	if (base == NULL || !ask_health(d, base, &r))
		return;
	if (r.fate == NET_NO_CONNECT)
		doctor_say(d, "port", DOCTOR_OK, "", "%d is free", d->config->listen_port);
	else
		doctor_say(d, "port", DOCTOR_FAILED,
			   "stop the other program, or choose another port with --listen HOST:PORT",
			   "something else listens on port %d", d->config->listen_port);
}

void doctor_address(struct doctor *d)
{
	struct url u;

	if (!doctor_here(d, "public address") || d->public_url == NULL)
		return;
	if (!d->running) {
		check_port(d);
		return;
	}
	check_public(d);
	(void)forgive(d->cli->cx);
	if (!IS_ERR(url_parse(d->cli->cx, sv_of(d->public_url), "url", &u)) && u.loopback)
		doctor_say(d, "public address", DOCTOR_WARNING,
			   "for users on other machines give an https address with --public-url (api.public_host)",
			   "only browsers on this machine can open links to %s", d->public_url);
}
