/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNNER_H
#define RUNNER_H
/* runner.h: runs a tool for a user: resolve, access, requirements, worker, record (contract 3.8, design 9).
 *
 * Promises: the user's token and the secrets go to the worker's context and nowhere else: not into the answer, a log,
 * an event or the record.  A call that may have run is never repeated.  A worker that cannot be reached is an answer
 * (error kind NETWORK_TRANSPORT_…), not an error of ours.  What ran is recorded, whoever still listens. Needs:    lane
 * CALL for the call; E_TAKE_CALL (peer_key is set) and E_PARK (topic and park_until are) as access.h.
 */
#include "domain/access.h"
#include "domain/toolbox.h"
struct run_done;
/* Who keeps a run that is no immediate execution. */
struct run_keeper {
	void *arg;
	/* The tool may run once this returned OK; an error: it does not. */
	struct err (*sending)(struct ctx *cx, void *arg, const struct tool *t);
	/* What came of it, in place of the record of an immediate execution. */
	struct err (*record)(struct ctx *cx, void *arg, const struct run_done *d, const struct event *ev);
	struct sv id, call_id; /* te_…, tc_… */
};
struct run_ask {
	struct sv project_id, tool_name, tool_version, user_id; /* p NULL: absent */
	const struct node *input;                               /* NULL: {} */
	enum access_lane lane;
	bool park_over;
	const struct actor *by;
	const struct run_keeper *keeper; /* NULL: an immediate execution */
};
struct run_done {
	char id[40], call_id[40]; /* te_…, tc_… */
	bool success;
	int64_t finished_at, took; /* microseconds */
	const struct node *output; /* the worker's, in cx->arena; NULL: it gave none */
	const char *error_kind;    /* of our own: the worker gave no output; NULL: none */
	char error_message[300];
	bool can_retry; /* of our own error */
	bool not_run;   /* certainly */
	uint64_t peer_key, topic;
	int64_t park_until;
	struct run_record *record; /* on its way; run_record_leave it once the answer has gone; NULL: none */
};
/* E_BAD_INPUT, E_NOT_FOUND (no such tool), E_TOOL_CONSENT, E_TOOL_NEEDS, E_PROVIDER_UNKNOWN …, E_PROVIDER_DOWN. */
struct err runner_run(struct ctx *cx, struct engine *en, const struct run_ask *ask, struct run_done *out) MUST_USE
    NONNULL(1, 2, 3, 4);
/* The tool of that name, or E_NOT_FOUND; valid while `s` is held. */
struct err runner_find(struct ctx *cx, const struct tool_set *s, const struct run_ask *ask,
		       const struct tool **out) MUST_USE NONNULL(1, 2, 3, 4);
/* What an execution came to, as its kind of error: "" when it was a success. */
struct sv runner_kind(const struct run_done *d) NONNULL(1);
#endif
