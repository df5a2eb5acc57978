/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TT_H
#define TT_H
/* tt.h: tests register themselves, so none can be written and never run.  Runner: tt_main.c on cmocka. */
#include "core/arena.h"
#include "core/base.h"
#include "core/clock.h"
#include <stdio.h>
#include <string.h>
typedef void test_fn(void);
void tt_add(const char *name, test_fn *fn);
#define TEST(name)                                                                         \
	static void name(void);                                                            \
	__attribute__((constructor)) static void add_##name(void) { tt_add(#name, name); } \
	static void name(void)
/* Ends the test (not the process) with file, line and text of the condition. */
#define CHECK(cond)                                         \
	do {                                                \
		if (!(cond))                                \
			tt_fail(__FILE__, __LINE__, #cond); \
	} while (0)
/* For rows of a table: names the row that failed. */
#define CHECK_ROW(row, cond)                                 \
	do {                                                 \
		if (!(cond)) {                               \
			fprintf(stderr, "row: %s\n", (row)); \
			tt_fail(__FILE__, __LINE__, #cond);  \
		}                                            \
	} while (0)
__attribute__((noreturn)) void tt_fail(const char *file, int line, const char *what);
/* A context with an arena of 8 MB that lives until the test ends, request id "t", now = the clock. */
struct ctx *tt_ctx(void) RETURNS_NONNULL;
/* Torture: while tt_fail_alloc(k) is set, the k-th malloc/calloc/realloc of this thread returns NULL; 0 stops.
 * tt_allocs() counts. */
void tt_fail_alloc(long k);
long tt_allocs(void);
/* The same over all threads; and for libraries that take an allocator: their allocations count too. */
void tt_fail_any_alloc(long k);
long tt_any_allocs(void);       /* how many so far */
bool tt_any_alloc_failed(void); /* has the k-th been asked for? */
void *tt_malloc(size_t n);
void *tt_realloc(void *p, size_t n);
#endif
