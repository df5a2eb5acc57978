/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_EVENT_INNER_H
#define STORE_EVENT_INNER_H
/* store_event_inner.h: the columns of events and their decoder, for store_event.c and store_event_list.c. */
#include "db/db.h"
#include "store/store_event.h"
#define EVENT_COLS                                                                                                \
	"id, at, project_id, kind, principal_type, principal_id, source, client_ip, resource_type, resource_id, " \
	"authorization_id,"                                                                                       \
	" step, outcome, reason, data"
/* At most `most` rows into out->v, in cx->arena. */
struct err store_event_rows(struct ctx *cx, struct db_stmt *q, size_t most, struct event_list *out) MUST_USE
    NONNULL(1, 2, 4);
#endif
