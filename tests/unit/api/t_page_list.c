/* SPDX-License-Identifier: Apache-2.0 */
#include "api/page_list.h"
#include "core/text.h"
#include "tt.h"

TEST(limit_and_offset)
{
	static const struct {
		const char *query;
		int64_t limit, offset;
		bool bad;
	} t[] = {
		{ "", 25, 0, false },
		{ "limit=10&offset=30", 10, 30, false },
		{ "limit=100", 100, 0, false },
		{ "limit=101", 100, 0, false },
		{ "limit=1000", 100, 0, false },
		{ "limit=0&offset=0", 25, 0, false },
		{ "limit=-3&offset=-1", 25, 0, false },
		{ "limit=&offset=0", 0, 0, true },
		{ "limit=ten", 0, 0, true },
		{ "limit=1.5", 0, 0, true },
		{ "limit=99999999999999999999&offset=-99999999999999999999", 100, 0, false },
		{ "offset=x", 0, 0, true },
		{ "limit=99999999999999999999x", 0, 0, true },
		{ "limit=-", 0, 0, true },
		{ "limit=--1", 0, 0, true },
		{ "offset=1%20", 0, 0, true },
		{ "limit=1&limit=2", 0, 0, true },
		{ "limit=%zz", 0, 0, true },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct request rq = { .cx = tt_ctx(), .query = sv_of(t[i].query) };
		struct page p;
		(void)forgive(rq.cx);
		struct err e = page_list_ask(&rq, &p);
		CHECK_ROW(t[i].query, t[i].bad ? e.code == E_BAD_INPUT : !IS_ERR(e));
		CHECK_ROW(t[i].query, t[i].bad || (p.limit == t[i].limit && p.offset == t[i].offset));
	}
}

TEST(the_envelope)
{
	CLEANUP(buf_free) struct buf b = BUF(1024);
	struct jout w = JOUT(&b);

	page_list_open(&w);
	jout_i64(&w, NULL, 7);
	page_list_close(&w, &(struct page_list_end){ { .limit = 25, .offset = 50 }, 1, 51 });
	CHECK(!IS_ERR(jout_done(tt_ctx(), &w)));
	CHECK(sv_eqz(buf_view(&b), "{\"items\":[7],\"limit\":25,\"offset\":50,\"page_count\":1,\"total_count\":51}"));
}
