/* SPDX-License-Identifier: Apache-2.0 */
/* t_grant_cache.c: what memory keeps of grants, and what it must never keep. */
#include "core/text.h"
#include "db/db.h"
#include "store/grant_cache.h"
#include "store/store_connection.h"
#include "tt_store.h"

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
	struct use_mark v[8];

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
/* The executable is linked with --wrap=store_connection_find: `during` runs when the row has been read and before it is
 * kept. */
static void (*during)(struct world *w);
static struct world *during_world;
struct err __real_store_connection_find(struct ctx *cx, struct store *st, const struct connection_key *key,
					struct connection *out);
struct err __wrap_store_connection_find(struct ctx *cx, struct store *st, const struct connection_key *key,
					struct connection *out);
struct err __wrap_store_connection_find(struct ctx *cx, struct store *st, const struct connection_key *key,
					struct connection *out)
{
	struct err e = __real_store_connection_find(cx, st, key, out);

	if (during != NULL)
		during(during_world);
	during = NULL;
	return e;
}
static void nothing(struct world *w) { CHECK(grant_cache_stats(w->c).loads == 1); }
static void provider_ends(struct world *w) { grant_cache_forget_provider(w->c, SV("pv_1")); }
static void other_provider_ends(struct world *w) { grant_cache_forget_provider(w->c, SV("pv_2")); }
static void deleted(struct world *w) { grant_cache_put(w->c, &ada, NULL); }
static void deleted_and_pushed_out(struct world *w)
{
	grant_cache_put(w->c, &ada, NULL);
	for (int i = 0; i < 20000; i++) {
		char user[32];
		(void)snprintf(user, sizeof user, "user-%d", i);
		const struct grant_key k = { SV("project"), sv_of(user), SV("pv_1") };

		grant_cache_put(w->c, &k, NULL);
	}
}
static void renewed_too_large(struct world *w)
{
	static char large[65 << 10];
	struct grant g = grant("uc_1", 9);

	g.user_info_box = (struct sv){ large, sizeof large };
	grant_cache_put(w->c, &ada, &g);
}
static void renewed(struct world *w)
{
	struct grant g = grant("uc_1", 9);

	grant_cache_put(w->c, &ada, &g);
}
static struct err row_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	(void)out;
	return db_exec(cx, tx_db(tx), in);
}
static const char live_row[] =
    "INSERT INTO providers(id, project_id, unique_id, external_id, binding, status, client_id, revision_id, created_at,"
    " updated_at) VALUES('pv_1', '', 'x', 'x', 'static', 'active', 'c', 'pr_1', 1, 1);"
    "INSERT INTO connections(id, project_id, user_id, provider_id, client_id, revision_id, status, generation, "
    "created_at,"
    " updated_at) VALUES('uc_1', 'project', 'ada', 'pv_1', 'c', 'pr_1', 'live', 1, 1, 1)";

TEST(a_load_never_buries_a_change)
{
	static const struct {
		const char *name;
		void (*during)(struct world *w);
		enum grant_found after;
		int64_t generation;
	} t[] = {
		{ "nothing happens", nothing, GRANT_LIVE, 1 },
		{ "all of the provider end", provider_ends, GRANT_MISS, 0 },
		{ "all of another provider end", other_provider_ends, GRANT_MISS, 0 },
		{ "it is deleted", deleted, GRANT_NONE, 0 },
		{ "it is deleted, and that is pushed out", deleted_and_pushed_out, GRANT_MISS, 0 },
		{ "it is renewed", renewed, GRANT_LIVE, 9 },
		{ "it is renewed and too large to be kept", renewed_too_large, GRANT_MISS, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		CLEANUP(world_end) struct world w = world_begin(cx, SMALL);
		struct grant g;
		enum grant_found f;

		CHECK(!IS_ERR(store_act(cx, w.s.st, row_act, live_row, NULL)));
		during = t[i].during;
		during_world = &w;
		CHECK_ROW(t[i].name, !IS_ERR(grant_cache_load(cx, w.c, &ada, &g, &f)));
		CHECK_ROW(t[i].name,
			  f == GRANT_LIVE && g.generation == 1 && during == NULL); /* true when it was read */
		CHECK_ROW(t[i].name, find(cx, &w, &ada, &g) == t[i].after && g.generation == t[i].generation);
		CHECK_ROW(t[i].name, grant_cache_stats(w.c).loads == 0);
	}
}
