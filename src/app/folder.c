/* SPDX-License-Identifier: Apache-2.0 */
#include "app/folder.h"
#include "core/arena.h"
#include "core/text.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, SOCKET_PATH_MOST = sizeof(((struct sockaddr_un *)0)->sun_path) - 1 };
struct folder {
	int lock;
	char path[PATH_BYTES], store[PATH_BYTES], root_key[PATH_BYTES], control[PATH_BYTES];
};

const char *folder_store(const struct folder *f) { return f->store; }
const char *folder_root_key(const struct folder *f) { return f->root_key; }
const char *folder_control(const struct folder *f) { return f->control; }

void folder_free(struct folder *f)
{
	if (f == NULL)
		return;
	if (f->lock >= 0)
		(void)close(f->lock);
	free(f);
}

static struct err cannot(struct ctx *cx, const char *what, const char *path)
{
	return refuse(cx, E_CONFIG, "cannot %s %s: %s", what, path, strerror(errno));
}

/* Parents get the usual mode; the folder itself is ours alone. */
static struct err make_folder(struct ctx *cx, const char *path)
{
	char *z = arena_text(cx->arena, sv_of(path));

	if (z == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "data folder");
	for (char *c = z + 1; *c != '\0'; c++) {
		if (*c != '/')
			continue;
		*c = '\0';
		if (mkdir(z, 0755) != 0 && errno != EEXIST)
			return cannot(cx, "make the folder", z);
		*c = '/';
	}
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return cannot(cx, "make the data folder", path);
	return OK;
}

static struct err check_private(struct ctx *cx, const char *path, bool may_lack, bool is_folder)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return errno == ENOENT && may_lack ? OK : cannot(cx, "look at", path);
	if (is_folder && !S_ISDIR(st.st_mode))
		return refuse(cx, E_CONFIG, "%s is not a folder", path);
	if (st.st_uid != geteuid())
		return refuse(cx, E_CONFIG,
			      "%s belongs to user %lu, not to user %lu who runs this: run it as that user, or chown it",
			      path, (unsigned long)st.st_uid, (unsigned long)geteuid());
	if ((st.st_mode & 077) != 0)
		return refuse(cx, E_CONFIG, "%s can be read by others; type: chmod %s %s", path,
			      is_folder ? "700" : "600", path);
	return OK;
}

static struct err name_it(struct ctx *cx, char out[static PATH_BYTES], const char *folder, const char *file)
{
	int n = snprintf(out, PATH_BYTES, "%s%s%s", folder, file[0] == '\0' ? "" : "/", file);

	return n < 0 || n >= PATH_BYTES ? refuse(cx, E_CONFIG, "the path of the data folder is too long") : OK;
}

static struct err take_lock(struct ctx *cx, struct folder *f)
{
	char path[PATH_BYTES], pid[32] = "";

	TRY(name_it(cx, path, f->path, "lock"));
	f->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (f->lock < 0)
		return cannot(cx, "open", path);
	if (flock(f->lock, LOCK_EX | LOCK_NB) != 0) {
		ssize_t n = read(f->lock, pid, sizeof pid - 1);
		struct sv who = sv_trim((struct sv){ pid, n > 0 ? (size_t)n : 0 });

		return refuse(cx, E_BUSY, "the data folder %s is in use by process %.*s", f->path,
			      SV_FMT(who.n > 0 ? who : SV("(starting)")));
	}
	int n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
	if (n < 0 || ftruncate(f->lock, 0) != 0 || pwrite(f->lock, pid, (size_t)n, 0) != n)
		return cannot(cx, "write", path);
	return OK;
}

struct err folder_control_path(struct ctx *cx, const char *data, const char **out)
{
	*out = arena_printf(cx->arena, "%s/control.sock", data);
	if (*out == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "data folder");
	if (strlen(*out) > SOCKET_PATH_MOST)
		return refuse(cx, E_CONFIG,
			      "%s is longer than the %d bytes a socket's path may have: choose a shorter --data", *out,
			      (int)SOCKET_PATH_MOST);
	return OK;
}

/* Copies nobody has taken away (domain/backup.h); the lock says that none is being made. */
static void sweep_copies(const char *folder)
{
	DIR *d = opendir(folder);

	for (struct dirent *e = d == NULL ? NULL : readdir(d); e != NULL; e = readdir(d))
		if (strncmp(e->d_name, "backup-", 7) == 0 && strstr(e->d_name, ".sqlite3") != NULL)
			(void)unlinkat(dirfd(d), e->d_name, 0);
	if (d != NULL)
		(void)closedir(d);
}

static struct err open_all(struct ctx *cx, struct folder *f, bool may_create)
{
	const char *control;
	struct stat st;

	TRY(folder_control_path(cx, f->path, &control));
	if (lstat(f->path, &st) != 0 && errno == ENOENT) {
		if (!may_create)
			return refuse(cx, E_NOT_FOUND,
				      "there is no data folder %s; `tokenbooth init` or `tokenbooth serve` makes one",
				      f->path);
		TRY(make_folder(cx, f->path));
	}
	TRY(check_private(cx, f->path, false, true));
	TRY(name_it(cx, f->store, f->path, "store.sqlite3"));
	TRY(name_it(cx, f->root_key, f->path, "root.key"));
	TRY(name_it(cx, f->control, f->path, "control.sock"));
	if (!may_create && access(f->store, F_OK) != 0)
		return refuse(cx, E_NOT_FOUND,
			      "there is no store in %s; `tokenbooth init` or `tokenbooth serve` makes one", f->path);
	TRY(take_lock(cx, f));
	sweep_copies(f->path);
	TRY(check_private(cx, f->store, true, false));
	TRY(check_private(cx, f->root_key, true, false));
	TRY(check_private(cx, f->control, true, false));
	if (unlink(f->control) != 0 && errno != ENOENT)
		return cannot(cx, "remove the left-over", f->control);
	return OK;
}

struct err folder_open(struct ctx *cx, const char *path, bool may_create, struct folder **out)
{
	CLEANUP(folder_drop) struct folder *f = calloc(1, sizeof *f);
	size_t n = strlen(path);

	*out = NULL;
	if (f == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "data folder");
	f->lock = -1;
	while (n > 1 && path[n - 1] == '/')
		n--;
	const char *plain = arena_text(cx->arena, sv_upto(sv_of(path), n));
	if (plain == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "data folder");
	TRY(name_it(cx, f->path, plain, ""));
	TRY(open_all(cx, f, may_create));
	*out = TAKE(f);
	return OK;
}
