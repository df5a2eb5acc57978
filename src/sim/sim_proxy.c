/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/sim_proxy.h"
#include "core/text.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TUNNELS = 256, HEAD_BYTES = 8192, RELAY_BYTES = 16384, IDLE_MS = 300000, HEAD_MS = 10000 };
struct sim_proxy {
	int listener, wake[2]; /* closing wake[1] ends every thread */
	struct sim_proxy_how how;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t quiet;
	size_t tunnels;
};
struct tunnel {
	struct sim_proxy *p;
	int fd;
};

static bool host_is_ours(struct sv_list hosts, struct sv authority)
{
	struct sv host = sv_cut(&authority, ':');

	if (!sv_eqz(authority, "443"))
		return false;
	for (size_t i = 0; i < hosts.n; i++)
		if (sv_ieq(hosts.v[i], host))
			return true;
	return false;
}

int sim_proxy_read(struct sv head, struct sv_list hosts)
{
	size_t end;

	if (!sv_find(head, SV("\r\n"), &end))
		return 400;
	struct sv version = sv_upto(head, end), method = sv_cut(&version, ' '), target = sv_cut(&version, ' ');
	if (!sv_eqz(version, "HTTP/1.1") && !sv_eqz(version, "HTTP/1.0"))
		return 400;
	if (!sv_eqz(method, "CONNECT"))
		return 405;
	return host_is_ours(hosts, target) ? 200 : 403;
}

static bool send_all(int fd, const char *b, size_t n)
{
	while (n > 0) {
		ssize_t k = send(fd, b, n, MSG_NOSIGNAL);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return false;
		b += k;
		n -= (size_t)k;
	}
	return true;
}

/* Waits until fd can be read; false: timeout, error or the proxy stops. */
static bool readable(const struct sim_proxy *p, int fd, int ms)
{
	struct pollfd f[2] = { { .fd = fd, .events = POLLIN }, { .fd = p->wake[0], .events = POLLIN } };

	return poll(f, 2, ms) > 0 && f[1].revents == 0;
}

/* The request head, up to the empty line; what follows it must wait for our 200, so nothing does. */
static bool read_head(const struct tunnel *t, char *b, size_t *n)
{
	*n = 0;
	while (*n < HEAD_BYTES && readable(t->p, t->fd, HEAD_MS)) {
		ssize_t k = recv(t->fd, b + *n, HEAD_BYTES - *n, 0);
		size_t at;

		if (k <= 0)
			return false;
		*n += (size_t)k;
		if (sv_find((struct sv){ b, *n }, SV("\r\n\r\n"), &at))
			return at + 4 == *n;
	}
	return false;
}

static int dial(const struct sim_proxy *p)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)p->how.to_port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (inet_pton(AF_INET, p->how.to_host, &to.sin_addr) != 1 ||
	    connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static bool pump(int from, int to)
{
	char b[RELAY_BYTES];
	ssize_t k = recv(from, b, sizeof b, 0);

	return k > 0 && send_all(to, b, (size_t)k);
}

static void relay(const struct sim_proxy *p, int a, int b)
{
	for (;;) {
		struct pollfd f[3] = { { .fd = a, .events = POLLIN },
				       { .fd = b, .events = POLLIN },
				       { .fd = p->wake[0], .events = POLLIN } };

		if (poll(f, 3, IDLE_MS) <= 0 || f[2].revents != 0)
			return;
		if (f[0].revents != 0 && !pump(a, b))
			return;
		if (f[1].revents != 0 && !pump(b, a))
			return;
	}
}

static void answer(int fd, int status)
{
	static const struct {
		int status;
		const char *head;
	} t[] = {
		{ 200, "HTTP/1.1 200 Connection Established\r\n\r\n" },
		{ 403, "HTTP/1.1 403 Not A Simulated Host\r\nConnection: close\r\nContent-Length: 0\r\n\r\n" },
		{ 405, "HTTP/1.1 405 Method Not Allowed\r\nAllow: CONNECT\r\nConnection: close\r\nContent-Length: "
		       "0\r\n\r\n" },
		{ 502, "HTTP/1.1 502 Simulator Not Reachable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n" },
		{ 400, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n" },
	};
	size_t i = 0;

	while (i + 1 < ARRAY_LEN(t) && t[i].status != status)
		i++;
	(void)send_all(fd, t[i].head, strlen(t[i].head));
}

static void serve_one(struct tunnel *t)
{
	char head[HEAD_BYTES];
	size_t n = 0;
	int status = read_head(t, head, &n) ? sim_proxy_read((struct sv){ head, n }, t->p->how.hosts) : 400;
	int to = status == 200 ? dial(t->p) : -1;

	answer(t->fd, status == 200 && to < 0 ? 502 : status);
	if (to < 0)
		return;
	relay(t->p, t->fd, to);
	(void)close(to);
}

static void *tunnel_run(void *arg)
{
	struct tunnel *t = arg;
	struct sim_proxy *p = t->p;

	serve_one(t);
	(void)close(t->fd);
	free(t);
	(void)pthread_mutex_lock(&p->lock);
	p->tunnels--;
	(void)pthread_cond_signal(&p->quiet);
	(void)pthread_mutex_unlock(&p->lock);
	return NULL;
}

static bool take_place(struct sim_proxy *p)
{
	(void)pthread_mutex_lock(&p->lock);
	bool ok = p->tunnels < TUNNELS;
	p->tunnels += ok;
	(void)pthread_mutex_unlock(&p->lock);
	return ok;
}

static void give_place(struct sim_proxy *p)
{
	(void)pthread_mutex_lock(&p->lock);
	p->tunnels--;
	(void)pthread_mutex_unlock(&p->lock);
}

static void start_tunnel(struct sim_proxy *p, int fd)
{
	pthread_t th;
	struct tunnel *t = take_place(p) ? malloc(sizeof *t) : NULL;

	if (t == NULL) {
		(void)close(fd);
		return;
	}
	*t = (struct tunnel){ p, fd };
	if (pthread_create(&th, NULL, tunnel_run, t) != 0) {
		give_place(p);
		free(t);
		(void)close(fd);
		return;
	}
	(void)pthread_detach(th);
}

static void *accept_run(void *arg)
{
	struct sim_proxy *p = arg;

	while (readable(p, p->listener, -1)) {
		int fd = accept(p->listener, NULL, NULL);

		if (fd >= 0)
			start_tunnel(p, fd);
		else if (errno == EMFILE || errno == ENFILE)
			(void)poll(NULL, 0, 50); /* out of descriptors: wait for some to close instead of spinning */
	}
	return NULL;
}

void sim_proxy_stop(struct sim_proxy *p)
{
	if (p == NULL)
		return;
	(void)close(p->wake[1]);
	(void)pthread_join(p->thread, NULL);
	(void)pthread_mutex_lock(&p->lock);
	while (p->tunnels > 0)
		(void)pthread_cond_wait(&p->quiet, &p->lock);
	(void)pthread_mutex_unlock(&p->lock);
	(void)close(p->wake[0]);
	(void)close(p->listener);
	(void)pthread_mutex_destroy(&p->lock);
	(void)pthread_cond_destroy(&p->quiet);
	free(p);
}

static bool open_listener(struct sim_proxy *p, int *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof at;

	p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (p->listener < 0)
		return false;
	if (bind(p->listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(p->listener, 128) != 0 ||
	    getsockname(p->listener, (struct sockaddr *)&at, &n) != 0 || pipe(p->wake) != 0) {
		(void)close(p->listener);
		return false;
	}
	for (size_t i = 0; i < 2; i++)
		(void)fcntl(p->wake[i], F_SETFD, FD_CLOEXEC);
	*port = ntohs(at.sin_port);
	return true;
}

struct err sim_proxy_start(struct ctx *cx, const struct sim_proxy_how *how, struct sim_proxy **out, int *port)
{
	struct sim_proxy *p = calloc(1, sizeof *p);

	*out = NULL;
	if (p == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "proxy");
	p->how = *how;
	if (!open_listener(p, port)) {
		free(p);
		return refuse(cx, E_CONFIG, "the simulator's proxy cannot listen on 127.0.0.1: %s", strerror(errno));
	}
	(void)pthread_mutex_init(&p->lock, NULL);
	(void)pthread_cond_init(&p->quiet, NULL);
	if (pthread_create(&p->thread, NULL, accept_run, p) != 0) {
		(void)close(p->listener);
		(void)close(p->wake[0]);
		(void)close(p->wake[1]);
		free(p);
		return fail(cx, E_INTERNAL, "cannot start a thread", "proxy");
	}
	*out = p;
	return OK;
}
