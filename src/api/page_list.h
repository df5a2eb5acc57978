/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAGE_LIST_H
#define PAGE_LIST_H
/* page_list.h: lists: limit and offset of the query, and the envelope OffsetPage (contract 1.6). */
#include "http/request.h"
#include "model/person.h"
enum { PAGE_LIST_USUAL = 25, PAGE_LIST_MOST = 100 };
/* q at most 256 bytes; limit over 100 is 100, under 1 is 25; offset under 0 is 0; not an integer: bad_field. */
struct err page_list_ask(struct request *rq, struct page *out) MUST_USE NONNULL(1, 2);
/* { "items": [   … the caller writes `n` items with key NULL … */
void page_list_open(struct jout *w) NONNULL(1);
struct page_list_end {
	struct page page;
	size_t n;      /* items written */
	int64_t total; /* of all pages */
};
void page_list_close(struct jout *w, const struct page_list_end *end) NONNULL(1, 2);
#endif
