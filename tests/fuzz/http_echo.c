/* SPDX-License-Identifier: Apache-2.0 */
/* http_echo: requests on standard input, each after its length in decimal and a line end; for each one line on standard
 * output: "more" (not all there), "bad STATUS", or as JSON what was read.  http_against_h11.py asks it. */
#include "core/arena.h"
#include "core/codec.h"
#include "core/jout.h"
#include "core/text.h"
#include "http/chunk.h"
#include "http/parse.h"
#include <stdio.h>
#include <stdlib.h>

static const struct scan_limits limits = { .header_bytes = 16384, .body_bytes = 1 << 20 };

struct message {
	char *bytes;
	size_t n, end; /* end: where this message ends */
	struct sv body;
};

/* true: the body is whole. */
static bool take_body(const struct scan *s, struct message *m, struct refusal *why)
{
	struct chunk c = { CHUNK_SIZE };
	struct chunk_place at = { s->head_n, s->head_n, m->n };

	m->end = s->head_n + s->content_length;
	m->body = (struct sv){ m->bytes + s->head_n, s->content_length };
	if (!s->has_coding)
		return m->end <= m->n;
	if (!chunk_feed(&c, m->bytes, &at, &limits, why) || c.at != CHUNK_DONE)
		return false;
	m->end = at.raw;
	m->body = (struct sv){ m->bytes + s->head_n, at.body - s->head_n };
	return true;
}

static void hex(struct jout *w, const char *key, struct sv s)
{
	CLEANUP(buf_free) struct buf b = BUF(4 << 20);

	enc_hex(&b, s);
	jout_str(w, key, buf_view(&b));
}

static int show(const struct request *rq, const struct scan *s, const struct message *m)
{
	CLEANUP(buf_free) struct buf b = BUF(16 << 20);
	struct jout w = JOUT(&b);

	jout_open(&w, NULL);
	jout_strz(&w, "method", method_name(rq->method));
	hex(&w, "target", rq->target);
	jout_i64(&w, "minor", s->minor);
	jout_list(&w, "headers");
	for (size_t i = 0; i < rq->n_headers; i++) {
		hex(&w, NULL, rq->headers[i].name);
		hex(&w, NULL, rq->headers[i].value);
	}
	jout_list_end(&w);
	hex(&w, "body", m->body);
	jout_i64(&w, "end", (int64_t)m->end);
	jout_close(&w);
	return !IS_ERR(jout_done(rq->cx, &w)) && fwrite(b.p, 1, b.n, stdout) == b.n && putchar('\n') == '\n' ? 0 : 1;
}

static int answer(struct ctx *cx, char *bytes, size_t n)
{
	struct header headers[MAX_HEADERS_IN];
	struct parse p = { .headers = headers, .most = MAX_HEADERS_IN };
	struct request rq = { .cx = cx };
	struct scan s = { 0 };
	struct refusal why = { 0, NULL };
	struct message m = { .bytes = bytes, .n = n };
	bool ok = scan_head(&s, (struct sv){ bytes, n }, &limits, &why);

	if (ok && s.head_n == 0)
		return puts("more") >= 0 ? 0 : 1;
	ok = ok && parse_head(&rq, (struct sv){ bytes, s.head_n }, &s, &p, &why);
	if (ok && take_body(&s, &m, &why))
		return show(&rq, &s, &m);
	if (why.status == 0)
		return puts("more") >= 0 ? 0 : 1;
	return printf("bad %d\n", why.status) > 0 ? 0 : 1;
}

int main(void)
{
	static char text[1 << 20];
	char line[32];

	while (fgets(line, sizeof line, stdin) != NULL) {
		CLEANUP(arena_drop) struct arena *a = arena_new((size_t)64 << 20);
		size_t n = (size_t)strtoul(line, NULL, 10);
		struct ctx cx = { .request_id = "t", .arena = a };
		char *own = n > sizeof text ? NULL : malloc(n + 1); /* exactly this much may be looked at */

		if (a == NULL || own == NULL || fread(own, 1, n, stdin) != n || answer(&cx, own, n) != 0)
			return 1;
		free(own);
	}
	return 0;
}
