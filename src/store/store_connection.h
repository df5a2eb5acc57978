/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_CONNECTION_H
#define STORE_CONNECTION_H
/* store_connection.h: the table connections: a user at a provider, its sealed pair, its lease (design 5, 6, 8).
 *
 * Promises: only the generation decides who may write tokens; every change publishes through store's change hook (grant_cache.h).
 *           The functions taking a `struct tx *` run inside an act of another slice.
 */
#include "core/node.h"
#include "store/store.h"
struct connection {                              /* text in cx->arena; boxes sealed, in cx->arena */
	struct sv id, project_id, user_id, provider_id, client_id, revision_id, status, reason, authorization_id, stored;
	struct sv requested_scopes, granted_scopes; /* JSON lists */
	bool scope_known, has_refresh, uncertain, force_refresh;
	struct sv access_box, refresh_box, user_info_box, account_hash;
	int64_t generation, token_issued_at, token_expires_at, refresh_expires_at, lease_until, sent_generation, tries, next_try_at;
	int64_t refreshed_at, last_used_at, created_at, updated_at, ended_at;
	struct sv lease_owner;
};
/* A verified token set becomes the user's connection, inside the confirming act.  Tokens in clear (they are sealed under the
 * connection's own row here).  Consent on a live row raises its generation, else a new row is made (design 5); the displaced pair
 * of another account goes to store_revocation_discard with DISCARD_REPLACED. */
struct connection_adopt {
	struct sv project_id, user_id, provider_id, client_id, revision_id, authorization_id, stored;
	struct sv_list requested, granted; bool scope_known, keep_scopes;    /* keep_scopes: the request contained the existing ones (contract 2.7) */
	const struct secret *access, *refresh_json, *user_info;              /* access: JSON {token,type}; refresh_json: {refresh_token,…} or NULL */
	struct sv account_hash;                  /* p NULL: unknown */
	int64_t token_expires_at, refresh_expires_at;
	bool ends_grant, can_revoke;             /* of the definition: for the displaced pair */
};
struct connection_adopted { char id[40]; int64_t generation; bool replaced_account; };
struct err store_connection_adopt(struct ctx *cx, struct tx *tx, const struct connection_adopt *in, struct connection_adopted *out)
	MUST_USE NONNULL(1, 2, 3, 4);
/* The live row of a user at a provider, read inside an act (E_NOT_FOUND: none). */
struct connection_key { struct sv project_id, user_id, provider_id; };
struct err store_connection_live(struct ctx *cx, struct tx *tx, const struct connection_key *key, struct connection *out) MUST_USE NONNULL(1, 2, 3, 4);
/* Is another live connection, or another unverified flow, known to have this account?  (revoke rule, design 8)  inside an act */
struct err store_connection_account_shared(struct ctx *cx, struct tx *tx, struct sv account_hash, struct sv but_not_id, bool *shared) MUST_USE NONNULL(1, 2, 5);
/* All connections of a provider: `dead` with reason client_changed, or `closed` with provider_deleted (tokens to revocations). */
struct err store_connection_end_all(struct ctx *cx, struct tx *tx, struct sv provider_id, const char *reason, int64_t *n) MUST_USE NONNULL(1, 2, 4, 5);
/* status of one row, for "completed exactly while that row is live": live | dead | closed | "" (no row). Outside acts. */
struct err store_connection_status(struct ctx *cx, struct store *st, struct sv id, struct sv *status, struct sv *reason) MUST_USE NONNULL(1, 2, 4, 5);
#endif
