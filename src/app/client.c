/* SPDX-License-Identifier: Apache-2.0 */
#include "app/client.h"
#include "app/cmd.h"
#include "app/folder.h"
#include "app/life.h"
#include "app/secretin.h"
#include "app/version.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/codec.h"
#include "core/jdoc.h"
#include "core/text.h"
#include "core/url.h"
#include "net/net.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { REPLY_BYTES = 16 << 20, HEAD_BYTES = 16 << 10, PATH_BYTES = 4096 };
#define TIMEOUT       SEC(120)
#define SYSTEM_SOCKET "/var/lib/tokenbooth/control.sock"

struct client {
	struct net *net;    /* network and control socket */
	const char *base;   /* "http://localhost:9099" */
	const char *socket; /* control socket; NULL: network */
	struct secret *key; /* "Bearer ..."; network only */
	struct life *life;  /* in this process */
	struct life_how life_how;
	const char *where;
	int64_t timeout;
};

void client_free(struct client *c)
{
	if (c == NULL)
		return;
	if (c->life != NULL)
		life_down(c->life);
	free(c->life);
	net_free(c->net);
	secret_free(c->key);
	free(c);
}

void client_patience(struct client *c, int64_t wait) { c->timeout = wait; }

const char *client_where(const struct client *c) { return c->where; }

const char *client_path(struct cli *cli, const struct client_path *p)
{
	CLEANUP(buf_free) struct buf b = BUF(PATH_BYTES);

	buf_str(&b, p->base);
	if (cli_has(cli, OPT_PROJECT)) {
		buf_str(&b, "/orgs/default/projects/");
		enc_pct(&b, sv_of(cli->opt[OPT_PROJECT]));
	}
	buf_char(&b, '/');
	buf_str(&b, p->rest);
	if (p->id != NULL) {
		buf_char(&b, '/');
		enc_pct(&b, sv_of(p->id));
	}
	return buf_ok(&b) ? arena_text(cli->cx->arena, buf_view(&b)) : NULL;
}

static struct err unreachable(struct cli *cli, const char *where, const char *why)
{
	cli->status = CLI_UNREACHABLE;
	return refuse(cli->cx, E_UPSTREAM, "the engine cannot be reached %s: %s", where, why);
}

/* ---- the network ---- */
static struct err start_net(struct cli *cli, struct client *c, struct sv *allowed)
{
	struct net_how how = { .ssrf_allowlist = { allowed, allowed == NULL ? 0 : 1 },
			       .development = true,
			       .user_agent = "tokenbooth/" VERSION_TEXT };

	return net_start(cli->cx, &how, &c->net);
}

static struct err take_key(struct cli *cli, struct client *c)
{
	CLEANUP(secret_drop) struct secret *key = NULL;
	CLEANUP(buf_free) struct buf b = BUF(8192);
	const char *given = cli_has(cli, OPT_KEY) ? cli->opt[OPT_KEY] : getenv("ARCADE_API_KEY");

	if (cli_has(cli, OPT_KEY_FILE))
		TRY(secretin_read(cli, OPT_KEY_FILE, NULL, &key));
	else if (given != NULL && given[0] != '\0')
		key = secret_copy(sv_of(given));
	else
		return cli_usage(cli, "--url needs an API key: --key-file FILE, or ARCADE_API_KEY");
	if (key == NULL)
		return fail(cli->cx, E_INTERNAL, "out of memory", "API key");
	buf_str(&b, "Bearer ");
	buf_sv(&b, secret_view(key));
	c->key = buf_ok(&b) ? secret_copy(buf_view(&b)) : NULL;
	return c->key == NULL ? fail(cli->cx, E_INTERNAL, "out of memory", "API key") : OK;
}

static struct err open_network(struct cli *cli, struct client *c, const char *base)
{
	struct url u;
	size_t n = strlen(base);

	if (IS_ERR(url_parse(cli->cx, sv_of(base), "url", &u))) {
		(void)forgive(cli->cx);
		return cli_usage(cli, "--url must be an address like https://engine.example.com");
	}
	while (n > 0 && base[n - 1] == '/')
		n--;
	c->base = arena_text(cli->cx->arena, sv_upto(sv_of(base), n));
	c->where = arena_printf(cli->cx->arena, "at %s", base);
	if (c->base == NULL || c->where == NULL)
		return fail(cli->cx, E_INTERNAL, "out of memory", "client");
	TRY(take_key(cli, c));
	/* Whoever types an address means it: this host may be anywhere, and plain. */
	return start_net(cli, c, &u.host);
}

static struct err ask_net(struct cli *cli, struct client *c, const struct client_ask *ask, struct client_answer *out)
{
	CLEANUP(net_reply_clear) struct net_reply r = { .fate = NET_FAILED };
	struct net_header headers[3] = { { SV("Accept"), SV("application/json") } };
	size_t n = 1;
	const char *url = arena_printf(cli->cx->arena, "%s%s", c->base, ask->path);

	if (url == NULL)
		return fail(cli->cx, E_INTERNAL, "out of memory", "client");
	if (c->key != NULL)
		headers[n++] = (struct net_header){ SV("Authorization"), secret_view(c->key) };
	if (ask->body.p != NULL)
		headers[n++] = (struct net_header){ SV("Content-Type"), SV("application/json") };
	struct net_call call = { .purpose = "command line",
				 .method = sv_of(ask->method),
				 .url = sv_of(url),
				 .headers = headers,
				 .n_headers = n,
				 .body = ask->body,
				 .timeout = c->timeout,
				 .max_reply = REPLY_BYTES,
				 .once = NET_ONCE,
				 .want_header = "Tokenbooth-Revocation",
				 .unix_socket = c->socket };
	TRY(net_call(cli->cx, c->net, &call, &r));
	if (r.fate != NET_DONE)
		return unreachable(cli, c->where, r.detail);
	out->status = r.status;
	out->body = arena_sv(cli->cx->arena, buf_view(&r.body));
	out->revocation = arena_sv(cli->cx->arena, sv_of(r.header));
	return OK;
}

/* ---- the control socket ---- */
bool client_socket_alive(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd;

	if (!sv_copy(sv_of(path), a.sun_path, sizeof a.sun_path) || (fd = socket(AF_UNIX, SOCK_STREAM, 0)) < 0)
		return false;
	bool yes = connect(fd, (const struct sockaddr *)&a, sizeof a) == 0;
	int why = errno;
	(void)close(fd);
	errno = why;
	return yes;
}

static struct err open_socket(struct cli *cli, struct client *c, const char *path)
{
	c->socket = arena_text(cli->cx->arena, sv_of(path));
	c->base = "http://localhost";
	c->where = arena_printf(cli->cx->arena, "at %s", path);
	if (c->socket == NULL || c->where == NULL)
		return fail(cli->cx, E_INTERNAL, "out of memory", "client");
	return start_net(cli, c, NULL);
}

/* ---- in this process ---- */
static struct err open_here(struct cli *cli, struct client *c)
{
	c->life = calloc(1, sizeof *c->life);
	if (c->life == NULL)
		return fail(cli->cx, E_INTERNAL, "out of memory", "client");
	c->life_how = (struct life_how){ .conf = cmd_conf_how(cli), .no_first = true };
	c->life_how.conf.log_level = "error";
	c->where = "in this process";
	struct err e = life_up(cli->cx, c->life, &c->life_how);
	if (!IS_ERR(e))
		return OK;
	free(c->life);
	c->life = NULL;
	if (e.code == E_NOT_FOUND || e.code == E_BUSY)
		cli->status = CLI_UNREACHABLE;
	return e;
}

/* The value of a header line of ours in "Name: value\r\n..." */
static struct sv head_value(struct sv head, const char *name)
{
	while (head.p != NULL) {
		struct sv line = sv_trim(sv_cut(&head, '\n')), key = sv_cut(&line, ':');

		if (line.p != NULL && sv_ieq(key, sv_of(name)))
			return sv_trim(line);
	}
	return SV("");
}

static struct err ask_here(struct cli *cli, struct client *c, const struct client_ask *ask, struct client_answer *out)
{
	static const char *const methods[] = { "", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS" };
	CLEANUP(buf_free) struct buf body = BUF(REPLY_BYTES);
	CLEANUP(buf_free) struct buf head = BUF(HEAD_BYTES);
	struct header headers[] = { { SV("host"), SV("localhost") }, { SV("content-type"), SV("application/json") } };
	struct ctx cx = { .now = clock_now(), .request_id = "command-line", .arena = cli->cx->arena };
	struct sv target = sv_of(ask->path), query = target, path = sv_cut(&query, '?');
	struct request rq = { .cx = &cx,
			      .target = target,
			      .path = path,
			      .route_path = path,
			      .query = query.p == NULL ? SV("") : query,
			      .host = SV("localhost"),
			      .headers = headers,
			      .n_headers = ask->body.p == NULL ? 1 : 2,
			      .body = ask->body.p == NULL ? SV("") : ask->body,
			      .client_ip = SV("local"),
			      .control = true,
			      .out = &body,
			      .head = &head };

	for (size_t i = 1; i < ARRAY_LEN(methods); i++)
		if (strcmp(methods[i], ask->method) == 0)
			rq.method = (enum method)i;
	server_run_here(&rq, &c->life->app, c->life->en.hub);
	out->status = rq.status;
	out->body = arena_sv(cli->cx->arena, buf_view(&body));
	out->revocation = arena_sv(cli->cx->arena, head_value(buf_view(&head), "Tokenbooth-Revocation"));
	return OK;
}

/* ---- either way ---- */
static struct err open_local(struct cli *cli, struct client *c)
{
	const char *data, *path;

	TRY(conf_data_dir(cli->cx, cli->opt[OPT_DATA], &data));
	TRY(folder_control_path(cli->cx, data, &path));
	if (client_socket_alive(path))
		return open_socket(cli, c, path);
	if (errno == EACCES)
		return unreachable(cli, path, "only the user who runs it may use its control socket");
	if (!cli_has(cli, OPT_DATA) && access(data, F_OK) != 0 && client_socket_alive(SYSTEM_SOCKET))
		return open_socket(cli, c, SYSTEM_SOCKET);
	return open_here(cli, c);
}

struct err client_open(struct cli *cli, struct client **out)
{
	CLEANUP(client_drop) struct client *c = calloc(1, sizeof *c);
	const char *base = cli_has(cli, OPT_URL)    ? cli->opt[OPT_URL]
			   : cli_has(cli, OPT_DATA) ? NULL
						    : getenv("ARCADE_BASE_URL");

	*out = NULL;
	if (c == NULL)
		return fail(cli->cx, E_INTERNAL, "out of memory", "client");
	c->where = "";
	c->timeout = TIMEOUT;
	if (base != NULL && base[0] != '\0')
		TRY(open_network(cli, c, base));
	else
		TRY(open_local(cli, c));
	*out = TAKE(c);
	return OK;
}

static struct err refused(struct cli *cli, const struct client *c, const struct client_answer *a)
{
	struct sv say = node_text_at(a->json, "message");
	const char *mend = "";

	if (a->status == 401)
		mend = c->key != NULL ? " (is the API key of this engine and project?)" : "";
	if (a->status == 403 && c->key != NULL)
		mend = " (with --data DIR on the engine's own machine you are the operator)";
	if (say.p == NULL)
		return refuse(cli->cx, E_UPSTREAM, "the engine answered with status %d%s", a->status, mend);
	return refuse(cli->cx, E_UPSTREAM, "%.*s%s", SV_FMT(say), mend);
}

struct err client_call(struct cli *cli, struct client *c, const struct client_ask *ask, struct client_answer *out)
{
	*out = (struct client_answer){ .status = 0 };
	if (c->life != NULL)
		TRY(ask_here(cli, c, ask, out));
	else
		TRY(ask_net(cli, c, ask, out));
	if (out->body.p == NULL || out->revocation.p == NULL)
		return fail(cli->cx, E_INTERNAL, "out of memory", "answer");
	if (out->body.n > 0 && IS_ERR(jdoc_parse_lenient(cli->cx, out->body, "the answer", &out->json))) {
		(void)forgive(cli->cx);
		if (out->status < 300)
			return refuse(cli->cx, E_UPSTREAM, "what answers %s is not a Tokenbooth engine", c->where);
	}
	return out->status >= 200 && out->status < 300 ? OK : refused(cli, c, out);
}
