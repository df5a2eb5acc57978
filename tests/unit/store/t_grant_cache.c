/* SPDX-License-Identifier: Apache-2.0 */
/* t_grant_cache.c: what memory keeps of grants, and what it must never keep. */
#include "core/text.h"
#include "store/grant_cache.h"
#include "tt_store.h"
#include <pthread.h>

enum { SMALL = 1 << 20 };
struct world {
	struct tt_store s;
	struct grant_cache *c;
};
static void world_end(struct world *w)
{
	grant_cache_free(w->c);
	tt_store_end(&w->s);
}
static struct world world_begin(struct ctx *cx, size_t bytes)
{
	struct world w = { .s = tt_store_begin(cx) };

	CHECK(!IS_ERR(grant_cache_new(cx, w.s.st, bytes, &w.c)));
	return w;
}
static const struct grant_key ada = { SV_INIT("project"), SV_INIT("ada"), SV_INIT("pv_1") };
static struct grant grant(const char *id, int64_t generation)
{
	static struct sv scopes[] = { SV_INIT("identify"), SV_INIT("guilds") };

	return (struct grant){ .id = sv_of(id),
			       .client_id = SV("client"),
			       .authorization_id = SV("ar_1"),
			       .access_box = { "\0sealed\0", 8 },
			       .user_info_box = SV_NONE,
			       .requested = { scopes, 2 },
			       .granted = { scopes + 1, 1 },
			       .scope_known = true,
			       .generation = generation,
			       .token_expires_at = 77 };
}
static enum grant_found find(struct ctx *cx, struct world *w, const struct grant_key *k, struct grant *out)
{
	enum grant_found f;

	CHECK(!IS_ERR(grant_cache_find(cx, w->c, k, out, &f)));
	return f;
}

TEST(a_row_comes_back_as_it_was_put)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(world_end) struct world w = world_begin(cx, SMALL);
	struct grant g = grant("uc_1", 3), got;

	CHECK(find(cx, &w, &ada, &got) == GRANT_MISS);
	grant_cache_put(w.c, &ada, &g);
	CHECK(find(cx, &w, &ada, &got) == GRANT_LIVE);
	CHECK(sv_eqz(got.id, "uc_1") && sv_eqz(got.authorization_id, "ar_1") && sv_eq(got.access_box, g.access_box));
	CHECK(got.access_box.p != g.access_box.p && got.user_info_box.p == NULL && got.generation == 3);
	CHECK(got.requested.n == 2 && sv_eqz(got.requested.v[1], "guilds") && got.granted.n == 1);
	CHECK(sv_eqz(got.granted.v[0], "guilds") && got.token_expires_at == 77 && got.scope_known);
	const struct grant_key others[] = { { SV("project"), SV("Ada"), SV("pv_1") },
					    { SV("project"), SV("ada"), SV("pv_2") },
					    { SV("another"), SV("ada"), SV("pv_1") },
					    { SV("projecta"), SV("da"), SV("pv_1") } };
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		CHECK(find(cx, &w, &others[i], &got) == GRANT_MISS);
	grant_cache_put(w.c, &ada, NULL);
	CHECK(find(cx, &w, &ada, &got) == GRANT_NONE);
	grant_cache_forget_provider(w.c, SV("pv_2"));
	CHECK(find(cx, &w, &ada, &got) == GRANT_NONE);
	grant_cache_forget_provider(w.c, SV("pv_1"));
	CHECK(find(cx, &w, &ada, &got) == GRANT_MISS && grant_cache_stats(w.c).bytes == 0);
}

TEST(a_generation_is_never_lowered)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(world_end) struct world w = world_begin(cx, SMALL);
	struct grant three = grant("uc_1", 3), two = grant("uc_1", 2), next = grant("uc_2", 1), got;

	grant_cache_put(w.c, &ada, &three);
	grant_cache_put(w.c, &ada, &two);
	CHECK(find(cx, &w, &ada, &got) == GRANT_LIVE && got.generation == 3);
	grant_cache_put(w.c, &ada, &next); /* another connection starts at one */
	CHECK(find(cx, &w, &ada, &got) == GRANT_LIVE && got.generation == 1 && sv_eqz(got.id, "uc_2"));
}

TEST(memory_stays_within_its_bound_and_keeps_what_is_read)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(world_end) struct world w = world_begin(cx, SMALL);
	struct grant g = grant("uc_hot", 1), got;

	grant_cache_put(w.c, &ada, &g);
	for (int i = 0; i < 20000; i++) {
		char user[32];
		(void)snprintf(user, sizeof user, "user-%d", i);
		const struct grant_key k = { SV("project"), sv_of(user), SV("pv_1") };
		struct grant other = grant("uc_x", 1);

		grant_cache_put(w.c, &k, i % 3 == 0 ? NULL : &other);
		CHECK(i % 16 != 0 || find(cx, &w, &ada, &got) == GRANT_LIVE);
	}
	struct grant_cache_stats t = grant_cache_stats(w.c);
	CHECK(t.bytes <= SMALL && t.bytes > SMALL / 2 && t.rows > 500 && t.rows < 20000 && t.loads == 0);
	CHECK(find(cx, &w, &ada, &got) == GRANT_LIVE);
}

TEST(a_row_that_is_too_large_is_not_kept_nor_is_what_it_replaced)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(world_end) struct world w = world_begin(cx, 8 << 20);
	struct grant g = grant("uc_1", 1), got;
	static char large[65 << 10];

	grant_cache_put(w.c, &ada, &g);
	g.generation = 2;
	g.user_info_box = (struct sv){ large, sizeof large };
	grant_cache_put(w.c, &ada, &g);
	CHECK(find(cx, &w, &ada, &got) == GRANT_MISS);
}

/* ---- marks of use ---- */
TEST(marks_of_use_outlive_the_row)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(world_end) struct world w = world_begin(cx, SMALL);
	struct grant g = grant("uc_1", 1);
	struct grant_use v[8];

	grant_cache_put(w.c, &ada, &g);
	CHECK(grant_cache_take_used(w.c, v, 8) == 0);
	grant_cache_used(w.c, &ada, SV("uc_1"), 5);
	grant_cache_used(w.c, &ada, SV("uc_1"), 7);
	CHECK(grant_cache_take_used(w.c, v, 8) == 1 && strcmp(v[0].id, "uc_1") == 0 && v[0].at == 7);
	CHECK(grant_cache_take_used(w.c, v, 8) == 0);
	grant_cache_used(w.c, &ada, SV("uc_1"), 9);
	g.generation = 2;
	grant_cache_put(w.c, &ada, &g);   /* renewed */
	grant_cache_put(w.c, &ada, NULL); /* gone */
	CHECK(grant_cache_take_used(w.c, v, 8) == 1 && v[0].at == 9);
	grant_cache_used(w.c, &ada, SV("uc_other"), 11); /* never kept */
	CHECK(grant_cache_take_used(w.c, v, 8) == 1 && strcmp(v[0].id, "uc_other") == 0);
}

/* ---- loads that a change overtakes ---- */
/* A writer changes one key for ever; readers load it.  A generation seen by a reader after the put of a higher one is a
 * lie. */
struct race {
	struct world *w;
	_Atomic int64_t at_least;
	_Atomic bool stop, lied;
};
static void *load_and_check(void *arg)
{
	struct race *r = arg;

	while (!r->stop && !r->lied) {
		CLEANUP(arena_drop) struct arena *a = arena_new(1 << 20);
		struct ctx cx = { .arena = a, .request_id = "t" };
		enum grant_found f;
		struct grant g;

		if (IS_ERR(grant_cache_load(&cx, r->w->c, &ada, &g, &f)))
			r->lied = true;
		/* The table is empty: a load that were kept would say NONE although a row was put. */
		int64_t low = r->at_least;
		if (IS_ERR(grant_cache_find(&cx, r->w->c, &ada, &g, &f)))
			r->lied = true;
		if (low > 0 && r->at_least == low && (f != GRANT_LIVE || g.generation < low))
			r->lied = true;
	}
	return NULL;
}
TEST(a_load_never_buries_a_change)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(world_end) struct world w = world_begin(cx, SMALL);
	struct race r = { .w = &w };
	pthread_t t[3];

	/* Each round the key is forgotten, so that loads begin, and put again while they are under way. */
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		CHECK(pthread_create(&t[i], NULL, load_and_check, &r) == 0);
	for (int64_t i = 1; i < 3000 && !r.lied; i++) {
		struct grant g = grant("uc_1", i);

		r.at_least = 0;
		grant_cache_forget_provider(w.c, SV("pv_1"));
		grant_cache_put(w.c, &ada, &g);
		r.at_least = i;
	}
	r.stop = true;
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		CHECK(pthread_join(t[i], NULL) == 0);
	CHECK(!r.lied);
}
