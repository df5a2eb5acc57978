/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SESSION_H
#define STORE_SESSION_H
/* store_session.h: table sessions, found by the keyed hash of their token. */
#include "model/event.h"
#include "model/person.h"
#include "store/store.h"
struct session_row {
	char account_id[ID_MAX];
	int64_t created_at, last_seen_at, expires_at;
};
struct session_new {
	struct sha256 mac;
	struct sv account;
	int64_t life;
	const struct event *event;
}; /* also sets accounts.last_sign_in_at */
struct err store_session_add(struct ctx *cx, struct store *st, const struct session_new *in) MUST_USE NONNULL(1, 2, 3);
struct err store_session_get(struct ctx *cx, struct store *st, const struct sha256 *mac,
			     struct session_row *out) MUST_USE NONNULL(1, 2, 3, 4);
struct err store_session_touch(struct ctx *cx, struct store *st, const struct sha256 *mac) MUST_USE NONNULL(1, 2, 3);
struct err store_session_remove(struct ctx *cx, struct store *st, const struct sha256 *mac) MUST_USE NONNULL(1, 2, 3);
struct err store_session_remove_all(struct ctx *cx, struct store *st, struct sv account) MUST_USE NONNULL(1, 2);
struct err store_session_prune(struct ctx *cx, struct store *st, int64_t idle) MUST_USE NONNULL(1, 2);
/* Inside an act. */
struct err store_session_end_all(struct ctx *cx, struct tx *tx, struct sv account) MUST_USE NONNULL(1, 2);
#endif
