/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SETTING_H
#define STORE_SETTING_H
/* store_setting.h: table settings: project '' is the engine's own. */
#include "model/event.h"
#include "store/store.h"
/* Text in cx->arena; p NULL when it was never set. */
struct err store_setting_get(struct ctx *cx, struct store *st, struct sv project, const char *name,
			     struct sv *value) MUST_USE NONNULL(1, 2, 4, 5);
/* When it was set last; 0: never. */
struct err store_setting_at(struct ctx *cx, struct store *st, struct sv project, const char *name, int64_t *at) MUST_USE
    NONNULL(1, 2, 4, 5);
struct setting_put {
	struct sv project;
	const char *name;
	struct sv value;
	const struct event *event;
}; /* event NULL: none */
/* Keeps cx->want (store_version.h). */
struct err store_setting_set(struct ctx *cx, struct store *st, const struct setting_put *in) MUST_USE NONNULL(1, 2, 3);
/* Inside an act. */
struct err store_setting_put(struct ctx *cx, struct tx *tx, const struct setting_put *in) MUST_USE NONNULL(1, 2, 3);
struct err store_setting_find(struct ctx *cx, struct db *db, struct sv project, const char *name,
			      struct sv *value) MUST_USE NONNULL(1, 2, 4, 5);
struct err store_setting_remove(struct ctx *cx, struct tx *tx, struct sv project, const char *name) MUST_USE
    NONNULL(1, 2, 4);
#endif
