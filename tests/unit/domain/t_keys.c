/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "db/db.h"
#include "domain/keys.h"
#include "store/store_event.h"
#include "tt_engine.h"
#include <pthread.h>

static const struct actor operator= { "operator", "operator", "CLI", { "127.0.0.1", 9 } };
static struct secret *make(struct ctx *cx, struct engine *en, int64_t expires_at, struct api_key *k)
{
	struct secret *key = NULL;
	struct key_new in = { .project_id = sv_of(store_default_project(en->store)),
			      .name = SV("app"),
			      .expires_at = expires_at,
			      .by = &operator};

	CHECK(!IS_ERR(key_create(cx, en, &in, k, &key)));
	return key;
}

TEST(a_key_made_is_a_key_that_works_also_after_a_restart)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_engine_end) struct tt_engine w = tt_engine_begin(cx);
	struct engine *en = tt_engine_of(&w);
	struct api_key made, k;
	CLEANUP(secret_drop) struct secret *key = make(cx, en, 0, &made);
	struct sv text = secret_view(key);

	CHECK(text.n == KEY_TEXT && sv_starts(text, SV("arc_")) && text_is_id(sv_from(text, 4), 38, "-_"));
	CHECK(sv_ends(text, sv_of(made.last4)) && strlen(made.last4) == 4 && made.created_at > 0 &&
	      made.expires_at == 0);
	for (int i = 0; i < 2; i++) {
		CHECK(!IS_ERR(key_check(cx, en, text, SV("10.0.0.1"), &k)));
		CHECK(strcmp(k.id, made.id) == 0 && strcmp(k.project_id, store_default_project(en->store)) == 0);
		CHECK(strcmp(k.name, "app") == 0 && k.created_at == made.created_at);
		tt_engine_restart(cx, &w);
	}
}

TEST(every_wrong_key_gets_the_same_answer)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_engine_end) struct tt_engine w = tt_engine_begin(cx);
	struct engine *en = tt_engine_of(&w);
	struct api_key k, gone, late;
	CLEANUP(secret_drop) struct secret *key = make(cx, en, 0, &k);
	CLEANUP(secret_drop) struct secret *revoked = make(cx, en, 0, &gone);
	CLEANUP(secret_drop) struct secret *expired = make(cx, en, cx->now + SEC(5), &late);
	char bent[KEY_TEXT + 1], upper[KEY_TEXT + 1];
	const struct {
		const char *row;
		struct sv text;
	} t[] = {
		{ "empty", SV_INIT("") },
		{ "SDK tests' key", SV_INIT("My API Key") },
		{ "prefix", SV_INIT("arc_") },
		{ "well-formed but unknown", SV_INIT("arc_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAhlVVpi") },
		{ "cut", sv_upto(secret_view(key), KEY_TEXT - 1) },
		{ "one letter other", { bent, KEY_TEXT } },
		{ "upper prefix", { upper, KEY_TEXT } },
		{ "with space", SV_INIT(" ") },
		{ "NULs", { "\0\0\0\0", 4 } },
		{ "its id", sv_of(k.id) },
		{ "revoked", secret_view(revoked) },
		{ "expired", secret_view(expired) },
	};

	memcpy(bent, secret_view(key).p, sizeof bent);
	bent[10] = bent[10] == 'A' ? 'B' : 'A';
	memcpy(upper, secret_view(key).p, sizeof upper);
	upper[0] = 'A';
	CHECK(!IS_ERR(key_check(cx, en, secret_view(expired), SV("10.0.0.1"), &k)));
	CHECK(!IS_ERR(key_check(cx, en, secret_view(revoked), SV("10.0.0.1"), &k)));
	CHECK(!IS_ERR(key_revoke(cx, en, sv_of(gone.project_id), sv_of(gone.id), &operator)));
	cx->now += SEC(5);
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < ARRAY_LEN(t); i++) {
			CHECK_ROW(t[i].row, key_check(cx, en, t[i].text, SV("10.0.0.1"), &k).code == E_UNAUTHENTICATED);
			CHECK_ROW(t[i].row, strcmp(cx->cause.say, "Invalid API key") == 0 && k.id[0] == '\0');
			(void)forgive(cx);
		}
		CHECK(!IS_ERR(key_check(cx, en, secret_view(key), SV("10.0.0.1"), &k)));
		tt_engine_restart(cx, &w);
	}
}

TEST(a_key_let_in_is_looked_at_again_by_its_id)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_engine_end) struct tt_engine w = tt_engine_begin(cx);
	struct engine *en = tt_engine_of(&w);
	struct api_key k, gone, late, more;
	CLEANUP(secret_drop) struct secret *key = make(cx, en, 0, &k);
	CLEANUP(secret_drop) struct secret *revoked = make(cx, en, 0, &gone);
	CLEANUP(secret_drop) struct secret *expired = make(cx, en, cx->now + SEC(5), &late);

	for (int i = 0; i < 200; i++) /* the index grows meanwhile */
		secret_drop(&(struct secret *){ make(cx, en, 0, &more) });
	CHECK(!IS_ERR(key_still(cx, en, sv_of(k.id), SV("1"))) && !IS_ERR(key_still(cx, en, sv_of(more.id), SV("1"))));
	CHECK(!IS_ERR(key_still(cx, en, sv_of(gone.id), SV("1"))) &&
	      !IS_ERR(key_still(cx, en, sv_of(late.id), SV("1"))));
	CHECK(!IS_ERR(key_revoke(cx, en, sv_of(gone.project_id), sv_of(gone.id), &operator)));
	cx->now += SEC(5);
	for (int round = 0; round < 2; round++) {
		const char *const no[] = { gone.id, late.id, "", "key_", "key_0000000000000000000000000000" };

		CHECK(!IS_ERR(key_still(cx, en, sv_of(k.id), SV("1"))));
		for (size_t i = 0; i < 100 * ARRAY_LEN(no); i++) { /* no guess: never throttled */
			CHECK(key_still(cx, en, sv_of(no[i % ARRAY_LEN(no)]), SV("1")).code == E_UNAUTHENTICATED);
			CHECK(strcmp(cx->cause.say, "Invalid API key") == 0);
			(void)forgive(cx);
		}
		tt_engine_restart(cx, &w);
	}
}

TEST(the_addresses_of_one_network_share_a_budget)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_engine_end) struct tt_engine w = tt_engine_begin(cx);
	struct engine *en = tt_engine_of(&w);
	struct api_key k;
	int throttled = 0;

	for (unsigned i = 0; i < 80; i++) {
		char ip[40];

		(void)snprintf(ip, sizeof ip, "2001:db8:0:7:%x::%x", i + 1, i + 1);
		throttled += key_check(cx, en, SV("arc_guess"), sv_of(ip), &k).code == E_RATE;
		(void)forgive(cx);
	}
	CHECK(throttled > 0);
	CHECK(key_check(cx, en, SV("arc_guess"), SV("2001:db8:0:8::1"), &k).code == E_UNAUTHENTICATED);
	(void)forgive(cx);
}

TEST(guessing_is_throttled_and_the_right_key_is_not)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_engine_end) struct tt_engine w = tt_engine_begin(cx);
	struct engine *en = tt_engine_of(&w);
	struct api_key k;
	CLEANUP(secret_drop) struct secret *key = make(cx, en, 0, &k);
	int refused = 0, throttled = 0;

	for (int i = 0; i < 200; i++) {
		struct err e = key_check(cx, en, SV("arc_guess"), SV("10.0.0.9"), &k);

		refused += e.code == E_UNAUTHENTICATED;
		throttled += e.code == E_RATE && cx->cause.retry_after_s >= 1 && cx->cause.retry_after_s <= 60;
		(void)forgive(cx);
	}
	CHECK(refused >= 60 && refused < 100 && refused + throttled == 200);
	CHECK(!IS_ERR(key_check(cx, en, secret_view(key), SV("10.0.0.9"), &k)));
	CHECK(key_check(cx, en, SV("arc_guess"), SV("10.0.0.10"), &k).code == E_UNAUTHENTICATED);
}

TEST(what_a_new_key_needs)
{
	static char long_name[NAME_MAX_];
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_engine_end) struct tt_engine w = tt_engine_begin(cx);
	struct engine *en = tt_engine_of(&w);
	struct sv project = sv_of(store_default_project(en->store));
	const struct {
		const char *row;
		struct sv project, name;
		int64_t in;
		enum err_code want;
	} t[] = {
		{ "fine", project, SV_INIT("app"), 0, E_OK },
		{ "fine, expiring", project, SV_INIT("\xc3\xa9"), SEC(9), E_OK },
		{ "no name", project, SV_INIT(""), 0, E_BAD_INPUT },
		{ "long name", project, { long_name, sizeof long_name }, 0, E_BAD_INPUT },
		{ "control", project, SV_INIT("a\nb"), 0, E_BAD_INPUT },
		{ "not UTF-8", project, SV_INIT("\xff"), 0, E_BAD_INPUT },
		{ "expired", project, SV_INIT("app"), -1, E_BAD_INPUT },
		{ "other project", SV_INIT("nope"), SV_INIT("app"), 0, E_NOT_FOUND },
		{ "no project", SV_INIT(""), SV_INIT("app"), 0, E_NOT_FOUND },
	};

	memset(long_name, 'x', sizeof long_name);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		CLEANUP(secret_drop) struct secret *key = NULL;
		struct key_new in = { .project_id = t[i].project,
				      .name = t[i].name,
				      .by = &operator,
				      .expires_at = t[i].in == 0 ? 0 : cx->now + t[i].in };
		struct api_key k;

		CHECK_ROW(t[i].row,
			  key_create(cx, en, &in, &k, &key).code == t[i].want && (key != NULL) == (t[i].want == E_OK));
		(void)forgive(cx);
	}
}

TEST(keys_are_listed_newest_first_and_revoked_once)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_engine_end) struct tt_engine w = tt_engine_begin(cx);
	struct engine *en = tt_engine_of(&w);
	struct sv project = sv_of(store_default_project(en->store));
	struct api_key k[3];
	struct key_list l;
	struct event_list ev;

	for (size_t i = 0; i < ARRAY_LEN(k); i++) {
		CLEANUP(secret_drop) struct secret *key = make(cx, en, 0, &k[i]);
	}
	CHECK(!IS_ERR(key_list(cx, en, project, &(struct page){ .limit = 2 }, &l)) && l.n == 2 && l.total == 3);
	CHECK(l.v[0].created_at >= l.v[1].created_at);
	CHECK(!IS_ERR(key_list(cx, en, project, &(struct page){ .limit = 2, .offset = 2 }, &l)) && l.n == 1);
	CHECK(!IS_ERR(key_list(cx, en, SV("nope"), &(struct page){ .limit = 2 }, &l)) && l.n == 0 && l.total == 0);
	CHECK(key_revoke(cx, en, project, SV("key_nope"), &operator).code == E_NOT_FOUND);
	CHECK(strcmp(cx->cause.say, "api key key_nope not found") == 0);
	(void)forgive(cx);
	CHECK(key_revoke(cx, en, SV("other"), sv_of(k[0].id), &operator).code == E_NOT_FOUND);
	(void)forgive(cx);
	CHECK(!IS_ERR(key_revoke(cx, en, project, sv_of(k[0].id), &operator)));
	CHECK(!IS_ERR(key_revoke(cx, en, project, sv_of(k[0].id), &operator)));
	CHECK(!IS_ERR(store_event_list(
	    cx, en->store, &(struct event_filter){ .project_id = project, .kind = SV("api_key.revoked"), .limit = 9 },
	    &ev)));
	CHECK(ev.total == 1 && strcmp(ev.v[0].principal_type, "operator") == 0 &&
	      strcmp(ev.v[0].resource_id, k[0].id) == 0);
}

TEST(uses_are_stored_in_one_batch)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_engine_end) struct tt_engine w = tt_engine_begin(cx);
	struct engine *en = tt_engine_of(&w);
	struct api_key k, other;
	CLEANUP(secret_drop) struct secret *key = make(cx, en, 0, &k);
	CLEANUP(secret_drop) struct secret *idle = make(cx, en, 0, &other);
	struct key_list l;

	CHECK(!IS_ERR(keys_flush(cx, en)));
	CHECK(!IS_ERR(key_check(cx, en, secret_view(key), SV("1"), &k)));
	CHECK(!IS_ERR(keys_flush(cx, en)));
	CHECK(!IS_ERR(keys_flush(cx, en)));
	tt_engine_restart(cx, &w);
	CHECK(!IS_ERR(key_list(cx, en, sv_of(k.project_id), &(struct page){ .limit = 9 }, &l)) && l.n == 2);
	for (size_t i = 0; i < l.n; i++)
		CHECK(l.v[i].last_used_at == (strcmp(l.v[i].id, k.id) == 0 ? cx->now : 0));
}

/* Checks go on while keys come and go. */
struct checker {
	struct engine *en;
	const struct secret *key;
	bool ok;
};
static void *check_on(void *arg)
{
	struct checker *c = arg;
	struct ctx cx = { .request_id = "t", .now = clock_now() };
	struct api_key k;

	for (int i = 0; i < 3000 && c->ok; i++)
		c->ok = !IS_ERR(key_check(&cx, c->en, secret_view(c->key), SV("1"), &k));
	return NULL;
}
TEST(checking_goes_on_while_keys_come_and_go)
{
	enum { THREADS = 4, MADE = 150 };
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_engine_end) struct tt_engine w = tt_engine_begin(cx);
	struct engine *en = tt_engine_of(&w);
	struct api_key k;
	CLEANUP(secret_drop) struct secret *key = make(cx, en, 0, &k);
	struct checker c[THREADS];
	pthread_t t[THREADS];

	for (size_t i = 0; i < THREADS; i++) {
		c[i] = (struct checker){ en, key, true };
		CHECK(pthread_create(&t[i], NULL, check_on, &c[i]) == 0);
	}
	for (int i = 0; i < MADE; i++) {
		CLEANUP(secret_drop) struct secret *more = make(cx, en, 0, &k);

		CHECK(!IS_ERR(key_revoke(cx, en, sv_of(k.project_id), sv_of(k.id), &operator)));
		CHECK(i % 10 != 0 || !IS_ERR(keys_flush(cx, en)));
	}
	for (size_t i = 0; i < THREADS; i++) {
		(void)pthread_join(t[i], NULL);
		CHECK(c[i].ok);
	}
}
