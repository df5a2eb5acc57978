/* SPDX-License-Identifier: Apache-2.0 */
/* What an API request carries beside its body: a line of Authorization header, the rest is the query of a list. */
#include "api/authn.h"
#include "api/input.h"
#include "api/page_list.h"
#include "core/text.h"
#include "fuzz.h"
#include <stdlib.h>
#include <string.h>

/* RFC 9110 section 11.4: a scheme, a space, the credential; an API key alone is fine as well (contract 1.2). */
static void credential(struct sv header)
{
	struct sv got = authn_credential(header), bare = sv_trim(header);

	MUST(got.n <= header.n && sv_eq(sv_trim(got), got));
	MUST(got.n == 0 || (got.p >= header.p && got.p + got.n == bare.p + bare.n));
	size_t head = got.n == 0 ? 0 : bare.n - got.n;
	MUST(got.n == 0 || head == 0 || (head >= 7 && sv_ieq(sv_upto(bare, 6), SV("bearer"))));
	MUST(bare.n == 0 || got.n > 0);
}

/* -?[0-9]+ and nothing else, at the nearest end of the range when it does not fit: strtoll's reading. */
static bool plain_integer(struct ctx *cx, struct sv s, int64_t *out)
{
	const char *z = arena_text(cx->arena, s);
	size_t minus = s.n > 0 && s.p[0] == '-' ? 1 : 0;

	MUST(z != NULL);
	if (s.n == minus || strspn(z + minus, "0123456789") != s.n - minus)
		return false;
	*out = strtoll(z, NULL, 10);
	return true;
}

static void clamped(struct request *rq, const struct page *p)
{
	struct sv limit, offset;
	int64_t v = 0;

	MUST(!IS_ERR(http_query(rq, "limit", &limit)) && !IS_ERR(http_query(rq, "offset", &offset)));
	MUST(p->limit >= 1 && p->limit <= PAGE_LIST_MOST && p->offset >= 0);
	MUST(limit.n == 0 || plain_integer(rq->cx, limit, &v));
	MUST(limit.n == 0 || v < 1 || p->limit == (v > PAGE_LIST_MOST ? PAGE_LIST_MOST : v));
	MUST(offset.n == 0 || plain_integer(rq->cx, offset, &v));
	MUST(offset.n == 0 || p->offset == (v < 0 ? 0 : v));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx *cx = fuzz_ctx();
	struct sv rest = fuzz_sv(data, size), header = sv_cut(&rest, '\n');
	struct request rq = { .cx = cx, .query = rest.p == NULL ? SV("") : rest };
	struct page page;
	int64_t a = 0, b = 0;

	credential(header);
	bool ours = input_integer(header, &a), plain = plain_integer(cx, header, &b);
	MUST(ours == plain && (!ours || a == b));
	struct err e = page_list_ask(&rq, &page);
	fuzz_outcome(cx, e);
	MUST(!IS_ERR(e) || e.code == E_BAD_INPUT);
	if (!IS_ERR(e))
		clamped(&rq, &page);
	return 0;
}
