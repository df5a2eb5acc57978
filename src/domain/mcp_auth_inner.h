/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MCP_AUTH_INNER_H
#define MCP_AUTH_INNER_H
/* mcp_auth_inner.h: what mcp_auth.c and mcp_auth_kept.c share. */
#include "domain/mcp_auth.h"
enum { MCP_AUTH_SCOPES = 50 };
/* What is stored of w is read, edited and stored, in one act; the edit may run twice.  E_STALE (no cause recorded): the
 * worker has changed since w was read.  w->auth is what is stored then. */
struct mcp_auth_edit {
	struct err (*edit)(struct ctx *cx, struct mcp_auth *a, void *arg, bool *changed);
	void *arg;
};
struct err mcp_auth_change(struct ctx *cx, struct engine *en, struct worker_row *w,
			   const struct mcp_auth_edit *how) MUST_USE NONNULL(1, 2, 3, 4);
bool mcp_auth_listed(struct sv_list l, struct sv word);
#endif
