/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_EVENT_H
#define STORE_EVENT_H
/* store_event.h: the append-only table events (model/event.h).  Added inside the act it tells of, or alone. */
#include "core/node.h"
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
/* Newest first.  n 0 and 0: any; kind, resource_type, source, principal_type, outcome: one of several words, separated
 * by commas.  since <= at < until; before: ids under it, so that a list goes on where it was while new ones come. */
struct event_filter {
	struct sv project_id, kind, resource_type, resource_id, source, principal_type, principal_id, outcome,
	    authorization_id, q;
	int64_t since, until, before;
	int64_t limit, offset;
	bool uncounted; /* total stays 0 */
};
/* The words there are, in the newest events of the project. */
struct event_words {
	struct sv_list kinds, resource_types, sources, outcomes;
};
struct err store_event_words(struct ctx *cx, struct store *st, struct sv project, struct event_words *out) MUST_USE
    NONNULL(1, 2, 4);
/* The email of an account, the name of a key; p NULL: of neither, or gone.  On a reader or in an act. */
struct db;
struct err store_event_who(struct ctx *cx, struct db *db, struct sv type, struct sv id, struct sv *out) MUST_USE
    NONNULL(1, 2, 5);
struct err store_event_list(struct ctx *cx, struct store *st, const struct event_filter *f,
			    struct event_list *out) MUST_USE NONNULL(1, 2, 3, 4);
struct err store_event_prune(struct ctx *cx, struct store *st, int64_t before, int64_t *gone) MUST_USE NONNULL(1, 2, 4);
#endif
