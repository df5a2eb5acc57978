/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PREPARED_H
#define PREPARED_H
/* prepared.h: answers that are the same for everybody who asks the same, kept as bytes.
 *
 * Owns:     at most PREPARED_BYTES of them; when that is full all are let go, and those that are asked for come back.
 * Promises: any thread; an answer is copied outside the lock.  The key names everything the answer was made of,
 * versions included, so an answer never has to be recalled.
 */
#include "core/buf.h"
enum { PREPARED_BYTES = 16 << 20 };
struct prepared;
void prepared_free(struct prepared *p);
struct prepared *prepared_new(void) MADE_BY(prepared_free) MUST_USE;
bool prepared_give(struct prepared *p, struct sv key, struct buf *out) MUST_USE NONNULL(1, 3); /* false: none is kept */
void prepared_keep(struct prepared *p, struct sv key, struct sv body) NONNULL(1);
#endif
