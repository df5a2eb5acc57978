/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"
#include "store/store_inner.h"
#include <assert.h>
#include <errno.h>

void store_reader_start(struct store *st)
{
	(void)pthread_mutex_init(&st->readers.lock, NULL);
	(void)clock_cond(&st->readers.back);
}
void store_reader_stop(struct store *st)
{
	struct readers *r = &st->readers;

	assert(r->n_idle == r->n_open); /* every borrower gave back: app stops the lanes before the store */
	for (size_t i = 0; i < r->n_idle; i++)
		db_close(r->idle[i]);
	(void)pthread_cond_destroy(&r->back);
	(void)pthread_mutex_destroy(&r->lock);
}
/* Waits until one is idle or may be opened; false when none came in 5 s.  The lock is held. */
static bool wait_turn(struct readers *r)
{
	const struct timespec until = clock_spec(clock_mono() + SEC(5));
	int rc = 0;

	while (r->n_idle == 0 && r->n_open == READERS_MOST && rc == 0)
		rc = pthread_cond_timedwait(&r->back, &r->lock, &until);
	return r->n_idle > 0 || r->n_open < READERS_MOST;
}
struct err store_read(struct ctx *cx, struct store *st, struct reader *out)
{
	struct readers *r = &st->readers;

	*out = (struct reader){ .st = NULL };
	(void)pthread_mutex_lock(&r->lock);
	bool mine = wait_turn(r);
	struct db *db = mine && r->n_idle > 0 ? r->idle[--r->n_idle] : NULL;
	if (mine && db == NULL)
		r->n_open++;
	(void)pthread_mutex_unlock(&r->lock);
	if (!mine)
		return fail(cx, E_BUSY, "too many readers of the store at once", "%d in use", READERS_MOST);
	if (db == NULL) {
		struct err e = db_open(cx, st->path, DB_READ, &db);
		if (IS_ERR(e)) {
			(void)pthread_mutex_lock(&r->lock);
			r->n_open--;
			(void)pthread_cond_signal(&r->back);
			(void)pthread_mutex_unlock(&r->lock);
			return e;
		}
	}
	*out = (struct reader){ st, db };
	return OK;
}
struct err store_read_now(struct ctx *cx, struct store *st, struct reader *out)
{
	struct readers *r = &st->readers;
	struct db *db = NULL;

	(void)cx;
	(void)pthread_mutex_lock(&r->lock);
	if (r->n_idle > 0)
		db = r->idle[--r->n_idle];
	(void)pthread_mutex_unlock(&r->lock);
	*out = (struct reader){ db == NULL ? NULL : st, db };
	return db == NULL ? (struct err){ E_TAKE_POOL } : OK;
}
void store_read_done(struct reader *rd)
{
	if (rd->db == NULL)
		return;
	struct readers *r = &rd->st->readers;
	struct db *gone = NULL;

	assert(db_idle(rd->db)); /* a statement kept past its reader would hold the snapshot, and the WAL, for ever */
	if (db_damaged(rd->db))
		rd->st->damaged = true;
	(void)pthread_mutex_lock(&r->lock);
	if (r->n_idle < READERS_KEPT) {
		r->idle[r->n_idle++] = rd->db;
	} else {
		gone = rd->db;
		r->n_open--;
	}
	(void)pthread_cond_signal(&r->back);
	(void)pthread_mutex_unlock(&r->lock);
	db_close(gone);
	*rd = (struct reader){ .st = NULL };
}
