/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_ACCOUNT_H
#define STORE_ACCOUNT_H
/* store_account.h: table accounts.  Emails come lower-cased. */
#include "model/event.h"
#include "model/person.h"
#include "store/store.h"
enum { PASSWORD_MAX = 160 }; /* an encoded Argon2id hash */
struct account_row {
	struct account account;
	char password[PASSWORD_MAX];
};
struct err store_account_by_email(struct ctx *cx, struct store *st, struct sv email, struct account_row *out) MUST_USE
    NONNULL(1, 2, 4); /* E_NOT_FOUND */
struct err store_account_by_id(struct ctx *cx, struct store *st, struct sv id, struct account *out) MUST_USE
    NONNULL(1, 2, 4);
/* How many accounts may do more than verify themselves, in any project: none means that nobody is in charge yet. */
struct err store_account_in_charge(struct ctx *cx, struct store *st, int64_t *out) MUST_USE NONNULL(1, 2, 3);
struct account_page {
	struct account *v;
	size_t n;
	int64_t total;
}; /* in cx->arena, oldest first */
struct err store_account_list(struct ctx *cx, struct store *st, const struct page *page,
			      struct account_page *out) MUST_USE NONNULL(1, 2, 3, 4);
/* Account and its membership, in one act.  only_first: E_FORBIDDEN unless nobody is in charge yet and the set-up token
 * of the settings has this keyed hash (hex), which the act then removes.  E_CONFLICT: the email has an account. */
struct account_add {
	struct account account;
	struct sv password, project;
	enum role role;
	bool only_first;
	struct sv setup_hash;
	const struct event *event;
};
struct err store_account_add(struct ctx *cx, struct store *st, const struct account_add *in,
			     struct account *out) MUST_USE NONNULL(1, 2, 3, 4);
/* Sets the set-up token's hash; E_CONFLICT when somebody is in charge already. */
struct err store_account_setup_token(struct ctx *cx, struct store *st, struct sv hash) MUST_USE NONNULL(1, 2);
/* E_FORBIDDEN unless an account could be added with it now; store_account_add asks again inside its act. */
struct err store_account_setup_check(struct ctx *cx, struct store *st, struct sv hash) MUST_USE NONNULL(1, 2);
/* New password, all sessions of the account end. */
struct account_password {
	struct sv id, password;
	const struct event *event;
};
struct err store_account_password(struct ctx *cx, struct store *st, const struct account_password *in) MUST_USE
    NONNULL(1, 2, 3);
/* Inside an act: the row alone.  E_CONFLICT: the email has an account. */
struct err store_account_insert(struct ctx *cx, struct tx *tx, const struct account_add *in) MUST_USE NONNULL(1, 2, 3);
/* Inside an act: E_FORBIDDEN until somebody is in charge. */
struct err store_account_need_charge(struct ctx *cx, struct tx *tx) MUST_USE NONNULL(1, 2);
/* Inside an act or a read; E_NOT_FOUND. */
struct err store_account_of_email(struct ctx *cx, struct db *db, struct sv email, struct account *out) MUST_USE
    NONNULL(1, 2, 4);
/* Inside an act or a read. */
struct err store_account_get(struct ctx *cx, struct db *db, struct sv id, struct account *out) MUST_USE
    NONNULL(1, 2, 4);
#endif
