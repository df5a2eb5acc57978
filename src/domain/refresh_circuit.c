/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/refresh_circuit.h"
#include "core/clock.h"
#include "core/rnd.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { OPENS_AFTER = 5, DOUBLES_MOST = 4 };
#define OPEN_LEAST SEC(5)
#define OPEN_MOST  SEC(60)
#define PROBE_WAIT SEC(1) /* how long others are told to wait while one probes */

struct circuit {
	const char *row_id; /* of the first provider object seen: they live as long as the engine */
	const struct provider *p;
	int fails, opened;    /* in a row */
	int64_t closed_until; /* monotonic; 0: calls go through */
	bool probing;
	size_t background;
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
		free(k);
	}
	(void)pthread_mutex_destroy(&c->lock);
	free(c);
}
static void close_it(struct circuit *k)
{
	k->fails = k->opened = 0;
	k->closed_until = 0;
	k->probing = false;
}
/* The lock is held.  NULL: out of memory; then nobody is kept from calling. */
static struct circuit *of(struct circuits *c, const struct provider *p)
{
	struct circuit *k = c->first;

	while (k != NULL && strcmp(k->row_id, p->row_id) != 0)
		k = k->next;
	if (k == NULL) {
		k = calloc(1, sizeof *k);
		if (k == NULL)
			return NULL;
		*k = (struct circuit){ .row_id = p->row_id, .p = p, .next = c->first };
		c->first = k;
	}
	if (k->p != p) {
		k->p = p;
		close_it(k);
	}
	return k;
}
static bool shut(const struct circuit *k, int64_t now) { return k->closed_until > now || k->probing; }

enum circuit_pass refresh_circuit_enter(struct circuits *c, const struct provider *p, bool background)
{
	enum circuit_pass pass = PASS_GO;

	(void)pthread_mutex_lock(&c->lock);
	struct circuit *k = of(c, p);
	if (k != NULL && background && k->background >= CIRCUIT_BACKGROUND_MOST)
		pass = PASS_FULL;
	else if (k != NULL && shut(k, clock_mono()))
		pass = PASS_CLOSED;
	if (k != NULL && pass == PASS_GO) {
		k->probing = k->closed_until != 0;
		k->background += background;
	}
	(void)pthread_mutex_unlock(&c->lock);
	return pass;
}
static void open_it(struct circuit *k)
{
	int64_t wait = OPEN_LEAST << (k->opened < DOUBLES_MOST ? k->opened : DOUBLES_MOST);

	if (wait > OPEN_MOST)
		wait = OPEN_MOST;
	k->opened++;
	k->closed_until = clock_mono() + wait * 3 / 4 + (int64_t)rnd_below((uint64_t)wait / 4);
}
void refresh_circuit_leave(struct circuits *c, const struct provider *p, bool background, enum circuit_result how)
{
	(void)pthread_mutex_lock(&c->lock);
	struct circuit *k = of(c, p);
	if (k != NULL) {
		bool probe = k->probing;

		k->probing = false;
		if (background && k->background > 0)
			k->background--;
		if (how == CIRCUIT_REACHED)
			close_it(k);
		else if (how == CIRCUIT_UNREACHED && (++k->fails >= OPENS_AFTER || probe))
			open_it(k);
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
bool refresh_circuit_has_room(struct circuits *c, const struct provider *p)
{
	(void)pthread_mutex_lock(&c->lock);
	const struct circuit *k = of(c, p);
	bool room = k == NULL || k->background < CIRCUIT_BACKGROUND_MOST;
	(void)pthread_mutex_unlock(&c->lock);
	return room;
}
