/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SECRET_H
#define STORE_SECRET_H
/* store_secret.h: table secrets: values a tool asks for by key (contract 3.2).
 *
 * Promises: a value is sealed before it is bound and leaves only by store_secret_open; keys are unique without case.
 */
#include "model/event.h"
#include "model/person.h"
#include "store/store_use.h"
enum { SECRET_KEY_MOST = 256, SECRET_HINT = 8 };
struct secret_row {
	char id[ID_MAX];
	char hint[SECRET_HINT]; /* end of the value; "" when that would tell too much of it */
	struct sv key, description;
	int64_t created_at, updated_at, last_accessed_at; /* 0: never */
};                                                        /* text in cx->arena */
struct secret_put {
	struct sv project, key;
	struct sv id;               /* of a new row; one that is there keeps its own */
	struct sv description;      /* p NULL: as it was, "" for a new one */
	const struct secret *value; /* NULL: as it was */
	const char *hint;
	struct event event; /* kind, resource_id, outcome and data are filled in by the act */
};
/* Makes the secret, or gives the one of that key its new value.  E_NOT_FOUND: no value, and none is there. */
struct err store_secret_put(struct ctx *cx, struct store *st, const struct secret_put *in,
			    struct secret_row *out) MUST_USE NONNULL(1, 2, 3, 4);
struct secret_page {
	struct secret_row *v;
	size_t n;
	int64_t total;
};
/* By key. */
struct err store_secret_list(struct ctx *cx, struct store *st, struct sv project, const struct page *page,
			     struct secret_page *out) MUST_USE NONNULL(1, 2, 4, 5);
struct secret_end {
	struct sv project, which; /* id, or key without case */
	struct event event;
};
struct err store_secret_remove(struct ctx *cx, struct store *st, const struct secret_end *in) MUST_USE
    NONNULL(1, 2, 3); /* E_NOT_FOUND */
/* Every key there is, of every project; in cx->arena. */
struct secret_key {
	struct sv id, project, key;
};
struct secret_keys {
	struct secret_key *v;
	size_t n;
};
struct err store_secret_keys(struct ctx *cx, struct store *st, struct secret_keys *out) MUST_USE NONNULL(1, 2, 3);
/* last_accessed_at, never lowered. */
struct err store_secret_used(struct ctx *cx, struct store *st, const struct use_marks *in) MUST_USE NONNULL(1, 2, 3);
/* The value of a key, without case; E_NOT_FOUND. */
struct err store_secret_open(struct ctx *cx, struct store *st, struct sv project, struct sv key,
			     struct secret **out) MUST_USE NONNULL(1, 2, 5);
#endif
