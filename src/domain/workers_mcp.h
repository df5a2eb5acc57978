/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKERS_MCP_H
#define WORKERS_MCP_H
/* workers_mcp.h: what is different about workers of kind mcp, for workers.c and runner.c only. */
#include "domain/mcp_worker.h"
#include "domain/workers.h"
static inline bool workers_mcp_is(const struct worker_row *w) { return w->type.n == 3 && w->type.p[0] == 'm'; }
/* Fields of the mcp section into put->row, headers and secrets into *box, which put->secret is.  was NULL: a new one.
 * moved: its address is now another host's.  put->forgets: its address or its client is another.  bad_field "mcp.…". */
struct workers_mcp_change {
	const struct worker_write *in;
	const struct worker_row *was;
	bool moved;
	bool whole; /* headers and secrets are all there are; those of `was` are gone */
	const struct actor *by;
};
struct err workers_mcp_change(struct ctx *cx, struct engine *en, const struct workers_mcp_change *c,
			      struct worker_put *put, struct secret **box) MUST_USE NONNULL(1, 2, 3, 4, 5);
/* As tell() and health() of workers.c. */
struct err workers_mcp_tell(struct ctx *cx, struct engine *en, const struct worker_row *w, char why[static 240],
			    bool *other) MUST_USE NONNULL(1, 2, 3, 4, 5);
struct err workers_mcp_health(struct ctx *cx, struct engine *en, const struct worker_row *w,
			      struct worker_health *out) MUST_USE NONNULL(1, 2, 3, 4);
#endif
