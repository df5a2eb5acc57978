/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNNER_INNER_H
#define RUNNER_INNER_H
/* runner_inner.h: one run, for runner.c and runner_mcp.c only. */
#include "domain/runner.h"
#include "domain/workers_mcp.h"
#include "store/store_worker.h"
#include "wire/wire_worker.h"
struct run {
	struct engine *en;
	const struct run_ask *ask;
	const struct tool *t;
	struct worker_row worker;
	struct secret *secret; /* the worker's */
	struct access access;
	const struct provider *provider; /* NULL: the tool needs none */
	int tries;
	bool renewed; /* the token was renewed since an mcp server did not take it */
	const struct tool_set
	    *fresh;                /* the catalogue that `t` is of since an mcp server told of it anew; NULL: not so */
	int64_t started_at, until; /* until: clock_mono(), of all tries together */
};
/* The user's token, where the tool needs one, into r->access; errors as runner_run. */
struct err runner_consent(struct ctx *cx, struct run *r) MUST_USE NONNULL(1, 2);
/* Only what certainly did not run is tried again. */
bool runner_again(const struct run *r, const struct wire_worker_answer *a) NONNULL(1, 2);
void runner_pause(struct ctx *cx, struct run *r) NONNULL(1, 2); /* before each try: longer each time */
/* What is left of the tool's time, for one try. */
int64_t runner_left(const struct run *r) NONNULL(1);
/* Once the call has left, trouble of our own is an answer too, so that nobody is led to call again what may have run.
 */
struct err runner_lost(struct ctx *cx, struct err e, struct wire_worker_answer *a) MUST_USE NONNULL(1, 3);
/* The tool's call at an mcp server.  E_TOOL_CONSENT when the server wants another authorization. */
struct err runner_mcp(struct ctx *cx, struct run *r, struct wire_worker_answer *a) MUST_USE NONNULL(1, 2, 3);
#endif
