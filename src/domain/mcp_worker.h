/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MCP_WORKER_H
#define MCP_WORKER_H
/* mcp_worker.h: an mcp worker is asked for its tools, and one of them is called (contract 4.8).
 *
 * Promises: what is found out about the server's revision is kept with the worker, and found out anew when the server
 *           behaves otherwise.  Headers and token go to the worker's own address only.
 * Needs:    lane CALL.
 */
#include "domain/engine.h"
#include "store/store_worker.h"
#include "wire/wire_mcp.h"
#include "wire/wire_worker.h"
struct mcp_worker_ask {
	const struct worker_row *w;
	const struct secret *token; /* of the user, or of who registered it; NULL: none */
	int64_t timeout;
};
struct mcp_worker_told {
	struct sv catalogue, era;      /* catalogue p NULL: none was told */
	struct wire_mcp_server server; /* who it says it is */
	struct wire_mcp_answer answer; /* the last one: challenge, why */
};
struct err mcp_worker_tools(struct ctx *cx, struct engine *en, const struct mcp_worker_ask *ask,
			    struct mcp_worker_told *out) MUST_USE NONNULL(1, 2, 3, 4);
/* Only the handshake: is there an MCP server at all? */
struct err mcp_worker_greet(struct ctx *cx, struct engine *en, const struct mcp_worker_ask *ask,
			    struct mcp_worker_told *out) MUST_USE NONNULL(1, 2, 3, 4);
struct mcp_worker_call {
	struct mcp_worker_ask at;
	struct sv tool, user_id;
	const struct node *input; /* NULL: {} */
	struct sv mirror;         /* JSON of the arguments that go into headers; "" none */
};
struct mcp_worker_done {
	struct wire_worker_answer answer; /* as of an http worker */
	struct wire_mcp_answer last;      /* fate, challenge */
	struct sv era;                    /* as it is now */
	bool stale;                       /* the catalogue is old: it has to be asked for again */
	bool header_mismatch;             /* and the call did not run for it */
};
struct err mcp_worker_call(struct ctx *cx, struct engine *en, const struct mcp_worker_call *call,
			   struct mcp_worker_done *out) MUST_USE NONNULL(1, 2, 3, 4);
/* Takes back a call that nobody waits for, and ends its session, within ask->timeout. */
struct mcp_worker_end {
	struct sv version, session; /* session n 0: none */
	int64_t given_up;           /* the call's id; 0: none */
};
struct err mcp_worker_leave(struct ctx *cx, struct engine *en, const struct mcp_worker_ask *ask,
			    const struct mcp_worker_end *end) MUST_USE NONNULL(1, 2, 3, 4);
#endif
