/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_VERSION_H
#define STORE_VERSION_H
/* store_version.h: two people at one thing: the later one is told, instead of overwriting what he has not seen.
 *
 * Promises: cx->want is held against the version inside the act that changes the row, so nothing comes between.
 *           E_PRECONDITION says who changed it, when and how, as the events tell.
 */
#include "store/store.h"
struct store_version {
	const char *what; /* for the sentence: "secret" */
	struct sv name;
	const char *resource_type; /* of the events */
	struct sv project_id, resource_id;
	int64_t version; /* as it is now; negative: there is none */
};
struct err store_version_check(struct ctx *cx, struct tx *tx, const struct store_version *v) MUST_USE NONNULL(1, 2, 3);
#endif
