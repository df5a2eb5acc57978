/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TT_FOLDER_H
#define TT_FOLDER_H
/* tt_folder.h: a folder for one test; tt_folder_end takes it away with the files in it.  TT_FOLDER: where; /tmp else.
 */
#include "tt.h"
#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>
static inline void tt_folder(char out[static 64])
{
	const char *in = getenv("TT_FOLDER");

	(void)snprintf(out, 64, "%.40s/tbtest.XXXXXX", in == NULL ? "/tmp" : in);
	CHECK(mkdtemp(out) != NULL);
}
static inline void tt_folder_end(const char *dir)
{
	DIR *d = opendir(dir);

	for (struct dirent *e = d == NULL ? NULL : readdir(d); e != NULL; e = readdir(d)) {
		char path[400];

		if (e->d_name[0] == '.' && (e->d_name[1] == '\0' || e->d_name[1] == '.'))
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
		(void)unlink(path);
	}
	if (d != NULL)
		(void)closedir(d);
	(void)rmdir(dir);
}
#endif
