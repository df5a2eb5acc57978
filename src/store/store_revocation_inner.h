/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_REVOCATION_INNER_H
#define STORE_REVOCATION_INNER_H
/* store_revocation_inner.h: what the rule (store_revocation.c) and the tries (store_revocation_try.c) share. */
#include "db/db.h"
#include "store/store_held.h"
#include "store/store_revocation.h"
#define REVOCATION_COLS                                                                                                \
	"id, project_id, provider_id, revision_id, connection_id, authorization_id, cause, client_id, stored, "        \
	"sealed_as,"                                                                                                   \
	" access_box, refresh_box, account_hash, ends_grant, tries, next_try_at, give_up_at, lease_until, created_at," \
	" access_mac, refresh_mac, uncertain"
enum {
	C_ID,
	C_PROJECT,
	C_PROVIDER,
	C_REVISION,
	C_CONNECTION,
	C_AUTHORIZATION,
	C_CAUSE,
	C_CLIENT,
	C_STORED,
	C_SEALED_AS,
	C_ACCESS,
	C_REFRESH,
	C_ACCOUNT,
	C_ENDS_GRANT,
	C_TRIES,
	C_NEXT_TRY,
	C_GIVE_UP,
	C_LEASE,
	C_CREATED,
	C_ACCESS_MAC,
	C_REFRESH_MAC,
	C_UNCERTAIN
};
struct revocation_seal {
	struct sv project_id, id;
	const struct secret *access, *refresh_json;
};
struct revocation_boxes {
	struct sv access, refresh;
};
/* The pair sealed under the revocation's own row; a box's p NULL: none. */
struct err store_revocation_boxes(struct ctx *cx, struct tx *tx, const struct revocation_seal *in,
				  struct revocation_boxes *out) MUST_USE NONNULL(1, 2, 3, 4);
#endif
