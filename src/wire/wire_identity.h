/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_IDENTITY_H
#define WIRE_IDENTITY_H
/* wire_identity.h: who the account at the provider is: the definition's ordered list of sources. */
#include "wire/wire_env.h"
/* From the token answer, its id_token or the callback: the first source that gives an id; p NULL: none does. */
struct err wire_identity_of_answer(struct ctx *cx, struct wire_env *e, const struct node *answer,
				   struct sv *id) MUST_USE NONNULL(1, 2, 4);
/* From user info.  Empty fields of *out are filled; what is there stays. */
struct err wire_identity_of_user(struct ctx *cx, struct wire_env *e, const struct node *user,
				 struct wire_user *out) MUST_USE NONNULL(1, 2, 4);
#endif
