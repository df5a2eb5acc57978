/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REVOKE_H
#define REVOKE_H
/* revoke.h: telling the provider about tokens that were given up; the rule which ones is store_revocation.h. */
#include "domain/engine.h"
enum revoke_result {
	REVOKE_DONE,
	REVOKE_LATER,
	REVOKE_GAVE_UP,
	REVOKE_KEPT /* the account is connected elsewhere by now */
};
/* Lane CALL: tries one queued revocation now. */
struct err revoke_now(struct ctx *cx, struct engine *en, struct sv revocation_id, enum revoke_result *out) MUST_USE
    NONNULL(1, 2, 4);
/* Job, on a thread that may wait: tries what is due, until `until`; gives up after 24 h with an event.  A provider that
 * cannot be reached is left alone for the rest of the run. */
struct err revoke_due(struct ctx *cx, struct engine *en, const struct job_time *until) MUST_USE NONNULL(1, 2);
#endif
