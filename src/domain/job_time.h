/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JOB_TIME_H
#define JOB_TIME_H
/* job_time.h: until when a job may go on.
 *
 * Promises: a job that asks before each batch, and before each call to somebody else, ends by itself when its budget is
 *           used up, and at once when the engine ends: whoever runs it sets `until` to 0 then.
 */
#include "core/clock.h"
#include <stdatomic.h>
struct job_time {
	_Atomic int64_t until; /* microseconds of the wall clock; 0: over */
};
/* From now on; for one call. */
#define JOB_TIME(budget) (&(struct job_time){ clock_now() + (budget) })
/* Is there time left, and as much as the next piece may take? */
static inline bool job_goes_on(const struct job_time *t) { return clock_now() < atomic_load(&t->until); }
static inline bool job_has_time(const struct job_time *t, int64_t takes)
{
	return clock_now() + takes < atomic_load(&t->until);
}
#endif
