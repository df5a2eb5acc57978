/* SPDX-License-Identifier: Apache-2.0 */
#include "db/db_sqlite.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

/* Durable: the copy's bytes and its name in the folder. */
static bool sync_path(const char *path, int flags)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | flags);

	if (fd < 0)
		return false;
	bool ok = fsync(fd) == 0;
	(void)close(fd);
	return ok;
}
static bool sync_folder_of(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == NULL)
		return sync_path(".", O_DIRECTORY);
	*slash = '\0';
	return sync_path(path[0] == '\0' ? "/" : path, O_DIRECTORY);
}
/* The copy of a store in WAL mode says that it has a WAL; a file that is carried about must need none. */
static struct err alone(struct ctx *cx, struct db *to)
{
	int rc = sqlite3_exec(to->h, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);

	return rc == SQLITE_OK ? OK : db_sqlite_fail(cx, to, rc, "backup");
}
static struct err copy_all(struct ctx *cx, struct db *from, struct db *to)
{
	sqlite3_backup *b = sqlite3_backup_init(to->h, "main", from->h, "main");

	if (b == NULL)
		return db_sqlite_fail(cx, to, sqlite3_extended_errcode(to->h), "backup");
	int rc = sqlite3_backup_step(b, -1);
	int end = sqlite3_backup_finish(b);
	if (rc == SQLITE_DONE && end == SQLITE_OK)
		return alone(cx, to);
	return db_sqlite_fail(cx, to, rc == SQLITE_DONE ? end : rc, "backup");
}
static struct err copy_to(struct ctx *cx, struct db *from, const char *path)
{
	CLEANUP(db_drop) struct db *to = calloc(1, sizeof *to);

	if (unlink(path) != 0 && errno != ENOENT)
		return fail(cx, E_INTERNAL, "the backup copy can not be written", "unlink %s: errno %d", path, errno);
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fail(cx, E_INTERNAL, "the backup copy can not be written", "open %s: errno %d", path, errno);
	(void)close(fd);
	if (to == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "backup");
	int rc =
	    sqlite3_open_v2(path, &to->h, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	if (rc != SQLITE_OK)
		return db_sqlite_fail(cx, to, rc, "backup");
	return copy_all(cx, from, to);
}
static struct err put(struct ctx *cx, struct db *from, char *fresh, const char *to_path)
{
	TRY(copy_to(cx, from, fresh));
	if (!sync_path(fresh, 0) || rename(fresh, to_path) != 0 || !sync_folder_of(fresh))
		return fail(cx, E_INTERNAL, "the backup copy can not be written", "%s: errno %d", to_path, errno);
	return OK;
}
struct err db_backup(struct ctx *cx, struct db *from, const char *to_path)
{
	char fresh[PATH_MAX], partial[PATH_MAX];
	int n = snprintf(fresh, sizeof fresh, "%s.new", to_path);

	if (n < 0 || (size_t)n >= sizeof fresh)
		return fail(cx, E_INTERNAL, "the path of the backup copy is too long", "%d bytes", n);
	memcpy(partial, fresh, (size_t)n + 1);
	struct err e = put(cx, from, fresh, to_path);
	if (IS_ERR(e)) /* half a copy only takes the room that may be what is missing */
		(void)unlink(partial);
	return e;
}
