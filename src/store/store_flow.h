/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_FLOW_H
#define STORE_FLOW_H
/* store_flow.h: the table flows: one browser's attempt at an authorization (design 8).
 *
 * Promises: state, cookie, form handle and flow_id are stored as keyed hashes (flow_id sealed besides, since it must be
 * given again); verifier, form and tokens are sealed under the flow's row.  Every move is conditional on the status it
 * starts from, so of two that try only one wins (E_STALE for the other).  A flow that ends keeps no box. Functions with
 * `db` run in an act (tx_db) or on a reader; those with `tx` inside an act.
 */
#include "core/secret.h"
#include "store/store.h"
struct db;
struct flow { /* text in cx->arena; *_scopes: JSON lists; status started | redeeming | unverified | done | failed */
	struct sv id, authorization_id, project_id, user_id, provider_id, revision_id, client_id, redirect_uri;
	struct sv asked_scopes, existing_scopes, granted_scopes, stored, status, reason;
	struct sv cookie_mac, pkce_box, form_box, flow_box, access_box, refresh_box, user_info_box,
	    account_hash; /* p NULL: none */
	bool ends_grant, can_revoke, scope_known;
	int64_t redeem_until, token_expires_at, refresh_expires_at, created_at, expires_at, ended_at;
};
struct flows {
	struct flow *v;
	size_t n;
};
/* Look-ups: E_NOT_FOUND without a cause.  key: the clear state, flow_id or form handle. */
enum flow_key { FLOW_BY_STATE, FLOW_BY_FLOW_ID, FLOW_BY_FORM };
struct flow_find {
	struct db *db;
	const struct store *st;
	enum flow_key by;
	struct sv key;
};
struct err store_flow_find(struct ctx *cx, const struct flow_find *how, struct flow *out) MUST_USE NONNULL(1, 2, 3);
struct err store_flow_get(struct ctx *cx, struct db *db, struct sv id, struct flow *out) MUST_USE NONNULL(1, 2, 4);
/* Not ended ones of an authorization, oldest first. */
struct err store_flow_open(struct ctx *cx, struct db *db, struct sv authorization_id, struct flows *out) MUST_USE
    NONNULL(1, 2, 4);
/* Not ended ones whose time is over (started, unverified: expires_at; redeeming: redeem_until), oldest first, at most
 * `most`. */
struct err store_flow_over(struct ctx *cx, struct db *db, int64_t now, int64_t most, struct flows *out) MUST_USE
    NONNULL(1, 2, 5);
/* A click: status started.  pkce p NULL: none. */
struct flow_start {
	const struct flow *flow;
	struct sv state, cookie, pkce;
};
struct err store_flow_start(struct ctx *cx, struct tx *tx, const struct flow_start *in) MUST_USE NONNULL(1, 2, 3);
/* A verifier test (contract 2.5): unverified from the start, without tokens. */
struct err store_flow_test(struct ctx *cx, struct tx *tx, const struct flow *flow, struct sv flow_id) MUST_USE
    NONNULL(1, 2, 3);
/* The form of a form_post callback, found again by its handle; another one takes its place.  A flow that has ended is
 * found, but keeps no form. */
struct flow_form {
	struct sv id, project_id, handle, form;
};
struct err store_flow_form(struct ctx *cx, struct tx *tx, const struct flow_form *in) MUST_USE NONNULL(1, 2, 3);
/* started -> redeeming, until `until`. */
struct err store_flow_redeem(struct ctx *cx, struct tx *tx, struct sv id, int64_t until) MUST_USE NONNULL(1, 2);
/* redeeming -> unverified with the tokens, or (again, while unverified) the same flow with what was learnt since. */
struct flow_tokens {
	struct sv id, project_id, granted_scopes, stored;
	const struct secret *access, *refresh, *user_info; /* refresh, user_info NULL: none */
	struct sv account_hash;                            /* p NULL: unknown */
	bool scope_known, again;
	int64_t token_expires_at, refresh_expires_at, expires_at;
};
struct err store_flow_tokens(struct ctx *cx, struct tx *tx, const struct flow_tokens *in) MUST_USE NONNULL(1, 2, 3);
/* Gives an unverified flow without flow_id its flow_id; E_STALE when it has one. */
struct err store_flow_name(struct ctx *cx, struct tx *tx, const struct flow *flow, struct sv flow_id) MUST_USE
    NONNULL(1, 2, 3);
/* Ends it (done or failed): conditional on `from`; boxes and cookie's use are gone, hashes stay so that a late visitor
 * is told. */
struct flow_end {
	struct sv id;
	const char *from, *to, *reason;
};
struct err store_flow_end(struct ctx *cx, struct tx *tx, const struct flow_end *in) MUST_USE NONNULL(1, 2, 3);
/* Opening boxes; NULL when there is none. */
enum flow_box { FLOW_PKCE, FLOW_FORM, FLOW_ID, FLOW_ACCESS, FLOW_REFRESH, FLOW_USER_INFO };
struct err store_flow_unseal(struct ctx *cx, struct store *st, const struct flow *flow, enum flow_box which,
			     struct secret **out) MUST_USE NONNULL(1, 2, 3, 5);
/* At start: who was redeeming is gone (the folder's lock says so), so nobody waits for him any more.  What he had not
 * stored has failed, what he had stored may be named by the next visitor. */
struct err store_flow_orphans(struct ctx *cx, struct store *st) MUST_USE NONNULL(1, 2);
/* Those that ended before then (store_prune.h). */
struct err store_flow_prune(struct ctx *cx, struct store *st, int64_t before, int64_t *gone) MUST_USE NONNULL(1, 2, 4);
#endif
