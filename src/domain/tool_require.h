/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_REQUIRE_H
#define TOOL_REQUIRE_H
/* tool_require.h: what several tools need together: consents by provider, secrets by key (contract 3.9).
 *
 * Promises: tools of one provider are one entry, with all their scopes; with `authorize` each entry that is not met has
 *           an authorization and its link.  Lane POOL; E_TAKE_CALL and E_PARK as access.h.
 */
#include "domain/tool_needs.h"
struct require_ask {
	struct sv project_id, user_id; /* user_id n 0: nobody */
	const struct toolname *names;
	size_t n;
	bool authorize;
	enum access_lane lane;
	bool park_over;
	const struct actor *by;
};
struct require_auth {
	struct sv key; /* the provider's unique id, or what the tool calls it */
	const struct tool *tool;
	struct tool_needs needs; /* of all the scopes together */
	struct sv_list scopes, tools;
	char asked_id[40]; /* "": nothing was asked for */
	struct sv url;     /* holds a secret: answer it, do not log it */
};
struct require_secret {
	struct sv key;
	bool met;
	struct sv_list tools;
};
struct require_done {
	bool met, auths_met, secrets_met;
	struct require_auth *auths;
	struct require_secret *secrets;
	size_t n_auths, n_secrets;
	uint64_t peer_key, topic; /* with E_TAKE_CALL and E_PARK */
	int64_t park_until;
};
/* Text in cx->arena and in `set`, which must be held while *out is used.  E_NOT_FOUND names the tool. */
struct err tool_require_of(struct ctx *cx, struct engine *en, const struct tool_set *set, const struct require_ask *ask,
			   struct require_done *out) MUST_USE NONNULL(1, 2, 3, 4, 5);
#endif
