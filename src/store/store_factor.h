/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_FACTOR_H
#define STORE_FACTOR_H
/* store_factor.h: tables second_factors and recovery_codes.
 *
 * Promises: the secret is sealed; a code is used up inside the act that lets it pass, so that none passes twice.
 */
#include "core/secret.h"
#include "model/event.h"
#include "store/store.h"
enum { FACTOR_CODES = 10 };
struct factor_row {
	struct sv box; /* in cx->arena */
	int64_t confirmed_at, last_step, created_at, codes_left;
};
struct err store_factor_get(struct ctx *cx, struct store *st, struct sv account, struct factor_row *out) MUST_USE
    NONNULL(1, 2, 4); /* E_NOT_FOUND */
struct err store_factor_secret(struct ctx *cx, struct store *st, struct sv account, const struct factor_row *row,
			       struct secret **out) MUST_USE NONNULL(1, 2, 4, 5);
struct factor_begin {
	struct sv account;
	const struct secret *secret;
};
/* Replaces one that was begun and not proved.  E_CONFLICT: it is on already. */
struct err store_factor_begin(struct ctx *cx, struct store *st, const struct factor_begin *in) MUST_USE
    NONNULL(1, 2, 3);
/* Uses up what was shown: a step newer than the last one, or a recovery code.  E_STALE: used before, or there is none.
 */
struct factor_use {
	struct sv account;
	int64_t step; /* negative: a recovery code */
	struct sha256 code;
	const struct sha256 *codes; /* FACTOR_CODES new recovery codes in place of the old; NULL: as they were */
	bool confirm, remove;       /* and then: it is on; or it is off */
	const struct event *event;  /* NULL: none */
};
struct err store_factor_use(struct ctx *cx, struct store *st, const struct factor_use *in) MUST_USE NONNULL(1, 2, 3);
/* Off without a code, by somebody in charge.  E_NOT_FOUND. */
struct err store_factor_remove(struct ctx *cx, struct store *st, struct sv account, const struct event *event) MUST_USE
    NONNULL(1, 2, 4);
#endif
