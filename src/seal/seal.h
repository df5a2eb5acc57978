/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEAL_H
#define SEAL_H
/* seal.h: secrets at rest (design 6).
 *
 * Owns:     the box format: version (1), key id length (1), key id, nonce (12), ciphertext, tag (16); AES-256-GCM.
 * Promises: a box opens only under the same key and the same `where` ("table.column:project:row"), so a swapped row
 * does not open (E_INTERNAL, "box does not open", nothing of the content in the message).  No plaintext mode. Threads
 * may use one data_key at once. Needs:    core only.
 */
#include "core/base.h"
#include "core/secret.h"
struct data_key; /* one AES-256 key with reusable contexts; opaque */
void data_key_free(struct data_key *k);
struct box {
	uint8_t *p;
	size_t n;
}; /* owned bytes */
void box_free(struct box *b) NONNULL(1);
static inline struct sv box_view(const struct box *b) { return (struct sv){ (const char *)b->p, b->n }; }
struct err seal_close(struct ctx *cx, const struct data_key *k, struct sv where, struct sv plain,
		      struct box *out) MUST_USE NONNULL(1, 2, 5);
struct err seal_open(struct ctx *cx, const struct data_key *k, struct sv where, struct sv box,
		     struct secret **out) MUST_USE NONNULL(1, 2, 5);
static inline void data_key_drop(struct data_key **k)
{
	data_key_free(*k);
	*k = NULL;
}
#endif
