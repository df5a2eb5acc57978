/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_PROJECT_H
#define STORE_PROJECT_H
/* store_project.h: table projects.  All of them, with their data keys, are in memory while the store is open; a change
 * is seen by everybody once it is durable. */
#include "model/event.h"
#include "model/person.h"
#include "store/store.h"
bool store_project_find(const struct store *st, struct sv id, struct project *out) NONNULL(1, 3); /* memory only */
/* All of them, oldest first, in cx->arena: one moment's list. */
struct err store_project_all(struct ctx *cx, const struct store *st, struct project **v, size_t *n) MUST_USE
    NONNULL(1, 2, 3, 4);
/* With a data key of its own; `owner` becomes its first member. */
struct project_new {
	struct sv org_id, name, color;
	struct sv owner;           /* p NULL: nobody */
	const struct event *event; /* resource_id and project are filled in by the act */
};
struct err store_project_add(struct ctx *cx, struct store *st, const struct project_new *in,
			     struct project *out) MUST_USE NONNULL(1, 2, 3, 4);
enum project_logo { LOGO_KEEP, LOGO_REMOVE, LOGO_SET };
struct project_edit {
	struct sv id, name, color; /* p NULL: as it was */
	enum project_logo what;
	struct sv logo, logo_type, logo_tag;
	const struct event *event;
};
/* Keeps cx->want.  E_NOT_FOUND. */
struct err store_project_change(struct ctx *cx, struct store *st, const struct project_edit *in,
				struct project *out) MUST_USE NONNULL(1, 2, 3, 4);
struct project_picture {
	struct sv bytes, type;
}; /* in cx->arena */
struct err store_project_logo(struct ctx *cx, struct store *st, struct sv id, struct project_picture *out) MUST_USE
    NONNULL(1, 2, 4); /* E_NOT_FOUND: none */
#endif
