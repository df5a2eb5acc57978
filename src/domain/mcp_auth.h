/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MCP_AUTH_H
#define MCP_AUTH_H
/* mcp_auth.h: the authorization that a remote MCP server wants: found out, a client of ours made there, scopes learnt.
 *
 * Owns:     the JSON in workers.auth, and the provider "mcp:ID" that stands for the server's authorization server: its
 *           definition is made from the server's own metadata, so links, callbacks, refreshes and revocations are those
 * of every provider.  The resource parameter (RFC 8707) is part of it. Promises: a client and its tokens belong to one
 * issuer: when the server names another, a new client is made and the old tokens end.  A client the operator gave is
 * used for the issuer it was first used with only.  Nothing is kept for a worker that has changed since it was asked.
 * Needs:    lane CALL for mcp_auth_find.
 */
#include "core/buf.h"
#include "domain/providers.h"
#include "store/store_worker.h"
struct mcp_auth { /* text in cx->arena */
	bool there;
	struct sv issuer, resource, client; /* client: "configured", "document", "registered" */
	struct sv method;                   /* how a registered one shows its secret; "" not stated */
	struct sv refused;                  /* a client id that its token endpoint does not know; "" none */
	int64_t expires_s;        /* a registered one's secret (RFC 7591 client_secret_expires_at); 0: never */
	struct sv user;           /* whose token the catalogue is read with; "" nobody yet */
	struct sv_list scopes;    /* asked for every tool */
	struct sv_list supported; /* of the resource's metadata */
	const struct node *tools; /* map: tool -> list of more scopes that it turned out to need; NULL: none */
};
struct err mcp_auth_read(struct ctx *cx, const struct worker_row *w, struct mcp_auth *out) MUST_USE NONNULL(1, 2, 3);
/* All that is known to be wanted for one tool. */
struct err mcp_auth_scopes(struct ctx *cx, const struct mcp_auth *a, struct sv tool, struct sv_list *out) MUST_USE
    NONNULL(1, 2, 4);
/* "mcp:ID" of a worker, in cx->arena. */
struct err mcp_auth_name(struct ctx *cx, const struct worker_row *w, struct sv *out) MUST_USE NONNULL(1, 2, 3);
/* After a 401: who gives out tokens, and a client there.  why "": done, and w->auth is what is stored now. */
struct mcp_auth_find {
	struct worker_row *w;
	struct sv challenge; /* WWW-Authenticate; p NULL: none came */
	const struct actor *by;
};
struct err mcp_auth_find(struct ctx *cx, struct engine *en, const struct mcp_auth_find *in,
			 char why[static 240]) MUST_USE NONNULL(1, 2, 3, 4);
/* Does a server that answered 401 say who gives out tokens for it?  why "": yes.  Nothing is made or kept. */
struct err mcp_auth_offered(struct ctx *cx, const struct engine *en, const struct worker_row *w, struct sv challenge,
			    char why[static 240]) MUST_USE NONNULL(1, 2, 3, 5);
/* The server's tools are read with this user's token from now on. */
struct err mcp_auth_user(struct ctx *cx, struct engine *en, struct worker_row *w, struct sv user) MUST_USE
    NONNULL(1, 2, 3);
/* After a 403 insufficient_scope: what the tool needs beyond what it was known to.  *grew false: nothing new, so asking
 * again would not help. */
struct mcp_auth_step {
	struct worker_row *w;
	struct sv tool, scope; /* scope: of the challenge */
};
struct err mcp_auth_step(struct ctx *cx, struct engine *en, const struct mcp_auth_step *in, bool *grew) MUST_USE
    NONNULL(1, 2, 3, 4);
/* The authorization server does not know the client (invalid_client): one that was registered is registered anew, by
 * the next mcp_auth_find. */
struct err mcp_auth_refused(struct ctx *cx, struct engine *en, const struct provider *p, struct sv client_id) MUST_USE
    NONNULL(1, 2, 3);
/* Was the client that is used now registered, and refused since? */
struct err mcp_auth_over(struct ctx *cx, struct engine *en, const struct worker_row *w, bool *over) MUST_USE
    NONNULL(1, 2, 3, 4);
/* Where its client comes back to; the client id document (CIMD) lies beside it. */
struct sv mcp_auth_redirect(struct ctx *cx, const struct engine *en, struct sv external_id) NONNULL(1, 2);
struct err mcp_auth_document(struct ctx *cx, struct engine *en, struct sv external_id, struct buf *out) MUST_USE
    NONNULL(1, 2, 4); /* E_NOT_FOUND */
#endif
