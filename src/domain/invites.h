/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INVITES_H
#define INVITES_H
/* invites.h: people asked into a project by a link.  Lane POOL.
 *
 * Promises: the link's token is shown once and kept as a keyed hash; it is good for one use, for one email, for 7 days.
 *           Nobody invites above his own role.  Guessing is throttled by address.
 */
#include "core/secret.h"
#include "domain/engine.h"
#include "store/store_invitation.h"
struct invite_new {
	struct sv project_id, email;
	enum role role;
	const struct actor *by;
	enum role by_role;
	bool replace; /* an open one for the same email; its link stops working */
};
/* *token: what the link carries.  bad_field "email", "role"; E_FORBIDDEN; E_CONFLICT. */
struct err invites_add(struct ctx *cx, struct engine *en, const struct invite_new *in, struct invitation_made *out,
		       struct secret **token) MUST_USE NONNULL(1, 2, 3, 4, 5);
struct err invites_list(struct ctx *cx, struct engine *en, struct sv project_id, const struct page *page,
			struct invitation_page *out) MUST_USE NONNULL(1, 2, 4, 5);
struct err invites_remove(struct ctx *cx, struct engine *en, struct sv project_id, struct sv id,
			  const struct actor *by) MUST_USE NONNULL(1, 2, 5); /* E_NOT_FOUND */
/* What a link is for; *known: its email has an account.  E_FORBIDDEN: used, taken back, over, made up. */
struct err invites_look(struct ctx *cx, struct engine *en, const struct sv *token, struct invitation *out,
			bool *known) MUST_USE NONNULL(1, 2, 3, 4, 5);
struct invite_accept {
	struct sv token, client_ip;
	struct sv password;              /* of a new account */
	const struct account *signed_in; /* NULL: a new account is made */
};
/* E_FORBIDDEN: another account's invitation too.  bad_field "password". */
struct err invites_accept(struct ctx *cx, struct engine *en, const struct invite_accept *in,
			  struct account *out) MUST_USE NONNULL(1, 2, 3, 4);
#endif
