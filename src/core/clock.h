/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLOCK_H
#define CLOCK_H
/* clock.h: the two clocks.  There is no hook: tests move time with faketime (design 13). */
#include "core/base.h"
#include <pthread.h>
#include <time.h>
int64_t clock_now(void);  /* UTC, microseconds: for anything stored or shown */
int64_t clock_mono(void); /* monotonic, microseconds: for measuring and for timeouts inside the process */
/* A time of either clock, as the system's waits want it. */
struct timespec clock_spec(int64_t usec);
/* A condition whose waits end by clock_mono(): they do not mind a wall clock that is set. */
bool clock_cond(pthread_cond_t *c) NONNULL(1);
void clock_pause(int64_t usec); /* the thread does nothing for so long: only on lanes that may wait */
#endif
