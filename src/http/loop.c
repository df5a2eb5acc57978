/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/logf.h"
#include "core/os_linux.h"
#include "core/os_thread.h"
#include "core/rnd.h"
#include "core/secret.h"
#include "http/inside.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SPARE_WORKS = 32, SPARE_INS = 32, BACKLOG = 1024, MOST_TICK_MS = 500, LEAST_TICK_MS = 10 };
enum { MOST_OUT = 16 << 20, MOST_HEAD = 32768, MOST_ARENA = 64 << 20, KEEP_OUT = 65536 };

/* ---- spare memory ---- */
struct inbuf *loop_in(struct loop *l, size_t cap)
{
	size_t usual = l->server->scan.header_bytes + ROOM_BEYOND_HEAD;
	struct inbuf *in = cap <= usual ? l->spare_in : NULL;

	if (in != NULL) {
		l->spare_in = TAKE(in->next);
		l->n_spare_in--;
		return in;
	}
	if (cap < usual)
		cap = usual;
	in = malloc(sizeof *in + cap);
	if (in != NULL)
		*in = (struct inbuf){ .cap = cap };
	return in;
}

void loop_in_back(struct loop *l, struct inbuf *in)
{
	wipe(in->p, in->high > in->n ? in->high : in->n);
	in->n = in->high = 0;
	if (l->n_spare_in >= SPARE_INS || in->cap != l->server->scan.header_bytes + ROOM_BEYOND_HEAD) {
		free(in);
		return;
	}
	in->next = l->spare_in;
	l->spare_in = in;
	l->n_spare_in++;
}

static void work_free(struct work *w)
{
	arena_free(w->cx.arena);
	buf_free(&w->out);
	buf_free(&w->head);
	buf_free(&w->line);
	free(w);
}

struct work *loop_work(struct loop *l)
{
	struct work *w = l->spare_works;

	if (w != NULL) {
		l->spare_works = TAKE(w->next);
		l->n_spare_works--;
	} else {
		w = calloc(1, sizeof *w);
		if (w == NULL || (w->cx.arena = arena_new(MOST_ARENA)) == NULL) {
			free(w);
			return NULL;
		}
		w->out = BUF(MOST_OUT);
		w->head = BUF(MOST_HEAD);
		w->line = BUF(2 * MOST_HEAD);
	}
	w->loop = l;
	w->cx.request_id = w->id;
	w->cx.trace = &w->trace;
	w->rq.cx = &w->cx;
	w->rq.out = &w->out;
	w->rq.head = &w->head;
	w->rq.server = l->server;
	w->rq.app = l->server->app->app;
	w->rq.en = l->server->app->en;
	w->parse = (struct parse){ .headers = w->headers, .most = MAX_HEADERS_IN };
	return w;
}

void loop_work_back(struct loop *l, struct work *w)
{
	struct buf out = w->out, head = w->head, line = w->line;

	if (w->in != NULL)
		loop_in_back(l, w->in);
	if (l->n_spare_works >= SPARE_WORKS) {
		work_free(w);
		return;
	}
	arena_reset(w->cx.arena);
	if (out.cap > KEEP_OUT)
		buf_free(&out);
	buf_clear(&out);
	buf_clear(&head);
	buf_clear(&line);
	memset(w, 0, offsetof(struct work, cx));
	if (w->cx.cause.code != E_OK)
		(void)forgive(&w->cx);
	w->cx.deadline = 0;
	w->out = out;
	w->head = head;
	w->line = line;
	w->next = l->spare_works;
	l->spare_works = w;
	l->n_spare_works++;
}

/* ---- deadlines: each list has one length of time, so its first is always the next to be late ---- */
static void leave_list(struct conn *c)
{
	struct loop *l = c->loop;

	if (c->clock == CLOCK_NONE)
		return;
	*(c->earlier != NULL ? &c->earlier->later : &l->clocks[c->clock].first) = c->later;
	*(c->later != NULL ? &c->later->earlier : &l->clocks[c->clock].last) = c->earlier;
	c->earlier = c->later = NULL;
	c->clock = CLOCK_NONE;
}

void loop_clock(struct conn *c, enum clock_list list)
{
	struct loop *l = c->loop;

	leave_list(c);
	if (list == CLOCK_NONE)
		return;
	c->clock = (uint8_t)list;
	c->deadline_ms = uv_now(&l->uv) + l->server->clock_ms[list];
	c->earlier = l->clocks[list].last;
	*(c->earlier != NULL ? &c->earlier->later : &l->clocks[list].first) = c;
	l->clocks[list].last = c;
}

/* A crowd's works and buffers lie between records that sleep on, so the heap keeps their pages unless it is told. */
static void give_back(struct server *s)
{
	if (atomic_load_explicit(&s->crowded, memory_order_relaxed) && atomic_load(&s->out) == 0 &&
	    atomic_exchange(&s->crowded, false))
		os_linux_give_back_heap();
}

static void on_tick(uv_timer_t *t)
{
	struct loop *l = t->data;

	give_back(l->server);
	if (l == l->server->loops)
		admit_watch(l);
	for (int i = CLOCK_READ; i < CLOCK__COUNT; i++) {
		while (l->clocks[i].first != NULL && l->clocks[i].first->deadline_ms <= uv_now(&l->uv)) {
			struct conn *c = l->clocks[i].first;
			leave_list(c);
			conn_late(c);
		}
	}
	os_thread_wipe_stack(); /* here and not after each request: it costs as much as one */
}

static uint64_t tick_ms(const struct server *s)
{
	uint64_t ms = MOST_TICK_MS;

	for (int i = CLOCK_READ; i < CLOCK__COUNT; i++)
		if (s->clock_ms[i] / 4 < ms)
			ms = s->clock_ms[i] / 4;
	return ms < LEAST_TICK_MS ? LEAST_TICK_MS : ms;
}

/* ---- the inbox ---- */
void loop_nudge(struct loop *l) { (void)uv_async_send(&l->wake); }

void loop_post(struct loop *l, struct work *w)
{
	(void)pthread_mutex_lock(&l->lock);
	w->next = NULL;
	*(l->inbox_last != NULL ? &l->inbox_last->next : &l->inbox) = w;
	l->inbox_last = w;
	loop_nudge(l); /* under the lock: the loop cannot be freed in between */
	(void)pthread_mutex_unlock(&l->lock);
}

static void read_inbox(struct loop *l)
{
	(void)pthread_mutex_lock(&l->lock);
	struct work *w = TAKE(l->inbox);
	l->inbox_last = NULL;
	(void)pthread_mutex_unlock(&l->lock);
	while (w != NULL) {
		struct work *next = TAKE(w->next);
		lanes_back(w);
		w = next;
	}
}

void loop_quiet(struct server *s)
{
	if (!atomic_load(&s->draining))
		return;
	(void)pthread_mutex_lock(&s->lock);
	(void)pthread_cond_broadcast(&s->quiet);
	(void)pthread_mutex_unlock(&s->lock);
}

/* ---- draining and stopping ---- */
static void close_listeners(struct loop *l)
{
	for (size_t i = 0; i < l->n_listeners; i++)
		if (!uv_is_closing(&l->listener[i].handle))
			uv_close(&l->listener[i].handle, NULL);
}

static void drain(struct loop *l)
{
	struct conn *next;

	l->draining = true;
	close_listeners(l);
	for (struct conn *c = l->conns; c != NULL; c = next) {
		next = c->next;
		conn_drain(c);
	}
}

static void stop(struct loop *l)
{
	struct conn *next;

	l->stopped = true;
	close_listeners(l);
	for (struct conn *c = l->conns; c != NULL; c = next) {
		next = c->next;
		conn_close(c);
	}
	uv_close((uv_handle_t *)&l->tick, NULL);
	uv_close((uv_handle_t *)&l->wake, NULL);
}

static void on_wake(uv_async_t *a)
{
	struct loop *l = a->data;

	read_inbox(l);
	if (atomic_load(&l->server->draining) && !l->draining)
		drain(l);
	if (!l->stopped)
		park_turn(l);
	if (atomic_load(&l->server->stopping) && !l->stopped)
		stop(l);
}

static void *loop_main(void *arg)
{
	struct loop *l = arg;

	os_thread_name("http");
	(void)uv_run(&l->uv, UV_RUN_DEFAULT);
	return NULL;
}

/* ---- beginning and end ---- */
struct err loop_init(struct ctx *cx, struct loop *l, struct server *s)
{
	uint64_t r;

	l->server = s;
	if (pthread_mutex_init(&l->lock, NULL) != 0)
		return fail(cx, E_INTERNAL, "out of memory", "mutex");
	int e = uv_loop_init(&l->uv);
	if (e != 0) {
		(void)pthread_mutex_destroy(&l->lock);
		l->server = NULL;
		return fail(cx, E_INTERNAL, "an event loop cannot be made", "uv_loop_init: %s", uv_strerror(e));
	}
	e = uv_async_init(&l->uv, &l->wake, on_wake);
	if (e != 0) {
		(void)uv_loop_close(&l->uv);
		(void)pthread_mutex_destroy(&l->lock);
		l->server = NULL;
		return fail(cx, E_INTERNAL, "an event loop cannot be made", "uv_async_init: %s", uv_strerror(e));
	}
	(void)uv_timer_init(&l->uv, &l->tick);
	l->wake.data = l->tick.data = l;
	rnd_bytes(&r, sizeof r);
	trace_source(&l->traces);
	(void)snprintf(l->id_prefix, sizeof l->id_prefix, "%016llx", (unsigned long long)r);
	if (s->tls != NULL && (l->raw = malloc(RAW_BYTES)) == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "read buffer");
	return OK;
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct loop *l = listener->data;

	if (status == UV_EMFILE || status == UV_ENFILE)
		admit_starved(l);
	for (size_t i = 0; status == 0 && i < l->n_listeners; i++)
		if (&l->listener[i].stream == listener)
			admit_from(l, listener, l->is_control[i]);
}

struct err loop_listen(struct ctx *cx, struct loop *l, int fd, bool control)
{
	size_t i = l->n_listeners;

	if (i == MAX_LISTENERS) {
		(void)close(fd);
		return refuse(cx, E_CONFIG, "more than %d addresses to listen on", MAX_LISTENERS);
	}
	int e = control ? uv_pipe_init(&l->uv, &l->listener[i].pipe, 0) : uv_tcp_init(&l->uv, &l->listener[i].tcp);
	if (e == 0) {
		l->n_listeners++;
		l->is_control[i] = control;
		l->listener[i].handle.data = l;
		e = control ? uv_pipe_open(&l->listener[i].pipe, fd) : uv_tcp_open(&l->listener[i].tcp, fd);
	}
	if (e != 0)
		(void)close(fd);
	else
		e = uv_listen(&l->listener[i].stream, BACKLOG, on_connection);
	return e == 0 ? OK : fail(cx, E_CONFIG, "cannot listen", "%s", uv_strerror(e));
}

struct err loop_start(struct ctx *cx, struct loop *l)
{
	uint64_t ms = tick_ms(l->server);
	sigset_t all, before;

	(void)uv_timer_start(&l->tick, on_tick, ms, ms);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before); /* signals belong to the thread that waits for them */
	int e = pthread_create(&l->thread, NULL, loop_main, l);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	l->started = e == 0;
	return e == 0 ? OK : fail(cx, E_INTERNAL, "a thread cannot be started", "%s", strerror(e));
}

void loop_end(struct loop *l)
{
	if (l->server == NULL)
		return;
	if (l->started) {
		loop_nudge(l);
		(void)pthread_join(l->thread, NULL);
	} else {
		stop(l);
		(void)uv_run(&l->uv, UV_RUN_DEFAULT);
	}
	read_inbox(l);
	(void)uv_loop_close(&l->uv);
	while (l->spare_works != NULL) {
		struct work *w = l->spare_works;
		l->spare_works = w->next;
		work_free(w);
	}
	while (l->spare_in != NULL) {
		struct inbuf *in = l->spare_in;
		l->spare_in = in->next;
		free(in);
	}
	free(l->spare_conn);
	free(l->raw);
	(void)pthread_mutex_destroy(&l->lock);
}
