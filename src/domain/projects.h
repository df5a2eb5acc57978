/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECTS_H
#define PROJECTS_H
/* projects.h: which project a path means (contract 1.2, design 5), and how it looks on the engine's own pages.
 * What finds and lists is memory only: fit for an event thread. */
#include "domain/engine.h"
#include "model/person.h"
/* "default" works for both; an absent org (p NULL) is any.  E_NOT_FOUND "project X not found". */
struct err project_find(struct ctx *cx, const struct engine *en, struct sv org, struct sv project,
			struct project *out) MUST_USE NONNULL(1, 2, 5);
bool project_look(const struct engine *en, struct sv id, struct project *out) NONNULL(1, 3); /* by id alone */
struct err project_list(struct ctx *cx, const struct engine *en, struct project **v, size_t *n) MUST_USE
    NONNULL(1, 2, 3, 4); /* in cx->arena, oldest first */
/* Name 1 to 100 bytes without controls; color "#rrggbb"; logo a data: URL of a PNG, JPEG or WebP of at most 64 KiB
 * (what it says it is is held against its first bytes; no SVG, which can hold scripts, and no address of another host,
 * to which the pages would lead the browsers of end-users).  p NULL: as it was; color and logo "": none.  bad_field. */
struct project_write {
	struct sv id, name, color, logo;
	struct sv owner; /* of a new one: its first member; p NULL: nobody */
	const struct actor *by;
};
struct err project_create(struct ctx *cx, struct engine *en, const struct project_write *in,
			  struct project *out) MUST_USE NONNULL(1, 2, 3, 4); /* lane POOL, as are the next two */
struct err project_change(struct ctx *cx, struct engine *en, const struct project_write *in,
			  struct project *out) MUST_USE NONNULL(1, 2, 3, 4);
struct err project_logo(struct ctx *cx, struct engine *en, struct sv id, struct sv *bytes, struct sv *type) MUST_USE
    NONNULL(1, 2, 4, 5); /* E_NOT_FOUND */
bool project_is_default(const struct engine *en, const struct project *p) NONNULL(1, 2);
#endif
