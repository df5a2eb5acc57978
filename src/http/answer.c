/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"
#include "core/logf.h"
#include "core/text.h"
#include "http/inside.h"
#include <stdio.h>
#include <string.h>

enum { ONE_RECORD = 16384 }; /* RFC 8446 section 5.1 */

/* RFC 9110 section 15. */
static const struct {
	int status;
	const char *words;
} reasons[] = {
	{ 200, "OK" },
	{ 201, "Created" },
	{ 202, "Accepted" },
	{ 204, "No Content" },
	{ 301, "Moved Permanently" },
	{ 302, "Found" },
	{ 303, "See Other" },
	{ 304, "Not Modified" },
	{ 307, "Temporary Redirect" },
	{ 308, "Permanent Redirect" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 406, "Not Acceptable" },
	{ 408, "Request Timeout" },
	{ 409, "Conflict" },
	{ 410, "Gone" },
	{ 412, "Precondition Failed" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 415, "Unsupported Media Type" },
	{ 417, "Expectation Failed" },
	{ 422, "Unprocessable Content" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 502, "Bad Gateway" },
	{ 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" },
	{ 505, "HTTP Version Not Supported" },
};

static const char *words_of(int status)
{
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].words;
	return "";
}

/* IMF-fixdate (RFC 9110 section 5.6.7), made once a second. */
static struct sv date(struct loop *l, int64_t now)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	int64_t now_s = now / SEC(1);
	time_t t = (time_t)now_s;
	struct tm tm;

	if (now_s != l->date_s && gmtime_r(&t, &tm) != NULL) {
		l->date_s = now_s;
		(void)snprintf(l->date, sizeof l->date, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday % 7],
			       tm.tm_mday % 100, months[tm.tm_mon % 12], (tm.tm_year + 1900) % 10000, tm.tm_hour % 100,
			       tm.tm_min % 100, tm.tm_sec % 100);
	}
	return sv_of(l->date);
}

static void number(struct buf *b, uint64_t v)
{
	char z[20];
	size_t i = sizeof z;

	do
		z[--i] = (char)('0' + v % 10);
	while ((v /= 10) > 0);
	buf_add(b, z + i, sizeof z - i);
}

static void line(struct buf *b, struct sv name_colon, struct sv value)
{
	buf_sv(b, name_colon);
	buf_sv(b, value);
	buf_add(b, "\r\n", 2);
}

static bool bodiless(int status) { return status == 204 || status == 304 || status < 200; }

static void write_head(struct work *w)
{
	struct request *rq = &w->rq;
	struct buf *b = &w->line;

	buf_clear(b);
	buf_sv(b, SV("HTTP/1.1 "));
	number(b, (uint64_t)rq->status);
	buf_char(b, ' ');
	buf_str(b, words_of(rq->status));
	buf_add(b, "\r\n", 2);
	if (w->loop->server->server_name != NULL)
		line(b, SV("Server: "), sv_of(w->loop->server->server_name));
	line(b, SV("Date: "), rq->date.p == NULL ? date(w->loop, w->cx.now) : rq->date);
	if (!bodiless(rq->status)) {
		if (rq->content_type != NULL || rq->out->n > 0)
			line(b, SV("Content-Type: "),
			     sv_of(rq->content_type == NULL ? "application/json" : rq->content_type));
		buf_sv(b, SV("Content-Length: "));
		number(b, rq->out->n);
		buf_add(b, "\r\n", 2);
	}
	line(b, SV("X-Request-Id: "), sv_of(w->id));
	buf_sv(b, buf_view(rq->head));
	if (rq->close)
		buf_sv(b, SV("Connection: close\r\n"));
	else if (w->scan.minor == 0)
		buf_sv(b, SV("Connection: keep-alive\r\n"));
	buf_add(b, "\r\n", 2);
}

static void plain_refusal(struct request *rq, int status, const char *say)
{
	rq->content_type = "application/json";
	buf_str(rq->out, "{\"name\":\"");
	buf_str(rq->out, status < 500 ? "malformed_request" : "internal_server_error");
	buf_str(rq->out, "\",\"message\":\"");
	buf_str(rq->out, say);
	buf_str(rq->out, "\"}");
	if (status == 503)
		http_header(rq, "Retry-After", SV("1"));
}

void answer_refuse(struct work *w, int status, const char *say, bool last)
{
	struct request *rq = &w->rq;

	buf_clear(rq->out);
	buf_clear(rq->head);
	rq->content_type = NULL;
	rq->status = status;
	if (w->loop->server->app->refuse != NULL)
		(w->loop->server->app->refuse)(rq, status, say); /* not the macro of base.h */
	else
		plain_refusal(rq, status, say);
	rq->status = status;
	if (last)
		rq->close = true;
	atomic_fetch_add_explicit(&w->loop->refused, 1, memory_order_relaxed);
}

/* What the handlers wrote may have hit its cap: then it is not sent in part. */
static void make_whole(struct work *w)
{
	if (buf_ok(w->rq.out) && buf_ok(w->rq.head))
		return;
	log_event(&w->cx, LOG_ERROR, "http.answer_too_large",
		  LOG_STR("route", w->rq.log_name == NULL ? "-" : w->rq.log_name));
	answer_refuse(w, 500, "the answer could not be written", false);
}

static void on_written(uv_write_t *req, int status)
{
	struct work *w = req->data;
	struct conn *c = w->c;

	w->wreq.data = NULL;
	if (c == NULL) {
		conn_work_done(w);
		return;
	}
	if (status != 0) {
		conn_close(c);
		return;
	}
	conn_written(c);
}

static uv_buf_t to_uv(struct sv s)
{
	union {
		const char *in;
		char *out;
	} p = { .in = s.p }; /* libuv only reads it */

	return (uv_buf_t){ .base = p.out, .len = s.n };
}

static void send_plain(struct conn *c, struct work *w, struct sv a, struct sv b)
{
	uv_buf_t bufs[2] = { to_uv(a), to_uv(b) };
	unsigned n = b.n > 0 ? 2 : 1;
	int r = uv_try_write(&c->u.stream, bufs, n);

	if (r == UV_EAGAIN)
		r = 0;
	if (r < 0) {
		conn_close(c);
		return;
	}
	size_t done = (size_t)r;
	if (done == a.n + b.n) {
		conn_sent(c);
		return;
	}
	bufs[0] = to_uv(sv_from(a, done));
	bufs[1] = to_uv(sv_from(b, done > a.n ? done - a.n : 0));
	c->state = CONN_WRITE;
	loop_clock(c, CLOCK_WRITE);
	w->wreq.data = w;
	bool first_out = bufs[0].len == 0;
	if (uv_write(&w->wreq, &c->u.stream, first_out ? bufs + 1 : bufs, first_out ? 1 : n, on_written) != 0) {
		w->wreq.data = NULL;
		conn_close(c);
		return;
	}
	c->unsent = uv_stream_get_write_queue_size(&c->u.stream);
}

void answer_send(struct work *w)
{
	struct conn *c = w->c;

	make_whole(w);
	if (w->rq.status == 0)
		w->rq.status = 200;
	if (c->loop->draining)
		w->rq.close = true;
	write_head(w);
	struct sv body = bodiless(w->rq.status) || w->rq.method == M_HEAD ? SV("") : buf_view(w->rq.out);
	w->sent = w->line.n + body.n;
	if (w->sent <= ONE_RECORD) { /* one piece instead of two, and with TLS one record */
		buf_sv(&w->line, body);
		body = SV("");
	}
	if (!buf_ok(&w->line)) {
		conn_close(c);
		return;
	}
	if (c->tls == NULL) {
		send_plain(c, w, buf_view(&w->line), body);
		return;
	}
	int r = tls_send(c, buf_view(&w->line), body);
	if (r < 0)
		conn_close(c);
	else if (r > 0)
		conn_sent(c);
	else {
		c->state = CONN_WRITE;
		loop_clock(c, CLOCK_WRITE);
		c->unsent = uv_stream_get_write_queue_size(&c->u.stream);
	}
}

void answer_continue(struct conn *c)
{
	static const struct sv text = SV_INIT("HTTP/1.1 100 Continue\r\n\r\n");
	uv_buf_t b = to_uv(text);

	if (c->tls != NULL ? tls_send(c, text, SV("")) < 0 : uv_try_write(&c->u.stream, &b, 1) != (int)text.n)
		c->eof = true; /* it cannot be told: the answer will be the last */
}

void answer_done(struct work *w)
{
	const struct request *rq = &w->rq;
	const struct server *s = w->loop->server;
	bool logs = s->access_log && log_wants(LOG_INFO);

	if (w->logged || (!logs && s->app->done == NULL))
		return;
	w->logged = true;
	const struct http_done d = { w->sent, clock_mono() - w->began };
	if (s->app->done != NULL)
		s->app->done(rq, &d);
	if (logs)
		log_event(&w->cx, LOG_INFO, "http.request", LOG_STR("method", method_name(rq->method)),
			  LOG_STR("route", rq->log_name == NULL ? "-" : rq->log_name), LOG_INT("status", rq->status),
			  LOG_INT("bytes", (int64_t)d.bytes), LOG_INT("duration_us", d.took));
}
