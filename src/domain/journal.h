/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JOURNAL_H
#define JOURNAL_H
/* journal.h: reading the append-only events: one authorization's timeline, the audit log (design 5, 8).  Lane POOL. */
#include "domain/engine.h"
#include "model/reason.h"
#include "store/store_event.h"
struct journal_entry {
	int64_t id, at;
	struct sv kind, principal_type, principal_id, source, client_ip, resource_type, resource_id, authorization_id;
	struct sv step, outcome, reason; /* p NULL: none */
	struct sv data;                  /* a JSON object */
	struct sv principal_name;        /* email of an account, name of a key; of lists only */
	struct sv cause, fix;            /* of the reason, as exactly as it is known; p NULL: no reason */
};                                       /* text in cx->arena */
struct journal_list {
	struct journal_entry *v;
	size_t n;
	int64_t total;
};
/* Oldest first, the newest 500. */
struct err journal_timeline(struct ctx *cx, struct engine *en, struct sv project_id, struct sv authorization_id,
			    struct journal_list *out) MUST_USE NONNULL(1, 2, 5);
/* The story of a connection: of all authorizations it completed. */
struct err journal_connection(struct ctx *cx, struct engine *en, struct sv project_id, struct sv connection_id,
			      struct journal_list *out) MUST_USE NONNULL(1, 2, 5);
/* What an authorization's reason means, in the words of the step that found it, else in the reason's own. */
struct reason_words {
	struct sv cause, fix;
};
struct reason_words journal_words(const struct journal_list *timeline, enum reason r) NONNULL(1);

/* Newest first. */
struct err journal_list(struct ctx *cx, struct engine *en, const struct event_filter *f,
			struct journal_list *out) MUST_USE NONNULL(1, 2, 3, 4);
struct err journal_words_there_are(struct ctx *cx, struct engine *en, struct sv project_id,
				   struct event_words *out) MUST_USE NONNULL(1, 2, 4);
#endif
