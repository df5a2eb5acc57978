/* SPDX-License-Identifier: Apache-2.0 */
#include "http/parse.h"
#include "core/arena.h"
#include "core/text.h"
#include <llhttp.h>
#include <string.h>

struct glue {
	struct request *rq;
	struct parse *p;
	bool in_value, complete;
};

static bool no(struct refusal *why, int status, const char *say)
{
	*why = (struct refusal){ status, say };
	return false;
}

/* A span may come in pieces, always of one run of bytes. */
static int add(struct sv *s, const char *at, size_t n)
{
	if (s->p == NULL)
		s->p = at;
	if (s->p + s->n != at)
		return HPE_USER;
	s->n += n;
	return 0;
}

static int on_url(llhttp_t *ll, const char *at, size_t n)
{
	struct glue *g = ll->data;

	return add(&g->rq->target, at, n);
}

static int on_field(llhttp_t *ll, const char *at, size_t n)
{
	struct glue *g = ll->data;

	if (g->in_value || g->rq->n_headers == 0) {
		if (g->rq->n_headers == g->p->most)
			return HPE_USER;
		g->p->headers[g->rq->n_headers++] = (struct header){ SV_NONE, SV_NONE };
		g->in_value = false;
	}
	return add(&g->p->headers[g->rq->n_headers - 1].name, at, n);
}

static int on_value(llhttp_t *ll, const char *at, size_t n)
{
	struct glue *g = ll->data;

	g->in_value = true;
	return g->rq->n_headers == 0 ? HPE_USER : add(&g->p->headers[g->rq->n_headers - 1].value, at, n);
}

static int on_head(llhttp_t *ll)
{
	struct glue *g = ll->data;

	g->complete = true;
	return HPE_PAUSED;
}

static const llhttp_settings_t callbacks = {
	.on_url = on_url, .on_header_field = on_field, .on_header_value = on_value, .on_headers_complete = on_head
};

static enum method method_of(uint8_t m)
{
	switch (m) {
	case HTTP_GET: return M_GET;
	case HTTP_HEAD: return M_HEAD;
	case HTTP_POST: return M_POST;
	case HTTP_PUT: return M_PUT;
	case HTTP_PATCH: return M_PATCH;
	case HTTP_DELETE: return M_DELETE;
	case HTTP_OPTIONS: return M_OPTIONS;
	default: return M_OTHER;
	}
}

/* Two readers of one head must agree, or somebody behind or before us could be made to see another request. */
static bool agree(const llhttp_t *ll, const struct scan *s)
{
	bool length = (ll->flags & F_CONTENT_LENGTH) != 0, chunked = (ll->flags & F_CHUNKED) != 0;

	return ll->http_major == 1 && ll->http_minor == s->minor && length == s->has_length &&
	       chunked == s->has_coding && (!length || ll->content_length == s->content_length);
}

/* RFC 9112 section 3.2.2: the authority of an absolute target replaces Host. */
static void absolute(struct request *rq, size_t scheme)
{
	struct sv rest = sv_from(rq->target, scheme);
	size_t n = 0;

	while (n < rest.n && rest.p[n] != '/' && rest.p[n] != '?')
		n++;
	rq->host = sv_upto(rest, n);
	rq->path = sv_from(rest, n);
}

static bool split_target(struct request *rq)
{
	struct sv t = rq->target;

	if (sv_ieq(sv_upto(t, 7), SV("http://")))
		absolute(rq, 7);
	else if (sv_ieq(sv_upto(t, 8), SV("https://")))
		absolute(rq, 8);
	else if (t.n > 0 && (t.p[0] == '/' || (rq->method == M_OPTIONS && sv_eqz(t, "*"))))
		rq->path = t;
	else
		return false;
	struct sv query = rq->path;
	rq->path = sv_cut(&query, '?');
	rq->query = query.p == NULL ? SV("") : query;
	if (rq->path.n == 0)
		rq->path = SV("/");
	rq->route_path = rq->path;
	return memchr(rq->host.p, '@', rq->host.n) == NULL;
}

static bool lower_host(struct request *rq)
{
	size_t i = 0;

	while (i < rq->host.n && !(rq->host.p[i] >= 'A' && rq->host.p[i] <= 'Z'))
		i++;
	if (i == rq->host.n)
		return true;
	char *z = arena_text(rq->cx->arena, rq->host);
	if (z == NULL)
		return false;
	for (; i < rq->host.n; i++)
		if (z[i] >= 'A' && z[i] <= 'Z')
			z[i] = (char)(z[i] - 'A' + 'a');
	rq->host.p = z;
	return true;
}

/* ---- by llhttp ---- */
static bool finish(struct request *rq, struct parse *p, struct refusal *why)
{
	for (size_t i = 0; i < rq->n_headers; i++) {
		const struct header *h = &p->headers[i];
		if (h->name.n == 4 && sv_ieq(h->name, SV("Host")))
			rq->host = h->value;
	}
	rq->headers = p->headers;
	if (!split_target(rq))
		return no(why, 400, "the request line is malformed");
	return lower_host(rq) || no(why, 503, "out of memory");
}

static void empty(struct request *rq, struct refusal *why)
{
	*why = (struct refusal){ 0, NULL };
	rq->target = SV_NONE;
	rq->n_headers = 0;
	rq->host = SV("");
}

bool parse_head_long(struct request *rq, struct sv head, const struct scan *s, struct parse *p, struct refusal *why)
{
	struct glue g = { .rq = rq, .p = p };
	llhttp_t ll;

	empty(rq, why);
	llhttp_init(&ll, HTTP_REQUEST, &callbacks);
	ll.data = &g;
	(void)llhttp_execute(&ll, head.p + s->start, head.n - s->start);
	if (!g.complete && llhttp_get_errno(&ll) == HPE_INVALID_METHOD)
		return no(why, 501, "the method is not known here");
	if (!g.complete || !agree(&ll, s))
		return no(why, 400, "the request is malformed");
	rq->method = method_of(ll.method);
	if (rq->method == M_OTHER)
		return no(why, 501, "the method is not known here");
	for (size_t i = 0; i < rq->n_headers; i++) {
		struct header *h = &p->headers[i];
		h->value = h->value.p == NULL ? SV("") : sv_trim(h->value);
	}
	p->keep_alive = llhttp_should_keep_alive(&ll) != 0;
	return finish(rq, p, why);
}

/* ---- what nearly every client sends ---- */
static bool usual_line(struct request *rq, struct sv line)
{
	struct sv method = sv_cut(&line, ' ');

	rq->method = M_OTHER;
	for (enum method m = M_GET; m <= M_DELETE; m++)
		if (sv_eqz(method, method_name(m)))
			rq->method = m;
	rq->target = sv_cut(&line, ' '); /* what follows is the version, which the scan has read */
	return rq->method != M_OTHER && rq->target.n > 0 && rq->target.p[0] == '/';
}

/* Headers that say more of the message or the connection than its length are llhttp's to read. */
static bool usual_header(const struct header *h)
{
	switch (h->name.n) {
	case 7: return !sv_ieq(h->name, SV("Upgrade"));
	case 10: return !sv_ieq(h->name, SV("Connection")) || sv_ieq(h->value, SV("keep-alive"));
	case 16: return !sv_ieq(h->name, SV("Proxy-Connection"));
	case 17: return !sv_ieq(h->name, SV("Transfer-Encoding"));
	default: return true;
	}
}

/* Nothing stands behind the value: llhttp has its own opinion of a tab after a length. */
static bool ends_at(struct sv line, struct sv value) { return value.p + value.n == line.p + line.n; }

/* The scan has seen that lines end in CR LF alone, that names are tokens with a colon behind them, and all that decides
 * where the message ends; so the lines need only be cut. */
static bool cut(struct request *rq, struct sv head, const struct scan *s, struct parse *p)
{
	struct sv rest = sv_from(head, s->start), line = sv_cut(&rest, '\r');

	if (s->minor != 1 || s->has_coding || !usual_line(rq, line))
		return false;
	for (;;) {
		rest = sv_from(rest, 1); /* LF */
		line = sv_cut(&rest, '\r');
		if (line.n == 0)
			return true;
		if (rq->n_headers == p->most)
			return false;
		struct header *h = &p->headers[rq->n_headers++];
		h->name = sv_cut(&line, ':');
		h->value = sv_trim(line);
		if (!usual_header(h) || (s->has_length && h->value.n > 0 && !ends_at(line, h->value)))
			return false;
	}
}

bool parse_head(struct request *rq, struct sv head, const struct scan *s, struct parse *p, struct refusal *why)
{
	empty(rq, why);
	if (!cut(rq, head, s, p))
		return parse_head_long(rq, head, s, p, why);
	p->keep_alive = true;
	return finish(rq, p, why);
}
