/* SPDX-License-Identifier: Apache-2.0 */
#include "app/folder.h"
#include "tt.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *place(const char *rest)
{
	static char base[64];
	char tmp[] = "/tmp/tb-folder-XXXXXX";

	CHECK(mkdtemp(tmp) != NULL);
	memcpy(base, tmp, sizeof tmp);
	const char *z = arena_printf(tt_ctx()->arena, "%s%s", base, rest);
	CHECK(z != NULL);
	return z;
}

static void touch(const char *folder, const char *name, mode_t mode)
{
	const char *z = arena_printf(tt_ctx()->arena, "%s/%s", folder, name);
	int fd = z == NULL ? -1 : open(z, O_WRONLY | O_CREAT, 0600);

	CHECK(fd >= 0 && write(fd, "x", 1) == 1 && close(fd) == 0 && chmod(z, mode) == 0);
}

TEST(folder_is_made_private_and_only_when_asked)
{
	CLEANUP(folder_drop) struct folder *f = NULL;
	const char *path = place("/a/b/data/");
	struct ctx *cx = tt_ctx();
	struct stat st;

	CHECK(folder_open(cx, path, false, &f).code == E_NOT_FOUND && f == NULL && stat(path, &st) != 0);
	CHECK(!IS_ERR(folder_open(tt_ctx(), path, true, &f)));
	CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0700);
	CHECK(strstr(folder_store(f), "/a/b/data/store.sqlite3") != NULL &&
	      strstr(folder_control(f), "data/control.sock") != NULL);
	folder_drop(&f);
	/* A folder without a store is nobody's either. */
	CHECK(folder_open(tt_ctx(), path, false, &f).code == E_NOT_FOUND);
}

TEST(folder_in_use_is_refused_by_pid)
{
	CLEANUP(folder_drop) struct folder *f = NULL;
	const char *path = place("/data");
	char want[40];

	CHECK(!IS_ERR(folder_open(tt_ctx(), path, true, &f)));
	pid_t child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		struct ctx *cx = tt_ctx();
		struct folder *second = NULL;
		bool good = folder_open(cx, path, true, &second).code == E_BUSY &&
			    snprintf(want, sizeof want, "in use by process %ld", (long)getppid()) > 0 &&
			    strstr(cx->cause.say, want) != NULL;

		_exit(good ? 0 : 1);
	}
	int status = 1;
	CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
	folder_drop(&f);
	CHECK(!IS_ERR(folder_open(tt_ctx(), path, true, &f)));
}

TEST(folder_others_may_read_is_refused_with_the_chmod)
{
	static const struct {
		const char *file; /* "": the folder itself */
		mode_t mode;
		const char *mend;
	} t[] = { { "", 0750, "chmod 700 " },
		  { "", 0701, "chmod 700 " },
		  { "store.sqlite3", 0640, "chmod 600 " },
		  { "root.key", 0604, "chmod 600 " },
		  { "control.sock", 0660, "chmod 600 " } };

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		CLEANUP(folder_drop) struct folder *f = NULL;
		const char *path = place("/data");
		struct ctx *cx = tt_ctx();

		CHECK(mkdir(path, 0700) == 0);
		if (t[i].file[0] == '\0')
			CHECK(chmod(path, t[i].mode) == 0);
		else
			touch(path, t[i].file, t[i].mode);
		CHECK_ROW(t[i].mend, folder_open(cx, path, true, &f).code == E_CONFIG && f == NULL);
		CHECK_ROW(t[i].mend, strstr(cx->cause.say, t[i].mend) != NULL);
	}
}

TEST(folder_of_another_user_or_kind_is_refused)
{
	CLEANUP(folder_drop) struct folder *f = NULL;
	const char *path = place("/data"), *link = place("/link");
	struct ctx *cx = tt_ctx();

	CHECK(symlink("/tmp", link) == 0);
	CHECK(folder_open(cx, link, true, &f).code == E_CONFIG && strstr(cx->cause.say, "is not a folder") != NULL);
	if (geteuid() != 0)
		return; /* only root can make a folder somebody else's */
	CHECK(mkdir(path, 0700) == 0 && chown(path, 65534, 65534) == 0);
	cx = tt_ctx();
	CHECK(folder_open(cx, path, true, &f).code == E_CONFIG &&
	      strstr(cx->cause.say, "belongs to user 65534") != NULL);
}

TEST(folder_too_deep_for_a_socket_is_refused_by_name)
{
	CLEANUP(folder_drop) struct folder *f = NULL;
	const char *path = place(
	    "/0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789");
	struct ctx *cx = tt_ctx();

	CHECK(folder_open(cx, path, true, &f).code == E_CONFIG && strstr(cx->cause.say, "107 bytes") != NULL);
}

TEST(folder_drops_a_socket_left_behind)
{
	CLEANUP(folder_drop) struct folder *f = NULL;
	const char *path = place("/data");
	struct stat st;

	CHECK(mkdir(path, 0700) == 0);
	touch(path, "control.sock", 0600);
	CHECK(!IS_ERR(folder_open(tt_ctx(), path, true, &f)));
	CHECK(lstat(folder_control(f), &st) != 0);
}
