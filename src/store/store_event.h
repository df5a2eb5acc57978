/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_EVENT_H
#define STORE_EVENT_H
/* store_event.h: the append-only table events (model/event.h).  Added inside the act it tells of, or alone. */
#include "model/event.h"
#include "store/store.h"
struct err store_event_add(struct ctx *cx, struct tx *tx, const struct event *ev) MUST_USE
    NONNULL(1, 2, 3); /* inside an act */
struct err store_event_log(struct ctx *cx, struct store *st, const struct event *ev) MUST_USE
    NONNULL(1, 2, 3); /* an act of its own */
struct event_row {
	int64_t id, at;
	const char *kind, *principal_type, *principal_id, *source, *client_ip, *resource_type, *resource_id,
	    *authorization_id, *step, *outcome, *reason;
	struct sv data;
}; /* text in cx->arena */
struct event_list {
	struct event_row *v;
	size_t n;
	int64_t total;
};
/* One authorization's timeline, oldest first (the newest 500). */
struct err store_event_timeline(struct ctx *cx, struct store *st, struct sv project, struct sv authorization_id,
				struct event_list *out) MUST_USE NONNULL(1, 2, 5);
/* Of all authorizations that this connection completed. */
struct err store_event_connection(struct ctx *cx, struct store *st, struct sv project, struct sv connection_id,
				  struct event_list *out) MUST_USE NONNULL(1, 2, 5);
struct event_filter {
	struct sv project_id, kind, resource_type;
	int64_t limit, offset;
}; /* newest first */
struct err store_event_list(struct ctx *cx, struct store *st, const struct event_filter *f,
			    struct event_list *out) MUST_USE NONNULL(1, 2, 3, 4);
struct err store_event_prune(struct ctx *cx, struct store *st, int64_t before, int64_t *gone) MUST_USE NONNULL(1, 2, 4);
#endif
