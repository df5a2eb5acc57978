/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VIEW_WORKER_H
#define VIEW_WORKER_H
/* view_worker.h: a tool server as JSON (contract 3.5).  No secret's value, and no credential in a header, is in it. */
#include "core/jout.h"
#include "domain/workers.h"
struct view_worker {
	struct engine *en;
	const struct worker_row *row;
	struct sv project_id;
};
struct err view_worker(struct ctx *cx, struct jout *w, const struct view_worker *v) MUST_USE NONNULL(1, 2, 3);
#endif
