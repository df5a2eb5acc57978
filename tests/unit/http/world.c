/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"
#include "core/text.h"
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000 };

/* ---- handlers ---- */
static struct err h_fast(struct request *rq)
{
	buf_str(rq->out, "{\"fast\":true}");
	return OK;
}

static struct err h_echo(struct request *rq)
{
	buf_sv(rq->out, rq->body);
	http_header(rq, "X-Path", rq->path);
	http_header(rq, "X-Host", rq->host);
	http_header(rq, "X-Client", rq->client_ip);
	return OK;
}

static struct err h_big(struct request *rq)
{
	for (int i = 0; i < 100000; i++)
		buf_str(rq->out, "0123456789abcdefghijklmnopqrstuvwxyz\n");
	rq->content_type = "text/plain";
	return OK;
}

static struct err h_thread(struct request *rq)
{
	buf_printf(rq->out, "{\"runs\":%d,\"id\":\"%.*s\",\"body\":\"%.*s\"}", rq->runs, SV_FMT(rq->params[0]),
		   SV_FMT(rq->body));
	return OK;
}

static struct err h_slower(struct request *rq)
{
	if (rq->runs == 1)
		return (struct err){ E_TAKE_POOL };
	if (rq->runs == 2)
		return (struct err){ E_TAKE_CALL };
	return h_thread(rq);
}

static struct err h_hold(struct request *rq)
{
	struct world *w = rq->app;

	(void)pthread_mutex_lock(&w->lock);
	atomic_fetch_add(&w->held, 1);
	while (!atomic_load(&w->let_go))
		(void)pthread_cond_wait(&w->change, &w->lock);
	(void)pthread_mutex_unlock(&w->lock);
	buf_str(rq->out, "{\"held\":true}");
	return OK;
}

static struct err h_call(struct request *rq)
{
	if (rq->runs == 1) {
		rq->peer_key = (uint64_t)(unsigned char)rq->params[0].p[0];
		return (struct err){ E_TAKE_CALL };
	}
	return h_hold(rq);
}

static struct err h_wait(struct request *rq)
{
	struct world *w = rq->app;
	struct sv ms;
	int64_t wait = 0;

	atomic_fetch_add(&w->runs, 1);
	TRY(http_query(rq, "ms", &ms));
	if (ms.p != NULL && !sv_i64(ms, 0, 100000, &wait))
		wait = 0;
	int v = atomic_load(&w->value);
	if (v == 0 && !rq->park_over) {
		if (rq->park.until == 0)
			rq->park = (struct park){ .topic = hub_topic("value", rq->params[0]),
						  .until = clock_now() + MSEC(wait) };
		return (struct err){ E_PARK };
	}
	atomic_fetch_add(&w->overs, rq->park_over);
	buf_printf(rq->out, "{\"value\":%d,\"over\":%s,\"who\":\"%s\",\"id\":\"%.*s\",\"host\":\"%.*s\"}", v,
		   rq->park_over ? "true" : "false", rq->by.email, SV_FMT(rq->params[0]), SV_FMT(rq->host));
	return OK;
}

static const struct route rows[] = {
	{ .method = M_GET, .path = "/fast", .handle = h_fast },
	{ .method = M_POST, .path = "/v1/auth/authorize", .handle = h_echo, .scoped = true },
	{ .method = M_POST, .path = "/echo", .handle = h_echo },
	{ .method = M_GET, .path = "/big", .handle = h_big },
	{ .method = M_POST, .path = "/pool/{id}", .lane = LANE_POOL, .handle = h_thread },
	{ .method = M_POST, .path = "/slower/{id}", .handle = h_slower },
	{ .method = M_GET, .path = "/hold/{id}", .lane = LANE_POOL, .handle = h_hold },
	{ .method = M_GET, .path = "/call/{peer}", .handle = h_call },
	{ .method = M_GET, .path = "/wait/{id}", .handle = h_wait, .parks = true },
	{ .method = M_GET, .path = "/pwait/{id}", .lane = LANE_POOL, .handle = h_wait, .parks = true },
};
static const struct route_table table = { rows, ARRAY_LEN(rows) };

/* ---- a pipeline of one step ---- */
static struct err finish(struct request *rq, struct err e)
{
	if (e.code == E_OK || e.code == E_TAKE_POOL || e.code == E_TAKE_CALL || e.code == E_PARK)
		return e;
	rq->status = e.code == E_NO_ROUTE ? 404 : e.code == E_BAD_INPUT ? 400 : 500;
	buf_clear(rq->out);
	buf_str(rq->out, "{\"name\":\"error\"}");
	return OK;
}

static struct err run(struct request *rq) { return finish(rq, rq->route->handle(rq)); }

static struct err serve(struct request *rq)
{
	struct err e = route_match(rq, &table, 1);

	(void)snprintf(rq->by.email, sizeof rq->by.email, "ada@example.com");
	if (!IS_ERR(e) && rq->route->lane != LANE_INLINE)
		return (struct err){ rq->route->lane == LANE_POOL ? E_TAKE_POOL : E_TAKE_CALL };
	return IS_ERR(e) ? finish(rq, e) : run(rq);
}

static void on_refuse(struct request *rq, int status, const char *sentence)
{
	buf_printf(rq->out, "{\"status\":%d,\"message\":\"%s\"}", status, sentence);
	if (status == 503)
		http_header(rq, "Retry-After", SV("1"));
}

static struct http_app app = { .serve = serve, .again = run, .refuse = on_refuse };

void world_start(struct world *w)
{
	struct ctx *cx = tt_ctx();

	(void)pthread_mutex_init(&w->lock, NULL);
	(void)pthread_cond_init(&w->change, NULL);
	w->hub = hub_new();
	CHECK(w->hub != NULL);
	app.app = w;
	w->how.app = &app;
	w->how.hub = w->hub;
	if (w->how.n_listen == 0) {
		w->at[0] = (struct listen){ "127.0.0.1", 0 };
		w->how.n_listen = 1;
	}
	w->how.listen = w->at;
	if (w->how.loops == 0)
		w->how.loops = 2;
	struct err e = server_start(cx, &w->how, &w->server);
	if (IS_ERR(e))
		fprintf(stderr, "%s\n", cx->cause.say);
	CHECK(!IS_ERR(e));
}

void world_stop(struct world *w)
{
	world_release(w);
	server_drop(&w->server);
	hub_drop(&w->hub);
	(void)pthread_mutex_destroy(&w->lock);
	(void)pthread_cond_destroy(&w->change);
}

void world_release(struct world *w)
{
	(void)pthread_mutex_lock(&w->lock);
	atomic_store(&w->let_go, true);
	(void)pthread_cond_broadcast(&w->change);
	(void)pthread_mutex_unlock(&w->lock);
}

void world_until(atomic_int *v, int least)
{
	int64_t end = clock_mono() + MSEC(PATIENCE_MS);

	while (atomic_load(v) < least && clock_mono() < end)
		(void)poll(NULL, 0, 2);
	CHECK(atomic_load(v) >= least);
}

/* ---- the client ---- */
int dial_port(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons((uint16_t)port),
				 .sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK(fd >= 0);
	CHECK(connect(fd, (const struct sockaddr *)&a, sizeof a) == 0);
	return fd;
}

int dial(struct world *w) { return dial_port(server_port(w->server, 0)); }

void say(int fd, struct sv bytes)
{
	while (bytes.n > 0) {
		ssize_t n = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* refused early: the answer tells */
		bytes = sv_from(bytes, (size_t)n);
	}
}

static bool more(struct wire *in)
{
	struct pollfd p = { .fd = in->fd, .events = POLLIN };

	CHECK(in->n < sizeof in->b);
	CHECK(poll(&p, 1, PATIENCE_MS) == 1);
	ssize_t n = recv(in->fd, in->b + in->n, sizeof in->b - in->n, 0);
	if (n <= 0)
		return false;
	in->n += (size_t)n;
	return true;
}

static void drop(struct wire *in, size_t n)
{
	memmove(in->b, in->b + n, in->n - n);
	in->n -= n;
}

bool has_line(const struct reply *r, const char *line)
{
	char want[512];

	(void)snprintf(want, sizeof want, "\r\n%s\r\n", line);
	return strstr(r->head, want) != NULL;
}

bool hear(struct wire *in, struct reply *r)
{
	size_t at, n = 0;

	*r = (struct reply){ .status = 0 };
	while (!sv_find((struct sv){ in->b, in->n }, SV("\r\n\r\n"), &at))
		if (!more(in))
			return false;
	CHECK(at + 4 < sizeof r->head && at > 12 && memcmp(in->b, "HTTP/1.1 ", 9) == 0);
	memcpy(r->head, in->b, at + 4);
	r->status = (in->b[9] - '0') * 100 + (in->b[10] - '0') * 10 + (in->b[11] - '0');
	const char *length = strstr(r->head, "\r\nContent-Length: ");
	if (length != NULL)
		n = strtoul(length + 18, NULL, 10);
	drop(in, at + 4);
	while (in->n < n)
		if (!more(in))
			return false;
	static char body[sizeof in->b + 1];
	memcpy(body, in->b, n);
	body[n] = '\0';
	r->body = body;
	r->n = n;
	drop(in, n);
	return true;
}

bool ended(struct wire *in)
{
	while (in->n == 0)
		if (!more(in))
			return true;
	return false;
}

struct wire ear;

struct wire *on(int fd)
{
	ear.fd = fd;
	ear.n = 0;
	ear.b[0] = '\0';
	return &ear;
}

struct reply ask(int fd, const char *request)
{
	struct reply r;

	say(fd, sv_of(request));
	CHECK(hear(on(fd), &r));
	return r;
}
