/* SPDX-License-Identifier: Apache-2.0 */
/* conf_addr.c: where the engine listens and how browsers call it. */
#include "app/conf_raw.h"
#include "core/arena.h"
#include "core/text.h"
#include "core/url.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool is_wildcard(const char *host)
{
	return strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0 || strcmp(host, "*") == 0;
}

/* "localhost:9099", "[::1]:9099", "0.0.0.0:0". */
struct err conf_listen(struct ctx *cx, struct conf_raw *raw, const char *host_port)
{
	struct sv s = sv_of(host_port), host, port;
	const char *colon = strrchr(host_port, ':');
	int64_t n = 0;

	if (colon == NULL)
		return refuse(cx, E_CONFIG, "--listen: must be HOST:PORT, like localhost:9099");
	host = sv_upto(s, (size_t)(colon - host_port));
	port = sv_of(colon + 1);
	if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = (struct sv){ host.p + 1, host.n - 2 };
	if (host.n == 0 || text_has_control(host) || !sv_i64(port, 0, 65535, &n))
		return refuse(cx, E_CONFIG, "--listen: must be HOST:PORT, like localhost:9099");
	raw->c.listen_host = arena_text(cx->arena, host);
	raw->c.listen_port = (int)n;
	return raw->c.listen_host == NULL ? fail(cx, E_INTERNAL, "out of memory", "configuration") : OK;
}

/* ---- port 0 ---- */
static void fd_drop(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

/* Binds and lets go.  *port 0: any, and says which.  *absent: this machine has no such address family. */
static bool try_port(int family, int *port, bool *absent)
{
	CLEANUP(fd_drop) int fd = socket(family, SOCK_STREAM, 0);
	union {
		struct sockaddr sa;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} a = { .v6 = { .sin6_family = AF_INET6,
			.sin6_port = htons((uint16_t)*port),
			.sin6_addr = IN6ADDR_LOOPBACK_INIT } };
	socklen_t n = sizeof a.v6;

	if (family == AF_INET) {
		a.v4 = (struct sockaddr_in){ .sin_family = AF_INET,
					     .sin_port = htons((uint16_t)*port),
					     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		n = sizeof a.v4;
	}
	*absent = fd < 0;
	if (fd < 0 || bind(fd, &a.sa, n) != 0) {
		*absent = *absent || family == AF_INET6;
		return false;
	}
	if (getsockname(fd, &a.sa, &n) != 0)
		return false;
	*port = ntohs(family == AF_INET ? a.v4.sin_port : a.v6.sin6_port);
	return true;
}

/* Links need the port before the server is up: one that both loopbacks have free is chosen now. */
static struct err pick_port(struct ctx *cx, struct conf_raw *raw)
{
	for (int i = 0; i < 32; i++) {
		int port = 0;
		bool absent;

		if (!try_port(AF_INET, &port, &absent))
			break;
		if (try_port(AF_INET6, &port, &absent) || absent) {
			raw->c.listen_port = port;
			return OK;
		}
	}
	return refuse(cx, E_CONFIG, "--listen: no free port could be found; name one");
}

/* ---- the public address ---- */
static struct err set_public(struct ctx *cx, struct conf_raw *raw, const char *key, const char *text)
{
	struct url u;

	if (IS_ERR(url_parse(cx, sv_of(text), key, &u))) {
		(void)forgive(cx);
		return refuse(cx, E_CONFIG, "%s: must be an address like https://engine.example.com", key);
	}
	if (u.path.n > 1 || u.query.p != NULL || u.fragment.p != NULL)
		return refuse(cx, E_CONFIG, "%s: must not have a path: the engine answers at the root of its host",
			      key);
	if (!u.https && !u.loopback && !raw->c.development)
		return refuse(
		    cx, E_CONFIG,
		    "%s: %s is plain http to another machine, where cookies and tokens can be read on the way: use "
		    "https, or set api.development: true",
		    key, text);
	bool six = memchr(u.host.p, ':', u.host.n) != NULL;
	bool shown = !sv_eq(u.port, u.https ? SV("443") : SV("80"));
	raw->c.public_hostport = arena_printf(cx->arena, "%s%.*s%s%s%.*s", six ? "[" : "", SV_FMT(u.host),
					      six ? "]" : "", shown ? ":" : "", SV_FMT(shown ? u.port : SV("")));
	raw->c.public_https = u.https;
	if (raw->c.public_hostport != NULL)
		raw->c.public_url =
		    arena_printf(cx->arena, "%s://%s", u.https ? "https" : "http", raw->c.public_hostport);
	return raw->c.public_url == NULL ? fail(cx, E_INTERNAL, "out of memory", "configuration") : OK;
}

/* A bare name (contract 5.2): what stands before it decides; only a loopback or development may be plain http. */
static const char *full_url(struct ctx *cx, const struct conf_raw *raw, const char *name)
{
	struct sv s = sv_of(name), host = s;
	size_t at;

	if (sv_find(s, SV("://"), &at))
		return name;
	bool has_port = sv_find(s, SV(":"), &at);
	host = has_port ? sv_upto(s, at) : s;
	bool plain = raw->c.tls_cert_file == NULL &&
		     (raw->c.development || sv_eq(host, SV("localhost")) || sv_starts(host, SV("127.")));
	if (plain && !has_port)
		return arena_printf(cx->arena, "http://%s:%d", name, raw->c.listen_port);
	return arena_printf(cx->arena, "%s://%s", plain ? "http" : "https", name);
}

static struct err derive_public(struct ctx *cx, struct conf_raw *raw)
{
	bool wild = is_wildcard(raw->c.listen_host), six = strchr(raw->c.listen_host, ':') != NULL && !wild;
	const char *url =
	    arena_printf(cx->arena, "%s://%s%s%s:%d", raw->c.tls_cert_file != NULL ? "https" : "http", six ? "[" : "",
			 wild ? "localhost" : raw->c.listen_host, six ? "]" : "", raw->c.listen_port);

	if (wild)
		conf_warn(cx, raw,
			  "listening on %s without --public-url: links are made for localhost, which other machines "
			  "cannot open",
			  raw->c.listen_host);
	return url == NULL ? fail(cx, E_INTERNAL, "out of memory", "configuration")
			   : set_public(cx, raw, "--public-url", url);
}

struct err conf_addresses(struct ctx *cx, struct conf_raw *raw, const char *public_url)
{
	if (raw->c.listen_port == 0)
		TRY(pick_port(cx, raw));
	if (public_url != NULL)
		return set_public(cx, raw, "--public-url", public_url);
	if (raw->public_host == NULL)
		return derive_public(cx, raw);
	const char *url = full_url(cx, raw, raw->public_host);
	return url == NULL ? fail(cx, E_INTERNAL, "out of memory", "configuration")
			   : set_public(cx, raw, "api.public_host", url);
}
