/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"
#include "core/logf.h"
#include "core/text.h"
#include "http/inside.h"
#include <string.h>

enum { UNTRUSTED_AGAIN_MS = 600000 };

/* The client's X-Request-Id if it is harmless, else one of ours: 16 random hex digits of the loop and a count. */
static void give_id(struct work *w)
{
	static const char hex[] = "0123456789abcdef";
	struct sv theirs = http_header_in(&w->rq, "X-Request-Id");
	struct loop *l = w->loop;

	if (theirs.p != NULL && text_is_id(theirs, REQUEST_ID - 1, "._-") && sv_copy(theirs, w->id, sizeof w->id))
		return;
	memcpy(w->id, l->id_prefix, 16);
	for (int i = 0; i < 8; i++)
		w->id[16 + i] = hex[(l->id_next >> (28 - 4 * i)) & 15];
	w->id[24] = '\0';
	l->id_next++;
}

/* The caller's trace if its header keeps the rules and comes once; else one of ours (W3C Trace Context section 3.2). */
static void give_trace(struct work *w)
{
	struct sv theirs = SV_NONE;
	bool one = true;

	for (size_t i = 0; i < w->rq.n_headers; i++) {
		const struct header *h = &w->rq.headers[i];

		if (h->name.n != strlen("traceparent") || !sv_ieq(h->name, SV("traceparent")))
			continue;
		one = theirs.p == NULL;
		theirs = h->value;
	}
	if (theirs.p == NULL || !one || !trace_parse(theirs, &w->trace))
		trace_next(&w->loop->traces, &w->trace);
}

static bool parse(struct conn *c, struct work *w, struct refusal *why)
{
	const char *base = c->in->p + c->pos;

	if (!parse_head(&w->rq, (struct sv){ base, w->scan.head_n }, &w->scan, &w->parse, why))
		return false;
	w->base = base;
	w->rq.close = !w->parse.keep_alive;
	return true;
}

/* Behind a proxy that is not named everybody shares its address, and nothing else would tell. */
static void say_untrusted(struct conn *c, const struct work *w)
{
	struct loop *l = c->loop;
	uint64_t now = uv_now(&l->uv);

	if (c->control || (l->untrusted_ms != 0 && now - l->untrusted_ms < UNTRUSTED_AGAIN_MS))
		return;
	for (size_t i = 0; i < w->rq.n_headers; i++) {
		if (!sv_ieq(w->rq.headers[i].name, SV("X-Forwarded-For")))
			continue;
		l->untrusted_ms = now == 0 ? 1 : now;
		log_event(NULL, LOG_WARN, "http.forwarded_for_ignored", LOG_STR("peer", &c->ip[0]),
			  LOG_STR("mend", "if it is a proxy of yours, name it in api.trusted_proxies"));
		return;
	}
}
/* A proxy may add its entry to the client's line or a line of its own below it (RFC 9110 section 5.3: both mean the
 * same), so the lines are read from the last. */
static void client_of(struct conn *c, struct work *w)
{
	const struct proxies *p = c->loop->server->proxies;
	bool go_on = proxies_client(p, c->ip, SV_NONE, w->ip);

	if (!go_on)
		say_untrusted(c, w);
	for (size_t i = w->rq.n_headers; go_on && i > 0; i--) {
		char from[IP_TEXT];

		if (!sv_ieq(w->rq.headers[i - 1].name, SV("X-Forwarded-For")))
			continue;
		memcpy(from, w->ip, sizeof from);
		go_on = proxies_client(p, from, w->rq.headers[i - 1].value, w->ip);
	}
}

static void who_asks(struct conn *c, struct work *w)
{
	client_of(c, w);
	w->rq.client_ip = sv_of(w->ip);
	w->rq.tls = c->tls != NULL;
	w->rq.control = c->control;
}

static enum collect head(struct conn *c, struct work *w, struct refusal *why)
{
	const struct scan_limits *limits = &c->loop->server->scan;
	struct sv bytes = { c->in->p + c->pos, c->in->n - c->pos };

	if (!scan_head(&w->scan, bytes, limits, why))
		return COLLECT_REFUSED;
	if (w->scan.head_n == 0)
		return COLLECT_MORE;
	if (!parse(c, w, why))
		return COLLECT_REFUSED;
	who_asks(c, w);
	give_id(w);
	give_trace(w);
	return COLLECT_READY;
}

/* A body of known length simply has to be there. */
static enum collect plain_body(struct conn *c, struct work *w)
{
	size_t have = c->in->n - c->pos - w->scan.head_n;

	w->body_n = (size_t)w->scan.content_length;
	if (have < w->body_n)
		return COLLECT_MORE;
	w->n = w->scan.head_n + w->body_n;
	return COLLECT_READY;
}

/* The framing is taken out in place; what follows the message moves up to its end. */
static enum collect chunked_body(struct conn *c, struct work *w, struct refusal *why)
{
	size_t from = c->pos + w->scan.head_n;
	struct chunk_place at = { .body = w->body_n, .raw = w->body_n, .n = c->in->n - from };

	if (!chunk_feed(&w->chunk, c->in->p + from, &at, &c->loop->server->scan, why))
		return COLLECT_REFUSED;
	if (c->in->high < c->in->n)
		c->in->high = c->in->n;
	memmove(c->in->p + from + at.body, c->in->p + from + at.raw, at.n - at.raw);
	c->in->n -= at.raw - at.body;
	w->body_n = at.body;
	w->n = w->scan.head_n + at.body;
	return w->chunk.at == CHUNK_DONE ? COLLECT_READY : COLLECT_MORE;
}

void collect_nothing(struct conn *c, struct work *w)
{
	struct request *rq = &w->rq;

	if (w->began == 0)
		w->began = clock_mono();
	w->cx.now = clock_now();
	if (w->id[0] != '\0') /* the head was read: the request is what it is */
		return;
	rq->n_headers = 0;
	rq->target = rq->path = rq->query = rq->route_path = rq->host = SV("");
	rq->method = M_OTHER;
	who_asks(c, w);
	give_id(w);
	give_trace(w);
}

enum collect collect_step(struct conn *c, struct work *w, struct refusal *why)
{
	if (w->began == 0)
		w->began = clock_mono();
	if (w->scan.head_n == 0) {
		enum collect r = head(c, w, why);
		if (r != COLLECT_READY)
			return r;
	}
	enum collect r = w->scan.has_coding ? chunked_body(c, w, why) : plain_body(c, w);
	if (r == COLLECT_MORE && w->scan.expects && w->scan.minor == 1 && !w->continued) {
		w->continued = true;
		answer_continue(c);
	}
	if (r != COLLECT_READY)
		return r;
	if (w->base != c->in->p + c->pos && !parse(c, w, why)) /* the buffer has moved since */
		return COLLECT_REFUSED;
	w->rq.body = (struct sv){ c->in->p + c->pos + w->scan.head_n, w->body_n };
	return COLLECT_READY;
}
