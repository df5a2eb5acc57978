/* SPDX-License-Identifier: Apache-2.0 */
/* faults.c: a library put before the C library of a process (LD_PRELOAD), so that the machine seems to fail: memory
 * cannot be had, a disk cannot be written.  What fails is told by a file of 64-bit numbers that the test changes while
 * the process runs (TB_FAULTS names it): [0] of a million allocations how many fail; [1] the errno of every write to a
 * file; [2] counts the allocations refused, [3] the writes; [4] while it is
 * not 0, every write to a file waits, as at a disk that hangs. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum { RATE, WRITE_ERRNO, REFUSED, UNWRITTEN, HANGS, NUMBERS };
static volatile uint64_t *numbers;
static _Thread_local uint64_t seed;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("TB_FAULTS");
	int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	void *p = mmap(NULL, NUMBERS * sizeof *numbers, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (p != MAP_FAILED)
		numbers = p;
}

/* ---- memory ---- */
extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t a, size_t b);
extern void *__libc_realloc(void *p, size_t n);

static int unlucky(void)
{
	if (numbers == NULL || numbers[RATE] == 0)
		return 0;
	if (seed == 0)
		seed = (uint64_t)(uintptr_t)&seed | 1;
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	if ((seed >> 33) % 1000000 >= numbers[RATE])
		return 0;
	__atomic_fetch_add(&numbers[REFUSED], 1, __ATOMIC_RELAXED);
	errno = ENOMEM;
	return 1;
}
void *malloc(size_t n) { return unlucky() ? NULL : __libc_malloc(n); }
void *calloc(size_t a, size_t b) { return unlucky() ? NULL : __libc_calloc(a, b); }
void *realloc(void *p, size_t n) { return unlucky() ? NULL : __libc_realloc(p, n); }

/* ---- the disk: regular files only, so that sockets and the log's pipe go on ---- */
static int broken(int fd)
{
	struct stat st;

	if (numbers == NULL || (numbers[WRITE_ERRNO] == 0 && numbers[HANGS] == 0) || fstat(fd, &st) != 0 ||
	    !S_ISREG(st.st_mode))
		return 0;
	if ((fcntl(fd, F_GETFL) & O_APPEND) != 0) /* the log, which the test reads */
		return 0;
	while (numbers[HANGS] != 0)
		(void)usleep(1000);
	if (numbers[WRITE_ERRNO] == 0)
		return 0;
	__atomic_fetch_add(&numbers[UNWRITTEN], 1, __ATOMIC_RELAXED);
	errno = (int)numbers[WRITE_ERRNO];
	return 1;
}
#define REAL(type, name, ...)             \
	static type (*real)(__VA_ARGS__); \
	if (real == NULL)                 \
	*(void **)&real = dlsym(RTLD_NEXT, name)
ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
	REAL(ssize_t, "pwrite", int, const void *, size_t, off_t);
	return broken(fd) ? -1 : real(fd, p, n, at);
}
ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
	return broken(fd) ? -1 : real(fd, p, n, at);
}
ssize_t write(int fd, const void *p, size_t n)
{
	REAL(ssize_t, "write", int, const void *, size_t);
	return broken(fd) ? -1 : real(fd, p, n);
}
