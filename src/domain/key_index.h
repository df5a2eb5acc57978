/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEY_INDEX_H
#define KEY_INDEX_H
/* key_index.h: API keys in memory, found by the keyed hash; for keys.c.  Loading and freeing are in keys.h.
 *
 * Promises: readers share a lock; the hash is keyed, so a look-up's time says nothing about a key.
 */
#include "domain/keys.h"
#include "store/store_api_key.h"
struct key_entry;
void key_entry_free(struct key_entry *e);
struct key_entry *key_entry_new(const struct api_key_row *row) MUST_USE NONNULL(1);
static inline void key_entry_drop(struct key_entry **e)
{
	key_entry_free(*e);
	*e = NULL;
}
/* Copies the key out and notes its use at `now` (unless it is revoked). */
bool key_index_find(struct key_index *ix, const struct sha256 *mac, int64_t now, struct api_key *out) MUST_USE
    NONNULL(1, 2, 4);
/* The same by the id of one that was found before; no use is noted. */
bool key_index_get(struct key_index *ix, struct sv id, struct api_key *out) MUST_USE NONNULL(1, 3);
void key_index_add(struct key_index *ix, struct key_entry *e, int64_t created_at) NONNULL(1, 2); /* takes e */
void key_index_revoke(struct key_index *ix, const char *id, int64_t at) NONNULL(1, 2);
/* Uses not stored yet, in cx->arena; then, when they are stored: */
struct err key_index_uses(struct ctx *cx, struct key_index *ix, struct use_marks *out) MUST_USE NONNULL(1, 2, 3);
void key_index_flushed(struct key_index *ix) NONNULL(1);
#endif
