/* SPDX-License-Identifier: Apache-2.0 */
#include "core/metric.h"
#include "core/text.h"
#include <pthread.h>
#include <stdatomic.h>

/* ---- the tables ---- */
enum {
#define X(id, name, most, values) MOST_##id = (most),
	METRIC_LABELS(X)
#undef X
};
enum { WIDTH_COUNTER = 1, WIDTH_GAUGE = 1, WIDTH_HISTOGRAM = METRIC_BUCKETS + 2 }; /* buckets, +Inf, sum */
enum { SHARDS = 16, VALUE_TEXT = 80, INF = METRIC_BUCKETS, SUM = METRIC_BUCKETS + 1 };

/* Every series has its cells from the start: nothing is allocated, nothing can fail. */
#define X(id, name, kind, unit, shown, a, b, c, help) _Atomic int64_t id[MOST_##a * MOST_##b * MOST_##c * WIDTH_##kind];
struct hot {
	METRICS_HOT(X)
};
struct cold {
	METRICS_COLD(X)
};
#undef X
static struct {
	_Alignas(64) struct hot cells;
} hot[SHARDS];
static struct cold cold;

static const struct metric_row rows[] = {
#define X(id, name, kind, unit, shown, a, b, c, help) \
	[id] = { name, help, METRIC_##kind, METRIC_##unit, METRIC_##shown, { a, b, c } },
	METRICS_HOT(X) METRICS_COLD(X)
#undef X
};
static const size_t places[] = {
#define X(id, ...) [id] = offsetof(struct hot, id) / sizeof(int64_t),
	METRICS_HOT(X)
#undef X
#define X(id, ...) [id] = offsetof(struct cold, id) / sizeof(int64_t),
	    METRICS_COLD(X)
#undef X
};
#define FIRST_COLD M_HTTP_REFUSED
static const struct {
	const char *name, *values;
	int most;
} label_rows[] = {
#define X(id, name, most, values) [id] = { name, values, most },
	METRIC_LABELS(X)
#undef X
};

/* Upper bounds, ascending: microseconds, and plain numbers. */
static const int64_t usec_bounds[METRIC_BUCKETS] = {
	50,       100,       250,       500,       MSEC(1),    MSEC(2) + 500,   MSEC(5), MSEC(10),
	MSEC(25), MSEC(100), MSEC(250), MSEC(500), SEC(1) + 0, SEC(2) + 500000, SEC(5),  SEC(20),
};
static const int64_t one_bounds[METRIC_BUCKETS] = { 1, 2, 4, 8, 16, 32, 64, 128, 256 };

/* ---- label values ---- */
struct values {
	_Atomic int n;
	char (*text)[VALUE_TEXT];
};
#define X(id, name, most, values) static char text_##id[most][VALUE_TEXT];
METRIC_LABELS(X)
#undef X
static struct values sets[] = {
#define X(id, name, most, values) [id] = { .text = text_##id },
	METRIC_LABELS(X)
#undef X
};
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void put(enum metric_label label, struct sv value)
{
	struct values *s = &sets[label];
	int n = atomic_load_explicit(&s->n, memory_order_relaxed);

	if (!sv_copy(sv_upto(value, VALUE_TEXT - 1), s->text[n], VALUE_TEXT))
		return;
	atomic_store_explicit(&s->n, n + 1, memory_order_release); /* readers need no lock */
}
static void fill(void)
{
	for (int l = 0; l < ML__COUNT; l++) {
		struct sv rest = sv_of(label_rows[l].values);

		while (rest.n > 0)
			put((enum metric_label)l, sv_cut(&rest, ','));
	}
}
static int find(const struct values *s, struct sv value, int from)
{
	int n = atomic_load_explicit(&s->n, memory_order_acquire);

	for (int i = from; i < n; i++)
		if (sv_eqz(value, s->text[i]))
			return i;
	return -1;
}
int metric_label(enum metric_label label, struct sv value)
{
	struct values *s = &sets[label];
	struct sv v = sv_upto(value, VALUE_TEXT - 1);

	(void)pthread_once(&once, fill);
	int i = find(s, v, 0);
	if (i >= 0)
		return i;
	(void)pthread_mutex_lock(&lock);
	i = find(s, v, 0);
	if (i < 0) {
		i = atomic_load_explicit(&s->n, memory_order_relaxed);
		if (i + 1 >= label_rows[label].most) {
			v = SV("other");
			i = label_rows[label].most - 1;
		}
		if (i == atomic_load_explicit(&s->n, memory_order_relaxed))
			put(label, v);
	}
	(void)pthread_mutex_unlock(&lock);
	return i;
}
int metric_values(enum metric_label label)
{
	(void)pthread_once(&once, fill);
	return atomic_load_explicit(&sets[label].n, memory_order_acquire);
}
const char *metric_value(enum metric_label label, int i) { return sets[label].text[i]; }
const char *metric_label_name(enum metric_label label) { return label_rows[label].name; }
const struct metric_row *metric_row(enum metric m) { return &rows[m]; }

/* ---- cells ---- */
static size_t width(enum metric_kind k) { return k == METRIC_HISTOGRAM ? WIDTH_HISTOGRAM : 1; }
static size_t series(enum metric m, struct metric_at at)
{
	size_t i = 0;

	for (int l = 0; l < 3; l++)
		i = i * (size_t)label_rows[rows[m].labels[l]].most + (size_t)at.v[l];
	return places[m] + i * width(rows[m].kind);
}
/* Threads take their shards in turn. */
static _Atomic int64_t *cells(enum metric m)
{
	static _Atomic unsigned taken;
	static _Thread_local unsigned mine;

	if (m >= FIRST_COLD)
		return (_Atomic int64_t *)&cold;
	if (mine == 0)
		mine = atomic_fetch_add_explicit(&taken, 1, memory_order_relaxed) % SHARDS + 1;
	return (_Atomic int64_t *)&hot[mine - 1].cells;
}
static int64_t sum_of(enum metric m, size_t i)
{
	int64_t sum = 0;

	if (m >= FIRST_COLD)
		return atomic_load_explicit((_Atomic int64_t *)&cold + i, memory_order_relaxed);
	for (size_t s = 0; s < SHARDS; s++)
		sum += atomic_load_explicit((_Atomic int64_t *)&hot[s].cells + i, memory_order_relaxed);
	return sum;
}
static void add(_Atomic int64_t *c, int64_t n) { (void)atomic_fetch_add_explicit(c, n, memory_order_relaxed); }

void metric_add(enum metric m, struct metric_at at, int64_t n) { add(cells(m) + series(m, at), n); }

/* A gauge's cell holds one more than its value: 0 is "never set". */
void metric_set(enum metric m, struct metric_at at, int64_t v)
{
	atomic_store_explicit(cells(m) + series(m, at), v + (rows[m].kind == METRIC_GAUGE ? 1 : 0),
			      memory_order_relaxed);
}
int64_t metric_bound(enum metric_unit unit, int bucket)
{
	return (unit == METRIC_USEC ? usec_bounds : one_bounds)[bucket];
}
void metric_observe(enum metric m, struct metric_at at, int64_t v)
{
	_Atomic int64_t *c = cells(m) + series(m, at);
	const int64_t *bounds = rows[m].unit == METRIC_USEC ? usec_bounds : one_bounds;
	int b = 0;

	while (b < METRIC_BUCKETS && bounds[b] != 0 && v > bounds[b])
		b++;
	add(c + (b < METRIC_BUCKETS && bounds[b] != 0 ? b : INF), 1);
	add(c + SUM, v);
}
bool metric_read(enum metric m, struct metric_at at, int64_t *out)
{
	*out = sum_of(m, series(m, at));
	if (rows[m].kind != METRIC_GAUGE)
		return true;
	return (*out)-- != 0;
}
void metric_read_histogram(enum metric m, struct metric_at at, struct metric_histogram *out)
{
	size_t i = series(m, at);

	*out = (struct metric_histogram){ .sum = sum_of(m, i + SUM) };
	for (size_t b = 0; b <= INF; b++) {
		out->bucket[b] = sum_of(m, i + b);
		out->count += out->bucket[b];
	}
}
