/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLBOX_INNER_H
#define TOOLBOX_INNER_H
/* toolbox_inner.h: what toolbox.c, toolbox_load.c and toolbox_owner.c share. */
#include "domain/toolbox.h"
#include "store/store_worker.h"
/* What the store has now.  out->v is the caller's, by free(); all it points at is in `arena`.  On an error nothing is
 * there. */
struct err toolbox_fill(struct ctx *cx, struct engine *en, struct arena *arena, struct tool_set *out) MUST_USE
    NONNULL(1, 2, 3, 4);
/* Two tools, whatever their versions: by project, toolkit, name. */
int toolbox_order(const struct tool *a, const struct tool *b) NONNULL(1, 2);
struct toolbox_ranked {
	struct tool t;
	struct toolbox_note *note; /* its worker's: the oldest worker's come first */
};
/* The note counts one more that is left out; the first one's reason is kept, in `arena`. */
void toolbox_leave_out(struct arena *arena, struct toolbox_note *note, const char *fmt, ...) NONNULL(1, 2, 3)
    PRINTF_LIKE(3, 4);
/* Leaves out whatever stands under a toolkit's name that is another worker's, and stores who told of which first. */
struct toolbox_owned {
	struct engine *en;
	struct arena *arena; /* of the notes */
	const struct worker_rows *rows;
	struct toolbox_ranked *v; /* by project and toolkit */
	size_t n;
};
struct err toolbox_own(struct ctx *cx, struct toolbox_owned *io) MUST_USE NONNULL(1, 2);
#endif
