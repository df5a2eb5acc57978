/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_H
#define PIPELINE_H
/* pipeline.h: match, limit, authenticate, authorize, handle (design 4), over the rows of routes.c and of the pages.
 *
 * Promises: pipeline_serve and pipeline_again return OK with a complete answer, or E_TAKE_POOL, E_TAKE_CALL, E_PARK.
 *           A second run begins where the first one stopped: at authenticate while nobody is known, else at handle;
 *           but whoever has slept is asked again who he is and what he may.
 */
#include "http/route.h"
struct err pipeline_serve(struct request *rq) MUST_USE NONNULL(1); /* rq->app: struct api */
struct err pipeline_again(struct request *rq) MUST_USE NONNULL(1);
/* Beside route_check: every row admits somebody, and needs an action that policy.h knows unless it is for anyone. */
struct err pipeline_check(struct ctx *cx, const struct route_table *tables, size_t n) MUST_USE NONNULL(1, 2);
#endif
