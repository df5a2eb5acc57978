/* SPDX-License-Identifier: Apache-2.0 */
#include "core/os_linux.h"
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#if defined(__linux__)
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
