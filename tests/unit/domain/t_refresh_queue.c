/* SPDX-License-Identifier: Apache-2.0 */
/* t_refresh_queue.c: what is renewed ahead of time, how many at once, and the circuit. */
#include "domain/refresh_circuit.h"
#include "tt_grant.h"
#include <pthread.h>
#include <time.h>

static const struct tt_grant week = { .user = "ada", .token = "tok-1", .refresh = "ref-1", .life = DAY(7) };

/* Waits for a condition of the table; false after 20 s. */
static bool comes_true(struct ctx *cx, struct engine *en, const char *sql)
{
	const struct timespec pause = { 0, 5 * 1000 * 1000 };
	int64_t until = clock_mono() + SEC(20);

	while (clock_mono() < until) {
		if (tt_count(cx, en, sql) == 1)
			return true;
		(void)nanosleep(&pause, NULL);
	}
	return false;
}

static bool all_done(struct engine *en)
{
	const struct timespec pause = { 0, 1000 * 1000 };
	int64_t until = clock_mono() + SEC(20);

	while (refresh_waiting(en) > 0 && clock_mono() < until)
		(void)nanosleep(&pause, NULL);
	return refresh_waiting(en) == 0;
}
TEST(the_scan_takes_what_was_read_and_what_would_die_unread)
{
	static const struct {
		const char *name, *row;
		bool want;
	} t[] = {
		{ "read, due", "last_used_at = refreshed_at + 1, token_expires_at = 60000001, due_at = 1", true },
		{ "not read since", "last_used_at = 0, token_expires_at = 60000001, due_at = 1", false },
		{ "read, not due", "last_used_at = refreshed_at + 1", false },
		{ "read, due, to be tried later",
		  "last_used_at = refreshed_at + 1, token_expires_at = 60000001, due_at = 1, next_try_at = "
		  "(unixepoch() + 30) * 1000000",
		  false },
		{ "read, due, somebody is at it",
		  "last_used_at = refreshed_at + 1, token_expires_at = 60000001, due_at = 1, lease_until = "
		  "(unixepoch() + 30) * 1000000",
		  false },
		{ "forced", "force_refresh = 1, token_expires_at = 60000001, due_at = 1", true },
		{ "unread, refresh token in its last quarter",
		  "refreshed_at = refreshed_at - 4000000000, refresh_expires_at = refreshed_at + 900000000", true },
		{ "unread, refresh token over",
		  "refreshed_at = refreshed_at - 4000000000, refresh_expires_at = refreshed_at - 1000000", false },
		{ "unread, refresh token young", "refresh_expires_at = refreshed_at + 900000000", false },
		{ "nothing to renew it with", "last_used_at = refreshed_at + 1, due_at = 0, has_refresh = 0", false },
		{ "dead", "last_used_at = refreshed_at + 1, token_expires_at = 60000001, due_at = 1, status = 'dead'",
		  false },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
		struct engine *en = tt_flow_begin(cx, &w);

		(void)tt_adopt(cx, en, &week);
		tt_net_answer("refresh", 200, TT_NEW_PAIR);
		tt_move(cx, en, arena_printf(cx->arena, "UPDATE connections SET %s", t[i].row));
		CHECK_ROW(t[i].name, !IS_ERR(refresh_scan(cx, en, JOB_TIME(SEC(10)))));
		CHECK_ROW(t[i].name, all_done(en));
		CHECK_ROW(t[i].name, tt_net_calls("refresh") == t[i].want);
	}
}

/* A provider that was taken out of engine.yaml keeps its grants: nothing can be done for them, and they are first. */
TEST(grants_that_cannot_be_tried_do_not_stand_before_others)
{
	static const char others[] =
	    "INSERT INTO providers(id, project_id, unique_id, external_id, binding, status, client_id, revision_id,"
	    " created_at, updated_at) VALUES('pv_gone', '', 'gone', 'gone', 'static', 'active', 'c', 'pr_gone', 1, 1);"
	    "INSERT INTO connections(id, project_id, user_id, provider_id, client_id, revision_id, status, generation,"
	    " has_refresh, due_at, refreshed_at, refresh_expires_at, created_at, updated_at)"
	    " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 450)"
	    " SELECT printf('uc_%04d', i), project_id, 'user-' || i, 'pv_gone', 'c', 'pr_gone', 'live', 1, 1, 1,"
	    " refreshed_at - 4000000000, refreshed_at + 800000000, 1, 1 FROM n, connections";
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);

	(void)tt_adopt(cx, en, &week);
	tt_sql(cx, en, others);
	tt_move(cx, en,
		"UPDATE connections SET refreshed_at = refreshed_at - 4000000000, refresh_expires_at = refreshed_at +"
		" 900000000 WHERE user_id = 'ada'");
	tt_net_answer("refresh", 200, TT_NEW_PAIR);
	CHECK(!IS_ERR(refresh_scan(cx, en, JOB_TIME(SEC(10)))) && all_done(en));
	CHECK(tt_net_calls("refresh") == 1);
}

TEST(who_is_due_is_renewed_behind_his_back_once)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct access a;

	(void)tt_adopt(cx, en, &week);
	tt_age(cx, en, MIN(4), DAY(7));
	tt_net_answer("refresh", 200, TT_NEW_PAIR);
	for (int i = 0; i < 20; i++) {
		CHECK(!IS_ERR(tt_read(cx, en, "ada", &a)) && a.state == ACCESS_OK);
		access_clear(&a);
	}
	CHECK(comes_true(cx, en, "SELECT count(*) FROM connections WHERE generation = 2 AND lease_until = 0"));
	CHECK(!IS_ERR(tt_read(cx, en, "ada", &a)) && sv_eqz(secret_view(a.token), "tok-2"));
	access_clear(&a);
	CHECK(tt_net_calls("refresh") == 1);
}

/* ---- many at once ---- */
enum { MANY = 120 };
static struct {
	pthread_mutex_t lock;
	int now, most;
} crowd = { .lock = PTHREAD_MUTEX_INITIALIZER };
static void enter(void *arg)
{
	const struct timespec call = { 0, 2 * 1000 * 1000 };

	(void)arg;
	tt_net_during("refresh", enter, NULL);
	(void)pthread_mutex_lock(&crowd.lock);
	crowd.most = ++crowd.now > crowd.most ? crowd.now : crowd.most;
	(void)pthread_mutex_unlock(&crowd.lock);
	(void)nanosleep(&call, NULL);
	(void)pthread_mutex_lock(&crowd.lock);
	crowd.now--;
	(void)pthread_mutex_unlock(&crowd.lock);
}
TEST(a_crowd_is_renewed_each_once_and_at_most_32_at_a_time)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);

	for (int i = 0; i < MANY; i++) {
		const struct tt_grant g = { .user = arena_printf(cx->arena, "user-%d", i),
					    .token = "t",
					    .refresh = arena_printf(cx->arena, "r-%d", i),
					    .life = DAY(7) };

		(void)tt_adopt(cx, en, &g);
	}
	tt_age(cx, en, SEC(50), DAY(7));
	tt_move(cx, en, "UPDATE connections SET last_used_at = refreshed_at + 1, due_at = token_expires_at - 60000000");
	tt_net_answer("refresh", 200, TT_NEW_PAIR);
	crowd.most = 0;
	tt_net_during("refresh", enter, NULL);
	for (int i = 0; i < 3; i++)
		CHECK(!IS_ERR(refresh_scan(cx, en, JOB_TIME(SEC(10)))));
	CHECK(comes_true(cx, en, "SELECT count(*) = 120 FROM connections WHERE generation = 2 AND lease_until = 0"));
	CHECK(tt_net_calls("refresh") == MANY && crowd.most <= CIRCUIT_MOST && crowd.most > 1);
}

/* ---- the circuit ---- */
TEST(the_circuit_opens_after_five_and_lets_one_probe_through)
{
	const struct provider p = { .row_id = "pv_1" }, edited = { .row_id = "pv_1" }, other = { .row_id = "pv_2" };
	struct circuits *c = refresh_circuit_new();

	CHECK(c != NULL);
	for (int i = 0; i < 5; i++) {
		CHECK(refresh_circuit_closed_until(c, &p) == 0 && refresh_circuit_enter(c, &p, false) == PASS_GO);
		refresh_circuit_leave(c, &p, CIRCUIT_UNREACHED);
	}
	CHECK(refresh_circuit_enter(c, &p, false) == PASS_CLOSED && refresh_circuit_closed_until(c, &p) > clock_now());
	CHECK(refresh_circuit_enter(c, &other, false) == PASS_GO);
	CHECK(refresh_circuit_enter(c, &edited, false) == PASS_GO); /* perhaps the edit mended it */
	refresh_circuit_free(c);
}
TEST(the_circuit_forgets_failures_that_are_not_in_a_row)
{
	const struct provider p = { .row_id = "pv_1" };
	struct circuits *c = refresh_circuit_new();

	CHECK(c != NULL);
	for (int i = 0; i < 20; i++) {
		CHECK(refresh_circuit_enter(c, &p, false) == PASS_GO);
		refresh_circuit_leave(c, &p, i % 5 == 4 ? CIRCUIT_REACHED : CIRCUIT_UNREACHED);
	}
	CHECK(refresh_circuit_enter(c, &p, false) == PASS_GO);
	refresh_circuit_free(c);
}
static int room(struct circuits *c, const struct provider *p)
{
	int n = 0;

	while (refresh_circuit_enter(c, p, true) == PASS_GO)
		n++;
	for (int i = 0; i < n; i++)
		refresh_circuit_leave(c, p, CIRCUIT_NOTHING);
	return n;
}
struct asks {
	struct circuits *c;
	const struct provider *p;
	enum circuit_pass pass;
};
static void *reads(void *arg)
{
	struct asks *r = arg;

	r->pass = refresh_circuit_enter(r->c, r->p, false);
	return NULL;
}
TEST(the_circuit_has_32_places_and_a_reader_waits_for_one)
{
	const struct provider p = { .row_id = "pv_1" };
	struct circuits *c = refresh_circuit_new();
	struct asks r = { c, &p, PASS_CLOSED };
	pthread_t thread;

	CHECK(c != NULL && room(c, &p) == CIRCUIT_MOST);
	for (int i = 0; i < CIRCUIT_MOST; i++)
		CHECK(refresh_circuit_enter(c, &p, i % 2 == 0) == PASS_GO);
	CHECK(refresh_circuit_enter(c, &p, true) == PASS_FULL);
	CHECK(pthread_create(&thread, NULL, reads, &r) == 0);
	refresh_circuit_leave(c, &p, CIRCUIT_REACHED);
	CHECK(pthread_join(thread, NULL) == 0 && r.pass == PASS_GO);
	CHECK(refresh_circuit_enter(c, &p, true) == PASS_FULL);
	refresh_circuit_free(c);
}
TEST(who_is_told_to_call_less_often_does)
{
	const struct provider p = { .row_id = "pv_1" };
	struct circuits *c = refresh_circuit_new();

	CHECK(c != NULL);
	for (int want = CIRCUIT_MOST / 2; want >= 1; want /= 2) {
		CHECK(refresh_circuit_enter(c, &p, true) == PASS_GO);
		refresh_circuit_leave(c, &p, CIRCUIT_LIMITED);
		CHECK(room(c, &p) == want);
	}
	CHECK(refresh_circuit_enter(c, &p, true) == PASS_GO);
	refresh_circuit_leave(c, &p, CIRCUIT_LIMITED);
	CHECK(refresh_circuit_enter(c, &p, false) == PASS_CLOSED); /* even one at a time is too many */
	refresh_circuit_free(c);
}
TEST(after_an_outage_the_places_come_back_one_for_each_answer)
{
	const struct timespec pause = { 0, 20 * 1000 * 1000 };
	const struct provider p = { .row_id = "pv_1" };
	struct circuits *c = refresh_circuit_new();

	CHECK(c != NULL);
	for (int i = 0; i < 5; i++) {
		CHECK(refresh_circuit_enter(c, &p, true) == PASS_GO);
		refresh_circuit_leave(c, &p, CIRCUIT_UNREACHED);
	}
	while (refresh_circuit_enter(c, &p, true) == PASS_CLOSED)
		(void)nanosleep(&pause, NULL);
	CHECK(refresh_circuit_enter(c, &p, true) == PASS_CLOSED); /* one probes */
	refresh_circuit_leave(c, &p, CIRCUIT_REACHED);
	for (int want = 2; want <= CIRCUIT_MOST; want++) {
		CHECK(room(c, &p) == want && refresh_circuit_enter(c, &p, true) == PASS_GO);
		refresh_circuit_leave(c, &p, CIRCUIT_REACHED);
	}
	CHECK(room(c, &p) == CIRCUIT_MOST);
	refresh_circuit_free(c);
}
TEST(an_open_circuit_sends_readers_away_and_calls_nobody)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_flow_end) struct tt_flow w = { .en = NULL };
	struct engine *en = tt_flow_begin(cx, &w);
	struct access a;

	for (int i = 0; i < 12; i++) {
		const struct tt_grant g = {
			.user = arena_printf(cx->arena, "user-%d", i), .token = "t", .refresh = "r", .life = DAY(7)
		};

		(void)tt_adopt(cx, en, &g);
	}
	tt_age(cx, en, -SEC(1), DAY(7));
	for (int i = 0; i < 12; i++) {
		CHECK(tt_read(cx, en, arena_printf(cx->arena, "user-%d", i), &a).code == E_PROVIDER_DOWN);
		CHECK(cx->cause.retry_after_s >= 1 && cx->cause.retry_after_s <= 60);
	}
	CHECK(tt_net_calls("refresh") == 5);
	CHECK(tt_count(cx, en, "SELECT count(*) FROM connections WHERE status = 'live'") == 12);
}
