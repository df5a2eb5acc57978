/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REFRESH_INNER_H
#define REFRESH_INNER_H
/* refresh_inner.h: what the files of refresh share: the queue's thing, one refresh, its event. */
#include "domain/refresh.h"
#include "domain/refresh_circuit.h"
#include "store/store_connection.h"
#include "wire/wire.h"
#define REFRESH_CALL  SEC(20) /* design 8: calls end after 20 s, */
#define REFRESH_LEASE SEC(45) /* the lease lasts 45 s */

struct circuits *refresh_circuits(struct refresher *r) NONNULL(1);
/* Is the engine to end?  Then what cannot be stored is given up after some tries more. */
bool refresh_hurried(struct engine *en) NONNULL(1);
struct refresh_job;
/* From before the claim until the call has ended.  False: this process may have a call for the connection under way. */
bool refresh_begin(struct refresher *r, struct refresh_job *j) MUST_USE NONNULL(1, 2);
void refresh_end(struct refresher *r, struct refresh_job *j) NONNULL(1, 2);

/* A line of the connection's story; *out borrows from cx->arena. */
struct refresh_line {
	const struct connection *c;
	const char *step, *outcome, *reason; /* reason NULL: none */
	const struct wire_outcome *how;      /* NULL: no call */
	int64_t tries, next_try_at;          /* 0: not told */
	const char *note;                    /* NULL: none */
};
/* One refresh, start to end. */
struct refresh_one {
	struct sv project_id, id;
	int64_t early; /* this generation is renewed although it is not due; 0: only when due */
	bool background;
	const struct provider *place; /* a place at this provider is held already; NULL: none is */
};
struct refresh_done {
	enum refreshed how;
	const struct provider
	    *p;                 /* whose refresh it was; a place that was held is free again.  NULL: none to be done */
	enum circuit_pass pass; /* PASS_FULL, in the background: try again when a place is free */
};
struct err refresh_run(struct ctx *cx, struct engine *en, const struct refresh_one *in,
		       struct refresh_done *out) MUST_USE NONNULL(1, 2, 3, 4);

/* ---- the parts of one ---- */
enum { REFRESH_OWNER_BYTES = 96 };
/* One claim and what is known while it lasts. */
struct refresh_job {
	struct engine *en;
	const struct provider *p;
	struct connection c;
	struct connection_claimed claim;
	char owner[REFRESH_OWNER_BYTES];
	int64_t may_until, mono_until;   /* a call that starts later could outlive the lease */
	bool refused;                    /* by ourselves, in the moment of sending */
	struct secret *access, *refresh; /* the token itself */
	struct secret *client_secret;    /* NULL: a public client */
	struct token_set set;
	struct wire_outcome how;
	struct refresh_job *calling; /* the next one under way */
};
struct wire_client refresh_client(const struct refresh_job *j) NONNULL(1);
int64_t refresh_next_try(const struct refresh_job *j) NONNULL(1);
/* No new pair: the claim is given back, with the event (connection, call and tries of *line are filled here). */
struct err refresh_settle(struct ctx *cx, struct refresh_job *j, enum settle how,
			  const struct refresh_line *line) MUST_USE NONNULL(1, 2, 4);
/* A new pair in j->set: made durable, then exchanged and described as the definition says. */
struct err refresh_pair(struct ctx *cx, struct refresh_job *j, enum refreshed *out) MUST_USE NONNULL(1, 2, 3);

struct err refresh_event(struct ctx *cx, const struct refresh_line *line, struct event *out) MUST_USE NONNULL(1, 2, 3);
/* When to try again: how long after the n-th try in a row, with jitter. */
int64_t refresh_backoff(const struct pdef *def, enum wire_fate fate, int64_t tries) NONNULL(1);
#endif
