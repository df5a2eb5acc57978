/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/keyfile.h"
#include "core/rnd.h"
#include "core/text.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

static void fd_close(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}
static struct err cannot(struct ctx *cx, const char *what, const char *path)
{
	int no = errno;
	char why[96];

	if (strerror_r(no, why, sizeof why) != 0)
		(void)snprintf(why, sizeof why, "error %d", no);
	return refuse(cx, E_CONFIG, "cannot %s root key file %s: %s", what, path, why);
}
static struct err check(struct ctx *cx, int fd, const char *path)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return cannot(cx, "look at", path);
	if (!S_ISREG(st.st_mode))
		return refuse(cx, E_CONFIG, "root key file %s is not a regular file", path);
	if (st.st_uid != geteuid())
		return refuse(cx, E_CONFIG,
			      "root key file %s belongs to user %u, not to user %u who runs this; type: chown %u %s",
			      path, st.st_uid, geteuid(), geteuid(), path);
	if ((st.st_mode & 077) != 0)
		return refuse(cx, E_CONFIG, "root key file %s may be read by others; type: chmod 600 %s", path, path);
	return OK;
}
struct err keyfile_read(struct ctx *cx, const char *path, struct secret **out)
{
	CLEANUP(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char text[TOKEN_TEXT + 4];

	*out = NULL;
	if (fd < 0 && errno == ENOENT)
		return refuse(cx, E_NOT_FOUND,
			      "root key file %s is missing; put it back from your backup: nothing in the store"
			      " opens without it",
			      path);
	if (fd < 0)
		return errno == ELOOP ? refuse(cx, E_CONFIG,
					       "root key file %s is a symbolic link; put the file itself there", path)
				      : cannot(cx, "open", path);
	TRY(check(cx, fd, path));
	ssize_t n = read(fd, text, sizeof text);
	if (n < 0)
		return cannot(cx, "read", path);
	struct sv line = sv_trim((struct sv){ text, (size_t)n });
	struct err e = OK;
	if (line.n != TOKEN_TEXT - 1 || !text_is_id(line, line.n, "-_"))
		e = refuse(cx, E_CONFIG,
			   "root key file %s is damaged: it must hold one line of %d characters; put it back from your"
			   " backup",
			   path, TOKEN_TEXT - 1);
	else if ((*out = secret_copy(line)) == NULL)
		e = fail(cx, E_INTERNAL, "out of memory", "root key");
	wipe(text, sizeof text);
	return e;
}

/* The folder's entry must survive a power cut as well as the file. */
static struct err sync_folder(struct ctx *cx, const char *path)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');
	struct sv head = slash == NULL   ? SV(".")
			 : slash == path ? SV("/")
					 : (struct sv){ path, (size_t)(slash - path) };

	if (!sv_copy(head, dir, sizeof dir))
		return refuse(cx, E_CONFIG, "the path of the root key file is too long");
	CLEANUP(fd_close) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		return cannot(cx, "make durable the folder of", path);
	return OK;
}
static struct err write_new(struct ctx *cx, const char *path, struct sv line)
{
	if (unlink(path) != 0 && errno != ENOENT) /* left by a run that was cut short: never was the key */
		return cannot(cx, "replace", path);
	CLEANUP(fd_close) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return cannot(cx, "create", path);
	if (write(fd, line.p, line.n) != (ssize_t)line.n || fsync(fd) != 0)
		return cannot(cx, "write", path);
	return OK;
}
struct err keyfile_make(struct ctx *cx, const char *path, struct secret **out)
{
	char fresh[PATH_MAX], text[TOKEN_TEXT + 1];
	int n = snprintf(fresh, sizeof fresh, "%s.new", path);

	*out = NULL;
	if (n < 0 || (size_t)n >= sizeof fresh)
		return refuse(cx, E_CONFIG, "the path of the root key file is too long");
	id_token(text);
	text[TOKEN_TEXT - 1] = '\n';
	struct err e = write_new(cx, fresh, (struct sv){ text, TOKEN_TEXT });
	/* The folder is locked by us, so nobody else makes a key between the look and this rename. */
	if (!IS_ERR(e) && rename(fresh, path) != 0)
		e = cannot(cx, "put in place", path);
	if (!IS_ERR(e))
		e = sync_folder(cx, path);
	if (!IS_ERR(e) && (*out = secret_copy((struct sv){ text, TOKEN_TEXT - 1 })) == NULL)
		e = fail(cx, E_INTERNAL, "out of memory", "root key");
	wipe(text, sizeof text);
	return e;
}
