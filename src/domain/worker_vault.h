/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_VAULT_H
#define WORKER_VAULT_H
/* worker_vault.h: what an mcp worker sends along: headers, and the secrets they name (contract 3.5, 4.8).
 *
 * Owns:     the JSON that is sealed in workers.secret_box: {"headers":{},"secrets":{},"client_secret":""}.
 * Promises: a secret's value is never shown; a header that usually carries a credential is shown only as far as it
 * names a secret.  ${secret:NAME} is looked up among the worker's own secrets, then the project's.
 */
#include "core/node.h"
#include "domain/engine.h"
#include "store/store_worker.h"
struct wire_mcp_header;
struct worker_vault {                         /* in cx->arena */
	const struct node *headers, *secrets; /* maps of texts; never NULL */
	struct sv client_secret;              /* "" when none is held */
};
extern const char *const worker_vault_mask; /* shown instead of a credential, and taken for "as it was" */
struct err worker_vault_open(struct ctx *cx, struct engine *en, const struct worker_row *w,
			     struct worker_vault *out) MUST_USE NONNULL(1, 2, 3, 4);
/* What is sent over what is there: headers are replaced whole, secrets by name (null or "" removes); NULL: as they
 * were. bad_field mcp.headers, mcp.secrets. */
struct worker_vault_change {
	const struct node *headers, *secrets;
	struct sv client_secret; /* p NULL: as it was */
};
struct err worker_vault_merge(struct ctx *cx, const struct worker_vault_change *in, struct worker_vault *io) MUST_USE
    NONNULL(1, 2, 3);
struct err worker_vault_pack(struct ctx *cx, const struct worker_vault *v, struct secret **out) MUST_USE
    NONNULL(1, 2, 3);
/* The headers as they are sent, in cx->arena.  E_TOOL_NEEDS "secret not found: NAME". */
struct worker_vault_headers {
	const struct wire_mcp_header *v;
	size_t n;
};
struct err worker_vault_headers(struct ctx *cx, struct engine *en, const struct worker_row *w,
				struct worker_vault_headers *out) MUST_USE NONNULL(1, 2, 3, 4);
/* A header's value as it may be shown. */
struct sv worker_vault_shown(const struct node *header) NONNULL(1);
#endif
