/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SECRET_NAMES_H
#define SECRET_NAMES_H
/* secret_names.h: which secrets there are, in memory, and when a tool was given one last; never their values.
 *
 * Promises: any thread, memory only, but for open, load and flush.  Marks of use are written in batches; a mark is lost
 *           only with the process.
 */
#include "domain/engine.h"
struct secret_names;
void secret_names_free(struct secret_names *s);
struct err secret_names_open(struct ctx *cx, struct engine *en, struct secret_names **out) MUST_USE NONNULL(1, 2, 3);
struct err secret_names_load(struct ctx *cx, struct engine *en) MUST_USE NONNULL(1, 2);   /* after a change */
bool secret_names_has(struct engine *en, struct sv project_id, struct sv key) NONNULL(1); /* without case */
void secret_names_used(struct engine *en, struct sv project_id, struct sv key, int64_t at) NONNULL(1);
/* Another after every load: what was made of what secret_names_has said is of that number. */
uint64_t secret_names_version(struct engine *en) NONNULL(1);
struct err secret_names_flush(struct ctx *cx, struct engine *en) MUST_USE NONNULL(1, 2); /* last_accessed_at */
#endif
