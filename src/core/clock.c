/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"
#include <assert.h>
#include <errno.h>

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
struct timespec clock_spec(int64_t usec)
{
	return (struct timespec){ .tv_sec = (time_t)(usec / SEC(1)), .tv_nsec = (long)(usec % SEC(1)) * 1000 };
}
bool clock_cond(pthread_cond_t *c)
{
	pthread_condattr_t attr;

	if (pthread_condattr_init(&attr) != 0)
		return false;
	bool ready = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 && pthread_cond_init(c, &attr) == 0;
	(void)pthread_condattr_destroy(&attr);
	return ready;
}
void clock_pause(int64_t usec)
{
	struct timespec left = clock_spec(usec);

	while (nanosleep(&left, &left) != 0 && errno == EINTR)
		;
}
