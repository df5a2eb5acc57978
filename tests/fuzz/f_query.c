/* SPDX-License-Identifier: Apache-2.0 */
/* Query parameters and cookies: a line of query, then lines of Cookie headers. */
#include "core/codec.h"
#include "core/text.h"
#include "fuzz.h"
#include "http/request.h"

enum { MOST = 8 };

static size_t count(struct ctx *cx, struct sv query, const char *name)
{
	struct pair p;
	bool bad = false;
	size_t n = 0;

	while (form_next(cx->arena, &query, &p, &bad))
		n += sv_eqz(p.name, name) ? 1 : 0;
	return bad ? MOST : n;
}

static size_t lines_of(struct sv s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '\n' ? 1 : 0;
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(buf_free) struct buf head = BUF(1 << 20), out = BUF(1 << 20);
	struct sv rest = fuzz_sv(data, size), got;
	struct header lines[MOST];
	struct request rq = { .cx = fuzz_ctx(), .headers = lines, .out = &out, .head = &head };

	rq.query = sv_cut(&rest, '\n');
	while (rest.p != NULL && rq.n_headers < MOST)
		lines[rq.n_headers++] = (struct header){ SV("cookie"), sv_cut(&rest, '\n') };
	struct err e = http_query(&rq, "a", &got);
	fuzz_outcome(rq.cx, e);
	MUST(!IS_ERR(e) || got.p == NULL || e.code == E_BAD_INPUT);
	if (!IS_ERR(e))
		MUST(count(rq.cx, rq.query, "a") == (got.p == NULL ? 0 : 1));
	struct sv c = http_cookie_in(&rq, "tb");
	MUST(c.p == NULL || (sv_eq(sv_trim(c), c) && !sv_find(c, SV(";"), &(size_t){ 0 })));
	http_header(&rq, "X-Test", rq.query);
	MUST(head.n == 0 || (sv_ends(buf_view(&head), SV("\r\n")) && lines_of(buf_view(&head)) == 1));
	return 0;
}
