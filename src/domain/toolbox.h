/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLBOX_H
#define TOOLBOX_H
/* toolbox.h: the catalogue: every tool that the enabled workers told of, in memory (design 9).
 *
 * Owns:     an immutable snapshot, swapped whole.  Who reads holds it with toolbox_hold; what it shows is valid until
 *           toolbox_release.
 * Promises: look-ups are memory only, a tool's worker included: a call reads no row of it; a tool is found in every
 * spelling of contract 3.6; of two workers that tell of the same toolkit, tool and version the older worker's counts.
 * Needs:    store_worker.h at toolbox_load.
 */
#include "core/node.h"
#include "domain/engine.h"
#include "model/toolname.h"
struct tool_auth { /* contract 2.1 */
	bool there;
	struct sv id, provider_id, provider_type; /* p NULL: not named */
	struct sv worker;                         /* "mcp:ID": that of its own server (providers.h); n 0 */
	struct sv_list scopes;
};
struct worker_row;
struct tool {
	struct sv project_id, worker_row, worker_id;
	const struct worker_row *worker;  /* as it is stored, without its catalogue; its secrets stay sealed */
	struct sv toolkit, name, version; /* version "0.0.0" when the worker named none */
	struct sv told_version;           /* what the worker has to be told; p NULL: null */
	struct sv qualified, full;        /* "Github.CreateIssue", "Github.CreateIssue@1.2.0" */
	struct sv shown;                  /* JSON members of contract 3.6, all but requirements */
	struct sv input;                  /* JSON of its input */
	struct sv about;                  /* JSON of its metadata; "" when there is none */
	struct sv schema, mirror;         /* of an mcp server's tool: JSON schema of its input as told; JSON list of
					     arguments that go into headers; "" of others */
	struct sv description;
	struct tool_auth auth;
	struct sv_list secrets, metadata; /* keys as declared */
	bool newest;                      /* no other version of it is newer */
};
/* What became of a worker's tools. */
struct toolbox_note {
	struct sv worker_row;
	size_t left_out;
	struct sv why; /* one of those left out, and the reason: a sentence for the operator; p NULL: none is */
};
/* A worker's share of the catalogue: tools, and bytes of what it tells of them. */
enum { TOOLBOX_TOOLS_MOST = 10000, TOOLBOX_BYTES_MOST = 16 << 20 };
/* A project's, of all its workers together: older workers come first. */
enum { TOOLBOX_PROJECT_TOOLS_MOST = 25000, TOOLBOX_PROJECT_BYTES_MOST = 64 << 20 };
struct tool_set {
	const struct tool *v; /* by project, toolkit, name, newest version first */
	size_t n;
	const struct toolbox_note *notes;
	size_t n_notes;
	uint64_t version; /* another for every snapshot of this process */
};
struct toolbox;
void toolbox_free(struct toolbox *b);
/* Starts without tools when they cannot be read now. */
struct err toolbox_open(struct ctx *cx, struct engine *en, struct toolbox **out) MUST_USE NONNULL(1, 2, 3);
/* The snapshot anew from the store.  Entries that cannot be used are left out, logged and noted, and so is all of a
 * worker whose catalogue is none; on an error, which is never a worker's, the former snapshot stays. */
struct err toolbox_load(struct ctx *cx, struct engine *en) MUST_USE NONNULL(1, 2);
/* The last toolbox_load failed: what is shown may be older than the store. */
bool toolbox_is_old(struct engine *en) NONNULL(1);
const struct tool_set *toolbox_hold(struct engine *en) NONNULL(1) RETURNS_NONNULL;
void toolbox_release(const struct tool_set *s);
static inline void toolbox_let_go(const struct tool_set **s)
{
	toolbox_release(*s);
	*s = NULL;
}
/* The tools of a project: where they begin and how many they are. */
struct tool_set toolbox_of(const struct tool_set *s, struct sv project_id) NONNULL(1);
/* NULL: none.  Without a version the newest. */
const struct tool *toolbox_find(const struct tool_set *s, struct sv project_id, const struct toolname *name)
    NONNULL(1, 3);
/* NULL: nothing was loaded of it. */
const struct toolbox_note *toolbox_note_of(const struct tool_set *s, struct sv worker_row) NONNULL(1);
struct worker_paces;
struct worker_paces *toolbox_paces(struct engine *en) NONNULL(1) RETURNS_NONNULL;
static inline void toolbox_drop(struct toolbox **b)
{
	toolbox_free(*b);
	*b = NULL;
}
#endif
