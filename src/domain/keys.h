/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEYS_H
#define KEYS_H
/* keys.h: API keys (contract 1.1, design 6) and their index in memory.
 *
 * A key is "arc_" + 32 random url-safe characters + 6 of checksum, so that a typo is told without a look-up.  Stored: a
 * keyed hash and the last four characters.
 *
 * Promises: key_check is memory only (fit for an event thread), constant in time for what is secret, and answers every
 *           failure with the same E_UNAUTHENTICATED "Invalid API key" (the log tells unknown, revoked and expired
 * apart); after too many wrong ones from an address, E_RATE.  A right key is never throttled.  After key_revoke
 * returns, the key is refused. Needs:    en->store, en->keys, en->throttle.
 */
#include "core/secret.h"
#include "domain/engine.h"
#include "model/person.h"
enum { KEY_TEXT = 42 }; /* length of a key */
void key_index_free(struct key_index *ix);
struct err key_index_load(struct ctx *cx, struct store *st, struct key_index **out) MUST_USE
    NONNULL(1, 2, 3); /* at start */
static inline void key_index_drop(struct key_index **ix)
{
	key_index_free(*ix);
	*ix = NULL;
}

/* credential: what follows "Bearer ", or the raw header value, trimmed (the parsing is api's).  INLINE. */
struct err key_check(struct ctx *cx, struct engine *en, struct sv credential, struct sv client_ip,
		     struct api_key *out) MUST_USE NONNULL(1, 2, 5);
/* A key that key_check let in a while ago, by its id: E_UNAUTHENTICATED when it was revoked or has expired since.
 * Memory only, and no guess, so nothing is throttled.  INLINE. */
struct err key_still(struct ctx *cx, struct engine *en, struct sv id, struct sv client_ip) MUST_USE NONNULL(1, 2);
struct key_new {
	struct sv project_id, name;
	int64_t expires_at; /* 0: never */
	const struct actor *by;
};
/* name 1..256 bytes without controls; bad_field "name", "expires_at".  *key is shown once.  POOL. */
struct err key_create(struct ctx *cx, struct engine *en, const struct key_new *in, struct api_key *out,
		      struct secret **key) MUST_USE NONNULL(1, 2, 3, 4, 5);
struct key_list {
	struct api_key *v;
	size_t n;
	int64_t total;
}; /* in cx->arena */
/* Newest first, revoked ones too. */
struct err key_list(struct ctx *cx, struct engine *en, struct sv project_id, const struct page *page,
		    struct key_list *out) MUST_USE NONNULL(1, 2, 4, 5);
struct err key_revoke(struct ctx *cx, struct engine *en, struct sv project_id, struct sv id,
		      const struct actor *by) MUST_USE NONNULL(1, 2, 5); /* E_NOT_FOUND; revoking twice is OK */
struct err keys_flush(struct ctx *cx, struct engine *en) MUST_USE
    NONNULL(1, 2); /* last_used_at in one act; the job runs it once a minute, and drain once */
#endif
