/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKERS_H
#define WORKERS_H
/* workers.h: tool servers: registered, changed, asked how they are and what they can do (contract 3.5).
 *
 * Promises: a worker's secret is sealed and never shown; an address is called only through the egress guard.  A change
 * is in the catalogue when the call returns.  What cannot be reached keeps the tools it told of last. Needs:    lane
 * POOL for reading and removing, CALL for what asks the worker.
 */
#include "domain/engine.h"
#include "store/store_worker.h"
struct worker_write { /* p NULL, NULL, negative: absent */
	struct sv project_id, unique_id, uri;
	bool mcp;                             /* its kind; of the row when changing */
	const struct secret *secret;          /* http */
	const struct node *headers, *secrets; /* mcp: */
	struct sv client_id, authorization_url, external_id;
	const struct secret *client_secret;
	bool oauth2; /* any of these four was given */
	int64_t timeout_s, retry;
	int enabled; /* 0, 1; -1: absent */
	const struct actor *by;
};
/* Absent: enabled, and of kind mcp headers and secrets; all else is required.  bad_field names http.uri, mcp.uri …;
 * E_CONFLICT. */
struct err workers_create(struct ctx *cx, struct engine *en, const struct worker_write *in,
			  struct worker_row *out) MUST_USE NONNULL(1, 2, 3, 4);
/* Another host needs the secret (of kind mcp headers and secrets) again: it would go to whoever sits there (compare
 * provider_move.h). */
struct err workers_patch(struct ctx *cx, struct engine *en, const struct worker_write *in,
			 struct worker_row *out) MUST_USE NONNULL(1, 2, 3, 4);
struct err workers_get(struct ctx *cx, struct engine *en, struct sv project_id, struct sv unique_id,
		       struct worker_row *out) MUST_USE NONNULL(1, 2, 5); /* E_NOT_FOUND */
struct err workers_list(struct ctx *cx, struct engine *en, struct sv project_id, struct worker_rows *out) MUST_USE
    NONNULL(1, 2, 4);
struct err workers_remove(struct ctx *cx, struct engine *en, struct sv project_id, struct sv unique_id,
			  const struct actor *by) MUST_USE NONNULL(1, 2, 5);
/* Its tools anew, at once; what cannot be reached keeps those it told of. */
struct err workers_reload(struct ctx *cx, struct engine *en, const struct worker_row *w) MUST_USE NONNULL(1, 2, 3);
struct worker_health {
	bool healthy;
	char message[480];
	struct sv server_name, server_version, server_about; /* of an mcp server, as told; p NULL: not told */
};
struct err workers_health(struct ctx *cx, struct engine *en, const struct worker_row *w,
			  struct worker_health *out) MUST_USE NONNULL(1, 2, 3, 4);
/* An address that is no worker yet (POST /v1/workers/test): its uri and kind.  bad_field http.uri, mcp.uri. */
struct err workers_test(struct ctx *cx, struct engine *en, const struct worker_write *at,
			struct worker_health *out) MUST_USE NONNULL(1, 2, 3, 4);
/* Job: asks every enabled worker for its tools; one that does not answer, or has anything else wrong with it, is asked
 * less and less often.  A pass that time cut short is taken up where it ended. */
struct err workers_refresh(struct ctx *cx, struct engine *en, const struct job_time *until) MUST_USE NONNULL(1, 2);
#endif
