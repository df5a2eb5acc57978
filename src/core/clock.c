/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"
#include <assert.h>
#include <errno.h>
#include <time.h>

static int64_t read_clock(clockid_t which)
{
	struct timespec t;
	int rc = clock_gettime(which, &t);

	assert(rc == 0);
	(void)rc;
	return SEC(t.tv_sec) + t.tv_nsec / 1000;
}

int64_t clock_now(void) { return read_clock(CLOCK_REALTIME); }
int64_t clock_mono(void) { return read_clock(CLOCK_MONOTONIC); }
void clock_pause(int64_t usec)
{
	struct timespec left = { usec / SEC(1), usec % SEC(1) * 1000 };

	while (nanosleep(&left, &left) != 0 && errno == EINTR)
		;
}
