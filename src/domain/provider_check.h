/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_CHECK_H
#define PROVIDER_CHECK_H
/* provider_check.h: what can be found out about a provider's set-up without a user: the button "test".
 *
 * Promises: no token can come of it: the code that is sent was made up here.  Nothing is stored but the event that
 *           somebody tested.  Lane CALL.
 */
#include "domain/providers.h"
enum check_outcome { CHECK_PASSED, CHECK_FAILED, CHECK_UNKNOWN };
struct provider_check {
	const char *name; /* status, redirect_uri, authorize_url, token_url, credentials */
	enum check_outcome outcome;
	struct sv cause, fix;      /* p NULL: nothing to say */
	struct sv asked, answered; /* as in the timeline; p NULL: nobody was asked */
};
enum { PROVIDER_CHECKS = 5 };
struct provider_checks {
	struct provider_check v[PROVIDER_CHECKS];
	size_t n;
	bool ok; /* none failed */
};               /* text in cx->arena */
struct provider_check_ask {
	const struct provider *p;
	struct sv project_id; /* whose log tells of it: a provider of engine.yaml has none of its own */
	const struct actor *by;
};
struct err provider_check_run(struct ctx *cx, struct engine *en, const struct provider_check_ask *in,
			      struct provider_checks *out) MUST_USE NONNULL(1, 2, 3, 4);
const char *provider_check_word(enum check_outcome o) RETURNS_NONNULL;
#endif
