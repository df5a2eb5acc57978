/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/text.h"
#include "store/store_backup.h"
#include "store/store_event.h"
#include "store/store_schedule.h"
#include "tt_store.h"
#include <pthread.h>

enum { MANY = 60, TAKERS = 8 };
#define LONG MIN(1)

static const struct actor by = { "operator", "operator", "CLI", { NULL, 0 } };
static struct event event_of(const struct tt_store *w, const char *id)
{
	return (struct event){ .project_id = sv_of(w->project),
			       .kind = "tool.executed",
			       .by = by,
			       .resource_type = "execution",
			       .resource_id = sv_of(id),
			       .outcome = "ok" };
}
static void add(struct ctx *cx, struct tt_store *w, const char *id, int64_t at)
{
	const struct event ev = event_of(w, id);
	const struct schedule_new in = { { .id = sv_of(id),
					   .project_id = sv_of(w->project),
					   .toolkit = SV("Kit"),
					   .tool = SV("Do"),
					   .version = SV("1.0.0"),
					   .user_id = SV("u@example.com"),
					   .by_type = SV("operator"),
					   .by_id = SV("operator"),
					   .source = SV("CLI"),
					   .run_at = at,
					   .next_at = at },
					 SV("{\"a\":1}"),
					 &ev };

	CHECK(!IS_ERR(store_schedule_add(cx, w->st, &in)));
}
static struct schedule_claimed take(struct ctx *cx, struct tt_store *w, const char *owner, int64_t hold)
{
	struct schedule_claimed c;

	CHECK(!IS_ERR(store_schedule_take(cx, w->st, &(struct schedule_claim){ owner, hold, SV_NONE }, &c)));
	return c;
}
static enum err_code sending(struct ctx *cx, struct tt_store *w, const struct schedule_claimed *c, const char *owner)
{
	const struct schedule_sending in = { c->row.id, sv_of(c->attempt), SV("1.0.1"), owner, -1 }; /* over at once */

	return store_schedule_sending(cx, w->st, &in).code;
}
static void finish(struct ctx *cx, struct tt_store *w, const struct schedule_claimed *c, int64_t retry_at)
{
	const struct event ev = event_of(w, "te_1");
	const struct schedule_done in = { c,      retry_at == 0, SV("{\"output\":{\"value\":\"kept secret\"}}"),
					  SV(""), retry_at,      &ev };

	CHECK(!IS_ERR(store_schedule_finish(cx, w->st, &in)));
}
static void state_is(struct ctx *cx, struct tt_store *w, const char *id, const char *status, size_t tries)
{
	struct schedule_attempts tried;
	struct schedule_row row;

	CHECK(!IS_ERR(store_schedule_get(cx, w->st, sv_of(w->project), sv_of(id), &row)));
	CHECK(!IS_ERR(store_schedule_attempts(cx, w->st, sv_of(id), &tried)));
	CHECK(sv_eqz(row.status, status) && tried.n == tries && row.tries == (int64_t)tries);
}
static int64_t sweep(struct ctx *cx, struct tt_store *w, bool all)
{
	int64_t n = -1;

	CHECK(!IS_ERR(store_schedule_sweep(cx, w->st, all, &n)));
	return n;
}

TEST(what_is_due_is_taken_once_in_order_and_its_end_is_sealed)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = tt_store_begin(cx);
	CLEANUP(secret_drop) struct secret *input = NULL;
	CLEANUP(secret_drop) struct secret *output = NULL;
	struct schedule_attempts tried;
	size_t at;

	add(cx, &w, "te_2", 2000);
	add(cx, &w, "te_1", 1000);
	add(cx, &w, "te_3", INT64_MAX);
	struct schedule_claimed first = take(cx, &w, "a", LONG), second = take(cx, &w, "b", LONG);
	CHECK(first.got && sv_eqz(first.row.id, "te_1") && second.got && sv_eqz(second.row.id, "te_2"));
	CHECK(!take(cx, &w, "c", LONG).got);
	CHECK(!IS_ERR(store_schedule_input(cx, w.st, &first.row, &input)) && sv_eqz(secret_view(input), "{\"a\":1}"));
	CHECK(sending(cx, &w, &first, "a") == E_OK);
	finish(cx, &w, &first, 0);
	state_is(cx, &w, "te_1", "completed", 1);
	CHECK(!IS_ERR(store_schedule_attempts(cx, w.st, SV("te_1"), &tried)) && tried.v[0].success);
	CHECK(!sv_find(tried.v[0].output_box, SV("kept"), &at));
	CHECK(!IS_ERR(store_schedule_output(cx, w.st, sv_of(w.project), &tried.v[0], &output)));
	CHECK(strstr(secret_view(output).p, "kept secret") != NULL);
}

TEST(a_list_does_not_carry_the_inputs)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = tt_store_begin(cx);
	const struct page page = { .limit = 10 };
	struct schedule_page got;
	struct schedule_row one;

	add(cx, &w, "te_1", 1000);
	add(cx, &w, "te_2", 2000);
	CHECK(!IS_ERR(store_schedule_list(cx, w.st, sv_of(w.project), &page, &got)) && got.n == 2);
	for (size_t i = 0; i < got.n; i++)
		CHECK(got.v[i].input_box.p == NULL && sv_eqz(got.v[i].toolkit, "Kit") && got.v[i].created_at > 0);
	CHECK(!IS_ERR(store_schedule_get(cx, w.st, sv_of(w.project), SV("te_1"), &one)) && one.input_box.n > 0);
}

TEST(a_claim_that_is_over_is_repeated_only_when_nothing_was_sent)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = tt_store_begin(cx);

	add(cx, &w, "te_1", 1000);
	struct schedule_claimed dead = take(cx, &w, "a", -1); /* its time is over */
	CHECK(sweep(cx, &w, false) == 1 && sweep(cx, &w, false) == 0);
	state_is(cx, &w, "te_1", "scheduled", 0);
	CHECK(sending(cx, &w, &dead, "a") == E_STALE); /* it wakes up too late, and may not run the tool */
	struct schedule_claimed next = take(cx, &w, "b", LONG);
	CHECK(next.got && sending(cx, &w, &dead, "a") == E_STALE && sending(cx, &w, &next, "b") == E_OK);
	CHECK(sweep(cx, &w, false) == 1); /* sent, and not heard of since */
	state_is(cx, &w, "te_1", "failed", 1);
	CHECK(!take(cx, &w, "c", LONG).got);
	finish(cx, &w, &dead, 0); /* of an attempt that is gone: nothing */
	state_is(cx, &w, "te_1", "failed", 1);
	finish(cx, &w, &next, 0); /* the answer came after all */
	state_is(cx, &w, "te_1", "completed", 1);
	finish(cx, &w, &next, 5); /* once */
	state_is(cx, &w, "te_1", "completed", 1);
}

TEST(a_claim_that_is_not_over_stays_unless_nobody_else_can_be_alive)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = tt_store_begin(cx);

	add(cx, &w, "te_1", 1000);
	CHECK(take(cx, &w, "a", LONG).got && sweep(cx, &w, false) == 0);
	state_is(cx, &w, "te_1", "running", 1);
	CHECK(sweep(cx, &w, true) == 1);
	state_is(cx, &w, "te_1", "scheduled", 0);
	CHECK(take(cx, &w, "b", DAY(400)).got && sweep(cx, &w, false) == 1); /* a wrong clock's */
}

TEST(given_back_retried_and_cancelled)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = tt_store_begin(cx);
	const struct event ev = event_of(&w, "te_1");
	const struct schedule_end end = { sv_of(w.project), SV("te_1"), &ev };

	add(cx, &w, "te_1", 1000);
	struct schedule_claimed c = take(cx, &w, "a", LONG);
	CHECK(store_schedule_cancel(cx, w.st, &end).code == E_STALE);
	CHECK(!IS_ERR(store_schedule_back(cx, w.st, &(struct schedule_back){ &c, "a", 2000 })));
	state_is(cx, &w, "te_1", "scheduled", 0);
	c = take(cx, &w, "b", LONG);
	CHECK(sending(cx, &w, &c, "b") == E_OK);
	finish(cx, &w, &c, INT64_MAX);
	state_is(cx, &w, "te_1", "scheduled", 1);
	CHECK(!take(cx, &w, "c", LONG).got); /* not before its time */
	CHECK(!IS_ERR(store_schedule_cancel(cx, w.st, &end)));
	state_is(cx, &w, "te_1", "cancelled", 1);
	CHECK(store_schedule_cancel(cx, w.st, &end).code == E_STALE);
	CHECK(store_schedule_cancel(cx, w.st, &(struct schedule_end){ SV("other"), SV("te_1"), &ev }).code ==
	      E_NOT_FOUND);
}

TEST(after_a_restore_what_may_have_run_since_is_not_run_again)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = tt_store_begin(cx);
	const struct event ev = event_of(&w, "restore");

	add(cx, &w, "te_1", 1000);
	add(cx, &w, "te_2", 2000);
	add(cx, &w, "te_3", INT64_MAX);
	CHECK(take(cx, &w, "a", LONG).got);
	CHECK(!IS_ERR(store_backup_restored(cx, w.st, &ev)));
	CHECK(!take(cx, &w, "b", LONG).got && sweep(cx, &w, true) == 0);
	state_is(cx, &w, "te_1", "failed", 1);
	state_is(cx, &w, "te_3", "scheduled", 0);
	struct schedule_attempts tried;
	CHECK(!IS_ERR(store_schedule_attempts(cx, w.st, SV("te_2"), &tried)) && tried.n == 1);
	CHECK(strstr(tried.v[0].error.p, "put back from a backup") != NULL);
}

struct taker {
	struct tt_store *w;
	char owner[8];
	size_t got;
};
static void *take_all(void *arg)
{
	struct taker *t = arg;
	struct arena *a = arena_new(8 << 20);
	struct ctx cx = { .request_id = "", .arena = a };

	while (take(&cx, t->w, t->owner, LONG).got)
		t->got++;
	arena_free(a);
	return NULL;
}
TEST(many_who_take_at_once_take_each_once)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = tt_store_begin(cx);
	struct taker t[TAKERS];
	pthread_t thread[TAKERS];
	size_t sum = 0;
	char id[16];

	for (int i = 0; i < MANY; i++) {
		(void)snprintf(id, sizeof id, "te_%d", i);
		add(cx, &w, id, 1000 + i);
	}
	for (int i = 0; i < TAKERS; i++) {
		t[i] = (struct taker){ .w = &w };
		(void)snprintf(t[i].owner, sizeof t[i].owner, "o%d", i);
		CHECK(pthread_create(&thread[i], NULL, take_all, &t[i]) == 0);
	}
	for (int i = 0; i < TAKERS; i++) {
		(void)pthread_join(thread[i], NULL);
		sum += t[i].got;
	}
	CHECK(sum == MANY);
}
