/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/refresh_circuit.h"
#include "core/clock.h"
#include "core/metric.h"
#include "core/rnd.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { OPENS_AFTER = 5, DOUBLES_MOST = 4 };
#define OPEN_LEAST SEC(5)
#define OPEN_MOST  SEC(60)
#define PROBE_WAIT SEC(1) /* how long others are told to wait while one probes */
#define PLACE_WAIT SEC(5) /* a reader for a place */

struct circuit {
	const char *row_id; /* of the first provider object seen: they live as long as the engine */
	const struct provider *p;
	int fails, opened;    /* in a row */
	int64_t closed_until; /* monotonic; 0: calls go through */
	bool probing;
	int running, room; /* room: how many may run at once */
	int readers;       /* who wait for a place */
	pthread_cond_t place;
	struct circuit *next;
};
struct circuits {
	pthread_mutex_t lock;
	struct circuit *first;
};

struct circuits *refresh_circuit_new(void)
{
	struct circuits *c = calloc(1, sizeof *c);

	if (c != NULL)
		(void)pthread_mutex_init(&c->lock, NULL);
	return c;
}
void refresh_circuit_free(struct circuits *c)
{
	if (c == NULL)
		return;
	while (c->first != NULL) {
		struct circuit *k = c->first;

		c->first = k->next;
		(void)pthread_cond_destroy(&k->place);
		free(k);
	}
	(void)pthread_mutex_destroy(&c->lock);
	free(c);
}
static void show(const struct circuit *k, int64_t open)
{
	if (k->p->def != NULL)
		metric_set(M_CIRCUIT, METRIC_AT(metric_label(ML_PROVIDER, sv_of(k->p->def->id))), open);
}
static void close_it(struct circuit *k)
{
	show(k, 0);
	k->fails = k->opened = 0;
	k->closed_until = 0;
	k->probing = false;
}
static struct circuit *circuit_new(struct circuits *c, const struct provider *p)
{
	struct circuit *k = calloc(1, sizeof *k);

	if (k == NULL)
		return NULL;
	*k = (struct circuit){ .row_id = p->row_id, .p = p, .room = CIRCUIT_MOST, .next = c->first };
	if (!clock_cond(&k->place)) {
		free(k);
		return NULL;
	}
	c->first = k;
	return k;
}
/* The lock is held.  NULL: out of memory; then nobody is kept from calling. */
static struct circuit *of(struct circuits *c, const struct provider *p)
{
	struct circuit *k = c->first;

	while (k != NULL && strcmp(k->row_id, p->row_id) != 0)
		k = k->next;
	if (k == NULL)
		k = circuit_new(c, p);
	if (k != NULL && k->p != p) {
		k->p = p;
		k->room = CIRCUIT_MOST;
		close_it(k);
	}
	return k;
}
static bool shut(const struct circuit *k, int64_t now) { return k->closed_until > now || k->probing; }

static bool full(const struct circuit *k) { return k->running >= k->room; }
/* A reader.  The lock is held, and not while he sleeps. */
static void wait_place(struct circuits *c, struct circuit *k)
{
	int64_t end = clock_mono() + PLACE_WAIT;
	const struct timespec at = clock_spec(end);

	k->readers++;
	while (full(k) && !shut(k, clock_mono()) && clock_mono() < end)
		(void)pthread_cond_timedwait(&k->place, &c->lock, &at);
	k->readers--;
}
static enum circuit_pass pass_of(struct circuits *c, struct circuit *k, bool background)
{
	if (!background && !shut(k, clock_mono()))
		wait_place(c, k);
	if (shut(k, clock_mono()))
		return PASS_CLOSED;
	if (full(k) || (background && k->readers > 0))
		return PASS_FULL;
	k->probing = k->closed_until != 0;
	k->running++;
	return PASS_GO;
}
enum circuit_pass refresh_circuit_enter(struct circuits *c, const struct provider *p, bool background)
{
	(void)pthread_mutex_lock(&c->lock);
	struct circuit *k = of(c, p);
	enum circuit_pass pass = k == NULL ? PASS_GO : pass_of(c, k, background);
	(void)pthread_mutex_unlock(&c->lock);
	return pass;
}
static void open_it(struct circuit *k)
{
	int64_t wait = OPEN_LEAST << (k->opened < DOUBLES_MOST ? k->opened : DOUBLES_MOST);

	if (wait > OPEN_MOST)
		wait = OPEN_MOST;
	k->opened++;
	k->room = 1;
	show(k, 1);
	k->closed_until = clock_mono() + wait * 3 / 4 + (int64_t)rnd_below((uint64_t)wait / 4);
}
static void learn(struct circuit *k, enum circuit_result how, bool probe)
{
	switch (how) {
	case CIRCUIT_REACHED:
		close_it(k);
		k->room += k->room < CIRCUIT_MOST;
		return;
	case CIRCUIT_LIMITED:
		k->fails = 0;
		if (k->room == 1)
			open_it(k);
		else
			k->room /= 2;
		return;
	case CIRCUIT_UNREACHED:
		if (++k->fails >= OPENS_AFTER || probe)
			open_it(k);
		return;
	case CIRCUIT_NOTHING:
	default: return;
	}
}
void refresh_circuit_leave(struct circuits *c, const struct provider *p, enum circuit_result how)
{
	(void)pthread_mutex_lock(&c->lock);
	struct circuit *k = of(c, p);
	if (k != NULL) {
		bool probe = k->probing;

		k->probing = false;
		k->running -= k->running > 0;
		learn(k, how, probe);
		(void)pthread_cond_broadcast(&k->place);
	}
	(void)pthread_mutex_unlock(&c->lock);
}
int64_t refresh_circuit_closed_until(struct circuits *c, const struct provider *p)
{
	int64_t now = clock_mono(), left = 0;

	(void)pthread_mutex_lock(&c->lock);
	const struct circuit *k = of(c, p);
	if (k != NULL && k->closed_until > now)
		left = k->closed_until - now;
	else if (k != NULL && k->probing)
		left = PROBE_WAIT;
	(void)pthread_mutex_unlock(&c->lock);
	return left == 0 ? 0 : clock_now() + left;
}
