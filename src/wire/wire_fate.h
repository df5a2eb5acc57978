/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_FATE_H
#define WIRE_FATE_H
/* wire_fate.h: what an answer that is no success means (design 8): the definition's error table first, then RFC 6749's
 * words. */
#include "wire/wire_env.h"
struct wire_fate_in {
	unsigned at;                      /* enum pdef_at */
	const struct pdef_answer *answer; /* where error and description are; NULL: the token answer's */
	const struct node *tree;          /* the answer, NULL when it could not be read */
};
/* how->status is set; fills fate, reason, error, description, detail.  Never WIRE_OK. */
struct err wire_fate_read(struct ctx *cx, const struct wire_env *e, const struct wire_fate_in *in,
			  struct wire_outcome *how) MUST_USE NONNULL(1, 2, 3, 4);
/* An answer that cannot be used: uncertain, bad_answer, why. */
void wire_fate_bad(struct wire_outcome *how, const char *why) NONNULL(1, 2);
#endif
