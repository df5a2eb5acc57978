/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REFRESH_CIRCUIT_H
#define REFRESH_CIRCUIT_H
/* refresh_circuit.h: one circuit per provider, and how many refreshes run at it.
 *
 * Promises: five calls in a row that reached nobody open it: for 5 s, then twice as long each time, at most a minute,
 * jittered.  Then one call goes through (the probe); the others wait for its outcome.  An edited provider starts
 * afresh.
 * At most 32 calls at once, whoever asks, readers first; after an outage one, and one more for each that reached the
 * provider; half as many for each that is told to call less often, and it opens when even one at a time is too many.
 * Any thread; times are monotonic inside and wall clock outside.
 */
#include "domain/providers.h"
struct circuits;
enum { CIRCUIT_MOST = 32 };
enum circuit_pass { PASS_GO, PASS_CLOSED /* not now */, PASS_FULL /* as many run as may */ };
enum circuit_result {
	CIRCUIT_REACHED,
	CIRCUIT_LIMITED, /* reached, and told to call less often */
	CIRCUIT_UNREACHED,
	CIRCUIT_NOTHING /* says nothing about the provider */
};
void refresh_circuit_free(struct circuits *c);
struct circuits *refresh_circuit_new(void) MADE_BY(refresh_circuit_free) MUST_USE;
/* PASS_GO takes a place, which refresh_circuit_leave gives back.  A reader (not in the background) waits for one, at
 * most 5 s. */
enum circuit_pass refresh_circuit_enter(struct circuits *c, const struct provider *p, bool background) NONNULL(1, 2);
void refresh_circuit_leave(struct circuits *c, const struct provider *p, enum circuit_result how) NONNULL(1, 2);
int64_t refresh_circuit_closed_until(struct circuits *c, const struct provider *p)
    NONNULL(1, 2); /* 0: calls go through */
#endif
