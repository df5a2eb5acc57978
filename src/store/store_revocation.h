/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_REVOCATION_H
#define STORE_REVOCATION_H
/* store_revocation.h: the table revocations, and what happens to tokens that are given up: the revoke rule of design 8.
 *
 * A token that a live connection or an unverified flow holds too is never revoked, whatever the provider ends, since it
 * would be lost there (not_revoked_token_in_use).  ends token: else the discarded token is revoked.  ends grant: only
 * on an explicit disconnect, and only when nobody else (live connection or unverified flow) is known to have the same
 * account; else it is wiped here and the event says not_revoked_shared_grant.  The caller's act ends its own row
 * before, and wipes its boxes.  Both questions are asked again before each try, since somebody may have connected the
 * same account meanwhile.
 */
#include "core/node.h"
#include "model/event.h"
#include "store/store.h"
enum discard {
	DISCARD_DISCONNECT,
	DISCARD_MISMATCH,
	DISCARD_EXPIRED,
	DISCARD_REPLACED,
	DISCARD_LATE, /* of a flow that had ended, or ended with its authorization */
	DISCARD_PROVIDER_DELETED
};
enum discarded {
	DISCARDED_NOTHING,
	DISCARDED_QUEUED,
	DISCARDED_KEPT, /* shared grant */
	DISCARDED_HELD, /* the same token is held elsewhere */
	DISCARDED_UNSUPPORTED
};
struct discard_in {
	enum discard why;
	struct sv project_id, provider_id, revision_id, client_id, connection_id, flow_id, authorization_id, stored;
	const struct secret *access,
	    *refresh_json; /* the two texts of domain/tokens.h, in clear; sealed again under the revocation's row */
	struct sv account_hash;
	bool ends_grant, can_revoke; /* of the definition, decided before the act */
	bool uncertain;              /* the refresh token was sent, and no answer was stored */
};
struct discard_out {
	enum discarded fate;
	char revocation_id[40];
};
struct err store_revocation_discard(struct ctx *cx, struct tx *tx, const struct discard_in *in,
				    struct discard_out *out) MUST_USE NONNULL(1, 2, 3, 4);

struct revocation_row { /* text in cx->arena */
	struct sv id, project_id, provider_id, revision_id, connection_id, authorization_id, cause, client_id, stored;
	struct secret *access, *refresh_json; /* owned; NULL: none */
	bool uncertain;
	int64_t tries, next_try_at, give_up_at, created_at;
};
void store_revocation_clear(struct revocation_row *r) NONNULL(1);
/* Takes the lease and counts the try. */
enum revocation_claim {
	REVOCATION_OURS,
	REVOCATION_BUSY,
	REVOCATION_OVER /* past 24 h */,
	REVOCATION_SHARED,
	REVOCATION_HELD,
	REVOCATION_GONE
};
struct revocation_ask {
	struct sv id;
	const char *owner;
	int64_t hold;
};
struct err store_revocation_take(struct ctx *cx, struct store *st, const struct revocation_ask *in,
				 enum revocation_claim *how, struct revocation_row *out) MUST_USE
    NONNULL(1, 2, 3, 4, 5);
/* done: the row goes; else it waits until next_try_at. */
struct revocation_end {
	struct sv id;
	bool done, uncertain;
	int64_t next_try_at;
	const struct event *event;
};
struct err store_revocation_end(struct ctx *cx, struct store *st, const struct revocation_end *in) MUST_USE
    NONNULL(1, 2, 3);
/* Where only an access token revokes and it is over, the refresh token gets a new one.  Committed before it is sent:
 * from now on a refusal may be the echo of our own lost call. */
struct err store_revocation_sent(struct ctx *cx, struct store *st, struct sv id) MUST_USE NONNULL(1, 2);
/* The pair that came takes the place of the one held, and nothing is uncertain any more. */
struct revocation_pair {
	struct sv id, project_id;
	const struct secret *access, *refresh_json;
	const struct event *event;
};
struct err store_revocation_renew(struct ctx *cx, struct store *st, const struct revocation_pair *in) MUST_USE
    NONNULL(1, 2, 3);
/* The answer that was outstanding when the connection was closed has come: what it brought has a row of its own. */
struct err store_revocation_answered(struct ctx *cx, struct tx *tx, struct sv connection_id) MUST_USE NONNULL(1, 2);
struct revocation_ids {
	struct sv *v, *provider_id;
	size_t n;
};
/* Up to `most`, the 50 that wait longest of each provider together; first the providers where nothing has failed, else
 * in an order of chance: one that cannot be reached takes no turn of another. */
struct err store_revocation_due(struct ctx *cx, struct store *st, size_t most, struct revocation_ids *out) MUST_USE
    NONNULL(1, 2, 4);
/* For store_connection.c: all live and dead rows of a provider, boxes moved as they are; inside its act. */
struct err store_revocation_move_all(struct ctx *cx, struct tx *tx, struct sv provider_id) MUST_USE NONNULL(1, 2);
/* The provider's endpoints have moved to another host: what waits for the old one is over, and is said to be at its
 * next turn. */
struct err store_revocation_give_up(struct ctx *cx, struct tx *tx, struct sv provider_id) MUST_USE NONNULL(1, 2);
struct err store_revocation_orphans(struct ctx *cx, struct store *st) MUST_USE
    NONNULL(1, 2); /* at start: leases are over */
#endif
