/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MCP_AUTH_DEF_H
#define MCP_AUTH_DEF_H
/* mcp_auth_def.h: a provider's definition (docs/PROVIDERS.md) out of an authorization server's own metadata. */
#include "core/node.h"
#include "core/secret.h"
struct wire_discovered;
struct mcp_auth_client {
	struct sv id;
	struct secret *secret; /* NULL: public */
	struct sv auth_method; /* as it was stated; p NULL: the first that fits */
};
struct mcp_auth_def {
	struct sv worker;
	const struct wire_discovered *found;
	const struct mcp_auth_client *client;
	struct sv_list scopes;
};
/* PKCE S256 always; resource in the authorize, token and refresh requests; iss checked, and required where it is
 * promised. bad_field "metadata" when an address holds what a template would read. */
struct err mcp_auth_def(struct ctx *cx, const struct mcp_auth_def *in, const struct node **out) MUST_USE
    NONNULL(1, 2, 3);
#endif
