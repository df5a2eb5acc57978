/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKERS_STATIC_H
#define WORKERS_STATIC_H
/* workers_static.h: workers that engine.yaml declares, as rows of the default project (contract 5.2).
 *
 * Promises: they are there before the first request, with the catalogue they told of last; what the file no longer has
 * is gone.  A project's own worker of the same id comes first, and is warned of.
 */
#include "domain/engine.h"
struct err workers_static_sync(struct ctx *cx, struct engine *en) MUST_USE NONNULL(1, 2); /* at start */
#endif
