/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MCP_TOKEN_H
#define MCP_TOKEN_H
/* mcp_token.h: a user's token for an mcp worker, asked for and used (contract 3.5, 4.8).
 *
 * Promises: the token is the connection's of that user at the worker's own authorization server, refreshed like every
 *           other; a server that does not take it twice, with a fresh one in between, ends the connection, so that a
 * new link is given.
 */
#include "domain/authorize.h"
#include "domain/mcp_auth.h"
/* state ACCESS_OK: out->token.  Lane CALL; while another refreshes it, and when the server cannot be reached for it,
 * there is none just now (ACCESS_NONE). */
struct err mcp_token_get(struct ctx *cx, struct engine *en, const struct worker_row *w, struct sv user,
			 struct access *out) MUST_USE NONNULL(1, 2, 3, 5);
/* The server did not take it though it is new. */
struct err mcp_token_refused(struct ctx *cx, struct engine *en, const struct access *a, struct sv project_id) MUST_USE
    NONNULL(1, 2, 3);
struct mcp_token_ask {
	struct sv project_id, worker, user_id, next_uri;
	struct sv_list scopes; /* in place of those that are found; n 0: those */
	const struct actor *by;
};
struct mcp_token_link {
	bool needed; /* false: the server wants no authorization */
	struct auth_view view;
	struct sv_list scopes;
	char why[240]; /* "": a link or a connection is there; else why there can be none */
};
/* GET /v1/workers/{id}/authorize.  A completed one makes the user's token the one the catalogue is read with. */
struct err mcp_token_link(struct ctx *cx, struct engine *en, const struct mcp_token_ask *ask,
			  struct mcp_token_link *out) MUST_USE NONNULL(1, 2, 3, 4);
/* Has somebody agreed, so that the catalogue can be read? */
struct err mcp_token_met(struct ctx *cx, struct engine *en, const struct worker_row *w, bool *needed,
			 bool *met) MUST_USE NONNULL(1, 2, 3, 4, 5);
#endif
