/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GRANT_CACHE_H
#define GRANT_CACHE_H
/* grant_cache.h: the live connections in memory, as sealed rows (design 4, "Memory of grants").
 *
 * Owns:     at most `bytes` of sealed rows and of "there is none", in shards with a CLOCK hand each; the marks of use
 * that were not written yet. Promises: nothing in clear.  Every act of store_connection.c puts what it changed after
 * its COMMIT and before its caller goes on, so a caller that saw an act end never reads an older row here.  A row that
 * was read from the database is kept only when nothing changed that key since the read began, and never lowers a
 * generation.  Rows larger than 64 kB are not kept.  Any thread; no call blocks but grant_cache_load, which reads the
 * database. Needs:    store.h; grant_cache_new registers itself there (store_set_grants) and must be freed after the
 * lanes have ended and before the store.
 */
#include "core/node.h"
#include "store/store_use.h"
struct grant_cache;
struct connection;
struct grant_key {
	struct sv project_id, user_id, provider_id; /* provider_id: the row, pv_… */
};
struct grant { /* a live connection; text, lists and boxes in the arena of whoever asked */
	struct sv id, client_id, authorization_id, access_box, user_info_box;
	struct sv_list requested, granted;
	bool scope_known, has_refresh, uncertain, force_refresh;
	int64_t generation, token_issued_at, token_expires_at, refresh_expires_at, due_at, lease_until, next_try_at;
};
enum grant_found { GRANT_MISS, GRANT_NONE /* known: no live connection */, GRANT_LIVE };
void grant_cache_free(struct grant_cache *c);
struct err grant_cache_new(struct ctx *cx, struct store *st, size_t bytes, struct grant_cache **out) MUST_USE
    NONNULL(1, 2, 4);
/* Memory only.  *out is filled when GRANT_LIVE. */
struct err grant_cache_find(struct ctx *cx, struct grant_cache *c, const struct grant_key *key, struct grant *out,
			    enum grant_found *found) MUST_USE NONNULL(1, 2, 3, 4, 5);
/* Memory, else the database (never GRANT_MISS). */
struct err grant_cache_load(struct ctx *cx, struct grant_cache *c, const struct grant_key *key, struct grant *out,
			    enum grant_found *found) MUST_USE NONNULL(1, 2, 3, 4, 5);
/* The database's row is now this one; NULL: none is live. */
void grant_cache_put(struct grant_cache *c, const struct grant_key *key, const struct grant *row) NONNULL(1, 2);
void grant_cache_forget_provider(struct grant_cache *c, struct sv provider_id) NONNULL(1);
/* Marks of use: kept in memory, taken in batches of at most `most` by the job that writes them.  A mark is lost only
 * when 64 thousand wait. */
void grant_cache_used(struct grant_cache *c, const struct grant_key *key, struct sv id, int64_t at) NONNULL(1, 2);
size_t grant_cache_take_used(struct grant_cache *c, struct use_mark *v, size_t most) NONNULL(1, 2);
struct grant_cache_stats {
	size_t bytes, rows, loads;
};
struct grant_cache_stats grant_cache_stats(struct grant_cache *c) NONNULL(1);
/* From the table's row; lists and text borrowed from it or in cx->arena. */
struct err grant_cache_from(struct ctx *cx, const struct connection *c, struct grant *out) MUST_USE NONNULL(1, 2, 3);
static inline void grant_cache_drop(struct grant_cache **c)
{
	grant_cache_free(*c);
	*c = NULL;
}
#endif
