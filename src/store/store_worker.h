/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_WORKER_H
#define STORE_WORKER_H
/* store_worker.h: table workers: tool servers, and what each told of its tools last (contract 3.5).
 *
 * A worker of kind mcp keeps its headers and secrets in place of the one secret (domain/worker_vault.h).
 *
 * Promises: the secret is sealed before it is bound.  Functions with `tx` run inside an act.
 */
#include "model/event.h"
#include "model/person.h"
#include "store/store.h"
enum { WORKER_ID_MOST = 100, WORKER_URI_MOST = 2048, WORKER_HINT = 8 };
struct worker_row {
	struct sv id, project_id, unique_id, type, uri, hint; /* in cx->arena */
	bool enabled;
	int64_t timeout_s, retry, created_at, updated_at, told_at; /* told_at 0: never */
	struct sv secret_box;
	struct sv era;     /* of an mcp worker: the revision it speaks; "": not known yet */
	struct sv binding; /* project, or static: engine.yaml declares it */
	struct sv external_id, client_id, authorization_url; /* of its OAuth client; "" when not given */
	struct sv auth; /* JSON: what was found out about its authorization; "": it needs none */
};
struct worker_rows {
	struct worker_row *v;
	size_t n;
};
/* Oldest first; project p NULL: of all. */
struct err store_worker_all(struct ctx *cx, struct store *st, struct sv project, struct worker_rows *out) MUST_USE
    NONNULL(1, 2, 4);
struct err store_worker_get(struct ctx *cx, struct store *st, struct sv project, struct sv unique_id,
			    struct worker_row *out) MUST_USE NONNULL(1, 2, 5); /* E_NOT_FOUND (no cause recorded) */
/* What it told of last, a JSON list in cx->arena; "": nothing yet. */
struct err store_worker_catalogue(struct ctx *cx, struct store *st, struct sv id, struct sv *out) MUST_USE
    NONNULL(1, 2, 4);
struct worker_put {
	struct worker_row row;       /* id is that of a new one */
	const struct secret *secret; /* NULL when changing: as it was */
	bool forgets;                /* what was found out about its authorization was of another address or client */
	const struct event *event;
};
/* E_CONFLICT: the id or the external_id is taken, in words.  *out as stored. */
struct err store_worker_add(struct ctx *cx, struct store *st, const struct worker_put *in,
			    struct worker_row *out) MUST_USE NONNULL(1, 2, 3, 4);
/* Everything but id, project, unique_id, type, external_id, auth (see `forgets`); E_STALE: it has moved on from
 * row.updated_at. */
struct err store_worker_change(struct ctx *cx, struct tx *tx, const struct worker_put *in,
			       struct worker_row *out) MUST_USE NONNULL(1, 2, 3, 4);
struct worker_end {
	struct sv id;
	const struct event *event;
};
struct err store_worker_remove(struct ctx *cx, struct tx *tx, const struct worker_end *in) MUST_USE NONNULL(1, 2, 3);

/* What was found out by asking a worker counts for that worker as it was asked: every change of it is another
 * updated_at. Nothing is written when it has changed since, which may be while it was asked. */
struct worker_as {
	struct sv id;
	int64_t updated_at;
};
static inline struct worker_as store_worker_as(const struct worker_row *w)
{
	return (struct worker_as){ w->id, w->updated_at };
}
struct err store_worker_still(struct ctx *cx, struct tx *tx, const struct worker_as *as) MUST_USE
    NONNULL(1, 2, 3); /* E_STALE (no cause recorded) */
struct err store_worker_is(struct ctx *cx, struct store *st, const struct worker_as *as, bool *is) MUST_USE
    NONNULL(1, 2, 3, 4);
struct worker_told {
	struct worker_as as;
	struct sv catalogue, era;
};
struct err store_worker_told(struct ctx *cx, struct store *st, const struct worker_told *in) MUST_USE NONNULL(1, 2, 3);
/* The revision an mcp worker speaks, found out anew. */
struct err store_worker_speaks(struct ctx *cx, struct store *st, const struct worker_told *in) MUST_USE
    NONNULL(1, 2, 3);
/* What is known of its authorization becomes what `edit` makes of it, in one act (edit may run twice, as the act does).
 * E_STALE (no cause recorded): it has changed.  *auth: what is stored now, in cx->arena. */
struct worker_auth {
	struct worker_as as;
	struct err (*edit)(struct ctx *cx, struct sv auth, void *arg, struct sv *out);
	void *arg;
};
struct err store_worker_auth(struct ctx *cx, struct store *st, const struct worker_auth *in, struct sv *auth) MUST_USE
    NONNULL(1, 2, 3, 4);
struct err store_worker_secret(struct ctx *cx, struct store *st, const struct worker_row *row,
			       struct secret **out) MUST_USE NONNULL(1, 2, 3, 4);
#endif
