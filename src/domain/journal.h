/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JOURNAL_H
#define JOURNAL_H
/* journal.h: reading the append-only events: one authorization's timeline, the audit log (design 5, 8).  Lane POOL. */
#include "domain/engine.h"
struct journal_entry {
	int64_t id, at;
	struct sv kind, principal_type, principal_id, source, client_ip, resource_type, resource_id, authorization_id;
	struct sv step, outcome, reason; /* p NULL: none */
	struct sv data;                  /* a JSON object */
};                                       /* text in cx->arena */
struct journal_list {
	struct journal_entry *v;
	size_t n;
	int64_t total;
};
/* Oldest first, at most 500. */
struct err journal_timeline(struct ctx *cx, struct engine *en, struct sv project_id, struct sv authorization_id,
			    struct journal_list *out) MUST_USE NONNULL(1, 2, 5);
struct journal_filter {
	struct sv project_id, kind, resource_type; /* p NULL: any */
	int64_t limit, offset;
};
/* Newest first. */
struct err journal_list(struct ctx *cx, struct engine *en, const struct journal_filter *f,
			struct journal_list *out) MUST_USE NONNULL(1, 2, 3, 4);
#endif
