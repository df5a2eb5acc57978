/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_MEMBER_H
#define STORE_MEMBER_H
/* store_member.h: table members.  A project that has an owner keeps one. */
#include "model/event.h"
#include "model/person.h"
#include "store/store.h"
struct err store_member_role(struct ctx *cx, struct store *st, struct sv project, struct sv account,
			     enum role *out) MUST_USE NONNULL(1, 2, 5); /* ROLE_NONE: not a member */
struct member_page {
	struct member *v;
	size_t n;
	int64_t total;
}; /* in cx->arena, oldest first */
struct err store_member_list(struct ctx *cx, struct store *st, struct sv project, const struct page *page,
			     struct member_page *out) MUST_USE NONNULL(1, 2, 4, 5);
/* by_role: E_FORBIDDEN when the new or the present role is above it.  E_NOT_FOUND: no such account (or, to remove,
 * member).  adder: who makes a member of somebody that is none: E_FORBIDDEN unless an owner of the project `whole`; n
 * 0: the operator. */
struct member_edit {
	struct sv project, account;
	enum role role, by_role;
	const struct event *event;
	struct sv adder, whole;
}; /* ROLE_NONE removes */
struct err store_member_set(struct ctx *cx, struct store *st, const struct member_edit *in, struct member *out) MUST_USE
    NONNULL(1, 2, 3, 4);
/* Inside an act. */
struct err store_member_insert(struct ctx *cx, struct tx *tx, const struct member_edit *in) MUST_USE NONNULL(1, 2, 3);
#endif
