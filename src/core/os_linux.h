/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OS_LINUX_H
#define OS_LINUX_H
/* os_linux.h: what only Linux, or every system differently, can tell or do about a process and its sockets.  On other
 * systems the same functions do what can be done there. */
#include "core/base.h"
/* The user id of the process at the other end of a unix socket; false: not known. */
bool os_linux_peer_uid(int fd, unsigned *uid) MUST_USE NONNULL(2);
/* Raises the limit of open files to what is allowed, at most `want`; the limit now in force. */
size_t os_linux_raise_files(size_t want);
/* When a start is over: gives the system back what only the start needed, free heap and the pages of code that ran;
 * those still needed come back at their next use, from the page cache.  Any thread. */
void os_linux_give_back(void);
void os_linux_give_back_heap(void); /* the first half of it; milliseconds when the heap is large */
/* No core dumps, not traceable by others of the same user, no new privileges; false: at least one was refused. */
bool os_linux_close_up(void) MUST_USE;
/* What the process uses now; what the system does not tell is -1. */
struct os_usage {
	int64_t cpu; /* microseconds, user and system */
	int64_t rss_bytes, open_files, most_files;
};
void os_linux_usage(struct os_usage *out) NONNULL(1);
#endif
