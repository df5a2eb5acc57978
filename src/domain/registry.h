/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGISTRY_H
#define REGISTRY_H
/* registry.h: the memory behind providers.h, for registry*.c and providers*.c only.
 *
 * Owns:     the library, every provider object that was shown, every revision in use.  Objects are immutable once shown
 * and live until registry_free, so readers need no lock: they take the newest snapshot. Promises: registry_show is one
 * atomic store.  Writers hold registry_lock from their first read to registry_show.
 */
#include "domain/providers.h"
#include "store/store_provider.h"
struct registry_entry {
	struct provider p;
	bool deleted; /* only for revoking */
	struct arena *arena;
	struct pdef *def;               /* NULL: that of the entry it replaces, whose revision it has */
	struct held_revision *revision; /* until it is shown; NULL: held already */
	struct registry_entry *next;
};
struct registry_view {
	struct registry_view *older;
	size_t n;
	const struct registry_entry *v[]; /* oldest first */
};
const struct registry_view *registry_view(const struct registry *r) NONNULL(1) RETURNS_NONNULL;
void registry_lock(struct registry *r) NONNULL(1);
void registry_unlock(struct registry *r) NONNULL(1);
struct registry_guard {
	struct registry *r;
};
static inline void registry_leave(struct registry_guard *g) { registry_unlock(g->r); }
/* An object from a row; the caller's until it is shown.  engine_secret: of engine.yaml, instead of the row's box. */
struct registry_make {
	struct engine *en;
	struct registry *r;
	const struct provider_row *row;
	const struct secret *engine_secret;
	bool anyway; /* a row that cannot be understood any more gives an entry out of use (p.refused) */
};
struct err registry_make(struct ctx *cx, const struct registry_make *how, struct registry_entry **out) MUST_USE
    NONNULL(1, 2, 3);
void registry_unmake(struct registry_entry **e) NONNULL(1); /* one that was not shown, or NULL */
/* Shows *e in place of the entry of the same row, or as a new one; then it is the registry's, and *e NULL. */
struct err registry_show(struct ctx *cx, struct registry *r, struct registry_entry **e) MUST_USE NONNULL(1, 2, 3);
/* The merged definition of a type ("" = custom) and an oauth2 section (NULL: none), checked; *json is what gets stored.
 */
struct registry_want {
	struct sv type_id, unique_id;
	const struct node *oauth2;
	bool development;
};
struct err registry_merge(struct ctx *cx, const struct registry *r, const struct registry_want *in,
			  struct sv *json) MUST_USE NONNULL(1, 2, 3, 4);
/* An oauth2 section without client_id, client_secret and redirect_uri; NULL stays NULL. */
struct err registry_config(struct ctx *cx, const struct node *oauth2, const struct node **out) MUST_USE NONNULL(1, 3);
struct err registry_json(struct ctx *cx, const struct node *n, struct sv *out) MUST_USE
    NONNULL(1, 3); /* NULL gives {} */
struct err registry_revision(struct ctx *cx, struct engine *en, struct sv revision_id, struct revision *out) MUST_USE
    NONNULL(1, 2, 4);
/* registry_load.c: a stored definition, as strictly as today's settings say; or so that it can be shown: those who call
 * ask the egress guard.  registry_load_anyway: cx holds why the row was refused; it ends out of use, and the log says
 * so. */
struct err registry_load(struct ctx *cx, struct sv json, struct pdef_how how, struct pdef **out) MUST_USE NONNULL(1, 4);
struct err registry_load_shown(struct ctx *cx, struct sv json, struct pdef_how how, struct pdef **out) MUST_USE
    NONNULL(1, 4);
struct err registry_load_anyway(struct ctx *cx, struct sv json, struct pdef_how how, struct registry_entry *e) MUST_USE
    NONNULL(1, 4);
/* registry_sync.c: rows of engine.yaml and of a newer library, before anything is shown. */
struct err registry_sync(struct ctx *cx, struct engine *en, struct registry *r) MUST_USE NONNULL(1, 2, 3);
#endif
