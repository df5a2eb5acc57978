/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACCESS_H
#define ACCESS_H
/* access.h: a usable token for this user at this provider, or why not (design 4, 8).
 *
 * Owns:     the rules: scopes covered, expiry, who waits for a refresh and who only enqueues it.
 * Promises: the granted case is memory only (grant_cache) and writes nothing; the token is opened per call into *out
 * and must be cleared by the caller after the answer is written. access_get returns OK with out->state; E_TAKE_POOL:
 * the row must be read from the store; E_TAKE_CALL: this caller is to refresh (peer_key set in *out); E_PARK: a refresh
 * is running, wait on out->topic until out->park_until; E_PROVIDER_DOWN: token over, provider not reachable (503, the
 * connection stays; retry_after_s is set). connection_id and generation are those of the live row whatever the state
 * says about it.
 */
#include "domain/engine.h"
#include "domain/providers.h"
enum access_lane { ACCESS_INLINE, ACCESS_POOL, ACCESS_CALL }; /* where the caller runs now */
enum access_state {
	ACCESS_NONE,
	ACCESS_NARROW,
	ACCESS_OK
}; /* no usable connection; live, but scopes are missing; token */
struct access_ask {
	struct sv project_id, user_id;
	const struct provider *provider;
	struct sv_list scopes;
	struct sv connection_id; /* only if the live row is this one (status of a completed authorization); p NULL:
				    whichever */
	enum access_lane lane;
	bool park_over;
};
struct access {
	enum access_state state;
	char connection_id[40], authorization_id[40]; /* the authorization that last completed it */
	int64_t generation, expires_at;
	struct secret *token, *user_info; /* owned; user_info NULL: none ({} on the wire) */
	struct sv_list granted;           /* in cx->arena */
	uint64_t peer_key, topic;
	int64_t park_until;
};
void access_clear(struct access *a) NONNULL(1);
struct err access_get(struct ctx *cx, struct engine *en, const struct access_ask *ask, struct access *out) MUST_USE
    NONNULL(1, 2, 3, 4);
uint64_t access_peer(const struct provider *p) NONNULL(1); /* peer_key of calls to this provider */
#endif
