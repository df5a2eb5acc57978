/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_API_KEY_H
#define STORE_API_KEY_H
/* store_api_key.h: table api_keys. */
#include "model/event.h"
#include "model/person.h"
#include "store/store_use.h"
struct api_key_row {
	struct api_key key;
	struct sha256 mac;
};
struct api_key_rows {
	struct api_key_row *v;
	size_t n;
}; /* in cx->arena */
struct err store_api_key_all(struct ctx *cx, struct store *st, struct api_key_rows *out) MUST_USE NONNULL(1, 2, 3);
struct api_key_page {
	struct api_key *v;
	size_t n;
	int64_t total;
};
struct err store_api_key_list(struct ctx *cx, struct store *st, struct sv project, const struct page *page,
			      struct api_key_page *out) MUST_USE NONNULL(1, 2, 4, 5); /* newest first */
/* row->key.created_at is set by the act. */
struct api_key_new {
	const struct api_key_row *row;
	const struct event *event;
};
struct err store_api_key_add(struct ctx *cx, struct store *st, const struct api_key_new *in,
			     int64_t *created_at) MUST_USE NONNULL(1, 2, 3, 4);
struct api_key_end {
	struct sv project, id;
	const struct event *event;
};
struct err store_api_key_revoke(struct ctx *cx, struct store *st, const struct api_key_end *in,
				struct api_key *out) MUST_USE
    NONNULL(1, 2, 3, 4); /* E_NOT_FOUND; twice is OK and adds no event */
struct err store_api_key_used(struct ctx *cx, struct store *st, const struct use_marks *in) MUST_USE NONNULL(1, 2, 3);
#endif
