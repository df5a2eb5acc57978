/* SPDX-License-Identifier: Apache-2.0 */
#include "core/metric.h"
#include "core/text.h"
#include "tt.h"
#include <pthread.h>

/* Numbers are the process's: a test looks at what it added. */
static int64_t now(enum metric m, struct metric_at at)
{
	int64_t v;

	CHECK(metric_read(m, at, &v));
	return v;
}

TEST(names_follow_the_conventions)
{
	for (int m = 0; m < M__COUNT; m++) {
		const struct metric_row *r = metric_row((enum metric)m);
		struct sv name = sv_of(r->name);
		bool timed = r->unit == METRIC_USEC, total = sv_ends(name, SV("_total"));

		CHECK_ROW(r->name, sv_starts(name, SV("tokenbooth_")) || sv_starts(name, SV("process_")));
		CHECK_ROW(r->name, total == (r->kind == METRIC_COUNTER));
		CHECK_ROW(r->name, !timed || sv_ends(name, SV("_seconds")) || sv_ends(name, SV("_seconds_total")));
		CHECK_ROW(r->name, text_is_id(name, 80, "_"));
		CHECK_ROW(r->name,
			  r->help[0] != '\0' && strchr(r->help, '\n') == NULL && strchr(r->help, '\\') == NULL);
		for (int k = 0; k < m; k++)
			CHECK_ROW(r->name, strcmp(r->name, metric_row((enum metric)k)->name) != 0);
	}
}

enum { THREADS = 24, EACH = 10000 };
static void *count(void *arg)
{
	(void)arg;
	for (int i = 0; i < EACH; i++) {
		metric_add(M_GRANT_LOOKUPS, METRIC_AT(2), 1);
		metric_observe(M_HTTP_DURATION, METRIC_HERE, i % 2 == 0 ? 10 : SEC(100));
	}
	return NULL;
}
TEST(no_addition_is_lost_between_threads)
{
	pthread_t t[THREADS];
	struct metric_histogram before, after;
	int64_t was = now(M_GRANT_LOOKUPS, METRIC_AT(2)), other = now(M_GRANT_LOOKUPS, METRIC_AT(1));

	metric_read_histogram(M_HTTP_DURATION, METRIC_HERE, &before);
	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_create(&t[i], NULL, count, NULL) == 0);
	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_join(t[i], NULL) == 0);
	metric_read_histogram(M_HTTP_DURATION, METRIC_HERE, &after);
	CHECK(now(M_GRANT_LOOKUPS, METRIC_AT(2)) - was == THREADS * EACH);
	CHECK(now(M_GRANT_LOOKUPS, METRIC_AT(1)) == other);
	CHECK(after.count - before.count == THREADS * EACH);
	CHECK(after.bucket[0] - before.bucket[0] == THREADS * EACH / 2);
	CHECK(after.bucket[METRIC_BUCKETS] - before.bucket[METRIC_BUCKETS] == THREADS * EACH / 2);
	CHECK(after.sum - before.sum == THREADS * (EACH / 2) * (10 + SEC(100)));
}

TEST(a_bound_belongs_to_its_bucket)
{
	for (int b = 0; b < METRIC_BUCKETS && metric_bound(METRIC_ONE, b) != 0; b++) {
		struct metric_histogram before, after;

		metric_read_histogram(M_STORE_GROUP, METRIC_HERE, &before);
		metric_observe(M_STORE_GROUP, METRIC_HERE, metric_bound(METRIC_ONE, b));
		metric_observe(M_STORE_GROUP, METRIC_HERE, metric_bound(METRIC_ONE, b) + 1);
		metric_read_histogram(M_STORE_GROUP, METRIC_HERE, &after);
		CHECK(after.bucket[b] - before.bucket[b] == 1);
		CHECK(after.count - before.count == 2);
		CHECK(b == 0 || metric_bound(METRIC_ONE, b) > metric_bound(METRIC_ONE, b - 1));
	}
	for (int b = 1; b < METRIC_BUCKETS; b++)
		CHECK(metric_bound(METRIC_USEC, b) > metric_bound(METRIC_USEC, b - 1));
}

TEST(a_set_of_values_has_an_end)
{
	char z[32];
	int last = 0, first = metric_label(ML_PURPOSE, SV("token"));

	CHECK(metric_label(ML_PURPOSE, SV("token")) == first);
	for (int i = 0; i < 200; i++) {
		(void)snprintf(z, sizeof z, "purpose-%d", i);
		last = metric_label(ML_PURPOSE, sv_of(z));
		CHECK(last < metric_values(ML_PURPOSE));
	}
	CHECK(strcmp(metric_value(ML_PURPOSE, last), "other") == 0);
	CHECK(metric_label(ML_PURPOSE, SV("one more")) == last);
	CHECK(metric_label(ML_PURPOSE, SV("token")) == first && strcmp(metric_value(ML_PURPOSE, first), "token") == 0);
	metric_add(M_OUTBOUND, METRIC_AT(63, last, 15), 1); /* the last cell of all is ours, too */
	CHECK(now(M_OUTBOUND, METRIC_AT(63, last, 15)) == 1);
}

TEST(a_gauge_that_was_never_set_is_absent)
{
	int64_t v;

	CHECK(!metric_read(M_TLS_EXPIRY, METRIC_HERE, &v));
	metric_set(M_TLS_EXPIRY, METRIC_HERE, 0);
	CHECK(metric_read(M_TLS_EXPIRY, METRIC_HERE, &v) && v == 0);
	metric_set(M_CPU, METRIC_HERE, 7); /* a counter that is kept elsewhere */
	CHECK(metric_read(M_CPU, METRIC_HERE, &v) && v == 7);
}
