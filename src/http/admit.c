/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"
#include "core/logf.h"
#include "core/metric.h"
#include "core/os_linux.h"
#include "http/inside.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BEYOND_LIMIT = 64, SAY_AGAIN_MS = 10000, TELL_EVERY_MS = 60000 };

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

/* At the limit, whoever has asked for nothing the longest makes room: silence costs an attacker nothing and must not
 * keep out somebody with a request.  What was begun gets some time first, so that newcomers do not push each other out.
 */
enum patience { AT_ONCE, WITH_TIME };
static bool make_room(struct loop *l, enum patience how)
{
	static const struct {
		enum clock_list list;
		uint64_t spared_ms;
	} lists[] = { { CLOCK_IDLE, 0 }, { CLOCK_READ, 1000 }, { CLOCK_WRITE, 10000 } };
	struct conn *longest = NULL;
	uint64_t most = 0;

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct conn *c = l->clocks[lists[i].list].first;
		uint64_t spared = how == AT_ONCE ? 0 : lists[i].spared_ms;
		uint64_t now = uv_now(&l->uv) + l->server->clock_ms[lists[i].list]; /* the deadline of one heard now */

		if (c == NULL || c->deadline_ms + spared > now ||
		    (longest != NULL && now - spared - c->deadline_ms <= most))
			continue;
		longest = c;
		most = now - spared - c->deadline_ms;
	}
	if (longest != NULL)
		conn_close(longest);
	return longest != NULL;
}

static void say_crowded(struct loop *l)
{
	uint64_t now = uv_now(&l->uv);

	if (l->crowded_ms != 0 && now - l->crowded_ms < SAY_AGAIN_MS)
		return;
	l->crowded_ms = now;
	log_event(NULL, LOG_WARN, "http.crowded", LOG_INT("limits.connections", (int64_t)l->server->max_connections));
}

static void crowded(struct conn *c)
{
	say_crowded(c->loop);
	if (!make_room(c->loop, WITH_TIME))
		conn_refuse(c, 503, "too many connections");
}

/* What libuv cannot take for want of a descriptor it closes without a word. */
void admit_watch(struct loop *l)
{
	int fd = fcntl(uv_backend_fd(&l->uv), F_DUPFD_CLOEXEC, 0);

	if (fd >= 0) {
		(void)close(fd);
		return;
	}
	if ((errno != EMFILE && errno != ENFILE) || (l->full_ms != 0 && uv_now(&l->uv) - l->full_ms < TELL_EVERY_MS))
		return;
	l->full_ms = uv_now(&l->uv);
	log_event(
	    NULL, LOG_ERROR, "http.no_descriptors",
	    LOG_STR("say", "no file descriptor is free: new connections are closed; raise the limit of open files"));
}

/* Not even the descriptor that libuv keeps back for this is left (another thread took it while it was lent), and libuv
 * asks for the connection again without end, so that nothing else is served.  Somebody idle gives his descriptor up,
 * and with it every newcomer of this turn of the loop is taken and closed; uv_now stands still during a turn. */
void admit_starved(struct loop *l)
{
	l->starved_ms = uv_now(&l->uv) + 1;
	admit_watch(l);
	if (!make_room(l, AT_ONCE))
		clock_pause(MSEC(1)); /* until some other thread ends with one */
}

void admit_from(struct loop *l, uv_stream_t *listener, bool control)
{
	struct server *s = l->server;
	struct conn *c = calloc(1, sizeof *c);
	bool starved = c == NULL || l->starved_ms == uv_now(&l->uv) + 1;

	if (c == NULL)
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
	if (before >= s->max_connections && !control) {
		metric_add(M_HTTP_REFUSED, METRIC_AT(METRIC_CONNECTIONS), 1);
		crowded(c);
	}
	conn_listen(c);
}
