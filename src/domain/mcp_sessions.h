/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MCP_SESSIONS_H
#define MCP_SESSIONS_H
/* mcp_sessions.h: sessions at MCP servers of the revisions before 2026-07-28, kept between two calls.
 *
 * Owns:     at most limits.mcp_sessions of them, each for limits.mcp_session_idle after its last call; then it is ended
 *           with DELETE, and so are all when the engine ends.
 * Promises: any thread.  A session is one call's at a time, and only of a call to the same address, with the same
 *           headers and token, for the same user as the one it was opened for.  Of these only a keyed hash and whose it
 *           was are kept: to end it, headers and token are asked for again.  A server without sessions has "" for one:
 *           it has been greeted.
 */
#include "core/digest.h"
#include "domain/engine.h"
#include "store/store_worker.h"
struct wire_mcp;
struct err mcp_sessions_open(struct ctx *cx, struct engine *en) MUST_USE NONNULL(1, 2);
void mcp_sessions_close(struct engine *en) NONNULL(1);
struct mcp_sessions_of {
	const struct worker_row *w;
	struct sv user_id;
	struct sha256 key; /* made by mcp_sessions_key */
};
/* Of everything that the peer is about to send. */
struct err mcp_sessions_key(struct ctx *cx, const struct engine *en, const struct wire_mcp *p,
			    struct mcp_sessions_of *of) MUST_USE NONNULL(1, 2, 3, 4);
/* Into the peer, as if it had been greeted; false: there is none. */
bool mcp_sessions_take(struct engine *en, const struct mcp_sessions_of *of, struct wire_mcp *p) NONNULL(1, 2, 3);
/* false: it is not kept, and the caller ends it. */
bool mcp_sessions_give(struct engine *en, const struct mcp_sessions_of *of, const struct wire_mcp *p) NONNULL(1, 2, 3);
/* Its call went wrong: the session is ended, and the call that nobody waits for taken back, on a thread for that.
 * false: too many wait for it; the caller does. */
bool mcp_sessions_end(struct engine *en, const struct mcp_sessions_of *of, const struct wire_mcp *p) NONNULL(1, 2, 3);
/* Job: ends those that nobody used. */
struct err mcp_sessions_expire(struct ctx *cx, struct engine *en, const struct job_time *until) MUST_USE NONNULL(1, 2);
#endif
