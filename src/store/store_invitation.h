/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_INVITATION_H
#define STORE_INVITATION_H
/* store_invitation.h: table invitations, found by the keyed hash of their token.  One a project and email. */
#include "model/event.h"
#include "model/person.h"
#include "store/store.h"
struct invitation {
	char id[ID_MAX], project_id[ID_MAX], email[EMAIL_MAX];
	enum role role;
	int64_t created_at, expires_at;
};
struct invitation_new {
	struct invitation row; /* without its times */
	struct sha256 mac;
	int64_t life;
	struct sv created_by;
	bool replace;              /* an open one for the same email ends */
	const struct event *event; /* and one of the same principal tells of the end of what is replaced */
};
struct invitation_made {
	struct invitation now, was; /* was: replaced by it; its id is "" when there was none that was open */
};
/* E_CONFLICT: that email is a member already, or has an open one that shall stay. */
struct err store_invitation_add(struct ctx *cx, struct store *st, const struct invitation_new *in,
				struct invitation_made *out) MUST_USE NONNULL(1, 2, 3, 4);
struct err store_invitation_by_token(struct ctx *cx, struct store *st, const struct sha256 *mac,
				     struct invitation *out) MUST_USE
    NONNULL(1, 2, 3, 4); /* E_NOT_FOUND: none, or over */
struct invitation_page {
	struct invitation *v;
	size_t n;
	int64_t total;
}; /* in cx->arena, newest first; what is over is left out */
struct err store_invitation_list(struct ctx *cx, struct store *st, struct sv project, const struct page *page,
				 struct invitation_page *out) MUST_USE NONNULL(1, 2, 4, 5);
struct invitation_end {
	struct sv project, id;
	const struct event *event;
};
/* Inside an act: nobody gives more than he has.  The project's invitations that the account of `edit` made for a role
 * above its new one end, each with an event of edit->event's principal. */
struct member_edit;
struct err store_invitation_lower(struct ctx *cx, struct tx *tx, const struct member_edit *edit) MUST_USE
    NONNULL(1, 2, 3);
struct err store_invitation_remove(struct ctx *cx, struct store *st, const struct invitation_end *in) MUST_USE
    NONNULL(1, 2, 3); /* E_NOT_FOUND */
/* Uses it up, in one act: the account (a new one when account.id is not there yet) becomes a member.  Never lowers a
 * role.  E_FORBIDDEN: used, taken back or over meanwhile.  E_CONFLICT: the email has an account by now. */
struct invitation_take {
	struct sha256 mac;
	struct account account;
	struct sv password; /* p NULL: the account is there */
	const struct event *event;
};
struct err store_invitation_accept(struct ctx *cx, struct store *st, const struct invitation_take *in,
				   struct account *out) MUST_USE NONNULL(1, 2, 3, 4);
/* Inside an act: is one open for this email? */
struct err store_invitation_open(struct ctx *cx, struct tx *tx, struct sv email, bool *any) MUST_USE NONNULL(1, 2, 4);
/* Inside an act: all that are open for the account's email, for one whose email is proved otherwise; *n: how many. */
struct err store_invitation_take_all(struct ctx *cx, struct tx *tx, const struct account *a, const struct event *event,
				     size_t *n) MUST_USE NONNULL(1, 2, 3, 4, 5);
struct err store_invitation_prune(struct ctx *cx, struct store *st) MUST_USE NONNULL(1, 2);
#endif
