/* SPDX-License-Identifier: Apache-2.0 */
#include "http/sockets.h"
#include "core/arena.h"
#include "core/text.h"
#include "http/proxies.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { PORT_TRIES = 32, BACKLOG = 16 };

static void close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

static socklen_t size_of(const struct sockaddr_storage *a)
{
	return a->ss_family == AF_INET ? (socklen_t)sizeof(struct sockaddr_in) : (socklen_t)sizeof(struct sockaddr_in6);
}

static void set_port(struct sockaddr_storage *a, int port)
{
	if (a->ss_family == AF_INET)
		((struct sockaddr_in *)a)->sin_port = htons((uint16_t)port);
	else
		((struct sockaddr_in6 *)a)->sin6_port = htons((uint16_t)port);
}

static int port_of(const struct sockaddr_storage *a)
{
	return ntohs(a->ss_family == AF_INET ? ((const struct sockaddr_in *)a)->sin_port
					     : ((const struct sockaddr_in6 *)a)->sin6_port);
}

static struct err refused(struct ctx *cx, const struct sockaddr_storage *a, int error)
{
	char ip[IP_TEXT];
	int port = port_of(a);

	proxies_text((const struct sockaddr *)a, ip);
	if (error == EADDRINUSE)
		return refuse(cx, E_CONFIG,
			      "cannot listen on %s port %d: another program listens there; stop it or choose another "
			      "port with --listen",
			      ip, port);
	if (error == EACCES)
		return refuse(
		    cx, E_CONFIG,
		    "cannot listen on %s port %d: not permitted; choose a port from 1024 on with --listen, or grant "
		    "CAP_NET_BIND_SERVICE",
		    ip, port);
	if (error == EADDRNOTAVAIL)
		return refuse(
		    cx, E_CONFIG,
		    "cannot listen on %s port %d: this machine has no such address; give one of its own with --listen",
		    ip, port);
	return refuse(cx, E_CONFIG, "cannot listen on %s port %d: %s", ip, port, strerror(error));
}

static int open_socket(const struct sockaddr_storage *a, bool shared)
{
	const int on = 1;
	int fd = socket(a->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
	    (!shared || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0) &&
	    bind(fd, (const struct sockaddr *)a, size_of(a)) == 0)
		return fd;
	int e = errno;
	(void)close(fd);
	errno = e;
	return -1;
}

struct err sockets_bind(struct ctx *cx, const struct sockaddr_storage *at, int *fd)
{
	*fd = open_socket(at, true);
	return *fd >= 0 ? OK : refused(cx, at, errno);
}

/* Alone: a listener of somebody else makes it fail.  The port bound, or -1 and errno. */
static int claim(const struct sockaddr_storage *a, int *fd)
{
	struct sockaddr_storage got;
	socklen_t n = sizeof got;

	*fd = open_socket(a, false);
	if (*fd < 0 || listen(*fd, BACKLOG) != 0 || getsockname(*fd, (struct sockaddr *)&got, &n) != 0)
		return -1;
	return port_of(&got);
}

static struct err claim_all(struct ctx *cx, struct sockets *s, int port, bool *again)
{
	int fds[SOCKETS_PER_ADDRESS];
	struct err e = OK;
	size_t i = 0;

	*again = false;
	for (; i < s->n && !IS_ERR(e); i++) {
		set_port(&s->addr[i], port);
		int got = claim(&s->addr[i], &fds[i]);
		if (got < 0) {
			*again = errno == EADDRINUSE;
			e = refused(cx, &s->addr[i], errno);
		} else {
			port = got;
			set_port(&s->addr[i], port);
		}
	}
	while (i-- > 0)
		close_fd(&fds[i]);
	s->port = port;
	return e;
}

static bool works(const struct sockaddr_storage *a)
{
	CLEANUP(close_fd) int fd = open_socket(a, false);

	return fd >= 0;
}

static void localhost(struct sockets *s)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&s->addr[0];
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&s->addr[1];

	v4->sin_family = AF_INET;
	v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	v6->sin6_family = AF_INET6;
	v6->sin6_addr = in6addr_loopback;
	s->n = works(&s->addr[1]) ? 2 : 1;
}

static struct err resolve(struct ctx *cx, const char *host, struct sockets *s)
{
	const struct addrinfo want = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	struct addrinfo *list = NULL;
	struct sv h = sv_of(host);

	if (h.n > 2 && h.p[0] == '[' && h.p[h.n - 1] == ']')
		h = (struct sv){ h.p + 1, h.n - 2 };
	const char *name = h.n == 0 ? "0.0.0.0" : arena_text(cx->arena, h);
	if (name == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "listen address");
	int e = getaddrinfo(name, NULL, &want, &list);
	if (e != 0)
		return refuse(cx, E_CONFIG, "cannot listen on \"%s\": %s", host, gai_strerror(e));
	for (const struct addrinfo *a = list; a != NULL && s->n < SOCKETS_PER_ADDRESS; a = a->ai_next)
		if ((a->ai_family == AF_INET || a->ai_family == AF_INET6) && a->ai_addrlen <= sizeof s->addr[0])
			memcpy(&s->addr[s->n++], a->ai_addr, a->ai_addrlen);
	freeaddrinfo(list);
	return s->n > 0 ? OK : refuse(cx, E_CONFIG, "cannot listen on \"%s\": it has no address", host);
}

struct err sockets_claim(struct ctx *cx, const struct listen *at, struct sockets *out)
{
	bool again = false;
	struct err e = OK;

	*out = (struct sockets){ .addr = arena_array(cx->arena, SOCKETS_PER_ADDRESS, sizeof *out->addr) };
	if (out->addr == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "listen address");
	if (at->port < 0 || at->port > 65535)
		return refuse(cx, E_CONFIG, "cannot listen on port %d: ports go from 0 to 65535", at->port);
	if (sv_eqz(sv_of(at->host), "localhost"))
		localhost(out);
	else
		TRY(resolve(cx, at->host, out));
	for (int i = 0; i < PORT_TRIES; i++) { /* a free port of one address may be taken on the next */
		if (i > 0)
			(void)forgive(cx);
		e = claim_all(cx, out, at->port, &again);
		if (!IS_ERR(e) || !again || at->port != 0)
			break;
	}
	return e;
}

/* ---- the control socket ---- */
static bool alive(const struct sockaddr_un *a)
{
	CLEANUP(close_fd) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd >= 0 && connect(fd, (const struct sockaddr *)a, sizeof *a) == 0;
}

static int bind_private(int fd, const struct sockaddr_un *a)
{
	mode_t before = umask(077);
	int r = bind(fd, (const struct sockaddr *)a, sizeof *a);
	int e = errno;

	(void)umask(before);
	errno = e;
	return r;
}

struct err sockets_control(struct ctx *cx, const char *path, int *fd)
{
	CLEANUP(close_fd) int s = -1;
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct stat st;

	*fd = -1;
	if (!sv_copy(sv_of(path), a.sun_path, sizeof a.sun_path))
		return refuse(cx, E_CONFIG,
			      "the control socket's path %.200s has %zu bytes, at most %zu are possible; choose a "
			      "shorter data folder",
			      path, strlen(path), sizeof a.sun_path - 1);
	if (lstat(path, &st) == 0) {
		if (!S_ISSOCK(st.st_mode))
			return refuse(cx, E_CONFIG, "%s is not a socket; move it away", path);
		if (alive(&a))
			return refuse(cx, E_CONFIG, "%s: another engine answers there; stop it first", path);
		if (unlink(path) != 0)
			return refuse(cx, E_CONFIG, "%s cannot be replaced: %s", path, strerror(errno));
	}
	s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s < 0 || bind_private(s, &a) != 0 || chmod(path, 0600) != 0)
		return refuse(cx, E_CONFIG, "the control socket %s cannot be made: %s", path, strerror(errno));
	*fd = s;
	s = -1;
	return OK;
}
