/* SPDX-License-Identifier: Apache-2.0 */
/* tt_main.c: runs what TEST() registered, as cmocka tests, and counts.  One argument: only names that contain it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* cmocka wants the four before it */
#include <cmocka.h>
#undef fail
#include "tt.h"

enum { MOST_TESTS = 2000, ARENA_BYTES = 8 << 20 };
static struct CMUnitTest all[MOST_TESTS];
static test_fn *bodies[MOST_TESTS];
static size_t n_all;

/* ---- allocations that fail on demand, counted a thread ---- */
static _Thread_local long fail_at_k, seen;
static atomic_long any_at_k, any_seen; /* the same over all threads */
void *__real_malloc(size_t n);
void *__real_calloc(size_t a, size_t b);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t a, size_t b);
void *__wrap_realloc(void *p, size_t n);

static bool refused(void)
{
	seen++;
	if (atomic_load(&any_at_k) != 0 && atomic_fetch_add(&any_seen, 1) + 1 == atomic_load(&any_at_k))
		return true;
	return fail_at_k != 0 && seen == fail_at_k;
}

void *__wrap_malloc(size_t n) { return refused() ? NULL : __real_malloc(n); }
void *__wrap_calloc(size_t a, size_t b) { return refused() ? NULL : __real_calloc(a, b); }
void *__wrap_realloc(void *p, size_t n) { return refused() ? NULL : __real_realloc(p, n); }

void tt_fail_alloc(long k)
{
	fail_at_k = k;
	seen = 0;
}

void tt_fail_any_alloc(long k)
{
	atomic_store(&any_at_k, 0);
	atomic_store(&any_seen, 0);
	atomic_store(&any_at_k, k);
}
long tt_any_allocs(void) { return atomic_load(&any_seen); }
bool tt_any_alloc_failed(void) { return atomic_load(&any_seen) >= atomic_load(&any_at_k); }

void *tt_malloc(size_t n) { return __wrap_malloc(n); }
void *tt_realloc(void *p, size_t n) { return __wrap_realloc(p, n); }

long tt_allocs(void) { return seen; }

/* ---- contexts of the running test ---- */
struct held {
	struct ctx cx;
	struct held *next;
};
static struct held *contexts;

struct ctx *tt_ctx(void)
{
	struct held *h = __real_calloc(1, sizeof *h);
	long k = fail_at_k, at = seen;

	fail_at_k = 0;
	struct arena *a = h == NULL ? NULL : arena_new(ARENA_BYTES);
	fail_at_k = k;
	seen = at;
	if (a == NULL)
		abort();
	h->cx.arena = a;
	h->cx.request_id = "t";
	h->cx.now = clock_now();
	h->next = contexts;
	contexts = h;
	return &h->cx;
}

static int tear_down(void **state)
{
	(void)state;
	tt_fail_alloc(0);
	tt_fail_any_alloc(0);
	while (contexts != NULL) {
		struct held *h = contexts;

		contexts = h->next;
		arena_free(h->cx.arena);
		free(h);
	}
	return 0;
}

/* ---- the runner ---- */
static void run(void **state)
{
	test_fn **body = *state;

	(*body)();
}

void tt_add(const char *name, test_fn *fn)
{
	if (n_all == MOST_TESTS)
		abort();
	bodies[n_all] = fn;
	all[n_all].name = name;
	all[n_all].test_func = run;
	all[n_all].teardown_func = tear_down;
	all[n_all].initial_state = &bodies[n_all];
	n_all++;
}

void tt_fail(const char *file, int line, const char *what)
{
	tt_fail_alloc(0);
	tt_fail_any_alloc(0);
	(void)fflush(stdout);
	fprintf(stderr, "%s:%d: failed: %s\n", file, line, what);
	_fail(file, line);
	abort();
}

static size_t only(const char *word)
{
	size_t n = 0;

	for (size_t i = 0; i < n_all; i++)
		if (strstr(all[i].name, word) != NULL)
			all[n++] = all[i];
	return n;
}

int main(int argc, char **argv)
{
	size_t n = argc > 1 ? only(argv[1]) : n_all;

	if (n == 0) {
		puts("0 passed, 0 failed\nno test to run: that is a failure");
		return 1;
	}
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	int bad = _cmocka_run_group_tests(argv[0], all, n, NULL, NULL);
	size_t failed = bad < 0 || (size_t)bad > n ? n : (size_t)bad;
	printf("%zu passed, %zu failed\n", n - failed, failed);
	return failed == 0 ? 0 : 1;
}
