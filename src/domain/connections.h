/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONNECTIONS_H
#define CONNECTIONS_H
/* connections.h: the list of user connections and the explicit disconnect (contract 2.9; revoke rule of design 8). */
#include "domain/engine.h"
#include "domain/providers.h"
struct connection_view {
	struct sv id, status /* active | expired */, reason, provider_id, provider_type, provider_description, user_id,
	    user_info /* JSON or p NULL */;
	struct sv_list scopes;
	int64_t expires_at, last_used_at, created_at, updated_at;
};
struct connection_views {
	struct connection_view *v;
	size_t n;
	int64_t total;
};
struct connection_filter {
	struct sv project_id, provider_id, user_id, id;
	int64_t limit, offset;
	struct sv q, status; /* text in user_id; active or expired; n 0: any */
};                           /* provider_id: unique id or type */
struct err connections_list(struct ctx *cx, struct engine *en, const struct connection_filter *f,
			    struct connection_views *out) MUST_USE NONNULL(1, 2, 3, 4);
enum revocation {
	REVOCATION_DONE,
	REVOCATION_QUEUED,
	REVOCATION_KEPT,
	REVOCATION_UNSUPPORTED
}; /* header Tokenbooth-Revocation */
const char *revocation_word(enum revocation r) RETURNS_NONNULL;
/* DELETE: closes the row at once (POOL part), then tries the provider on lane CALL; provider down -> queued.  `lane` as
 * access.h; on_call: set peer_key and return E_TAKE_CALL is not used: the row is closed in the first run, so the
 * handler starts on LANE_CALL. */
struct disconnect_in {
	struct sv project_id, id;
	const struct actor *by;
};
struct err connections_delete(struct ctx *cx, struct engine *en, const struct disconnect_in *in,
			      enum revocation *out) MUST_USE NONNULL(1, 2, 3, 4);
/* Jobs: marks of use to the store, in batches; tokens that are over for good; events that are older than they are kept,
 * and connections that were closed before that. */
struct err connections_used_flush(struct ctx *cx, struct engine *en) MUST_USE NONNULL(1, 2);
struct err connections_expire(struct ctx *cx, struct engine *en, const struct job_time *until) MUST_USE NONNULL(1, 2);
struct err connections_prune(struct ctx *cx, struct engine *en, const struct job_time *until) MUST_USE NONNULL(1, 2);
#endif
