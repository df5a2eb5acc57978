/* SPDX-License-Identifier: Apache-2.0 */
#include "core/os_thread.h"
#if defined(__linux__)
#include <sys/prctl.h>

void os_thread_name(const char *name) { (void)prctl(PR_SET_NAME, name, 0L, 0L, 0L); }
#else
void os_thread_name(const char *name) { (void)name; }
#endif
