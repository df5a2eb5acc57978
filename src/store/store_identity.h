/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_IDENTITY_H
#define STORE_IDENTITY_H
/* store_identity.h: table identities: accounts as another issuer knows them, by issuer and subject. */
#include "model/event.h"
#include "model/person.h"
#include "store/store.h"
struct identity_enter {
	struct sv issuer, subject;
	struct sv email;           /* lower-cased and verified by the issuer; n 0: not known */
	struct sv signed_in;       /* account of the session in this browser; n 0: none */
	struct sv project;         /* the default one */
	enum role role;            /* ROLE_NONE: only who is invited; else what an unasked one becomes there */
	struct sv new_id;          /* of the account, if one has to be made */
	const struct event *event; /* kind, resource and data are filled in by the act */
};
struct identity_entered {
	struct account account;
	bool made; /* the account is new */
};
/* Who is it?  A known subject is his account.  Else a verified email: an account that has it is taken only when the
 * session in this browser is its own (E_CONFLICT else); an email without account is let in by its invitations, which
 * are used up, or by `role`.  E_FORBIDDEN: nobody is in charge yet, no verified email, or nobody asked for him. */
struct err store_identity_enter(struct ctx *cx, struct store *st, const struct identity_enter *in,
				struct identity_entered *out) MUST_USE NONNULL(1, 2, 3, 4);
enum { IDENTITY_MOST = 100 }; /* shown of an account */
struct identity {
	struct sv issuer, subject;
	int64_t created_at;
};
struct identity_rows {
	struct identity *v;
	size_t n;
}; /* in cx->arena, oldest first */
struct err store_identity_of(struct ctx *cx, struct store *st, struct sv account_id, struct identity_rows *out) MUST_USE
    NONNULL(1, 2, 4);
struct identity_unlink {
	struct sv account_id, issuer, subject;
	const struct sv *issuers; /* those of engine.yaml: through others nobody signs in */
	size_t n_issuers;
	const struct event *event; /* its data is filled in by the act */
};
/* E_NOT_FOUND.  E_CONFLICT: without it nobody could sign in to the account any more. */
struct err store_identity_remove(struct ctx *cx, struct store *st, const struct identity_unlink *in) MUST_USE
    NONNULL(1, 2, 3);
#endif
