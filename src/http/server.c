/* SPDX-License-Identifier: Apache-2.0 */
#include "http/server.h"
#include "core/clock.h"
#include "core/logf.h"
#include "core/os_linux.h"
#include "http/inside.h"
#include "http/sockets.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Design 15; times in microseconds. */
static const struct server_how defaults = { .connections = 12000,
					    .parked = 10000,
					    .calls = 1024,
					    .calls_per_peer = 128,
					    .pool = 16,
					    .header_bytes = 16384,
					    .body_bytes = 4194304,
					    .read_timeout = SEC(30),
					    .write_timeout = SEC(30),
					    .idle_timeout = SEC(75) };
enum { MOST_LOOPS = 64, LINGER_MS = 2000, OTHER_FILES = 512 };

#define SET(field) ((how)->field == 0 ? defaults.field : (how)->field)

static uint64_t ms(int64_t us) { return us < MSEC(1) ? 1 : (uint64_t)(us / MSEC(1)); }

static char *copy(const char *z) { return z == NULL ? NULL : strdup(z); }

static size_t cores(size_t asked)
{
	long n = asked > 0 ? (long)asked : sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > MOST_LOOPS ? MOST_LOOPS : (size_t)n;
}

static struct err settle(struct ctx *cx, struct server *s, const struct server_how *how)
{
	s->app = how->app;
	s->hub = how->hub;
	s->access_log = how->access_log;
	s->scan = (struct scan_limits){ SET(header_bytes), SET(body_bytes) };
	s->max_connections = SET(connections);
	s->max_parked = SET(parked);
	s->clock_ms[CLOCK_READ] = ms(SET(read_timeout));
	s->clock_ms[CLOCK_WRITE] = ms(SET(write_timeout));
	s->clock_ms[CLOCK_IDLE] = ms(SET(idle_timeout));
	s->clock_ms[CLOCK_LINGER] = LINGER_MS;
	s->server_name = copy(how->server_name);
	if (how->server_name != NULL && s->server_name == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "server name");
	TRY(proxies_new(cx, &how->trusted_proxies, &s->proxies));
	if (how->tls_cert_file != NULL || how->tls_key_file != NULL) {
		if (how->tls_cert_file == NULL || how->tls_key_file == NULL)
			return refuse(cx, E_CONFIG, "tls: cert_file and key_file must be given together");
		TRY(tls_new(cx, how->tls_cert_file, how->tls_key_file, &s->tls));
	}
	s->lanes = lanes_new(&(struct lanes_how){ SET(pool), SET(calls), SET(calls_per_peer), cores(0) });
	return s->lanes == NULL ? fail(cx, E_INTERNAL, "out of memory", "lanes") : OK;
}

static struct err make_loops(struct ctx *cx, struct server *s, size_t n)
{
	s->loops = calloc(n, sizeof *s->loops);
	if (s->loops == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "%zu loops", n);
	for (; s->n_loops < n; s->n_loops++)
		TRY(loop_init(cx, &s->loops[s->n_loops], s));
	return OK;
}

static struct err listen_on(struct ctx *cx, struct server *s, const struct listen *at)
{
	struct sockets claimed;

	if (s->n_ports == MAX_LISTENERS)
		return refuse(cx, E_CONFIG, "more than %d addresses to listen on", MAX_LISTENERS);
	TRY(sockets_claim(cx, at, &claimed));
	s->ports[s->n_ports++] = claimed.port;
	for (size_t i = 0; i < claimed.n; i++) {
		for (size_t l = 0; l < s->n_loops; l++) {
			int fd;
			TRY(sockets_bind(cx, &claimed.addr[i], &fd));
			TRY(loop_listen(cx, &s->loops[l], fd, false));
		}
	}
	return OK;
}

static struct err control(struct ctx *cx, struct server *s, const char *path)
{
	int fd;

	if (path == NULL)
		return OK;
	TRY(sockets_control(cx, path, &fd));
	s->control_path = copy(path);
	return loop_listen(cx, &s->loops[0], fd, true);
}

static struct err start(struct ctx *cx, struct server *s, const struct server_how *how)
{
	TRY(settle(cx, s, how));
	size_t files = os_linux_raise_files(s->max_connections + OTHER_FILES);
	if (files < s->max_connections + OTHER_FILES)
		log_event(cx, LOG_WARN, "http.few_files", LOG_INT("open_files", (int64_t)files),
			  LOG_INT("limits.connections", (int64_t)s->max_connections));
	TRY(make_loops(cx, s, cores(how->loops)));
	for (size_t i = 0; i < how->n_listen; i++)
		TRY(listen_on(cx, s, &how->listen[i]));
	TRY(control(cx, s, how->control_path));
	for (size_t i = 0; i < s->n_loops; i++)
		TRY(loop_start(cx, &s->loops[i]));
	return OK;
}

static bool make_lock(struct server *s)
{
	bool ok = clock_cond(&s->quiet);

	if (ok && pthread_mutex_init(&s->lock, NULL) != 0) {
		(void)pthread_cond_destroy(&s->quiet);
		ok = false;
	}
	return ok;
}

struct err server_start(struct ctx *cx, const struct server_how *how, struct server **out)
{
	struct server *s = calloc(1, sizeof *s);

	*out = NULL;
	if (s == NULL || !make_lock(s)) {
		free(s);
		return fail(cx, E_INTERNAL, "out of memory", "server");
	}
	struct err e = start(cx, s, how);
	if (IS_ERR(e)) {
		server_free(s);
		return e;
	}
	*out = s;
	return OK;
}

int server_port(const struct server *s, size_t i) { return i < s->n_ports ? s->ports[i] : 0; }

void server_drain(struct server *s)
{
	atomic_store(&s->draining, true);
	for (size_t i = 0; i < s->n_loops; i++)
		loop_nudge(&s->loops[i]);
}

bool server_wait(struct server *s, int64_t grace)
{
	const struct timespec until = clock_spec(clock_mono() + (grace > 0 ? grace : 0));
	int r = 0;

	(void)pthread_mutex_lock(&s->lock);
	while ((atomic_load(&s->open) > 0 || atomic_load(&s->out) > 0) && r == 0)
		r = pthread_cond_timedwait(&s->quiet, &s->lock, &until);
	bool quiet = atomic_load(&s->open) == 0 && atomic_load(&s->out) == 0;
	(void)pthread_mutex_unlock(&s->lock);
	return quiet;
}

void server_free(struct server *s)
{
	if (s == NULL)
		return;
	server_drain(s);
	if (s->lanes != NULL)
		lanes_end(s->lanes); /* what runs on them ends by its own deadline and goes to the loops */
	atomic_store(&s->stopping, true);
	for (size_t i = 0; i < s->n_loops; i++)
		loop_end(&s->loops[i]);
	free(s->loops);
	if (s->control_path != NULL)
		(void)unlink(s->control_path);
	free(s->control_path);
	lanes_free(s->lanes);
	tls_free(s->tls);
	proxies_free(s->proxies);
	free(s->server_name);
	(void)pthread_cond_destroy(&s->quiet);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
}

void server_stats(struct server *s, struct server_stats *out)
{
	*out = (struct server_stats){ .connections_open = atomic_load(&s->open),
				      .parked = atomic_load(&s->parked),
				      .connections_most = s->max_connections,
				      .parked_most = s->max_parked,
				      .draining = atomic_load(&s->draining) };
	for (size_t i = 0; i < s->n_loops; i++) {
		out->requests += atomic_load_explicit(&s->loops[i].requests, memory_order_relaxed);
		out->refused += atomic_load_explicit(&s->loops[i].refused, memory_order_relaxed);
	}
	lanes_stats(s->lanes, out);
}

/* ---- without listening ---- */
struct sleeper {
	pthread_mutex_t lock;
	pthread_cond_t woken;
	bool fired;
};

static void on_event(void *arg)
{
	struct sleeper *z = arg;

	(void)pthread_mutex_lock(&z->lock);
	z->fired = true;
	(void)pthread_cond_signal(&z->woken);
	(void)pthread_mutex_unlock(&z->lock);
}

static enum err_code run_again(struct request *rq, const struct http_app *app)
{
	buf_clear(rq->out);
	buf_clear(rq->head);
	rq->status = 0;
	rq->content_type = NULL;
	(void)forgive(rq->cx);
	rq->cx->now = clock_now();
	rq->runs++;
	return app->again(rq).code;
}

/* Lanes are only names here: everything runs in this thread. */
static enum err_code run_lanes(struct request *rq, const struct http_app *app, enum err_code e)
{
	while (e == E_TAKE_POOL || e == E_TAKE_CALL) {
		rq->lane = e == E_TAKE_POOL ? LANE_POOL : LANE_CALL;
		e = run_again(rq, app);
	}
	return e;
}

static enum err_code park_here(struct request *rq, const struct http_app *app, struct hub *hub)
{
	struct sleeper z = { .lock = PTHREAD_MUTEX_INITIALIZER, .woken = PTHREAD_COND_INITIALIZER };
	struct hub_sub sub = { .topic = rq->park.topic, .fn = on_event, .arg = &z };
	const struct timespec until = clock_spec(rq->park.until);
	int r = 0;

	hub_subscribe(hub, &sub);
	enum err_code e = run_lanes(rq, app, run_again(rq, app));
	if (e == E_PARK && rq->park.topic == sub.topic) {
		(void)pthread_mutex_lock(&z.lock);
		while (!z.fired && r == 0)
			r = pthread_cond_timedwait(&z.woken, &z.lock, &until);
		(void)pthread_mutex_unlock(&z.lock);
		rq->park_over = r == ETIMEDOUT || clock_now() >= rq->park.until;
		e = run_lanes(rq, app, run_again(rq, app));
	}
	hub_unsubscribe(hub, &sub);
	return e;
}

static enum err_code first_run(struct request *rq, const struct http_app *app)
{
	rq->cx->now = clock_now();
	rq->runs = 1;
	rq->app = app->app;
	rq->en = app->en;
	return app->serve(rq).code;
}

void server_run_here(struct request *rq, const struct http_app *app, struct hub *hub)
{
	enum err_code e = first_run(rq, app);

	if (e != E_OK && rq->route != NULL && rq->route->lane != LANE_INLINE)
		rq->runs = 0;
	e = run_lanes(rq, app, e);
	while (e == E_PARK && hub != NULL && !rq->park_over)
		e = park_here(rq, app, hub);
	if (rq->after != NULL)
		rq->after(rq->after_arg);
	rq->after = NULL;
	if (e != E_OK) {
		buf_clear(rq->out);
		buf_clear(rq->head);
		rq->status = 500;
		if (app->refuse != NULL)
			(app->refuse)(rq, 500, "internal error"); /* not the macro of base.h */
	}
	if (rq->status == 0)
		rq->status = 200;
}
