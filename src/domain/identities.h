/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IDENTITIES_H
#define IDENTITIES_H
/* identities.h: the issuers (sign_in.oidc) through which an account signs in, as its owner sees them.  Lane POOL.
 *
 * Promises: an account keeps a way in: its last one, a password or an issuer of engine.yaml, is not taken away.  What
 * is unlinked leads in no more; sessions that it began go on until they end or are ended. Needs:
 * store/store_identity.h.  How one is linked: domain/oidc.h.
 */
#include "domain/engine.h"
#include "model/event.h"
enum { IDENTITY_ID = 44 };
struct linked {
	char id[IDENTITY_ID];           /* of issuer and subject */
	const struct oidc_conf *issuer; /* NULL: not in engine.yaml any more, leads in no more */
	struct sv url, subject;
	int64_t created_at;
};
struct linked_list {
	struct linked *v;
	size_t n;
}; /* in cx->arena, oldest first */
struct err identities_of(struct ctx *cx, struct engine *en, struct sv account_id, struct linked_list *out) MUST_USE
    NONNULL(1, 2, 4);
/* E_NOT_FOUND; E_CONFLICT: the last way in. */
struct err identities_unlink(struct ctx *cx, struct engine *en, struct sv id, const struct actor *by) MUST_USE
    NONNULL(1, 2, 4);
#endif
