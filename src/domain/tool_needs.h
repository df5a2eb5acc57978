/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_NEEDS_H
#define TOOL_NEEDS_H
/* tool_needs.h: whether what a tool asks for is there: a provider, a user's consent, secrets (contract 3.6).
 *
 * Needs:    lane POOL when a user is named: authorizations are read from the store; else memory only.
 */
#include "domain/authorize.h"
#include "domain/toolbox.h"
enum tool_consent { CONSENT_NOT_STARTED, CONSENT_PENDING, CONSENT_COMPLETED, CONSENT_FAILED };
struct tool_needs {
	bool met;
	const struct provider *provider; /* NULL: none is meant */
	bool provider_active;
	char provider_reason[160]; /* "" when active */
	enum tool_consent consent; /* of the user; only when one was named */
	const bool *secrets_met;   /* one a secret of the tool, in cx->arena */
};
/* What is known of a user at the providers asked about so far: many tools are of few providers. */
struct tool_needs_user {
	struct tool_needs_at *first; /* in cx->arena */
};
struct tool_needs_ask {
	struct sv project_id, user_id; /* user_id n 0: nobody, and nothing is read from the store */
	struct tool_needs_user *seen;  /* of this user, in this request; NULL: it is one tool */
};
struct err tool_needs_of(struct ctx *cx, struct engine *en, const struct tool_needs_ask *ask, const struct tool *t,
			 struct tool_needs *out) MUST_USE NONNULL(1, 2, 3, 4, 5);
/* The provider a tool means (contract 2.8). */
struct err tool_needs_provider(struct ctx *cx, struct engine *en, const struct tool *t, const struct provider **out,
			       struct sv *asked_as) MUST_USE NONNULL(1, 2, 3, 4, 5);
#endif
