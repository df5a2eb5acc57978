/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_CONNECTION_INNER_H
#define STORE_CONNECTION_INNER_H
/* store_connection_inner.h: what the files of store_connection share: the column list, the decoder, the boxes, the
 * hook. */
#include "db/db.h"
#include "store/store_connection.h"
#define CONNECTION_COLS                                                                                             \
	"id, project_id, user_id, provider_id, client_id, revision_id, status, reason, authorization_id, stored,"   \
	" requested_scopes, granted_scopes, scope_known, has_refresh, uncertain, force_refresh,"                    \
	" access_box, refresh_box, user_info_box, account_hash,"                                                    \
	" generation, token_issued_at, token_expires_at, refresh_expires_at, due_at, lease_until, sent_generation," \
	" tries, next_try_at, refreshed_at, last_used_at, created_at, updated_at, ended_at, lease_owner"
/* In SQL, `now` a parameter: what store_connection_ahead says of the lease and of the next try. */
#define CONNECTION_FREE(now)                                            \
	"(lease_until <= " now " OR lease_until > " now " + 600000000)" \
	" AND (next_try_at <= " now " OR next_try_at > " now " + 7200000000)"
_Static_assert(CONNECTION_LEASE_MOST == 600000000 && CONNECTION_RETRY_MOST == 7200000000, "the same in SQL");
struct err store_connection_row(struct ctx *cx, struct db_stmt *q, struct connection *out) MUST_USE NONNULL(1, 2, 3);
/* The rest of q's rows, at most `most`; *out is written, its total left alone. */
struct err store_connection_rows(struct ctx *cx, struct db_stmt *q, size_t most, struct connection_rows *out) MUST_USE
    NONNULL(1, 2, 4);
/* Whatever its status; E_NOT_FOUND without a cause. */
struct err store_connection_by_id(struct ctx *cx, struct db *db, struct sv id, struct connection *out) MUST_USE
    NONNULL(1, 2, 4);
/* secret NULL: *box p NULL. */
struct connection_seal {
	enum connection_box which;
	struct sv project_id, id;
};
struct err store_connection_seal(struct ctx *cx, struct store *st, const struct connection_seal *at,
				 const struct secret *secret, struct sv *box) MUST_USE NONNULL(1, 2, 3, 5);
/* Does the text hold a refresh token?  *token in cx->arena, p NULL: none. */
struct err store_connection_refresh_token(struct ctx *cx, const struct secret *refresh_json, struct sv *token) MUST_USE
    NONNULL(1, 3);
/* Was its refresh token sent, with no answer that was stored? */
static inline bool store_connection_uncertain(const struct connection *c)
{
	return c->uncertain || c->sent_generation > 0;
}
/* To be called last in every act that changed a row of `key`: what is live then is in memory once it is durable. */
struct err store_connection_changed(struct ctx *cx, struct tx *tx, const struct connection_key *key) MUST_USE
    NONNULL(1, 2, 3);
/* After the act's commit: n grants are counted as ended. */
void store_connection_ended(struct tx *tx, const char *reason, int64_t n) NONNULL(1, 2);
struct err store_connection_changed_all(struct ctx *cx, struct tx *tx, struct sv provider_id) MUST_USE NONNULL(1, 2);
static inline struct connection_key store_connection_key(const struct connection *c)
{
	return (struct connection_key){ c->project_id, c->user_id, c->provider_id };
}
#endif
