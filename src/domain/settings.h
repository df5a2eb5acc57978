/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SETTINGS_H
#define SETTINGS_H
/* settings.h: a project's settings; now only session verification (contract 3.4).
 *
 * Promises: verifier_url is an absolute http(s) URL of at most 2048 bytes or absent (built-in verifier).  Until it is
 * set by API the default project has verifier.url of engine.yaml, the others none.  Skipping verification is never
 *           allowed: asking for it is E_FORBIDDEN (design 8).  Reads and writes are for lane POOL (or CALL).
 */
#include "domain/engine.h"
struct verification {
	struct sv verifier_url;
	int64_t version; /* when it was set; 0: never */
};                       /* p NULL: built-in; text in cx->arena */
struct err settings_verification(struct ctx *cx, struct engine *en, struct sv project_id,
				 struct verification *out) MUST_USE NONNULL(1, 2, 4);
/* verifier_url p NULL or "" = built-in.  bad_field "verifier_url"; E_FORBIDDEN when unsafe_skip. */
struct verification_put {
	struct sv project_id, verifier_url;
	bool unsafe_skip;
	const struct actor *by;
};
struct err settings_verification_put(struct ctx *cx, struct engine *en, const struct verification_put *in,
				     struct verification *out) MUST_USE NONNULL(1, 2, 3, 4);
#endif
