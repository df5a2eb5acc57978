/* SPDX-License-Identifier: Apache-2.0 */
#include "core/os_thread.h"
#include "core/secret.h"
#if defined(__linux__)
#include <sys/prctl.h>

void os_thread_name(const char *name) { (void)prctl(PR_SET_NAME, name, 0L, 0L, 0L); }
#else
void os_thread_name(const char *name) { (void)name; }
#endif

/* Deeper than a request's calls go, and well within the smallest stack of ours. */
enum { LEFT_BEHIND = 64 << 10 };

__attribute__((noinline)) void os_thread_wipe_stack(void)
{
	unsigned char left[LEFT_BEHIND];

	wipe(left, sizeof left);
}
