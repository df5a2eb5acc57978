/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "tt.h"

TEST(arena_hands_out_aligned_zeroed_memory)
{
	CLEANUP(arena_drop) struct arena *a = arena_new(1 << 20);
	unsigned char *seen[200];

	CHECK(a != NULL);
	for (size_t i = 0; i < ARRAY_LEN(seen); i++) {
		size_t n = i * 7;

		seen[i] = arena_alloc(a, n);
		CHECK(seen[i] != NULL && (uintptr_t)seen[i] % 16 == 0);
		for (size_t k = 0; k < n; k++)
			CHECK(seen[i][k] == 0);
		memset(seen[i], (int)i, n);
	}
	for (size_t i = 0; i < ARRAY_LEN(seen); i++)
		for (size_t k = 0; k < i * 7; k++)
			CHECK(seen[i][k] == (unsigned char)i);
}

TEST(arena_reset_wipes_and_starts_again)
{
	CLEANUP(arena_drop) struct arena *a = arena_new(64 << 10);

	CHECK(a != NULL);
	char *p = arena_alloc(a, 100);
	CHECK(p != NULL);
	memset(p, 'x', 100);
	for (int i = 0; i < 50; i++) {
		arena_reset(a);
		char *q = arena_alloc(a, 40 << 10);
		CHECK(q != NULL);
		memset(q, 'y', 40 << 10);
	}
	arena_reset(a);
	char *q = arena_alloc(a, 100);
	CHECK(q == p);
	for (int i = 0; i < 100; i++)
		CHECK(q[i] == 0);
}

TEST(arena_keeps_to_its_cap)
{
	CLEANUP(arena_drop) struct arena *a = arena_new(10000);

	CHECK(a != NULL && arena_alloc(a, 10001) == NULL && arena_at_cap(a));
	size_t got = 0;
	while (arena_alloc(a, 64) != NULL)
		got += 64;
	CHECK(got > 9900 && got <= 10000 && arena_at_cap(a));
	arena_reset(a);
	CHECK(!arena_at_cap(a) && arena_alloc(a, 64) != NULL);
}

TEST(arena_refuses_sizes_that_overflow)
{
	static const struct {
		size_t count, size;
	} bad[] = {
		{ SIZE_MAX, 2 }, { 2, SIZE_MAX },     { SIZE_MAX / 2, 3 },
		{ SIZE_MAX, 1 }, { 1, SIZE_MAX - 3 }, { (size_t)1 << 32, (size_t)1 << 32 },
	};
	CLEANUP(arena_drop) struct arena *a = arena_new(SIZE_MAX);

	CHECK(a != NULL);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK(arena_array(a, bad[i].count, bad[i].size) == NULL);
	CHECK(arena_alloc(a, SIZE_MAX) == NULL);
	CHECK(arena_sv(a, (struct sv){ "x", SIZE_MAX }).p == NULL);
	CHECK(arena_text(a, (struct sv){ "x", SIZE_MAX }) == NULL);
	CHECK(arena_array(a, 3, 5) != NULL);
}

TEST(arena_copies_text_with_an_end)
{
	struct ctx *cx = tt_ctx();
	struct sv s = arena_sv(cx->arena, (struct sv){ "abcdef", 3 });

	CHECK(s.n == 3 && strcmp(s.p, "abc") == 0);
	s = arena_sv(cx->arena, SV_NONE);
	CHECK(s.n == 0 && s.p != NULL && s.p[0] == '\0');
	CHECK(strcmp(arena_text(cx->arena, SV("x")), "x") == 0);
	CHECK(strcmp(arena_printf(cx->arena, "%d-%s", 7, "seven"), "7-seven") == 0);
	char *big = arena_printf(cx->arena, "%09000d", 1);
	CHECK(strlen(big) == 9000 && big[8999] == '1');
}

TEST(arena_without_memory_says_so)
{
	tt_fail_alloc(1);
	CHECK(arena_new(100) == NULL);
	tt_fail_alloc(0);
	CLEANUP(arena_drop) struct arena *a = arena_new(1 << 20);
	CHECK(a != NULL);
	tt_fail_alloc(1);
	CHECK(arena_alloc(a, 1) == NULL && !arena_at_cap(a));
	CHECK(arena_printf(a, "%s", "then it works") != NULL);
	tt_fail_alloc(1);
	CHECK(arena_sv(a, (struct sv){ (char[9000]){ 0 }, 9000 }).p == NULL);
	tt_fail_alloc(0);
}
