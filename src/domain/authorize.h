/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHORIZE_H
#define AUTHORIZE_H
/* authorize.h: an authorization: asked for, looked at, ended (contract 2.1–2.3, 2.10; design 8).
 *
 * Promises: status words are computed on read (from the clock and the connection's row), never from a job's having run.
 */
#include "domain/access.h"
enum auth_status { AUTH_PENDING, AUTH_COMPLETED, AUTH_FAILED };
struct auth_view { /* contract 2.1 */
	char id[40];
	enum auth_status status;
	struct sv url; /* pending: {public}/connect/<token>; else p NULL.  Holds a secret: answer it, do not log it */
	struct sv_list scopes;
	struct sv provider_id, user_id;
	struct access access; /* completed: token and user info */
	int reason;           /* enum reason when failed */
	int64_t created_at, expires_at;
};
void auth_view_clear(struct auth_view *v) NONNULL(1);
struct auth_ask {
	struct sv project_id, user_id, next_uri;
	struct provider_ask provider;
	struct sv_list scopes;
	enum access_lane lane;
	bool park_over;
	const struct actor *by;
};
/* POST /v1/auth/authorize.  INLINE when granted; E_TAKE_POOL when something must be written; E_TAKE_CALL / E_PARK as
 * access.h (then out->access.peer_key / topic / park_until are set). */
struct err authorize_start(struct ctx *cx, struct engine *en, const struct auth_ask *ask,
			   struct auth_view *out) MUST_USE NONNULL(1, 2, 3, 4);
struct auth_status_ask {
	struct sv project_id, id;
	enum access_lane lane;
	bool park_over, waits; /* waits: wait > 0 */
	bool was_parked; /* this very request slept on authorize_topic(id): a failure it sees now is 200, not 410 */
};
/* GET /v1/auth/status.  E_NOT_FOUND; E_GONE when it waits for one that had failed before (say = cause and fix;
 * contract 2.3). */
struct err authorize_status(struct ctx *cx, struct engine *en, const struct auth_status_ask *ask,
			    struct auth_view *out) MUST_USE NONNULL(1, 2, 3, 4);
uint64_t authorize_topic(struct sv authorization_id); /* published when it ends */
/* GET /tb/v1/authorizations[/{id}] : without token; timeline by store_event_timeline. */
struct auth_row {
	char id[40];
	enum auth_status status;
	int reason;
	struct sv user_id, provider_id;
	struct sv_list scopes;
	int64_t created_at, expires_at, ended_at;
};
struct auth_rows {
	struct auth_row *v;
	size_t n;
	int64_t total;
};
struct auth_filter {
	struct sv project_id, user_id, provider_id, id;
	int64_t limit, offset;
	struct sv q, status; /* text in user_id; pending, completed or failed; n 0: any */
};
struct err authorize_list(struct ctx *cx, struct engine *en, const struct auth_filter *f,
			  struct auth_rows *out) MUST_USE NONNULL(1, 2, 3, 4);
#endif
