/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_CONNECTION_H
#define STORE_CONNECTION_H
/* store_connection.h: the table connections: a user at a provider, its sealed pair, its lease (design 5, 6, 8).
 *
 * Promises: only the generation decides who may write tokens; every change is in the memory of grants (grant_cache.h)
 * before the act's caller goes on.  The functions taking a `struct tx *` run inside an act of another slice.
 */
#include "core/node.h"
#include "model/event.h"
#include "store/store.h"
#include "store/store_revocation.h"
#include "store/store_use.h"
struct connection { /* text in cx->arena; boxes sealed, in cx->arena */
	struct sv id, project_id, user_id, provider_id, client_id, revision_id, status, reason, authorization_id,
	    stored;
	struct sv requested_scopes, granted_scopes; /* JSON lists */
	bool scope_known, has_refresh /* a refresh token is held */, uncertain, force_refresh;
	struct sv access_box, refresh_box, user_info_box, account_hash;
	int64_t generation, token_issued_at, token_expires_at, refresh_expires_at, due_at, lease_until, sent_generation,
	    tries, next_try_at;
	int64_t refreshed_at, last_used_at, created_at, updated_at, ended_at;
	struct sv lease_owner;
};
/* ---- inside acts of other slices ---- */
/* A verified token set becomes the user's connection, inside the confirming act.  Tokens in clear (they are sealed
 * under the connection's own row here).  Consent on a live row raises its generation, else a new row is made (design
 * 5), and dead ones of the user and provider are closed, replaced.  The displaced pair goes to store_revocation_discard
 * with DISCARD_REPLACED, except a token that the provider gave out again.  When the same account consents again and no
 * refresh token comes, the old one is kept. */
struct connection_adopt {
	struct sv project_id, user_id, provider_id, client_id, revision_id, authorization_id, stored;
	struct sv_list requested, granted;
	bool scope_known, keep_scopes; /* keep_scopes: the request contained the existing ones (contract 2.7) */
	const struct secret *access, *refresh_json,
	    *user_info;         /* access: JSON {token,type}; refresh_json: {refresh_token,…} or NULL */
	struct sv account_hash; /* p NULL: unknown */
	int64_t token_expires_at, refresh_expires_at;
	bool ends_grant, can_revoke; /* of the definition: for the displaced pair */
	int64_t lead_s;              /* of the definition; 0: the rule of design 8 */
	bool by_access;              /* of the definition: renewed with the access token itself */
};
struct connection_adopted {
	char id[40];
	int64_t generation;
	bool replaced_account;
};
struct err store_connection_adopt(struct ctx *cx, struct tx *tx, const struct connection_adopt *in,
				  struct connection_adopted *out) MUST_USE NONNULL(1, 2, 3, 4);
/* The live row of a user at a provider, read inside an act (E_NOT_FOUND: none). */
struct connection_key {
	struct sv project_id, user_id, provider_id;
};
struct err store_connection_live(struct ctx *cx, struct tx *tx, const struct connection_key *key,
				 struct connection *out) MUST_USE NONNULL(1, 2, 3, 4);
/* Is another live connection, or another unverified flow, known to have this account?  (revoke rule, design 8) inside
 * an act; but_not_id: the connection or flow that asks. */
struct err store_connection_account_shared(struct ctx *cx, struct tx *tx, struct sv account_hash, struct sv but_not_id,
					   bool *shared) MUST_USE NONNULL(1, 2, 5);
/* All connections of a provider: `dead` with reason client_changed (tokens wiped: the client that could use them is
 * gone), or `closed` with provider_deleted (tokens to revocations). */
struct err store_connection_end_all(struct ctx *cx, struct tx *tx, struct sv provider_id, const char *reason,
				    int64_t *n) MUST_USE NONNULL(1, 2, 4, 5);
/* ---- reads, outside acts ---- */
/* status of one row, for "completed exactly while that row is live": live | dead | closed | "" (no row).  A live row
 * whose token is over and cannot be renewed reads as dead, expired_without_refresh, before the job has written it. */
struct err store_connection_status(struct ctx *cx, struct store *st, struct sv id, struct sv *status,
				   struct sv *reason) MUST_USE NONNULL(1, 2, 4, 5);
struct err store_connection_get(struct ctx *cx, struct store *st, struct sv id, struct connection *out) MUST_USE
    NONNULL(1, 2, 4); /* E_NOT_FOUND */
struct err store_connection_find(struct ctx *cx, struct store *st, const struct connection_key *key,
				 struct connection *out) MUST_USE NONNULL(1, 2, 3, 4); /* live; E_NOT_FOUND */
/* Live and dead ones, newest first.  provider: unique id or type of a provider; "" or p NULL: any. */
struct connection_query {
	struct sv project_id, provider, user_id, id;
	int64_t limit, offset;
	struct sv q, status; /* q: in user_id; status "active" or "expired" as it is at `now`; n 0: any */
	int64_t now;
};
struct connection_rows {
	struct connection *v;
	size_t n;
	int64_t total;
};
struct err store_connection_list(struct ctx *cx, struct store *st, const struct connection_query *q,
				 struct connection_rows *out) MUST_USE NONNULL(1, 2, 3, 4);
/* Live rows that may be renewed now.  refresh_end 0: those whose time has come and that were read since their last
 * refresh, or forced, by due_at.  Else: those whose refresh token (or the token that is renewed with itself) ends
 * before refresh_end and is in the last quarter of its life, read or not, by refresh_expires_at.  At most `most`, those
 * after (after, after_id), the last one seen. */
struct connection_due {
	int64_t now, refresh_end, after;
	struct sv after_id;
	size_t most;
};
struct err store_connection_due(struct ctx *cx, struct store *st, const struct connection_due *in,
				struct connection_rows *out) MUST_USE NONNULL(1, 2, 3, 4);
/* The pair in clear; NULL: none is held. */
struct err store_connection_open(struct ctx *cx, struct store *st, const struct connection *c, struct secret **access,
				 struct secret **refresh) MUST_USE NONNULL(1, 2, 3, 4, 5);
/* A box of the memory of grants. */
enum connection_box { BOX_ACCESS, BOX_REFRESH, BOX_USER_INFO };
struct connection_unseal {
	enum connection_box which;
	struct sv project_id, id, box;
};
struct err store_connection_unseal(struct ctx *cx, struct store *st, const struct connection_unseal *in,
				   struct secret **out) MUST_USE NONNULL(1, 2, 3, 4);
/* When a token made at `issued` and over at `expires` is to be renewed (design 8): 1/10 of its life ahead, between 60 s
 * and 5 min, or lead_s; never more than half its life.  0: never. */
int64_t store_connection_due_at(int64_t issued, int64_t expires, int64_t lead_s);
/* The token is over and nothing renews it any more; one that is renewed with itself had to be renewed before. */
static inline bool store_connection_over(const struct connection *c, int64_t now)
{
	return c->token_expires_at > 0 && c->token_expires_at <= now && !c->has_refresh;
}

/* ---- refresh ---- */
/* A lease or a retry further ahead than any that is ever written was written by a clock that was wrong, and one in the
 * future of its own pair likewise: they do not count.  (Who has a call under way in this process is known without
 * a clock, domain/refresh_run.c.) */
#define CONNECTION_LEASE_MOST MIN(10)
#define CONNECTION_RETRY_MOST HOUR(2)
static inline bool store_connection_ahead(int64_t at, int64_t now, int64_t most)
{
	return at > now && at - now <= most;
}
static inline bool store_connection_misdated(int64_t issued_at, int64_t now)
{
	return issued_at > now + CONNECTION_LEASE_MOST;
}
/* Takes the lease and writes the mark "sent, generation n", in one commit. */
enum claim_fate {
	CLAIM_OURS,
	CLAIM_LEASED, /* somebody is calling; until */
	CLAIM_WAITS,  /* not before `until` */
	CLAIM_MOVED,  /* not this generation any more */
	CLAIM_GONE    /* no live row */
};
struct connection_claim {
	struct sv id;
	int64_t generation, hold;
	const char *owner; /* of this very claim */
};
struct connection_claimed {
	enum claim_fate fate;
	int64_t until;  /* of the lease, or of the wait */
	bool uncertain; /* an earlier send may have spent the refresh token */
	int64_t tries;  /* since the last success, this one counted */
};
struct err store_connection_claim(struct ctx *cx, struct store *st, const struct connection_claim *in,
				  struct connection_claimed *out) MUST_USE NONNULL(1, 2, 3, 4);
/* A new pair.  If the generation does not fit any more, the pair goes where the one it came from went (design 8):
 * revoked with it after a disconnect, as replaced after a consent, wiped after another refresh. */
struct connection_renew {
	struct sv id;
	const char *owner;
	int64_t generation;
	const struct secret *access, *refresh_json; /* refresh_json NULL: the old one stays */
	struct sv stored;                           /* p NULL: unchanged */
	struct sv_list granted;
	bool scope_known; /* false: granted unchanged */
	int64_t token_expires_at, refresh_expires_at, lead_s;
	struct sv authorization_id; /* as it was when the refresh began: tells a consent from another refresh */
	bool by_access, ends_grant, can_revoke;
	bool half; /* only refresh_json is taken and the lease kept: the token is still to be exchanged */
	const struct event
	    *event; /* data is the caller's; outcome and reason are set here when the pair was not stored */
};
enum renew_fate {
	RENEW_STORED,
	RENEW_REVIVED /* had been given up as dead meanwhile */,
	RENEW_DISCARDED,
	RENEW_REPLACED
};
struct connection_renewed {
	enum renew_fate fate;
	int64_t generation;
};
struct err store_connection_renew(struct ctx *cx, struct store *st, const struct connection_renew *in,
				  struct connection_renewed *out) MUST_USE NONNULL(1, 2, 3, 4);
/* No new pair.  Only the holder of the claim changes anything; the event is written anyway. */
enum settle { SETTLE_FREE /* nothing was spent */, SETTLE_UNCERTAIN, SETTLE_DEAD };
struct connection_settle {
	struct sv id;
	const char *owner;
	int64_t generation;
	enum settle how;
	int64_t next_try_at;
	const char *reason; /* SETTLE_DEAD */
	const struct event *event;
};
struct err store_connection_settle(struct ctx *cx, struct store *st, const struct connection_settle *in,
				   bool *changed) MUST_USE NONNULL(1, 2, 3, 4);
/* What was learnt about a fresh pair of this generation; E_STALE: it has moved on. */
struct connection_amend {
	struct sv id;
	int64_t generation, token_expires_at, lead_s; /* token_expires_at 0: unchanged */
	bool by_access;
	const struct secret *user_info; /* NULL: unchanged */
};
struct err store_connection_amend(struct ctx *cx, struct store *st, const struct connection_amend *in) MUST_USE
    NONNULL(1, 2, 3);
/* At start: leases of processes that are gone are over (the folder's lock says that they are gone); what they had
 * marked as sent becomes uncertain, with an event each.  *n: how many. */
struct err store_connection_orphans(struct ctx *cx, struct store *st, int64_t *n) MUST_USE NONNULL(1, 2, 3);

/* ---- ends ---- */
struct connection_close {
	struct sv project_id, id;
	const char *reason;
	bool ends_grant, can_revoke;
	const struct event *event;
};
struct connection_closed {
	struct discard_out discarded;
	bool refreshing; /* a refresh was running */
};
/* An explicit disconnect; E_NOT_FOUND. */
struct err store_connection_close(struct ctx *cx, struct store *st, const struct connection_close *in,
				  struct connection_closed *out) MUST_USE NONNULL(1, 2, 3, 4);
/* Tokens that are over and cannot be renewed: dead, expired_without_refresh.  In batches; *n: how many. */
struct err store_connection_expire(struct ctx *cx, struct store *st, int64_t *n) MUST_USE NONNULL(1, 2, 3);
/* Those that were closed before then (store_prune.h). */
struct err store_connection_prune(struct ctx *cx, struct store *st, int64_t before, int64_t *gone) MUST_USE
    NONNULL(1, 2, 4);
/* The resource does not take the token of this generation though it is fresh: dead, revoked_or_expired.  One that has
 * moved on or is not live stays as it is. */
struct err store_connection_refused(struct ctx *cx, struct store *st, struct sv project_id, struct sv id,
				    int64_t generation) MUST_USE NONNULL(1, 2);
struct err store_connection_used(struct ctx *cx, struct store *st, const struct use_marks *in) MUST_USE
    NONNULL(1, 2, 3);
/* The next reader waits for a fresh token. E_NOT_FOUND: not live. */
struct err store_connection_force(struct ctx *cx, struct store *st, struct sv project_id, struct sv id) MUST_USE
    NONNULL(1, 2);
/* How many there are of each provider and status. */
struct connection_count {
	struct sv provider_id, status;
	int64_t n;
};
struct connection_counts {
	struct connection_count *v; /* in cx->arena */
	size_t n;
};
struct err store_connection_counts(struct ctx *cx, struct store *st, struct connection_counts *out) MUST_USE
    NONNULL(1, 2, 3);
#endif
