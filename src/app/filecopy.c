/* SPDX-License-Identifier: Apache-2.0 */
#include "app/filecopy.h"
#include "core/arena.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 1 << 20, SHOW_EVERY = 64 << 20 };

static void close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}
static void free_block(char **p) { free(*p); }

static struct err cannot(struct ctx *cx, const char *what, const char *path)
{
	return refuse(cx, E_INTERNAL, "cannot %s %s: %s", what, path, strerror(errno));
}

static bool write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t w = write(fd, p, n);

		if (w < 0 && errno != EINTR)
			return false;
		p += w < 0 ? 0 : w;
		n -= w < 0 ? 0 : (size_t)w;
	}
	return true;
}

static struct err pump(struct ctx *cx, int in, int out, const struct filecopy *how)
{
	CLEANUP(free_block) char *block = malloc(BLOCK);
	size_t done = 0, told = 0;
	ssize_t n;

	if (block == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "copy");
	while ((n = read(in, block, BLOCK)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return cannot(cx, "read", how->from);
		if (!write_all(out, block, (size_t)n))
			return cannot(cx, "write", how->to);
		done += (size_t)n;
		if (!how->shown || done - told < SHOW_EVERY)
			continue;
		fprintf(stderr, "  %zu MB\n", done >> 20);
		told = done;
	}
	return fsync(out) == 0 ? OK : cannot(cx, "write", how->to);
}

struct err filecopy_make(struct ctx *cx, const struct filecopy *how)
{
	CLEANUP(close_fd) int in = open(how->from, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (in < 0)
		return cannot(cx, "open", how->from);
	if (fstat(in, &st) != 0 || !S_ISREG(st.st_mode))
		return refuse(cx, E_INTERNAL, "%s is not a file", how->from);
	CLEANUP(close_fd) int out = open(how->to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (out < 0)
		return cannot(cx, "make", how->to);
	struct err e = pump(cx, in, out, how);
	if (IS_ERR(e))
		(void)unlink(how->to);
	return e;
}

struct err filecopy_sync_folder(struct ctx *cx, const char *file)
{
	char *dir = arena_text(cx->arena, sv_of(file));
	char *slash = dir == NULL ? NULL : strrchr(dir, '/');

	if (dir == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "folder");
	if (slash != NULL)
		slash[slash == dir ? 1 : 0] = '\0';
	const char *name = slash == NULL ? "." : dir;
	CLEANUP(close_fd) int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 && fsync(fd) == 0 ? OK : cannot(cx, "make durable the folder", name);
}

/* link() refuses a name that is taken; where there are no links the look before must do. */
static int place(const char *part, const char *to, bool replace)
{
	if (replace)
		return rename(part, to);
	if (link(part, to) == 0)
		return unlink(part);
	if (errno == EEXIST || access(to, F_OK) == 0) {
		errno = EEXIST;
		return -1;
	}
	return rename(part, to);
}

struct err filecopy_place(struct ctx *cx, const char *part, const char *to, bool replace)
{
	if (place(part, to, replace) == 0)
		return filecopy_sync_folder(cx, to);
	struct err e = errno == EEXIST ? refuse(cx, E_CONFLICT, "%s is there already; --force replaces it", to)
				       : cannot(cx, "make", to);
	(void)unlink(part);
	return e;
}
