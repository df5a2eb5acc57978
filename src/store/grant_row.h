/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GRANT_ROW_H
#define GRANT_ROW_H
/* grant_row.h: one row of the memory of grants: everything in one block, so that a copy is one memcpy and new
 * addresses. */
#include "store/grant_cache.h"
struct arena;
enum { CPU_LINE = 64, ROW_USUAL = 640 }; /* bytes */
struct grant_row {
	struct grant_row *chain, *prev, *next; /* of the shard that holds it */
	uint64_t hash;
	size_t bytes; /* of the whole block */
	bool live, read;
	int64_t used_at; /* not written yet; 0: nothing to write */
	struct grant_key key;
	struct grant g;
	size_t n_data;
	struct sv data[]; /* the lists' items, then the text */
};
void grant_row_free(struct grant_row *r);
/* row NULL: "there is none".  NULL: out of memory. */
struct grant_row *grant_row_new(const struct grant_key *key, const struct grant *row) MADE_BY(grant_row_free) MUST_USE
    NONNULL(1);
bool grant_row_is(const struct grant_row *r, const struct grant_key *key) NONNULL(1, 2);
bool grant_row_newer(const struct grant_row *a, const struct grant_row *b)
    NONNULL(1, 2); /* a is a later generation of the same connection */
bool grant_row_copy(struct arena *a, const struct grant_row *r, struct grant *out) MUST_USE NONNULL(1, 2, 3);
/* A row that is found is read whole.  Among many it is in no cache of the processor, so its lines are asked for all at
 * once: one after the other they would cost more than opening its token.  NULL is fine. */
static inline void grant_row_ask_for(const struct grant_row *r)
{
	const char *p = (const char *)r;

	for (size_t i = 0; p != NULL && i < ROW_USUAL; i += CPU_LINE)
		__builtin_prefetch(p + i);
}
/* Takes r over. */
void grant_cache_put_row(struct grant_cache *c, struct grant_row *r) NONNULL(1, 2);
#endif
