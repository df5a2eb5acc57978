/* SPDX-License-Identifier: Apache-2.0 */
/* t_connection.c: a verified token set becomes a connection; what it displaces; what a failing act leaves. */
#include "core/text.h"
#include "db/db.h"
#include "store/grant_cache.h"
#include "store/store_connection.h"
#include "tt_store.h"
#include "tt_words.h"

struct world {
	struct tt_store s;
	struct grant_cache *c;
	struct sv project;
};
static void world_end(struct world *w)
{
	grant_cache_free(w->c);
	tt_store_end(&w->s);
}
static struct err sql_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	(void)out;
	return db_exec(cx, tx_db(tx), in);
}
static void sql(struct ctx *cx, struct world *w, const char *text)
{
	CHECK(!IS_ERR(store_act(cx, w->s.st, sql_act, text, NULL)));
}
static int64_t count(struct ctx *cx, struct world *w, const char *text)
{
	CLEANUP(store_read_done) struct reader r = { .st = NULL };
	int64_t n = -1;

	CHECK(!IS_ERR(store_read(cx, w->s.st, &r)) && !IS_ERR(db_get_i64(cx, r.db, text, &n)));
	return n;
}
static struct world world_begin(struct ctx *cx)
{
	struct world w = { .s = tt_store_begin(cx) };

	CHECK(!IS_ERR(grant_cache_new(cx, w.s.st, 1 << 20, &w.c)));
	w.project = sv_of(store_default_project(w.s.st));
	sql(cx, &w,
	    "INSERT INTO providers(id, project_id, unique_id, external_id, binding, status, client_id, revision_id, "
	    "created_at,"
	    " updated_at) VALUES('pv_1', '', 'discord', 'discord', 'static', 'active', 'client', 'pr_1', 1, 1)");
	return w;
}

/* ---- adopting ---- */
struct set {
	const char *token, *refresh, *account, *asked, *granted; /* granted NULL: the provider said nothing */
	bool keep, ends_grant, cannot_revoke, fails;
};
struct in {
	struct world *w;
	const struct set *set;
};
static struct err adopt_act(struct ctx *cx, struct tx *tx, const void *in_, void *out)
{
	const struct in *in = in_;
	const struct set *s = in->set;
	const char *json =
	    s->refresh == NULL ? "{}" : arena_printf(cx->arena, "{\"refresh_token\":\"%s\"}", s->refresh);
	CLEANUP(secret_drop)
	struct secret *access = secret_copy(sv_of(arena_printf(cx->arena, "{\"token\":\"%s\"}", s->token)));
	CLEANUP(secret_drop) struct secret *refresh = secret_copy(sv_of(json));
	const struct connection_adopt a = {
		.project_id = in->w->project,
		.user_id = SV("ada"),
		.provider_id = SV("pv_1"),
		.client_id = SV("client"),
		.revision_id = SV("pr_1"),
		.authorization_id = SV("ar_1"),
		.requested = tt_words(cx, s->asked == NULL ? "a" : s->asked),
		.granted = tt_words(cx, s->granted == NULL ? "" : s->granted),
		.scope_known = s->granted != NULL,
		.keep_scopes = s->keep,
		.access = access,
		.refresh_json = refresh,
		.account_hash = s->account == NULL ? SV_NONE : sv_of(s->account),
		.token_expires_at = tx_now(tx) + HOUR(1),
		.ends_grant = s->ends_grant,
		.can_revoke = !s->cannot_revoke,
	};

	TRY(store_connection_adopt(cx, tx, &a, out));
	return s->fails ? fail(cx, E_CONFLICT, "no", "as told") : OK;
}
static struct connection adopt(struct ctx *cx, struct world *w, const struct set *s, struct connection_adopted *out)
{
	struct connection c;

	CHECK(!IS_ERR(store_act(cx, w->s.st, adopt_act, &(struct in){ w, s }, out)));
	CHECK(!IS_ERR(store_connection_get(cx, w->s.st, sv_of(out->id), &c)));
	return c;
}

static const struct {
	const char *name;
	struct set was, is;
	bool another;
	int64_t queued, kept;
	const char *refresh; /* held afterwards */
} displaced[] = {
	{ "another account",
	  { "t1", "r1", "A", NULL, "a", 0, 0, 0, 0 },
	  { "t2", "r2", "B", NULL, "a", 0, 0, 0, 0 },
	  true,
	  1,
	  0,
	  "r2" },
	{ "another account, revoking would end its grant",
	  { "t1", "r1", "A", NULL, "a", 0, 0, 0, 0 },
	  { "t2", "r2", "B", NULL, "a", 0, true, 0, 0 },
	  true,
	  0,
	  1,
	  "r2" },
	{ "the same account, a new pair",
	  { "t1", "r1", "A", NULL, "a", 0, 0, 0, 0 },
	  { "t2", "r2", "A", NULL, "a", 0, 0, 0, 0 },
	  false,
	  1,
	  0,
	  "r2" },
	{ "the same account, no refresh token came",
	  { "t1", "r1", "A", NULL, "a", 0, 0, 0, 0 },
	  { "t2", NULL, "A", NULL, "a", 0, 0, 0, 0 },
	  false,
	  0,
	  0,
	  "r1" },
	{ "another account, no refresh token came",
	  { "t1", "r1", "A", NULL, "a", 0, 0, 0, 0 },
	  { "t2", NULL, "B", NULL, "a", 0, 0, 0, 0 },
	  true,
	  1,
	  0,
	  NULL },
	{ "account unknown, no refresh token came",
	  { "t1", "r1", NULL, NULL, "a", 0, 0, 0, 0 },
	  { "t2", NULL, NULL, NULL, "a", 0, 0, 0, 0 },
	  false,
	  1,
	  0,
	  NULL },
	{ "the same refresh token again",
	  { "t1", "r1", NULL, NULL, "a", 0, 0, 0, 0 },
	  { "t2", "r1", NULL, NULL, "a", 0, 0, 0, 0 },
	  false,
	  0,
	  0,
	  "r1" },
	{ "the same access token again",
	  { "t1", NULL, NULL, NULL, "a", 0, 0, 0, 0 },
	  { "t1", NULL, NULL, NULL, "a", 0, 0, 0, 0 },
	  false,
	  0,
	  0,
	  NULL },
	{ "a provider that cannot revoke",
	  { "t1", "r1", "A", NULL, "a", 0, 0, 0, 0 },
	  { "t2", "r2", "B", NULL, "a", 0, 0, true, 0 },
	  true,
	  0,
	  0,
	  "r2" },
};
TEST(what_a_consent_displaces)
{
	for (size_t i = 0; i < ARRAY_LEN(displaced); i++) {
		struct ctx *cx = tt_ctx();
		CLEANUP(world_end) struct world w = world_begin(cx);
		CLEANUP(secret_drop) struct secret *access = NULL;
		CLEANUP(secret_drop) struct secret *refresh = NULL;
		struct connection_adopted first, second;

		(void)adopt(cx, &w, &displaced[i].was, &first);
		struct connection c = adopt(cx, &w, &displaced[i].is, &second);
		CHECK_ROW(displaced[i].name, strcmp(first.id, second.id) == 0 && second.generation == 2);
		CHECK_ROW(displaced[i].name, second.replaced_account == displaced[i].another);
		CHECK_ROW(displaced[i].name, count(cx, &w, "SELECT count(*) FROM revocations") == displaced[i].queued);
		CHECK_ROW(displaced[i].name,
			  count(cx, &w, "SELECT count(*) FROM events WHERE reason = 'not_revoked_shared_grant'") ==
			      displaced[i].kept);
		CHECK(!IS_ERR(store_connection_open(cx, w.s.st, &c, &access, &refresh)));
		CHECK_ROW(displaced[i].name,
			  c.has_refresh == (displaced[i].refresh != NULL) && (c.due_at > 0) == c.has_refresh);
		size_t at;
		CHECK_ROW(displaced[i].name, displaced[i].refresh == NULL ||
						 sv_find(secret_view(refresh), sv_of(displaced[i].refresh), &at));
	}
}

TEST(scopes_after_a_consent)
{
	static const struct {
		const char *name;
		struct set was, is;
		const char *requested, *granted;
	} t[] = {
		{ "a new token replaces the scopes",
		  { "t1", "r", "A", "a b", "a b", 0, 0, 0, 0 },
		  { "t2", "r2", "A", "c", "c", false, 0, 0, 0 },
		  "[\"c\"]",
		  "[\"c\"]" },
		{ "asked with the existing ones",
		  { "t1", "r", "A", "a b", "a b", 0, 0, 0, 0 },
		  { "t2", "r2", "A", "c a b", "c a b", true, 0, 0, 0 },
		  "[\"c\",\"a\",\"b\"]",
		  "[\"c\",\"a\",\"b\"]" },
		{ "one was declined",
		  { "t1", "r", "A", "a", "a", 0, 0, 0, 0 },
		  { "t2", "r2", "A", "c a", "a", true, 0, 0, 0 },
		  "[\"c\",\"a\"]",
		  "[\"a\"]" },
		{ "another account starts afresh",
		  { "t1", "r", "A", "a b", "a b", 0, 0, 0, 0 },
		  { "t2", "r2", "B", "c", "c", true, 0, 0, 0 },
		  "[\"c\"]",
		  "[\"c\"]" },
		{ "the provider said nothing",
		  { "t1", "r", "A", "a", "a", 0, 0, 0, 0 },
		  { "t2", "r2", "A", "c a", NULL, true, 0, 0, 0 },
		  "[\"c\",\"a\"]",
		  "[\"c\",\"a\"]" },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		CLEANUP(world_end) struct world w = world_begin(cx);
		struct connection_adopted out;

		(void)adopt(cx, &w, &t[i].was, &out);
		struct connection c = adopt(cx, &w, &t[i].is, &out);
		CHECK_ROW(t[i].name, sv_eqz(c.requested_scopes, t[i].requested));
		CHECK_ROW(t[i].name, sv_eqz(c.granted_scopes, t[i].granted));
		CHECK_ROW(t[i].name, c.scope_known == (t[i].is.granted != NULL));
	}
}

/* The list shows one connection of a user and provider, however often he had to consent; and a pair that comes late for
 * the one that had ended does not take the new grant with it. */
TEST(a_new_consent_closes_those_that_had_ended_before)
{
	static const struct set set = { "t1", "r1", "A", NULL, "a", 0, 0, 0, 0 };
	struct ctx *cx = tt_ctx();
	CLEANUP(world_end) struct world w = world_begin(cx);
	CLEANUP(secret_drop) struct secret *late = secret_copy(SV("{\"token\":\"late\"}"));
	struct connection_adopted first, second;
	struct connection_renewed renewed;
	const struct event ev = { .project_id = w.project,
				  .kind = "connection.refresh",
				  .by = { .type = "system", .id = "", .source = "SYSTEM" },
				  .resource_type = "connection",
				  .resource_id = SV("x"),
				  .outcome = "ok" };

	(void)adopt(cx, &w, &set, &first);
	sql(cx, &w,
	    "UPDATE connections SET status = 'dead', reason = 'revoked_or_expired', access_box = NULL, refresh_box = "
	    "NULL,"
	    " has_refresh = 0, user_info_box = x'00', ended_at = 1;"
	    "INSERT INTO connections(id, project_id, user_id, provider_id, client_id, revision_id, status, generation,"
	    " created_at, updated_at) SELECT 'uc_bob', project_id, 'bob', provider_id, 'c', 'pr_1', 'dead', 1, 1, 1 "
	    "FROM"
	    " connections");
	(void)adopt(cx, &w, &set, &second);
	CHECK(strcmp(first.id, second.id) != 0);
	CHECK(count(cx, &w, "SELECT count(*) FROM connections WHERE status = 'dead'") == 1);
	CHECK(
	    count(cx, &w,
		  "SELECT count(*) FROM connections WHERE status = 'closed' AND reason = 'replaced' AND user_id = 'ada'"
		  " AND user_info_box IS NULL AND ended_at > 0") == 1);
	const struct connection_renew in = { .id = sv_of(first.id),
					     .owner = "somebody",
					     .generation = 1,
					     .access = late,
					     .authorization_id = SV("ar_1"),
					     .ends_grant = true,
					     .can_revoke = true,
					     .event = &ev };
	CHECK(!IS_ERR(store_connection_renew(cx, w.s.st, &in, &renewed)) && renewed.fate == RENEW_DISCARDED);
	CHECK(count(cx, &w, "SELECT count(*) FROM revocations") == 0);
	CHECK(count(cx, &w, "SELECT count(*) FROM events WHERE reason = 'replaced'") == 1);
}

static struct grant_key ada_key(const struct world *w)
{
	return (struct grant_key){ w->project, SV("ada"), SV("pv_1") };
}
TEST(memory_knows_a_change_when_its_act_returns_and_never_one_that_failed)
{
	static const struct set first = { "t1", "r1", "A", NULL, "a", 0, 0, 0, 0 };
	static const struct set fails = { "t2", "r2", "A", NULL, "a", 0, 0, 0, true };
	struct ctx *cx = tt_ctx();
	CLEANUP(world_end) struct world w = world_begin(cx);
	const struct grant_key key = ada_key(&w);
	struct connection_adopted out;
	enum grant_found f;
	struct grant g;

	CHECK(!IS_ERR(grant_cache_load(cx, w.c, &key, &g, &f)) && f == GRANT_NONE);
	(void)adopt(cx, &w, &first, &out);
	CHECK(!IS_ERR(grant_cache_find(cx, w.c, &key, &g, &f)) && f == GRANT_LIVE && g.generation == 1);
	CHECK(store_act(cx, w.s.st, adopt_act, &(struct in){ &w, &fails }, &out).code == E_CONFLICT);
	(void)forgive(cx);
	CHECK(!IS_ERR(grant_cache_find(cx, w.c, &key, &g, &f)) && f == GRANT_LIVE && g.generation == 1);
	CHECK(count(cx, &w, "SELECT generation FROM connections") == 1);
	CHECK(count(cx, &w, "SELECT count(*) FROM revocations") == 0);
}

TEST(a_box_of_another_row_does_not_open)
{
	static const struct set first = { "t1", "r1", NULL, NULL, "a", 0, 0, 0, 0 };
	struct ctx *cx = tt_ctx();
	CLEANUP(world_end) struct world w = world_begin(cx);
	struct connection_adopted out;
	struct secret *access = NULL, *refresh = NULL;
	struct connection c = adopt(cx, &w, &first, &out);

	c.id = SV("uc_another");
	CHECK(store_connection_open(cx, w.s.st, &c, &access, &refresh).code == E_INTERNAL && access == NULL &&
	      refresh == NULL);
	(void)forgive(cx);
	c.id = sv_of(out.id);
	c.access_box = c.refresh_box;
	CHECK(store_connection_open(cx, w.s.st, &c, &access, &refresh).code == E_INTERNAL && access == NULL);
	size_t at;
	CHECK(!sv_find(c.refresh_box, SV("r1"), &at));
}

TEST(when_a_token_is_to_be_renewed)
{
	static const struct {
		const char *name;
		int64_t life, lead_s, ahead;
	} t[] = {
		{ "a week", DAY(7), 0, MIN(5) },
		{ "an hour", HOUR(1), 0, MIN(5) },
		{ "half an hour", MIN(30), 0, MIN(3) },
		{ "five minutes", MIN(5), 0, SEC(60) },
		{ "a minute", SEC(60), 0, SEC(30) },
		{ "ten seconds", SEC(10), 0, SEC(5) },
		{ "own lead", HOUR(1), 30, SEC(30) },
		{ "own lead of days", DAY(60), 20 * 86400, DAY(20) },
		{ "own lead longer than half the life", MIN(5), 300, SEC(150) },
		{ "over when it came", 0, 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		int64_t from = DAY(20000), to = from + t[i].life;

		CHECK_ROW(t[i].name, store_connection_due_at(from, to, t[i].lead_s) == to - t[i].ahead);
	}
	CHECK(store_connection_due_at(DAY(20000), 0, 0) == 0);
}

/* Every allocation of an adopt fails once: an error then, nothing written, nothing remembered. */
TEST(a_read_without_memory_leaves_nothing)
{
	static const struct set first = { "t1", "r1", "A", NULL, "a", 0, 0, 0, 0 };
	struct ctx *cx = tt_ctx();
	CLEANUP(world_end) struct world w = world_begin(cx);
	const struct grant_key key = ada_key(&w);
	struct connection_adopted out;
	bool failed = false;

	(void)adopt(cx, &w, &first, &out);
	for (long k = 1; k < 500; k++) {
		struct ctx *c = tt_ctx();
		enum grant_found f = GRANT_MISS;
		struct grant g;

		grant_cache_forget_provider(w.c, SV("pv_1"));
		tt_fail_alloc(k);
		struct err e = grant_cache_load(c, w.c, &key, &g, &f);
		tt_fail_alloc(0);
		failed = failed || IS_ERR(e);
		CHECK(IS_ERR(e) ? c->cause.code == e.code : f == GRANT_LIVE && sv_eqz(g.id, out.id));
		if (!IS_ERR(e) && k > 60)
			break;
	}
	CHECK(failed && grant_cache_stats(w.c).loads == 0);
}
