/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FACTOR_H
#define FACTOR_H
/* factor.h: an account's second factor: an authenticator app's codes (RFC 6238) and ten recovery codes.  Lane POOL.
 *
 * Promises: it is on once a code has proved that the app has the secret; a code passes once, a recovery code for good;
 *           wrong ones are throttled by account, wherever they come from; who is signed in, and each browser that
 *           was here before, has a budget of his own, which nobody with the password alone can spend.  Secret and
 * recovery codes are shown once.
 */
#include "core/secret.h"
#include "domain/engine.h"
#include "store/store_factor.h"
struct factor_status {
	bool enabled, pending; /* pending: begun within ten minutes */
	int64_t codes_left;
};
struct err factor_status(struct ctx *cx, struct engine *en, struct sv account_id, struct factor_status *out) MUST_USE
    NONNULL(1, 2, 4);
/* A new secret; the caller has checked the password.  E_CONFLICT: on already. */
struct err factor_begin(struct ctx *cx, struct engine *en, struct sv account_id, struct secret **secret) MUST_USE
    NONNULL(1, 2, 4);
enum factor_then { FACTOR_PASS, FACTOR_CONFIRM, FACTOR_RENEW, FACTOR_REMOVE };
struct factor_show {
	struct sv account_id, code;
	enum factor_then then;
	const struct actor *by; /* NULL with FACTOR_PASS */
	struct sv device;       /* a browser that was here before (device.h), with FACTOR_PASS; n 0: none */
};
/* Uses `code` up.  *codes: with CONFIRM and RENEW the new recovery codes, one a line, else NULL.  bad_field "code";
 * E_RATE; E_CONFLICT: nothing to confirm, or it is off. */
struct err factor_show(struct ctx *cx, struct engine *en, const struct factor_show *in, struct secret **codes) MUST_USE
    NONNULL(1, 2, 3, 4);
struct err factor_reset(struct ctx *cx, struct engine *en, struct sv account_id, const struct actor *by) MUST_USE
    NONNULL(1, 2, 4); /* by somebody in charge; E_NOT_FOUND */
#endif
