/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/throttle.h"
#include "core/clock.h"
#include "core/digest.h"
#include "core/metric.h"
#include "core/rnd.h"
#include <pthread.h>

/* Generic cell rate: one number a key, the time at which its budget is whole again.  `burst` tries at once, then one
 * every `every`. */
static const struct {
	int64_t every;
	int64_t burst;
	const char *say;
} rates[THROTTLE__COUNT] = {
	[THROTTLE_SIGN_IN_IP] = { SEC(5), 30, "too many sign-ins from your address; wait a little" },
	[THROTTLE_SIGN_IN_ACCOUNT] = { SEC(30), 5, "too many sign-ins; wait a little" },
	[THROTTLE_ACCOUNT] = { SEC(10), 100, "too many sign-ins; wait a little" },
	[THROTTLE_SETUP_IP] = { SEC(10), 10, "too many tries from your address; wait a little" },
	[THROTTLE_KEY_IP] = { SEC(1), 60, "too many wrong API keys from your address; wait a little" },
	[THROTTLE_LINK] = { MIN(1), 60, "this link was opened very often; wait a minute, then open it once more" },
	[THROTTLE_LINK_IP] = { SEC(1), 600,
			       "very many links were opened from your network; wait a little, then open "
			       "yours once more" },
};
/* Sets of four: 128 kB in all.  A full set forgets the key whose budget is whole soonest. */
enum { SETS = 2048, WAYS = 4, LOCKS = 16, SECRET = 16, RETRY_MOST = 60 };
struct cell {
	uint64_t key;
	int64_t whole_at;
};
struct throttle {
	pthread_mutex_t locks[LOCKS];
	uint8_t secret[SECRET];
	struct cell cells[SETS][WAYS];
};

void throttle_free(struct throttle *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < LOCKS; i++)
		(void)pthread_mutex_destroy(&t->locks[i]);
	free(t);
}
struct throttle *throttle_new(void)
{
	struct throttle *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
	for (size_t i = 0; i < LOCKS; i++)
		(void)pthread_mutex_init(&t->locks[i], NULL);
	rnd_bytes(t->secret, sizeof t->secret);
	return t;
}
static uint64_t key_of(const struct throttle *t, enum throttle_kind kind, struct sv key)
{
	uint8_t mac_key[SECRET + 1];
	uint64_t out = 0;

	memcpy(mac_key, t->secret, SECRET);
	mac_key[SECRET] = (uint8_t)kind;
	struct sha256 h = hmac_sha256((struct sv){ (const char *)mac_key, sizeof mac_key }, key);
	memcpy(&out, h.b, sizeof out);
	return out | 1; /* 0 is an empty cell */
}
static struct cell *cell_of(struct throttle *t, uint64_t key)
{
	struct cell *set = t->cells[(key >> 8) % SETS], *best = set;

	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].key == key)
			return &set[i];
		if (set[i].whole_at < best->whole_at)
			best = &set[i];
	}
	*best = (struct cell){ .key = key };
	return best;
}
static pthread_mutex_t *lock_of(struct throttle *t, uint64_t key) { return &t->locks[(key >> 8) % SETS % LOCKS]; }
struct err throttle_take(struct ctx *cx, struct throttle *t, enum throttle_kind kind, struct sv key)
{
	int64_t now = clock_mono(), every = rates[kind].every, most = rates[kind].burst * every, wait = 0;
	uint64_t k = key_of(t, kind, key);
	pthread_mutex_t *lock = lock_of(t, k);

	(void)pthread_mutex_lock(lock);
	struct cell *c = cell_of(t, k);
	int64_t whole = (c->whole_at < now ? now : c->whole_at) + every;
	if (whole - now > most)
		wait = whole - now - most;
	else
		c->whole_at = whole;
	(void)pthread_mutex_unlock(lock);
	if (wait == 0)
		return OK;
	metric_add(M_THROTTLED, METRIC_AT((int)kind), 1);
	struct err e = fail(cx, E_RATE, rates[kind].say, "kind %d", (int)kind);
	int64_t s = (wait + SEC(1) - 1) / SEC(1);
	cx->cause.retry_after_s = s > RETRY_MOST ? RETRY_MOST : (int)s;
	return e;
}
void throttle_give_back(struct throttle *t, enum throttle_kind kind, struct sv key)
{
	uint64_t k = key_of(t, kind, key);
	pthread_mutex_t *lock = lock_of(t, k);

	(void)pthread_mutex_lock(lock);
	struct cell *c = cell_of(t, k);
	c->whole_at -= rates[kind].every;
	(void)pthread_mutex_unlock(lock);
}
