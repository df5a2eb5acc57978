/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_DISCOVER_H
#define WIRE_DISCOVER_H
/* wire_discover.h: who gives out tokens for an MCP server, found out from the server itself (RFC 9728, RFC 8414, OpenID
 * Connect Discovery), and a client of ours there (RFC 7591).
 *
 * Promises: the resource must be the server's own address or hold it, on the same origin; metadata counts only when it
 *           names the issuer it was asked for, byte for byte (a server of 2025-03-26 names none: there it is one of the
 *           server's own origin); without S256 there is no authorization.  Every address goes through the egress guard,
 *           with redirects re-checked.
 */
#include "core/jout.h"
#include "core/node.h"
#include "core/secret.h"
struct net;
struct wire_discover_ask {
	struct net *net;
	struct sv endpoint;          /* the MCP server */
	struct sv resource_metadata; /* of the challenge; p NULL: not said */
	struct sv authorize_url;     /* the operator's, instead of the one that is found; n 0: none */
	int64_t until;               /* clock_mono(): of all of it */
	bool old_server;             /* of before 2026-07-28, or not known: what 2025-03-26 prescribes is tried last */
	bool no_guess;               /* but not the addresses that it has clients guess where nothing is published */
};
struct wire_discovered { /* text in cx->arena; p NULL: not there */
	struct sv resource;
	struct sv issuer, authorize_url, token_url, register_url, revoke_url;
	struct sv_list scopes;    /* of the resource */
	struct sv_list as_scopes; /* of the authorization server */
	struct sv_list auth_methods;
	bool takes_documents; /* client id metadata documents */
	bool sends_iss;
	char why[240]; /* "": found; else what is wrong, for the operator */
};
struct err wire_discover(struct ctx *cx, const struct wire_discover_ask *ask, struct wire_discovered *out) MUST_USE
    NONNULL(1, 2, 3);

struct wire_register_ask {
	struct net *net;
	const struct wire_discovered *at;
	struct sv redirect_uri;
	bool loopback; /* where it comes back to: application_type native instead of web */
};
struct wire_registered {
	struct sv client_id;   /* in cx->arena */
	struct secret *secret; /* owned; NULL: public */
	int64_t expires_s;     /* when the secret ends, seconds since 1970; 0: never, or not stated */
	struct sv auth_method; /* as the answer states it; p NULL: not stated */
	char why[240];         /* "" : registered */
};
/* What every client of ours says of itself, in an open object: registered (RFC 7591) or in a document of its own. */
void wire_register_client(struct jout *w, struct sv redirect_uri) NONNULL(1);
struct err wire_register(struct ctx *cx, const struct wire_register_ask *ask, struct wire_registered *out) MUST_USE
    NONNULL(1, 2, 3);
/* May documents of `resource` speak for `endpoint`?  Same origin, and the same path or one above it. */
bool wire_discover_covers(struct ctx *cx, struct sv resource, struct sv endpoint) NONNULL(1);
#endif
