/* SPDX-License-Identifier: Apache-2.0 */
/* replay.c: runs one target over every file of its corpus, and over every beginning of the small ones. */
#include "fuzz.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BYTES = 1 << 20, SHORT_BYTES = 2048 };

/* On memory of exactly this size, so that reading one byte too far is seen. */
static void run(const char *bytes, size_t n)
{
	uint8_t *own = malloc(n == 0 ? 1 : n);

	MUST(own != NULL);
	memcpy(own, bytes, n);
	MUST(LLVMFuzzerTestOneInput(own, n) == 0);
	free(own);
}

static bool read_file(const char *path, struct buf *b)
{
	FILE *f = fopen(path, "rb");

	if (f == NULL || !buf_reserve(b, MOST_BYTES)) {
		(void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return false;
	}
	b->n = fread(b->p, 1, MOST_BYTES, f);
	bool ok = ferror(f) == 0 && feof(f) != 0;
	(void)fclose(f);
	return ok;
}

static bool one_file(const char *path)
{
	CLEANUP(buf_free) struct buf b = BUF(MOST_BYTES);

	if (!read_file(path, &b))
		return false;
	run(b.p, b.n);
	for (size_t n = 0; n < b.n && b.n <= SHORT_BYTES; n++)
		run(b.p, n);
	return true;
}

int main(int argc, char **argv)
{
	int files = 0, bad = 0;
	DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;

	if (folder == NULL) {
		(void)fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 2;
	}
	for (struct dirent *d = readdir(folder); d != NULL; d = readdir(folder)) {
		char path[4096];

		if (d->d_name[0] == '.' || snprintf(path, sizeof path, "%s/%s", argv[1], d->d_name) >= (int)sizeof path)
			continue;
		files++;
		bad += one_file(path) ? 0 : 1;
	}
	(void)closedir(folder);
	(void)printf("%d inputs\n", files);
	return files > 0 && bad == 0 ? 0 : 1;
}
