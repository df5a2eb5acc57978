/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/worker_pace.h"
#include "core/clock.h"
#include "core/text.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define ASK_EVERY SEC(10) /* contract 4.3 */
#define ASK_RARE  MIN(5)
enum { FAILURES_MOST = 30 };

struct entry {
	char id[WORKER_PACE_ID];
	int64_t next; /* clock_mono() */
	int failures;
	bool met; /* in this pass */
	char why[WORKER_PACE_WHY];
};
struct worker_paces {
	pthread_mutex_t lock;
	struct entry *v;
	size_t n, room;
	char last[WORKER_PACE_ID];
};

struct worker_paces *worker_pace_new(void)
{
	struct worker_paces *p = calloc(1, sizeof *p);

	if (p != NULL)
		(void)pthread_mutex_init(&p->lock, NULL);
	return p;
}
void worker_pace_free(struct worker_paces *p)
{
	if (p == NULL)
		return;
	(void)pthread_mutex_destroy(&p->lock);
	free(p->v);
	free(p);
}

static struct entry *find(const struct worker_paces *p, struct sv id)
{
	for (size_t i = 0; i < p->n; i++)
		if (sv_eqz(id, p->v[i].id))
			return &p->v[i];
	return NULL;
}
static struct entry *find_or_make(struct worker_paces *p, struct sv id)
{
	struct entry *e = find(p, id);
	size_t room = p->room * 2 + 16;

	if (e != NULL)
		return e;
	if (p->n == p->room) {
		struct entry *v = realloc(p->v, room * sizeof *v);

		if (v == NULL)
			return NULL;
		p->v = v;
		p->room = room;
	}
	e = &p->v[p->n];
	*e = (struct entry){ .met = true };
	if (!sv_copy(id, e->id, sizeof e->id))
		return NULL;
	p->n++;
	return e;
}
static int64_t pause_after(int failures)
{
	return failures > 5 ? ASK_RARE : ASK_EVERY << failures < ASK_RARE ? ASK_EVERY << failures : ASK_RARE;
}

bool worker_pace_due(struct worker_paces *p, struct sv worker_row)
{
	(void)pthread_mutex_lock(&p->lock);
	const struct entry *e = find(p, worker_row);
	bool due = e == NULL || e->next <= clock_mono();
	(void)pthread_mutex_unlock(&p->lock);
	return due;
}
int worker_pace_asked(struct worker_paces *p, struct sv worker_row, const char *why)
{
	int failures = why[0] == '\0' ? 0 : 1;

	(void)pthread_mutex_lock(&p->lock);
	struct entry *e = find_or_make(p, worker_row);
	if (e != NULL) {
		e->failures = failures == 0 ? 0 : e->failures + (e->failures < FAILURES_MOST);
		failures = e->failures;
		e->next = clock_mono() + pause_after(failures);
		(void)snprintf(e->why, sizeof e->why, "%s", why);
	}
	(void)pthread_mutex_unlock(&p->lock);
	return failures;
}
void worker_pace_why(struct worker_paces *p, struct sv worker_row, char out[static WORKER_PACE_WHY])
{
	(void)pthread_mutex_lock(&p->lock);
	const struct entry *e = find(p, worker_row);
	(void)snprintf(out, WORKER_PACE_WHY, "%s", e == NULL ? "" : e->why);
	(void)pthread_mutex_unlock(&p->lock);
}
void worker_pace_last(struct worker_paces *p, char out[static WORKER_PACE_ID])
{
	(void)pthread_mutex_lock(&p->lock);
	memcpy(out, p->last, sizeof p->last);
	(void)pthread_mutex_unlock(&p->lock);
}
void worker_pace_came_to(struct worker_paces *p, struct sv worker_row)
{
	(void)pthread_mutex_lock(&p->lock);
	struct entry *e = find(p, worker_row);
	if (e != NULL)
		e->met = true;
	if (!sv_copy(worker_row, p->last, sizeof p->last))
		p->last[0] = '\0';
	(void)pthread_mutex_unlock(&p->lock);
}
void worker_pace_sweep(struct worker_paces *p)
{
	size_t kept = 0;

	(void)pthread_mutex_lock(&p->lock);
	for (size_t i = 0; i < p->n; i++) {
		if (!p->v[i].met)
			continue;
		p->v[kept] = p->v[i];
		p->v[kept++].met = false;
	}
	p->n = kept;
	(void)pthread_mutex_unlock(&p->lock);
}
