/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPEATS_H
#define REPEATS_H
/* repeats.h: a request that is sent again with the same Idempotency-Key is not carried out again (contract 1.3).
 *
 * Owns:     what was answered, for REPEATS_KEPT, in at most REPEATS_BYTES; the oldest answers go first, and what is
 * known then is that there was one: their requests are still not carried out again. Promises: any thread.  One asker at
 * a time holds a key; the others are woken by its end.  A key belongs to the caller and project it came from.  Only
 * what may have had an effect is kept: a refusal is not.
 */
#include "core/buf.h"
#include "core/digest.h"
#include "http/request.h"
enum { REPEATS_BYTES = 32 << 20, REPEATS_ANSWER = 1 << 20, REPEATS_ENTRIES = 16384 };
#define REPEATS_KEPT MIN(10)
struct repeats;
void repeats_free(struct repeats *r);
struct repeats *repeats_new(void) MADE_BY(repeats_free) MUST_USE;
struct repeats_key {
	uint64_t name; /* 0: the request has none */
	struct sha256 body;
};
/* Of the header; it lives on in rq->park.name when the request sleeps, since headers do not.  E_BAD_INPUT. */
struct err repeats_key(struct request *rq, const struct repeats *r, struct repeats_key *out) MUST_USE NONNULL(1, 2, 3);
enum repeats_is {
	REPEATS_NEW,
	REPEATS_RUNS,  /* somebody holds it */
	REPEATS_DONE,  /* its answer is in `out` */
	REPEATS_GONE,  /* it was carried out, and its answer is not kept */
	REPEATS_OTHER, /* it named another request */
};
/* What is known of it; with `take`, REPEATS_NEW means that the asker holds it now and must end it. */
enum repeats_is repeats_find(struct repeats *r, const struct repeats_key *k, bool take, struct buf *out) MUST_USE
    NONNULL(1, 2, 4);
/* ran: it may have had an effect, and `answer` is what came of it (p NULL: nothing to show).  Else as if it had never
 * been asked. */
void repeats_end(struct repeats *r, const struct repeats_key *k, bool ran, struct sv answer) NONNULL(1, 2);
uint64_t repeats_topic(const struct repeats_key *k) NONNULL(1); /* published by whoever ends it */
#endif
