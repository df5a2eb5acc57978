/* SPDX-License-Identifier: Apache-2.0 */
/* late.c: a library put before the C library of a process (LD_PRELOAD), whose wall clock is then TB_LATE seconds ahead.
 * The other clocks are left alone, and so is every other function: the sanitizers go on seeing locks and waits. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t late_s;

__attribute__((constructor)) static void begin(void)
{
	const char *text = getenv("TB_LATE");

	late_s = text == NULL ? 0 : strtol(text, NULL, 10);
}

int clock_gettime(clockid_t which, struct timespec *out)
{
	long rc = syscall(SYS_clock_gettime, which, out);

	if (rc == 0 && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE))
		out->tv_sec += late_s;
	return (int)rc;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec t;
	int rc = clock_gettime(CLOCK_REALTIME, &t);

	(void)zone;
	*out = (struct timeval){ t.tv_sec, t.tv_nsec / 1000 };
	return rc;
}

time_t time(time_t *out)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	if (out != NULL)
		*out = t.tv_sec;
	return t.tv_sec;
}
