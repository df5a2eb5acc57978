/* SPDX-License-Identifier: Apache-2.0 */
#include "core/os_linux.h"
#include "http/inside.h"
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BEYOND_LIMIT = 64 };

static bool peer_is_us(struct conn *c)
{
	unsigned uid = 0;
	uv_os_fd_t fd;

	return uv_fileno(&c->u.handle, &fd) == 0 && os_linux_peer_uid(fd, &uid) && (uid == geteuid() || uid == 0);
}

static bool take(struct conn *c, uv_stream_t *listener)
{
	struct sockaddr_storage sa;
	int n = sizeof sa;

	if (uv_accept(listener, &c->u.stream) != 0)
		return false;
	if (c->control)
		return peer_is_us(c);
	if (uv_tcp_getpeername(&c->u.tcp, (struct sockaddr *)&sa, &n) != 0)
		return false;
	proxies_text((const struct sockaddr *)&sa, c->ip);
	(void)uv_tcp_nodelay(&c->u.tcp, 1);
	return c->loop->server->tls == NULL || tls_open(c);
}

void admit_from(struct loop *l, uv_stream_t *listener, bool control)
{
	struct server *s = l->server;
	struct conn *c = calloc(1, sizeof *c);
	bool starved = c == NULL;

	if (starved)
		c = TAKE(l->spare_conn);
	if (c == NULL)
		return;
	*c = (struct conn){ .loop = l, .control = control, .next = l->conns };
	if ((control ? uv_pipe_init(&l->uv, &c->u.pipe, 0) : uv_tcp_init(&l->uv, &c->u.tcp)) != 0) {
		free(c);
		return;
	}
	c->u.handle.data = c;
	if (c->next != NULL)
		c->next->prev = c;
	l->conns = c;
	size_t before = atomic_fetch_add(&s->open, 1);
	if (!take(c, listener) || starved || l->draining || before >= s->max_connections + BEYOND_LIMIT) {
		conn_close(c);
		return;
	}
	loop_clock(c, CLOCK_READ);
	if (before >= s->max_connections && !control)
		conn_refuse(c, 503, "too many connections");
	conn_listen(c);
}
