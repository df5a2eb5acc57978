/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SECRETS_H
#define SECRETS_H
/* secrets.h: values a tool asks for by key: an API key of a search engine, a webhook's address (contract 3.2).
 *
 * Promises: a value is sealed at rest and never shown again: only the end of it, and only of one that is long enough to
 *           bear it.  Keys are unique without case, since tools look them up so.  Lane POOL.
 */
#include "domain/engine.h"
#include "store/store_secret.h"
enum { SECRET_VALUE_MOST = 5000, SECRET_TEXT_MOST = 1000 }; /* characters (contract 3.2); bytes */
struct secret_set {
	struct sv project_id, key, description; /* description p NULL: as it was */
	const struct secret *value;             /* NULL: only the description changes */
	const struct actor *by;
};
/* bad_field "secret_key", "value", "description". */
struct err secrets_set(struct ctx *cx, struct engine *en, const struct secret_set *in, struct secret_row *out) MUST_USE
    NONNULL(1, 2, 3, 4);
struct err secrets_list(struct ctx *cx, struct engine *en, struct sv project_id, const struct page *page,
			struct secret_page *out) MUST_USE NONNULL(1, 2, 4, 5);
/* which: id or key; E_NOT_FOUND. */
struct err secrets_remove(struct ctx *cx, struct engine *en, struct sv project_id, struct sv which,
			  const struct actor *by) MUST_USE NONNULL(1, 2, 5);
#endif
