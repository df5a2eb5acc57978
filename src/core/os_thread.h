/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OS_THREAD_H
#define OS_THREAD_H
/* os_thread.h: what differs between systems about threads. */
#include "core/base.h"
void os_thread_name(const char *name) NONNULL(1); /* names the calling thread, up to 15 bytes; best effort */
/* Wipes what calls that have returned left on the calling thread's stack: locals, and vector registers that the
 * run-time linker saved there.  For threads about to sleep, from the function that called the work. */
void os_thread_wipe_stack(void);
#endif
