/* SPDX-License-Identifier: Apache-2.0 */
#include "core/os_linux.h"
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#if defined(__linux__)
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

/* What the kernel writes for SO_PEERCRED (unix(7)); the header's name for it needs more than our feature macros. */
struct peer_cred {
	pid_t pid;
	uid_t uid;
	gid_t gid;
};

bool os_linux_peer_uid(int fd, unsigned *uid)
{
	struct peer_cred cred = { .uid = 0 };
	socklen_t n = sizeof cred;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) != 0 || n != sizeof cred)
		return false;
	*uid = cred.uid;
	return true;
}

/* "7f01-7f02 r-xp ... /usr/lib/libcrypto.so.3": code is never written to, not even by the dynamic linker, so what is
 * dropped of it is still in the file. */
static void drop_code(const char *line)
{
	char *at = NULL;
	uintptr_t from = strtoumax(line, &at, 16), to = *at == '-' ? strtoumax(at + 1, &at, 16) : 0;

	if (from < to && strncmp(at, " r-xp ", 6) == 0 && strchr(at, '/') != NULL)
		(void)madvise((void *)from, to - from, MADV_DONTNEED); /* a hint: no harm if it is not taken */
}

void os_linux_give_back_heap(void)
{
#if defined(__GLIBC__)
	(void)malloc_trim(0);
#endif
}

void os_linux_give_back(void)
{
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "re");

	os_linux_give_back_heap();
	while (maps != NULL && fgets(line, sizeof line, maps) != NULL)
		drop_code(line);
	if (maps != NULL)
		(void)fclose(maps);
}

static bool close_up(void)
{
	bool dump = prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L) == 0;

	return prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) == 0 && dump;
}
#else
bool os_linux_peer_uid(int fd, unsigned *uid)
{
	uid_t u;
	gid_t g;

	if (getpeereid(fd, &u, &g) != 0)
		return false;
	*uid = u;
	return true;
}

static bool close_up(void) { return true; }
void os_linux_give_back(void) {}
void os_linux_give_back_heap(void) {}
#endif

size_t os_linux_raise_files(size_t want)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		return 0;
	rlim_t to = r.rlim_max == RLIM_INFINITY || r.rlim_max > want ? (rlim_t)want : r.rlim_max;
	if (r.rlim_cur != RLIM_INFINITY && r.rlim_cur < to) {
		struct rlimit higher = { .rlim_cur = to, .rlim_max = r.rlim_max };
		if (setrlimit(RLIMIT_NOFILE, &higher) == 0)
			r = higher;
	}
	return r.rlim_cur == RLIM_INFINITY ? want : (size_t)r.rlim_cur;
}

bool os_linux_close_up(void)
{
	struct rlimit none = { .rlim_cur = 0, .rlim_max = 0 };
	bool core = setrlimit(RLIMIT_CORE, &none) == 0;

	return close_up() && core;
}

/* ---- what it uses (proc(5)) ---- */
static void close_file(FILE **f)
{
	if (*f != NULL)
		(void)fclose(*f);
}
static int64_t resident(void)
{
	CLEANUP(close_file) FILE *f = fopen("/proc/self/statm", "re");
	int64_t pages = 0;

	if (f == NULL || fscanf(f, "%*s %" SCNd64, &pages) != 1)
		return -1;
	return pages * (int64_t)sysconf(_SC_PAGESIZE);
}
static int64_t open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	int64_t n = -3; /* ".", ".." and the folder itself */

	if (d == NULL)
		return -1;
	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n;
}
static int64_t usec_of(struct timeval t) { return SEC(t.tv_sec) + t.tv_usec; }
void os_linux_usage(struct os_usage *out)
{
	struct rusage u;
	struct rlimit r;

	*out = (struct os_usage){ .cpu = -1, .rss_bytes = resident(), .open_files = open_files(), .most_files = -1 };
	if (getrusage(RUSAGE_SELF, &u) == 0)
		out->cpu = usec_of(u.ru_utime) + usec_of(u.ru_stime);
	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur != RLIM_INFINITY)
		out->most_files = (int64_t)r.rlim_cur;
}
