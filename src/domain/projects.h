/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECTS_H
#define PROJECTS_H
/* projects.h: which project a path means (contract 1.2, design 5).  Memory only: fit for an event thread. */
#include "domain/engine.h"
#include "model/person.h"
/* "default" works for both; an absent org (p NULL) is any.  E_NOT_FOUND "project X not found". */
struct err project_find(struct ctx *cx, const struct engine *en, struct sv org, struct sv project,
			struct project *out) MUST_USE NONNULL(1, 2, 5);
struct err project_list(struct ctx *cx, const struct engine *en, struct project **v, size_t *n) MUST_USE
    NONNULL(1, 2, 3, 4); /* in cx->arena, oldest first */
bool project_is_default(const struct engine *en, const struct project *p) NONNULL(1, 2);
#endif
