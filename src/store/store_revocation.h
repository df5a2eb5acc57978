/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_REVOCATION_H
#define STORE_REVOCATION_H
/* store_revocation.h: the table revocations, and what happens to tokens that are given up: the revoke rule of design 8.
 *
 * ends token: the discarded token is revoked.  ends grant: only on an explicit disconnect, and only when nobody else (live
 * connection or unverified flow) is known to have the same account; else it is wiped here and the event says
 * not_revoked_shared_grant.  The caller's act wipes its own boxes.
 */
#include "core/node.h"
#include "store/store.h"
enum discard { DISCARD_DISCONNECT, DISCARD_MISMATCH, DISCARD_EXPIRED, DISCARD_REPLACED, DISCARD_LATE, DISCARD_PROVIDER_DELETED };
enum discarded { DISCARDED_NOTHING, DISCARDED_QUEUED, DISCARDED_KEPT /* shared grant */, DISCARDED_UNSUPPORTED };
struct discard_in {
	enum discard why; struct sv project_id, provider_id, revision_id, client_id, connection_id, flow_id, authorization_id, stored;
	const struct secret *access, *refresh_json; struct sv account_hash;   /* in clear; sealed again under the revocation's row */
	bool ends_grant, can_revoke;             /* of the definition, decided before the act */
};
struct discard_out { enum discarded fate; char revocation_id[40]; };
struct err store_revocation_discard(struct ctx *cx, struct tx *tx, const struct discard_in *in, struct discard_out *out) MUST_USE NONNULL(1, 2, 3, 4);
#endif
