/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HEALTH_H
#define HEALTH_H
/* health.h: how the engine fares, from what its parts last said.
 *
 * Owns:     the turns of the timed jobs and what was found of the root key; everything else is asked of those who know.
 * Promises: looking reads memory only and never waits: it answers while the store hangs and every lane is full.
 *           What is said names no user, provider, address or path: anybody may read it.
 * Needs:    core/metric.h; store.h's word on its writer.  Any thread.
 */
#include "domain/engine.h"
struct health;
void health_free(struct health *h);
struct health *health_new(void) MADE_BY(health_free) MUST_USE;
static inline void health_drop(struct health **h)
{
	health_free(*h);
	*h = NULL;
}

/* WARN: something an operator should see to, while requests are answered as they should be; only FAIL makes the engine
 * unhealthy, since whoever acts on that takes it out of service or restarts it. */
enum health_status { HEALTH_OK, HEALTH_WARN, HEALTH_FAIL };
enum { HEALTH_CHECKS = 5 };
struct health_check {
	const char *name;
	enum health_status status;
	const char *cause, *fix; /* NULL when OK */
	const char *about;       /* which of them, e.g. the late job; NULL: nothing to add */
};
/* h NULL: nobody keeps watch (the command line on a folder); then jobs and root key are as they should be. */
void health_look(const struct engine *en, struct health_check out[static HEALTH_CHECKS]) NONNULL(1);

/* A job that has its turn every `every` microseconds and may take `budget`; slots count from 0. */
enum { HEALTH_JOBS = 24, HEALTH_PERIODS = 3 };
void health_job_is(struct health *h, size_t slot, const char *name, int64_t latest);
void health_job_ran(struct health *h, size_t slot); /* it had its turn and ended well, or rightly left it out */
/* Job: is the root key still where the next start will look for it? */
struct err health_root_key(struct ctx *cx, struct engine *en, const struct job_time *until) MUST_USE NONNULL(1, 2);
#endif
