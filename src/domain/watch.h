/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WATCH_H
#define WATCH_H
/* watch.h: what the domain counts for whoever watches the engine (core/metric.h). */
#include "domain/engine.h"
#include "domain/providers.h"
void watch_open(const struct engine *en) NONNULL(1); /* the known reasons, the version, the start */
void watch_now(struct engine *en) NONNULL(1);        /* sizes that change all the time; memory only */
/* Jobs: sizes of the store and its disk; grants by provider and state (reads the whole index of them). */
struct err watch_sizes(struct ctx *cx, struct engine *en, const struct job_time *until) MUST_USE NONNULL(1, 2);
struct err watch_grants(struct ctx *cx, struct engine *en, const struct job_time *until) MUST_USE NONNULL(1, 2);
/* A refresh came to an end; reason NULL or "": none. */
void watch_refresh(const struct provider *p, const char *outcome, const char *reason) NONNULL(1, 2);
#endif
