/* SPDX-License-Identifier: Apache-2.0 */
/* t_refresh.c: what each answer does to a grant, and what may cross a refresh (design 8). */
#include "tt_grant.h"
#include <pthread.h>

static const struct tt_grant week = { .user = "ada", .token = "tok-1", .refresh = "ref-1", .life = DAY(7) };

/* How one refresh of an expired grant ends, by what came. */
static const struct {
	const char *name;
	enum net_fate fate;
	bool sent;
	int status;
	const char *body, *row; /* row: what was so before */
	enum refreshed want;
	const char *is, *reason, *outcome;
	bool uncertain;
	int64_t generation;
} ends[] = {
	{ "a new pair", NET_DONE, true, 200, TT_NEW_PAIR, NULL, REFRESHED_YES, "live", "", "ok", false, 2 },
	{ "a new pair after an uncertain try", NET_DONE, true, 200, TT_NEW_PAIR, "uncertain = 1", REFRESHED_YES, "live",
	  "", "ok", false, 2 },
	{ "no connection", NET_NO_CONNECT, false, 0, "", NULL, REFRESHED_LATER, "live", "", "failed", false, 1 },
	{ "no name", NET_NO_NAME, false, 0, "", NULL, REFRESHED_LATER, "live", "", "failed", false, 1 },
	{ "no connection after an uncertain try", NET_NO_CONNECT, false, 0, "", "uncertain = 1", REFRESHED_LATER,
	  "live", "", "failed", true, 1 },
	{ "timeout after sending", NET_TIMEOUT, true, 0, "", NULL, REFRESHED_LATER, "live", "", "unknown", true, 1 },
	{ "cut after sending", NET_CUT, true, 0, "", NULL, REFRESHED_LATER, "live", "", "unknown", true, 1 },
	{ "500", NET_DONE, true, 500, "oops", NULL, REFRESHED_LATER, "live", "", "unknown", true, 1 },
	{ "200 that cannot be read", NET_DONE, true, 200, "<html>", NULL, REFRESHED_LATER, "live", "", "unknown", true,
	  1 },
	{ "200 without a token", NET_DONE, true, 200, "{}", NULL, REFRESHED_LATER, "live", "", "unknown", true, 1 },
	{ "429", NET_DONE, true, 429, "{}", NULL, REFRESHED_LATER, "live", "", "refused", false, 1 },
	{ "invalid_grant", NET_DONE, true, 400, TT_DEAD, NULL, REFRESHED_DEAD, "dead", "revoked_or_expired", "refused",
	  false, 1 },
	{ "invalid_grant after an uncertain try", NET_DONE, true, 400, TT_DEAD, "uncertain = 1", REFRESHED_DEAD, "dead",
	  "refresh_answer_lost", "refused", true, 1 },
	{ "invalid_grant after a crash", NET_DONE, true, 400, TT_DEAD, "sent_generation = 1, lease_until = 1",
	  REFRESHED_DEAD, "dead", "refresh_answer_lost", "refused", true, 1 },
	{ "invalid_client", NET_DONE, true, 401, "{\"error\":\"invalid_client\"}", NULL, REFRESHED_LATER, "live", "",
	  "refused", false, 1 },
};
TEST(each_answer_has_its_end)
{
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		struct ctx *cx = tt_ctx();
		CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
		struct engine *en = tt_flow_begin(cx, &w);
		struct sv id = tt_adopt(cx, en, &week);

		tt_age(cx, en, -SEC(1), DAY(7));
		if (ends[i].row != NULL)
			tt_move(cx, en, arena_printf(cx->arena, "UPDATE connections SET %s", ends[i].row));
		if (ends[i].fate == NET_DONE)
			tt_net_answer("refresh", ends[i].status, ends[i].body);
		else
			tt_net_fails("refresh", ends[i].fate, ends[i].sent);
		int64_t before = clock_now();
		CHECK_ROW(ends[i].name, tt_refresh(cx, en, id) == ends[i].want && tt_net_calls("refresh") == 1);
		struct connection c = tt_row(cx, en, id);
		CHECK_ROW(ends[i].name, sv_eqz(c.status, ends[i].is) && sv_eqz(c.reason, ends[i].reason));
		CHECK_ROW(ends[i].name, c.uncertain == ends[i].uncertain && c.generation == ends[i].generation);
		CHECK_ROW(ends[i].name, c.lease_until == 0 && c.lease_owner.n == 0 && c.sent_generation == 0);
		CHECK_ROW(ends[i].name, (ends[i].want == REFRESHED_LATER) == (c.next_try_at > before));
		CHECK_ROW(ends[i].name, (c.access_box.p != NULL) == sv_eqz(c.status, "live"));
		CHECK_ROW(ends[i].name, strcmp(tt_event(cx, en, "connection.refresh").outcome, ends[i].outcome) == 0);
	}
}

TEST(the_old_refresh_token_is_kept_when_none_comes_back)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct sv id = tt_adopt(cx, en, &week);

	for (int i = 0; i < 2; i++) {
		tt_age(cx, en, -SEC(1), DAY(7));
		tt_net_answer("refresh", 200,
			      "{\"access_token\":\"tok-n\",\"expires_in\":60,\"token_type\":\"Bearer\"}");
		CHECK(tt_refresh(cx, en, id) == REFRESHED_YES);
		CHECK(strstr(tt_net_sent("refresh"), "refresh_token=ref-1") != NULL);
	}
	struct connection c = tt_row(cx, en, id);
	CHECK(c.has_refresh && c.generation == 3 && c.due_at > 0 && sv_eqz(c.granted_scopes, "[\"identify\"]"));
	int64_t ahead = c.token_expires_at - c.due_at; /* never more than half the life, which began at the call */
	CHECK(ahead <= SEC(30) && ahead > SEC(10));
}

TEST(no_secret_is_on_the_timeline)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct sv id = tt_adopt(cx, en, &week);
	size_t at;

	tt_age(cx, en, -SEC(1), DAY(7));
	tt_net_answer("refresh", 400, "{\"error\":\"invalid_grant\",\"error_description\":\"ref-1 is not tok-1\"}");
	CHECK(tt_refresh(cx, en, id) == REFRESHED_DEAD);
	struct event_row e = tt_event(cx, en, "connection.refresh");
	CHECK(!sv_find(e.data, SV("ref-1"), &at) && !sv_find(e.data, SV("tok-1"), &at));
	CHECK(sv_find(e.data, SV("discord.com"), &at) && sv_find(e.data, SV("invalid_grant"), &at));
	CHECK(strcmp(e.authorization_id, "ar_1") == 0 && strcmp(e.step, "refresh") == 0);
}

TEST(nothing_is_sent_when_the_lease_would_not_outlive_the_call)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct sv id = tt_adopt(cx, en, &week);
	const struct connection_claim other = { id, 1, SEC(45), "somebody" };
	struct connection_claimed c;

	tt_age(cx, en, -SEC(1), DAY(7));
	CHECK(!IS_ERR(store_connection_claim(cx, en->store, &other, &c)) && c.fate == CLAIM_OURS && c.tries == 1);
	CHECK(tt_refresh(cx, en, id) == REFRESHED_OTHER && tt_net_calls("refresh") == 0);
	CHECK(!IS_ERR(store_connection_claim(cx, en->store, &other, &c)) && c.fate == CLAIM_LEASED &&
	      c.until > clock_now());
	tt_move(cx, en, "UPDATE connections SET next_try_at = (unixepoch() + 30) * 1000000, lease_until = 0");
	CHECK(tt_refresh(cx, en, id) == REFRESHED_LATER && tt_net_calls("refresh") == 0);
	tt_move(cx, en, "UPDATE connections SET generation = 5");
	CHECK(!IS_ERR(store_connection_claim(cx, en->store, &other, &c)) && c.fate == CLAIM_MOVED);
	CHECK(tt_refresh(cx, en, SV("uc_none")) == REFRESHED_DEAD);
}

TEST(a_restart_makes_what_was_sent_uncertain_and_frees_it_at_once)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct sv id = tt_adopt(cx, en, &week);
	const struct connection_claim dead = { id, 1, SEC(45), "a process that is gone" };
	struct connection_claimed claimed;
	int64_t n = 0;

	CHECK(!IS_ERR(store_connection_claim(cx, en->store, &dead, &claimed)) && claimed.fate == CLAIM_OURS);
	CHECK(!IS_ERR(store_connection_orphans(cx, en->store, &n)) && n == 1);
	struct connection c = tt_row(cx, en, id);
	CHECK(c.uncertain && c.sent_generation == 0 && c.lease_until == 0 && c.generation == 1);
	CHECK(strcmp(tt_event(cx, en, "connection.refresh").outcome, "unknown") == 0);
	CHECK(!IS_ERR(store_connection_orphans(cx, en->store, &n)) && n == 0);
	tt_age(cx, en, -SEC(1), DAY(7));
	tt_net_answer("refresh", 400, TT_DEAD);
	CHECK(tt_refresh(cx, en, id) == REFRESHED_DEAD && sv_eqz(tt_row(cx, en, id).reason, "refresh_answer_lost"));
}

/* ---- what happens while the provider is being asked ---- */
struct meanwhile {
	struct engine *en;
	struct sv id;
	const struct tt_grant *consent;
	enum revocation fate;
};
static struct ctx *other_cx(struct arena **a)
{
	static _Thread_local struct ctx cx;

	*a = arena_new(1 << 20);
	cx = (struct ctx){ .arena = *a, .request_id = "m", .now = clock_now() };
	return &cx;
}
static void disconnects(void *arg)
{
	struct meanwhile *m = arg;
	CLEANUP(arena_drop) struct arena *a = NULL;
	struct ctx *cx = other_cx(&a);
	const struct disconnect_in in = { tt_project(m->en), m->id, &tt_by };

	CHECK(!IS_ERR(connections_delete(cx, m->en, &in, &m->fate)));
}
static void consents_again(void *arg)
{
	struct meanwhile *m = arg;
	CLEANUP(arena_drop) struct arena *a = NULL;
	struct ctx *cx = other_cx(&a);

	(void)tt_adopt(cx, m->en, m->consent);
}

TEST(a_disconnect_during_a_refresh_takes_the_late_pair_with_it)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct meanwhile m = { .en = en, .id = tt_adopt(cx, en, &week) };
	struct access a;

	tt_age(cx, en, -SEC(1), DAY(7));
	tt_net_answer("refresh", 200, TT_NEW_PAIR);
	tt_net_answer("revoke", 200, "{}");
	tt_net_during("refresh", disconnects, &m);
	CHECK(tt_refresh(cx, en, m.id) == REFRESHED_YES);
	CHECK(m.fate == REVOCATION_QUEUED && tt_net_calls("revoke") == 0);
	struct connection c = tt_row(cx, en, m.id);
	CHECK(sv_eqz(c.status, "closed") && c.access_box.p == NULL && c.refresh_box.p == NULL && c.generation == 1);
	CHECK(tt_count(cx, en, "SELECT count(*) FROM revocations") == 2);
	struct event_row e = tt_event(cx, en, "connection.refresh");
	CHECK(strcmp(e.outcome, "ignored") == 0 && strcmp(e.reason, "disconnected") == 0);
	CHECK(!IS_ERR(revoke_due(cx, en, JOB_TIME(MIN(1)))));
	CHECK(tt_net_calls("revoke") == 2 && tt_count(cx, en, "SELECT count(*) FROM revocations") == 0);
	CHECK(!IS_ERR(tt_read(cx, en, "ada", &a)) && a.state == ACCESS_NONE);
}

TEST(a_consent_during_a_refresh_wins)
{
	static const struct tt_grant again = {
		.user = "ada", .token = "tok-3", .refresh = "ref-3", .life = DAY(7), .authorization = "ar_2"
	};
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	CLEANUP(access_clear) struct access a = { .state = ACCESS_NONE };
	struct meanwhile m = { .en = en, .id = tt_adopt(cx, en, &week), .consent = &again };

	tt_age(cx, en, -SEC(1), DAY(7));
	tt_net_answer("refresh", 200, TT_NEW_PAIR);
	tt_net_during("refresh", consents_again, &m);
	CHECK(tt_refresh(cx, en, m.id) == REFRESHED_YES);
	CHECK(!IS_ERR(tt_read(cx, en, "ada", &a)) && sv_eqz(secret_view(a.token), "tok-3") && a.generation == 2);
	/* Discord: revoking either of the displaced pairs would end the new grant too. */
	CHECK(tt_count(cx, en, "SELECT count(*) FROM revocations") == 0);
	CHECK(tt_count(cx, en, "SELECT count(*) FROM events WHERE reason = 'not_revoked_shared_grant'") == 2);
	struct event_row e = tt_event(cx, en, "connection.refresh");
	CHECK(strcmp(e.outcome, "ignored") == 0 && strcmp(e.reason, "replaced") == 0);
}

/* As another process on the same store does it: this one never calls twice at once for a connection. */
static enum refreshed refresh_elsewhere(struct ctx *cx, const struct meanwhile *m)
{
	struct refresher *own = m->en->refresher;

	m->en->refresher = NULL;
	enum refreshed how = tt_refresh(cx, m->en, m->id);
	m->en->refresher = own;
	return how;
}
static void freezes(void *arg)
{
	struct meanwhile *m = arg;
	CLEANUP(arena_drop) struct arena *a = NULL;
	struct ctx *cx = other_cx(&a);

	tt_move(cx, m->en, "UPDATE connections SET lease_until = 1");
	tt_net_answer("refresh", 400, TT_DEAD);
	CHECK(tt_refresh(cx, m->en, m->id) == REFRESHED_OTHER);
	CHECK(refresh_elsewhere(cx, m) == REFRESHED_DEAD);
	CHECK(sv_eqz(tt_row(cx, m->en, m->id).reason, "refresh_answer_lost"));
	tt_net_answer("refresh", 200, TT_NEW_PAIR);
}
/* The owner slept past its lease; somebody else tried the old token meanwhile and heard that it is used up. */
TEST(a_frozen_owner_loses_no_pair)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	CLEANUP(access_clear) struct access a = { .state = ACCESS_NONE };
	struct meanwhile m = { .en = en, .id = tt_adopt(cx, en, &week) };

	tt_age(cx, en, -SEC(1), DAY(7));
	tt_net_answer("refresh", 200, TT_NEW_PAIR);
	tt_net_during("refresh", freezes, &m);
	CHECK(tt_refresh(cx, en, m.id) == REFRESHED_YES && tt_net_calls("refresh") == 2);
	CHECK(!IS_ERR(tt_read(cx, en, "ada", &a)) && sv_eqz(secret_view(a.token), "tok-2") && a.generation == 2);
}

static void late_loser(void *arg)
{
	struct meanwhile *m = arg;
	CLEANUP(arena_drop) struct arena *a = NULL;
	struct ctx *cx = other_cx(&a);

	tt_move(cx, m->en, "UPDATE connections SET lease_until = 1");
	CHECK(refresh_elsewhere(cx, m) == REFRESHED_YES);
	tt_net_answer("refresh", 400, TT_DEAD);
}
/* The other way round: the late answer is "no", while another try has brought a pair. */
TEST(a_late_refusal_kills_nothing)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct meanwhile m = { .en = en, .id = tt_adopt(cx, en, &week) };

	tt_age(cx, en, -SEC(1), DAY(7));
	tt_net_answer("refresh", 200, TT_NEW_PAIR);
	tt_net_during("refresh", late_loser, &m);
	(void)tt_refresh(cx, en, m.id);
	struct connection c = tt_row(cx, en, m.id);
	CHECK(sv_eqz(c.status, "live") && c.generation == 2 && !c.uncertain && c.lease_until == 0);
}

static void new_owner(void *arg)
{
	struct meanwhile *m = arg;
	CLEANUP(arena_drop) struct arena *a = NULL;
	struct ctx *cx = other_cx(&a);
	const struct connection_claim in = { m->id, 1, SEC(45), "somebody" };
	struct connection_claimed c;

	tt_move(cx, m->en, "UPDATE connections SET lease_until = 1");
	CHECK(!IS_ERR(store_connection_claim(cx, m->en->store, &in, &c)) && c.fate == CLAIM_OURS && c.uncertain);
}
/* Whoever lost his lease decides nothing: the new owner's call may be bringing the pair. */
TEST(a_late_refusal_leaves_the_new_owner_alone)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct meanwhile m = { .en = en, .id = tt_adopt(cx, en, &week) };

	tt_age(cx, en, -SEC(1), DAY(7));
	tt_net_answer("refresh", 400, TT_DEAD);
	tt_net_during("refresh", new_owner, &m);
	(void)tt_refresh(cx, en, m.id);
	struct connection c = tt_row(cx, en, m.id);
	CHECK(sv_eqz(c.status, "live") && sv_eqz(c.lease_owner, "somebody") && c.sent_generation == 1 && c.uncertain);
	CHECK(strcmp(tt_event(cx, en, "connection.refresh").outcome, "refused") == 0);
}

/* ---- many readers ---- */
enum { READERS = 64 };
struct reader_of {
	struct engine *en;
	pthread_barrier_t *start;
	bool got;
};
struct bell {
	pthread_mutex_t lock;
	pthread_cond_t rung;
	bool was;
};
static void ring(void *arg)
{
	struct bell *b = arg;

	(void)pthread_mutex_lock(&b->lock);
	b->was = true;
	(void)pthread_cond_signal(&b->rung);
	(void)pthread_mutex_unlock(&b->lock);
}
/* What the server does with E_PARK: subscribe, look again, sleep. */
static void *read_one(void *arg)
{
	struct reader_of *r = arg;
	struct bell b = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false };
	struct hub_sub sub = { .fn = ring, .arg = &b };
	struct access a = { .state = ACCESS_NONE };

	(void)pthread_barrier_wait(r->start);
	for (int i = 0; i < 50 && !r->got; i++) {
		CLEANUP(arena_drop) struct arena *arena = arena_new(1 << 20);
		struct ctx cx = { .arena = arena, .request_id = "r", .now = clock_now() };
		struct err e = tt_read(&cx, r->en, "ada", &a);

		r->got = !IS_ERR(e) && a.state == ACCESS_OK && sv_eqz(secret_view(a.token), "tok-2");
		access_clear(&a);
		if (e.code != E_PARK)
			continue;
		sub.topic = a.topic;
		hub_subscribe(r->en->hub, &sub);
		(void)forgive(&cx);
		e = tt_read(&cx, r->en, "ada", &a);
		r->got = !IS_ERR(e) && a.state == ACCESS_OK && sv_eqz(secret_view(a.token), "tok-2");
		access_clear(&a);
		(void)pthread_mutex_lock(&b.lock);
		while (e.code == E_PARK && !b.was)
			(void)pthread_cond_wait(&b.rung, &b.lock);
		b.was = false;
		(void)pthread_mutex_unlock(&b.lock);
		hub_unsubscribe(r->en->hub, &sub);
	}
	return NULL;
}

TEST(sixty_four_readers_cause_one_refresh)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct reader_of r[READERS];
	pthread_t thread[READERS];
	pthread_barrier_t start;

	(void)tt_adopt(cx, en, &week);
	tt_age(cx, en, -SEC(1), DAY(7));
	tt_net_answer("refresh", 200, TT_NEW_PAIR);
	CHECK(pthread_barrier_init(&start, NULL, READERS) == 0);
	for (size_t i = 0; i < READERS; i++) {
		r[i] = (struct reader_of){ .en = en, .start = &start };
		CHECK(pthread_create(&thread[i], NULL, read_one, &r[i]) == 0);
	}
	for (size_t i = 0; i < READERS; i++)
		CHECK(pthread_join(thread[i], NULL) == 0);
	for (size_t i = 0; i < READERS; i++)
		CHECK(r[i].got);
	CHECK(tt_net_calls("refresh") == 1);
	(void)pthread_barrier_destroy(&start);
}
