/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLOCK_H
#define CLOCK_H
/* clock.h: the two clocks.  There is no hook: tests move time with faketime (design 13). */
#include "core/base.h"
int64_t clock_now(void);        /* UTC, microseconds: for anything stored or shown */
int64_t clock_mono(void);       /* monotonic, microseconds: for measuring and for timeouts inside the process */
void clock_pause(int64_t usec); /* the thread does nothing for so long: only on lanes that may wait */
#endif
