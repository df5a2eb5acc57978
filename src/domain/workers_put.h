/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKERS_PUT_H
#define WORKERS_PUT_H
/* workers_put.h: a worker's row changes or goes, in one act with the end of what belongs to what it was: the provider
 * of its authorization server, with all tokens.  For workers*.c only. */
#include "domain/engine.h"
#include "store/store_worker.h"
/* As store_worker_change; in->forgets ends the provider. */
struct err workers_put_change(struct ctx *cx, struct engine *en, const struct worker_put *in,
			      struct worker_row *out) MUST_USE NONNULL(1, 2, 3, 4);
struct err workers_put_remove(struct ctx *cx, struct engine *en, const struct worker_row *w,
			      const struct event *ev) MUST_USE NONNULL(1, 2, 3, 4);
#endif
