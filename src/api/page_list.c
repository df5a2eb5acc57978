/* SPDX-License-Identifier: Apache-2.0 */
#include "api/page_list.h"
#include "api/input.h"
#include "core/text.h"

enum { Q_BYTES = 256 };

static struct err number(struct request *rq, const char *name, int64_t *out)
{
	struct sv s;

	TRY(http_query(rq, name, &s));
	if (s.p == NULL)
		return OK;
	if (!input_integer(s, out))
		return bad_query(rq->cx, name, "integer", "must be an integer");
	return OK;
}

struct err page_list_ask(struct request *rq, struct page *out)
{
	*out = (struct page){ .limit = PAGE_LIST_USUAL };
	TRY(http_query(rq, "q", &out->q));
	if (out->q.n > Q_BYTES)
		return bad_query(rq->cx, "q", "max", "must be at most %d bytes", Q_BYTES);
	out->q = sv_trim(out->q);
	TRY(number(rq, "limit", &out->limit));
	TRY(number(rq, "offset", &out->offset));
	if (out->limit < 1)
		out->limit = PAGE_LIST_USUAL;
	if (out->limit > PAGE_LIST_MOST)
		out->limit = PAGE_LIST_MOST;
	if (out->offset < 0)
		out->offset = 0;
	return OK;
}

void page_list_open(struct jout *w)
{
	jout_open(w, NULL);
	jout_list(w, "items");
}

void page_list_close(struct jout *w, const struct page_list_end *end)
{
	jout_list_end(w);
	jout_i64(w, "limit", end->page.limit);
	jout_i64(w, "offset", end->page.offset);
	jout_i64(w, "page_count", (int64_t)end->n);
	jout_i64(w, "total_count", end->total);
	jout_close(w);
}
