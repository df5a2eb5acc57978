/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_RECORD_H
#define RUN_RECORD_H
/* run_record.h: the record of an execution, which its answer does not wait for (contract 3.8).
 *
 * Owns:     a copy of all it says, so that it outlives its request.
 * Promises: the record is on its way once run_record_begin returns; what lists events and executions comes after it
 *           (store_act_settle).  One that cannot be written is logged: the tool has run, and its answer counts even
 * when our own store is in trouble. Needs:    run_record_end once for each, on a thread that may wait.
 */
#include "domain/engine.h"
#include "store/store_execution.h"
struct run_record;
struct err run_record_begin(struct ctx *cx, struct engine *en, const struct execution_add *in,
			    struct run_record **out) MUST_USE NONNULL(1, 2, 3, 4);
/* Job: records older than the configuration says, a batch at a time. */
struct err run_record_prune(struct ctx *cx, struct engine *en, int64_t until) MUST_USE NONNULL(1, 2);
void run_record_end(struct run_record *r); /* waits until it is durable */
#endif
