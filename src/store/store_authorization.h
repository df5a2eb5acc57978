/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_AUTHORIZATION_H
#define STORE_AUTHORIZATION_H
/* store_authorization.h: the table authorizations: one request for scopes by a user (design 8).
 *
 * Promises: at most one pending row per project, user, provider and scope set; the connect token is stored sealed plus
 * hashed. Functions with `db` run in an act (tx_db) or on a reader; those with `tx` inside an act.
 */
#include "core/secret.h"
#include "model/person.h"
#include "store/store.h"
struct db;
struct authorization { /* text in cx->arena; scopes: JSON list; status pending | succeeded | failed */
	struct sv id, project_id, user_id, provider_id, asked_as, scopes, scope_key, next_uri, status, reason,
	    connection_id;
	struct sv connect_box;
	int64_t created_at, expires_at, ended_at;
};
struct authorizations {
	struct authorization *v;
	size_t n;
};
/* Both E_NOT_FOUND without a cause. */
struct err store_authorization_get(struct ctx *cx, struct db *db, struct sv id, struct authorization *out) MUST_USE
    NONNULL(1, 2, 4);
struct err store_authorization_by_link(struct ctx *cx, struct db *db, const struct sha256 *hash,
				       struct authorization *out) MUST_USE NONNULL(1, 2, 3, 4);
/* The pending row with the scope set of `like` (project_id, user_id, provider_id, scope_key), over or not; E_NOT_FOUND.
 */
struct err store_authorization_same(struct ctx *cx, struct db *db, const struct authorization *like,
				    struct authorization *out) MUST_USE NONNULL(1, 2, 3, 4);
/* All pending ones of project_id, user_id and provider_id of `like`; user_id p NULL: of the provider, whoever asked. */
struct err store_authorization_pending(struct ctx *cx, struct db *db, const struct authorization *like,
				       struct authorizations *out) MUST_USE NONNULL(1, 2, 3, 4);
/* Pending ones whose time is over, oldest first, at most `most`. */
struct err store_authorization_over(struct ctx *cx, struct db *db, int64_t now, int64_t most,
				    struct authorizations *out) MUST_USE NONNULL(1, 2, 5);
/* status is pending, created_at the act's.  token: 43 characters, sealed and hashed here.  E_CONFLICT: there is one
 * pending. */
struct err store_authorization_add(struct ctx *cx, struct tx *tx, const struct authorization *in,
				   struct sv token) MUST_USE NONNULL(1, 2, 3);
/* A pending one asked for again: asked_as, next_uri and expires_at of `in`. */
struct err store_authorization_renew(struct ctx *cx, struct tx *tx, const struct authorization *in) MUST_USE
    NONNULL(1, 2, 3);
/* A pending one lives until `until` at least: whoever came back from the provider has his time to confirm, however near
 * the link's own end. */
struct err store_authorization_outlive(struct ctx *cx, struct tx *tx, struct sv id, int64_t until) MUST_USE
    NONNULL(1, 2);
/* One conditional move; E_STALE: it is not in `from`. */
struct authorization_move {
	struct sv id;
	const char *from, *to, *reason;
	struct sv connection_id;
};
struct err store_authorization_move(struct ctx *cx, struct tx *tx, const struct authorization_move *in) MUST_USE
    NONNULL(1, 2, 3);
struct err store_authorization_token(struct ctx *cx, struct store *st, const struct authorization *a,
				     struct secret **out) MUST_USE NONNULL(1, 2, 3, 4);
/* Newest first; empty or absent filters do not filter. */
struct authorization_filter {
	struct sv project_id, user_id, provider_id, id;
	int64_t limit, offset;
	struct sv q, status; /* q: in user_id; status pending, completed or failed as shown at `now`; n 0: any */
	int64_t now;
};
struct err store_authorization_list(struct ctx *cx, struct db *db, const struct authorization_filter *f,
				    struct authorizations *out, int64_t *total) MUST_USE NONNULL(1, 2, 3, 4, 5);
/* One step along those that ended before `before`, oldest first: it removes the next ones that complete no connection
 * that is still there.  Looked for outside of the writer.  Begins with `after` 0; more: there may be others. */
struct authorization_prune {
	int64_t before, after;
	char after_id[ID_MAX];
	int64_t gone; /* all in all */
	bool more;
};
struct err store_authorization_prune(struct ctx *cx, struct store *st, struct authorization_prune *p) MUST_USE
    NONNULL(1, 2, 3);
#endif
