/* SPDX-License-Identifier: Apache-2.0 */
#include "api/repeats.h"
#include "core/clock.h"
#include "core/hub.h"
#include "core/rnd.h"
#include "core/text.h"
#include <pthread.h>
#include <stdlib.h>

enum { BUCKETS = 4096, SALT = 32, KEY_MOST = 255 };

struct entry {
	struct entry *next;  /* in its bucket */
	struct entry *newer; /* of those that are over, in the order of their ends */
	struct repeats_key key;
	bool runs;
	int64_t until;     /* clock_mono() */
	struct buf answer; /* empty: not kept */
};
struct repeats {
	pthread_mutex_t lock;
	char salt[SALT];
	struct entry *bucket[BUCKETS];
	struct entry *oldest, *newest; /* of those that are over */
	struct entry *barest;          /* the oldest whose answer may still be kept */
	size_t bytes, over;
};

struct repeats *repeats_new(void)
{
	struct repeats *r = calloc(1, sizeof *r);

	if (r == NULL)
		return NULL;
	(void)pthread_mutex_init(&r->lock, NULL);
	rnd_bytes(r->salt, sizeof r->salt);
	return r;
}

/* ---- the key ---- */
static struct err name_of(const struct request *rq, const struct repeats *r, struct sv key, uint64_t *n)
{
	CLEANUP(buf_free) struct buf b = BUF(1024);

	buf_printf(&b, "%s %d %s ", rq->by.project_id, (int)rq->by.is, rq->by.id);
	buf_sv(&b, key);
	TRY(buf_done(rq->cx, &b, "Idempotency-Key"));
	struct sha256 h = hmac_sha256((struct sv){ r->salt, sizeof r->salt }, buf_view(&b));
	memcpy(n, h.b, sizeof *n);
	*n = *n == 0 ? 1 : *n;
	return OK;
}
struct err repeats_key(struct request *rq, const struct repeats *r, struct repeats_key *out)
{
	struct sv key = sv_trim(http_header_in(rq, "Idempotency-Key"));

	*out = (struct repeats_key){ .name = rq->park.name };
	if (key.n > KEY_MOST)
		return bad_header(rq->cx, "Idempotency-Key", "max", "must be at most %d bytes", KEY_MOST);
	if (key.n > 0)
		TRY(name_of(rq, r, key, &out->name));
	if (out->name == 0)
		return OK;
	rq->park.name = out->name;
	out->body = sha256_of(rq->body);
	return OK;
}
uint64_t repeats_topic(const struct repeats_key *k)
{
	return hub_topic("repeats", (struct sv){ (const char *)&k->name, sizeof k->name });
}

/* ---- the lock is held ---- */
static struct entry **place(struct repeats *r, uint64_t name)
{
	struct entry **at = &r->bucket[name % BUCKETS];

	while (*at != NULL && (*at)->key.name != name)
		at = &(*at)->next;
	return at;
}
static void strip(struct repeats *r, struct entry *e)
{
	r->bytes -= e->answer.n;
	buf_free(&e->answer);
}
static void drop(struct repeats *r, struct entry **at)
{
	struct entry *e = *at;

	strip(r, e);
	*at = e->next;
	free(e);
}
static void drop_oldest(struct repeats *r)
{
	struct entry *e = r->oldest;

	r->oldest = e->newer;
	if (r->barest == e)
		r->barest = e->newer;
	if (r->oldest == NULL)
		r->newest = NULL;
	r->over--;
	drop(r, place(r, e->key.name));
}
static void make_room(struct repeats *r, size_t more)
{
	while (r->oldest != NULL && (r->over >= REPEATS_ENTRIES || r->oldest->until <= clock_mono()))
		drop_oldest(r);
	while (r->barest != NULL && r->bytes + more > REPEATS_BYTES) {
		strip(r, r->barest);
		r->barest = r->barest->newer;
	}
}
static enum repeats_is look(const struct entry *e, const struct repeats_key *k, struct buf *out)
{
	if (!same_bytes(sha256_view(&e->key.body), sha256_view(&k->body)))
		return REPEATS_OTHER;
	if (e->runs)
		return REPEATS_RUNS;
	if (e->answer.n == 0)
		return REPEATS_GONE;
	buf_sv(out, buf_view(&e->answer));
	return REPEATS_DONE;
}
/* Without memory it is carried out like a request without a key. */
static void hold(struct repeats *r, const struct repeats_key *k)
{
	size_t at = k->name % BUCKETS;
	struct entry *e = calloc(1, sizeof *e);

	if (e == NULL)
		return;
	*e = (struct entry){ .next = r->bucket[at], .key = *k, .runs = true };
	r->bucket[at] = e;
}
static void over(struct repeats *r, struct entry *e, struct sv answer)
{
	e->runs = false;
	e->until = clock_mono() + REPEATS_KEPT;
	make_room(r, answer.n);
	*(r->newest == NULL ? &r->oldest : &r->newest->newer) = e;
	r->newest = e;
	if (r->barest == NULL)
		r->barest = e;
	r->over++;
	e->answer = BUF(REPEATS_ANSWER);
	if (answer.p != NULL && answer.n <= REPEATS_ANSWER)
		buf_sv(&e->answer, answer);
	r->bytes += e->answer.n;
}

/* ---- for everybody ---- */
enum repeats_is repeats_find(struct repeats *r, const struct repeats_key *k, bool take, struct buf *out)
{
	enum repeats_is is = REPEATS_NEW;

	(void)pthread_mutex_lock(&r->lock);
	make_room(r, 0);
	const struct entry *e = *place(r, k->name);
	if (e != NULL)
		is = look(e, k, out);
	else if (take)
		hold(r, k);
	(void)pthread_mutex_unlock(&r->lock);
	return is;
}
void repeats_end(struct repeats *r, const struct repeats_key *k, bool ran, struct sv answer)
{
	(void)pthread_mutex_lock(&r->lock);
	struct entry **at = place(r, k->name);
	bool held = *at != NULL && (*at)->runs; /* not so when there was no memory for it */
	if (held && ran)
		over(r, *at, answer);
	else if (held)
		drop(r, at);
	(void)pthread_mutex_unlock(&r->lock);
}
void repeats_free(struct repeats *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		while (r->bucket[i] != NULL)
			drop(r, &r->bucket[i]);
	(void)pthread_mutex_destroy(&r->lock);
	free(r);
}
