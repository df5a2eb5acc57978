/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "http/inside.h"
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { LITTLE_ROOM = 2048 };

/* ---- end ---- */
static void unlink_conn(struct conn *c)
{
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		c->loop->conns = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
}

static void on_closed(uv_handle_t *h)
{
	struct conn *c = h->data;
	struct server *s = c->loop->server;

	tls_drop(c);
	if (c->loop->spare_conn == NULL)
		c->loop->spare_conn = c;
	else
		free(c);
	(void)atomic_fetch_sub(&s->open, 1);
	loop_quiet(s);
}

void conn_work_done(struct work *w)
{
	park_end(w->park);
	loop_work_back(w->loop, w);
}

void conn_close(struct conn *c)
{
	if (c->state == CONN_GONE)
		return;
	c->state = CONN_GONE;
	loop_clock(c, CLOCK_NONE);
	unlink_conn(c);
	park_end(c->parked);
	c->parked = NULL;
	struct work *w = TAKE(c->work);
	if (w != NULL) {
		w->c = NULL;
		if (!w->on_lane && w->wreq.data == NULL)
			conn_work_done(w);
	}
	if (c->in != NULL)
		loop_in_back(c->loop, TAKE(c->in));
	uv_close(&c->u.handle, on_closed);
}

/* RFC 9112 section 9.6: a close right behind the answer could take the answer away; so half of it, and wait. */
static void linger(struct conn *c)
{
	uv_os_fd_t fd;

	if (c->eof) {
		conn_close(c);
		return;
	}
	if (c->tls != NULL)
		tls_close(c);
	if (c->state == CONN_GONE)
		return;
	c->state = CONN_LINGER;
	loop_clock(c, CLOCK_LINGER);
	if (uv_stream_get_write_queue_size(&c->u.stream) == 0 && uv_fileno(&c->u.handle, &fd) == 0)
		(void)shutdown(fd, SHUT_WR);
}

/* Nothing is under way. */
static void bid_farewell(struct conn *c)
{
	if (c->tls != NULL && c->state == CONN_READ)
		tls_close(c);
	conn_close(c);
}

/* ---- input ---- */
static size_t waiting(const struct conn *c) { return c->in == NULL ? 0 : c->in->n - c->pos; }

/* An idle connection has no buffer. */
static void tidy(struct conn *c)
{
	if (c->in == NULL || waiting(c) > 0)
		return;
	loop_in_back(c->loop, TAKE(c->in));
	c->pos = 0;
}

static bool grow(struct conn *c)
{
	const struct scan_limits *limits = &c->loop->server->scan;
	size_t most = limits->header_bytes + limits->body_bytes + ROOM_BEYOND_HEAD, cap = c->in->cap * 2;

	if (c->in->cap >= most)
		return false;
	struct inbuf *in = loop_in(c->loop, cap > most ? most : cap);
	if (in == NULL)
		return false;
	in->n = waiting(c);
	memcpy(in->p, c->in->p + c->pos, in->n);
	c->pos = 0;
	loop_in_back(c->loop, c->in);
	c->in = in;
	return true;
}

char *conn_room(struct conn *c, size_t *n)
{
	*n = 0;
	if (c->in == NULL) {
		c->pos = 0;
		c->in = loop_in(c->loop, 0);
		if (c->in == NULL)
			return NULL;
	}
	struct inbuf *in = c->in;
	if (in->high < in->n)
		in->high = in->n;
	if (c->state == CONN_LINGER)
		in->n = c->pos = 0;
	if (in->cap - in->n < LITTLE_ROOM && c->pos > 0) {
		memmove(in->p, in->p + c->pos, waiting(c));
		in->n -= c->pos;
		c->pos = 0;
	}
	if (in->n == in->cap && !grow(c))
		return NULL;
	*n = c->in->cap - c->in->n;
	return c->in->p + c->in->n;
}

bool conn_detach(struct conn *c, struct work *w)
{
	if (!w->in_conn)
		return true;
	size_t rest = waiting(c) - w->n;
	struct inbuf *in = rest == 0 ? NULL : loop_in(c->loop, rest);
	if (rest > 0 && in == NULL)
		return false;
	if (in != NULL) {
		memcpy(in->p, c->in->p + c->pos + w->n, rest);
		in->n = rest;
	}
	w->in = c->in;
	w->in_conn = false;
	c->in = in;
	c->pos = 0;
	return true;
}

void conn_forget(struct conn *c, struct work *w)
{
	if (w->in_conn)
		c->pos += w->n;
	w->in_conn = false;
}

static void refuse_now(struct conn *c, struct work *w, int status, const char *say)
{
	w->n = waiting(c);
	c->state = CONN_RUN;
	collect_nothing(c, w);
	answer_refuse(w, status, say, true);
	answer_send(w);
}

static struct work *work_of(struct conn *c)
{
	struct work *w = c->work;

	if (w != NULL)
		return w;
	w = loop_work(c->loop);
	if (w == NULL)
		return NULL;
	w->c = c;
	w->in_conn = true;
	c->work = w;
	return w;
}

/* false: nothing more can be done with what is there. */
static bool one_step(struct conn *c)
{
	struct work *w = work_of(c);
	struct refusal why;

	if (w == NULL) {
		conn_close(c);
		return false;
	}
	switch (collect_step(c, w, &why)) {
	case COLLECT_MORE:
		if (c->eof)
			conn_close(c);
		else if (c->clock != CLOCK_READ)
			loop_clock(c, CLOCK_READ);
		return false;
	case COLLECT_REFUSED: refuse_now(c, w, why.status, why.say); return true;
	case COLLECT_READY:
	default:
		loop_clock(c, CLOCK_NONE);
		c->state = CONN_RUN;
		(void)atomic_fetch_add_explicit(&c->loop->requests, 1, memory_order_relaxed);
		lanes_serve(w);
		return true;
	}
}

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *out)
{
	struct conn *c = h->data;
	size_t n = RAW_BYTES;

	(void)suggested;
	char *p = c->tls != NULL ? c->loop->raw : conn_room(c, &n);
	*out = (uv_buf_t){ .base = p, .len = p == NULL ? 0 : n };
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *b)
{
	struct conn *c = stream->data;

	if (n < 0 && n != UV_EOF) {
		conn_close(c);
	} else if (n == UV_EOF) {
		tidy(c);
		conn_ended(c);
	} else if (n == 0) {
		tidy(c);
	} else if (c->tls != NULL) {
		tls_feed(c, b->base, (size_t)n);
	} else {
		c->in->n += (size_t)n;
		conn_input(c);
	}
}

/* A client that sends more while it waits for an answer is not listened to without end. */
bool conn_wants(const struct conn *c)
{
	if (c->state == CONN_GONE || (c->tls != NULL && tls_writing(c)))
		return false;
	return c->state == CONN_READ || c->state == CONN_LINGER || waiting(c) < c->loop->server->scan.header_bytes;
}

void conn_listen(struct conn *c)
{
	bool want = conn_wants(c);

	if (c->state == CONN_GONE || c->eof || want == c->reading)
		return;
	c->reading = want;
	if (!want)
		(void)uv_read_stop(&c->u.stream);
	else if (uv_read_start(&c->u.stream, on_alloc, on_read) != 0)
		conn_close(c);
}

void conn_input(struct conn *c)
{
	while (c->state == CONN_READ && waiting(c) > 0)
		if (!one_step(c))
			break;
	if (c->state == CONN_GONE)
		return;
	if (c->state == CONN_LINGER)
		c->pos = c->in == NULL ? 0 : c->in->n;
	tidy(c);
	if (c->state == CONN_READ && c->work == NULL) {
		if (c->eof || c->loop->draining)
			bid_farewell(c);
		else if (c->clock != CLOCK_IDLE && c->clock != CLOCK_READ)
			loop_clock(c, CLOCK_IDLE);
	}
	conn_listen(c);
}

void conn_go_on(struct conn *c)
{
	if (c->state == CONN_GONE)
		return;
	conn_input(c);
	if (c->tls != NULL && conn_wants(c))
		tls_pump(c);
}

void conn_sent(struct conn *c)
{
	struct work *w = TAKE(c->work);
	bool last = w->rq.close;

	answer_done(w);
	conn_forget(c, w);
	conn_work_done(w);
	c->state = CONN_READ;
	if (last)
		linger(c);
}

void conn_written(struct conn *c)
{
	if (c->state != CONN_WRITE)
		return;
	loop_clock(c, CLOCK_NONE);
	conn_sent(c);
	conn_go_on(c);
}

/* ---- what happens to it ---- */
void conn_ended(struct conn *c)
{
	c->eof = true;
	c->reading = false;
	(void)uv_read_stop(&c->u.stream);
	if (c->state != CONN_RUN && c->state != CONN_WRITE)
		conn_close(c);
}

void conn_late(struct conn *c)
{
	size_t unsent = uv_stream_get_write_queue_size(&c->u.stream);

	if (c->state == CONN_WRITE && unsent < c->unsent) { /* slow, but going on */
		c->unsent = unsent;
		loop_clock(c, CLOCK_WRITE);
	} else if (c->state == CONN_READ && c->work != NULL) {
		refuse_now(c, c->work, 408, "the request did not arrive in time");
		conn_input(c);
	} else {
		bid_farewell(c);
	}
}

void conn_drain(struct conn *c)
{
	if (c->state == CONN_PARK)
		park_over(c);
	else if (c->state == CONN_READ && c->work == NULL)
		bid_farewell(c);
}

void conn_refuse(struct conn *c, int status, const char *sentence)
{
	struct work *w = c->tls == NULL ? work_of(c) : NULL;

	if (w == NULL) {
		conn_close(c);
		return;
	}
	w->in_conn = false;
	refuse_now(c, w, status, sentence);
	conn_input(c);
}
