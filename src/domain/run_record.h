/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_RECORD_H
#define RUN_RECORD_H
/* run_record.h: the record of an execution, which its answer does not wait for (contract 3.8).
 *
 * Owns:     a copy of all it says, so that it outlives its request.
 * Promises: the record is on its way once run_record_begin returns; what lists events and executions comes after it
 *           (store_act_settle).  One that cannot be written is logged: the tool has run, and its answer counts even
 * when our own store is in trouble. Needs:    run_record_leave once for each, when the answer is on its way.
 */
#include "domain/engine.h"
#include "store/store_execution.h"
struct run_record;
struct err run_record_begin(struct ctx *cx, struct engine *en, const struct execution_add *in,
			    struct run_record **out) MUST_USE NONNULL(1, 2, 3, 4);
/* Job: records older than the configuration says, a batch at a time. */
struct err run_record_prune(struct ctx *cx, struct engine *en, const struct job_time *until) MUST_USE NONNULL(1, 2);
/* Its end is waited for by a thread of its own, between these two; else by the caller. */
struct err run_record_start(struct ctx *cx, struct engine *en) MUST_USE NONNULL(1, 2);
void run_record_stop(struct engine *en) NONNULL(1);
void run_record_leave(struct run_record *r) NONNULL(1);
#endif
