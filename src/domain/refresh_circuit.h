/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REFRESH_CIRCUIT_H
#define REFRESH_CIRCUIT_H
/* refresh_circuit.h: one circuit per provider, and how many background refreshes run at it.
 *
 * Promises: five calls in a row that reached nobody open it: for 5 s, then twice as long each time, at most a minute,
 * jittered. Then one call goes through (the probe); the others wait for its outcome.  An edited provider starts afresh.
 *           Any thread; times are monotonic inside and wall clock outside.
 */
#include "domain/providers.h"
struct circuits;
enum { CIRCUIT_BACKGROUND_MOST = 32 };
enum circuit_pass { PASS_GO, PASS_CLOSED /* not now */, PASS_FULL /* background only: 32 run already */ };
enum circuit_result { CIRCUIT_REACHED, CIRCUIT_UNREACHED, CIRCUIT_NOTHING /* says nothing about the provider */ };
void refresh_circuit_free(struct circuits *c);
struct circuits *refresh_circuit_new(void) MADE_BY(refresh_circuit_free) MUST_USE;
enum circuit_pass refresh_circuit_enter(struct circuits *c, const struct provider *p, bool background) NONNULL(1, 2);
void refresh_circuit_leave(struct circuits *c, const struct provider *p, bool background, enum circuit_result how)
    NONNULL(1, 2);
bool refresh_circuit_has_room(struct circuits *c, const struct provider *p)
    NONNULL(1, 2); /* for one more in the background */
int64_t refresh_circuit_closed_until(struct circuits *c, const struct provider *p)
    NONNULL(1, 2); /* 0: calls go through */
#endif
