/* SPDX-License-Identifier: Apache-2.0 */
/* A request's head: the scan reads the same in pieces as at once; what it lets through, the parser behind it reads
 * alike. */
#include "core/text.h"
#include "fuzz.h"
#include "http/parse.h"
#include <string.h>

static const struct scan_limits limits = { .header_bytes = 16384, .body_bytes = 4 << 20 };

static bool same(const struct scan *a, const struct scan *b)
{
	return a->line == b->line && a->start == b->start && a->head_n == b->head_n && a->lines == b->lines &&
	       a->content_length == b->content_length && a->minor == b->minor && a->hosts == b->hosts &&
	       a->has_length == b->has_length && a->has_coding == b->has_coding && a->expects == b->expects;
}

/* Byte by byte, for as long as that says "more". */
static void in_pieces(struct sv bytes, const struct scan *at_once, bool passed, const struct refusal *said)
{
	struct scan s = { 0 };
	struct refusal why = { 0, NULL };
	bool ok = true;

	for (size_t n = 0; n <= bytes.n && ok && s.head_n == 0; n++)
		ok = scan_head(&s, sv_upto(bytes, n), &limits, &why);
	MUST(ok == passed);
	MUST(ok ? same(&s, at_once) : why.status == said->status);
}

static bool clean(struct sv s) { return s.n == 0 || scan_plain(s.p, s.n) == s.n; }

static void look(struct request *rq, const struct scan *s, struct sv head)
{
	for (size_t i = 0; i < rq->n_headers; i++) {
		struct header h = rq->headers[i];
		MUST(scan_is_token(h.name) && clean(h.value) && h.name.p > head.p);
		MUST(h.value.n == 0 || (h.value.p >= head.p && h.value.p + h.value.n <= head.p + head.n));
		MUST(sv_eq(sv_trim(h.value), h.value));
	}
	MUST(rq->method != M_OTHER && rq->path.n > 0 && rq->query.p != NULL && clean(rq->target));
	MUST(rq->path.p[0] == '/' || rq->path.p[0] == '*');
	MUST((http_header_in(rq, "content-length").p != NULL) == s->has_length);
	(void)http_cookie_in(rq, "tb_session");
	struct sv got;
	fuzz_outcome(rq->cx, http_query(rq, "wait", &got));
}

/* llhttp alone reads every head as the short way does. */
static void by_llhttp(const struct request *got, const struct parse *had, bool passed, const struct scan *s,
		      struct sv head)
{
	struct header headers[MAX_HEADERS_IN];
	struct parse p = { .headers = headers, .most = MAX_HEADERS_IN };
	struct request rq = { .cx = got->cx };
	struct refusal why;
	bool ok = parse_head_long(&rq, head, s, &p, &why);

	MUST(ok == passed);
	if (!ok)
		return;
	MUST(rq.method == got->method && sv_eq(rq.target, got->target) && sv_eq(rq.path, got->path) &&
	     sv_eq(rq.query, got->query) && sv_eq(rq.host, got->host) && rq.n_headers == got->n_headers &&
	     p.keep_alive == had->keep_alive);
	for (size_t i = 0; i < rq.n_headers; i++)
		MUST(sv_eq(rq.headers[i].name, got->headers[i].name) &&
		     sv_eq(rq.headers[i].value, got->headers[i].value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sv bytes = fuzz_sv(data, size);
	struct header headers[MAX_HEADERS_IN];
	struct parse p = { .headers = headers, .most = MAX_HEADERS_IN };
	struct scan s = { 0 };
	struct refusal why;
	bool ok = scan_head(&s, bytes, &limits, &why);

	MUST(ok == (why.status == 0) && (ok || (why.say != NULL && why.status >= 400 && why.status < 600)));
	if (size <= 4096)
		in_pieces(bytes, &s, ok, &why);
	if (!ok || s.head_n == 0)
		return 0;
	MUST(s.head_n <= size && s.head_n - s.start <= limits.header_bytes + 2 &&
	     memcmp(bytes.p + s.head_n - 2, "\r\n", 2) == 0);
	struct request rq = { .cx = fuzz_ctx() };
	uint8_t *own = arena_alloc(rq.cx->arena, s.head_n); /* the head alone: nothing behind it may be looked at */
	MUST(own != NULL);
	memcpy(own, bytes.p, s.head_n);
	struct sv head = { (char *)own, s.head_n };
	ok = parse_head(&rq, head, &s, &p, &why);
	MUST(ok == (why.status == 0));
	by_llhttp(&rq, &p, ok, &s, head);
	if (ok)
		look(&rq, &s, head);
	return 0;
}
