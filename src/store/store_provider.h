/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_PROVIDER_H
#define STORE_PROVIDER_H
/* store_provider.h: the tables providers and provider_revisions (design 5).
 *
 * Promises: revisions are immutable; a deleted row stays, with its sealed client secret, as long as revocations wait
 * for it. Functions with `db` run in an act (tx_db) or on a reader; those with `tx` inside an act.
 */
#include "core/secret.h"
#include "store/store.h"
struct db;
struct provider_row { /* text in cx->arena */
	struct sv id, project_id, unique_id, external_id, binding, type_id, description, status, client_id, config,
	    revision_id;
	struct sv secret_box; /* p NULL: none */
	int64_t created_at, updated_at, deleted_at;
	struct sv definition; /* of revision_id; not written */
};
struct provider_rows {
	struct provider_row *v;
	size_t n;
};
/* What a running engine needs: everything not deleted, and the deleted whose revocations wait.  Oldest first. */
struct err store_provider_all(struct ctx *cx, struct db *db, struct provider_rows *out) MUST_USE NONNULL(1, 2, 3);
/* E_NOT_FOUND (no cause recorded). */
struct err store_provider_get(struct ctx *cx, struct db *db, struct sv id, struct provider_row *out) MUST_USE
    NONNULL(1, 2, 4);
/* The newest row of a provider of engine.yaml, deleted or not; E_NOT_FOUND. */
struct err store_provider_static(struct ctx *cx, struct db *db, struct sv unique_id, struct provider_row *out) MUST_USE
    NONNULL(1, 2, 4);
/* Is the id (of this project), or the callback segment, taken by a live row other than but_id? */
struct provider_taken {
	struct sv project_id, unique_id, external_id, but_id;
};
struct err store_provider_taken(struct ctx *cx, struct db *db, const struct provider_taken *in, bool *id,
				bool *external) MUST_USE NONNULL(1, 2, 3, 4, 5);
struct err store_provider_insert(struct ctx *cx, struct tx *tx, const struct provider_row *row) MUST_USE
    NONNULL(1, 2, 3);
/* All columns but id, project_id, unique_id, binding, created_at.  E_STALE: the row has moved on from was_updated_at.
 */
struct err store_provider_update(struct ctx *cx, struct tx *tx, const struct provider_row *row,
				 int64_t was_updated_at) MUST_USE NONNULL(1, 2, 3);
struct err store_provider_delete(struct ctx *cx, struct tx *tx, struct sv id) MUST_USE
    NONNULL(1, 2); /* E_STALE: deleted already */
/* Client secrets of deleted providers that nothing needs any more. */
struct err store_provider_forget(struct ctx *cx, struct tx *tx) MUST_USE NONNULL(1, 2);

struct provider_revision {
	struct sv id, provider_id, definition, client_id;
};
/* Appends the next number; in->id is made by the caller. */
struct err store_provider_revise(struct ctx *cx, struct tx *tx, const struct provider_revision *in) MUST_USE
    NONNULL(1, 2, 3);
struct err store_provider_revision(struct ctx *cx, struct db *db, struct sv id, struct provider_revision *out) MUST_USE
    NONNULL(1, 2, 4); /* E_NOT_FOUND */

/* The client secret of a row, sealed and opened. */
struct provider_seal {
	struct sv project_id, id;
};
struct err store_provider_seal(struct ctx *cx, struct store *st, const struct provider_seal *at,
			       const struct secret *in, struct sv *box) MUST_USE NONNULL(1, 2, 3, 4, 5);
struct err store_provider_unseal(struct ctx *cx, struct store *st, const struct provider_row *row,
				 struct secret **out) MUST_USE NONNULL(1, 2, 3, 4); /* NULL: none */
#endif
