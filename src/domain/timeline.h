/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TIMELINE_H
#define TIMELINE_H
/* timeline.h: one line of an authorization's story: what was asked, what came, redacted (design 8, last paragraph).
 *
 * Promises: data holds only ids, scopes, hosts, statuses and the provider's own words as wire/ has redacted them.
 */
#include "domain/engine.h"
#include "model/reason.h"
#include "store/store_event.h"
#include "wire/wire.h"
struct timeline {
	struct sv project_id, authorization_id;
	struct sv flow_id; /* of the row, not the one handed to the verifier; p NULL: none */
	const struct actor *by;
	const char *step, *outcome; /* outcome: ok, failed, refused, ignored */
	enum reason reason;
	const struct wire_outcome *how; /* of a call; NULL: none */
	const struct wire_callback *cb; /* what the redirect back said; NULL: none */
	struct sv scopes;               /* JSON list; p NULL: none */
	struct sv note;                 /* a plain word of ours; p NULL: none */
};
struct err timeline_add(struct ctx *cx, struct tx *tx, const struct timeline *line) MUST_USE NONNULL(1, 2, 3);
/* An act of its own; what cannot be written is logged, since nothing hangs on it. */
void timeline_log(struct ctx *cx, struct engine *en, const struct timeline *line) NONNULL(1, 2, 3);
/* What a call came to, as members of an object that is being written. */
struct jout;
void timeline_outcome(struct jout *w, const struct wire_outcome *how) NONNULL(1, 2);
extern const struct actor timeline_system;
#endif
