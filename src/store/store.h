/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_H
#define STORE_H
/* store.h: the store: one writer thread, reader connections, the keys that open boxes (design 5).
 *
 * Owns:     the data folder's store.sqlite3, its migrations, the writer thread with group commit, data and MAC keys.
 *
 * Promises: a write act is one function run on the writer thread, several acts to a COMMIT; when store_act returns OK
 * it is durable (synchronous=FULL), and one that returns an error changed nothing.  If one fails after it wrote, all
 * are run again, each in its own SAVEPOINT; if a COMMIT fails, one by one.  So an act had better refuse before it
 * writes, and may run again: it writes *out only from what it read, does no I/O but SQL, takes no lock, and rests no
 * decision on a read made outside it.  Reads run on the caller's thread with a connection borrowed from a pool.
 *
 * Needs:    db, seal.  Every other store_*.c owns one table: all its SQL, its column list, its decoder.
 */
#include "core/base.h"
#include "core/digest.h"
#include "core/secret.h"
struct store;
struct db;
struct keyring;
struct data_key;
struct hub;
struct store_how {
	const char *path;
	const struct keyring *keys;
	bool may_create;
	bool is_copy; /* the file is a copy already: a migration takes none */
};
void store_close(struct store *st);
/* Opens, migrates (a backup copy store.sqlite3.before-NNNN is taken first), unwraps keys; makes org, project and MAC
 * keys in an empty one.  E_CONFIG: newer than this binary, root key missing or wrong, not a store. */
struct err store_open(struct ctx *cx, const struct store_how *how, struct store **out) MUST_USE NONNULL(1, 2, 3);
bool store_is_new(const struct store *st) NONNULL(1); /* made by this store_open */
const char *store_default_project(const struct store *st) NONNULL(1) RETURNS_NONNULL;
const char *store_default_org(const struct store *st) NONNULL(1) RETURNS_NONNULL;

struct tx; /* a running act; gives its connection and its store */
typedef struct err act_fn(struct ctx *cx, struct tx *tx, const void *in, void *out);
struct err store_act(struct ctx *cx, struct store *st, act_fn *fn, const void *in, void *out) MUST_USE NONNULL(1, 2, 3);
/* An act whose caller goes on before it is durable.  It is in the queue once this returns: what anybody writes later
 * comes after it.  It waits a few milliseconds for others to share a COMMIT with, unless somebody waits for an act
 * behind it.  cx, its arena and `in` live until store_act_end, which says what came of it.  NULL: out of memory. */
struct act;
struct act *store_act_begin(struct ctx *cx, struct store *st, act_fn *fn, const void *in) MUST_USE NONNULL(1, 2, 3);
struct err store_act_end(struct store *st, struct act *a) MUST_USE NONNULL(1, 2);
/* For who lists what was written: until everything asked for so far is in the store or has failed; while the disk hangs
 * for five seconds at most. */
void store_act_settle(struct store *st) NONNULL(1);
struct db *tx_db(struct tx *tx) NONNULL(1) RETURNS_NONNULL;
struct store *tx_store(struct tx *tx) NONNULL(1) RETURNS_NONNULL;
int64_t tx_now(struct tx *tx) NONNULL(1); /* the clock of this act: what is stored comes from here */
/* Inside an act: done(st, h) runs on the writer thread once the act's COMMIT is durable, in the order of the acts and
 * before store_act returns; it is short and runs no SQL.  drop(h) follows, also when the act failed or is run again.
 * The memory is the caller's, taken over here. */
struct commit_hook {
	void (*done)(struct store *st, struct commit_hook *h);
	void (*drop)(struct commit_hook *h);
	struct commit_hook *next;
};
void store_on_commit(struct tx *tx, struct commit_hook *h) NONNULL(1, 2);
const char *store_path(const struct store *st) NONNULL(1) RETURNS_NONNULL; /* of its file */
/* Why the last acts could not be written (full, read-only, damaged, locked), a sentence; NULL: they could.  And once a
 * damaged page was met, that; what lies in others is still served. */
const char *store_trouble(const struct store *st) NONNULL(1);
/* Since when the writer has been at work on the same acts (monotonic); 0: it is not. */
int64_t store_writing_since(const struct store *st) NONNULL(1);
/* keyring_still(): E_CONFIG or E_NOT_FOUND says what is wrong with the root key's file. */
struct err store_root_key(struct ctx *cx, const struct store *st) MUST_USE NONNULL(1, 2);
/* Grants in memory, written through by store_connection.c (grant_cache.h); set before the first request, NULL: none. */
struct grant_cache;
void store_set_grants(struct store *st, struct grant_cache *c) NONNULL(1);
struct grant_cache *store_grants(const struct store *st) NONNULL(1);

/* A reader connection for this thread: give it back with CLEANUP(store_read_done). */
struct reader {
	struct store *st;
	struct db *db;
};
struct err store_read(struct ctx *cx, struct store *st, struct reader *out) MUST_USE NONNULL(1, 2, 3);
/* For an event thread, which may not wait: E_TAKE_POOL (no cause recorded) when no connection is idle. */
struct err store_read_now(struct ctx *cx, struct store *st, struct reader *out) MUST_USE NONNULL(1, 2, 3);
void store_read_done(struct reader *r) NONNULL(1);

/* Sealing for store_*.c: the box is bound to "table.column:project:row".  Project "" uses the engine's own data key. */
struct seal_at {
	const char *table_column;
	struct sv project, row;
};
struct err store_seal(struct ctx *cx, struct store *st, const struct seal_at *at, struct sv plain,
		      struct sv *box) MUST_USE NONNULL(1, 2, 3, 5); /* *box in cx->arena */
struct err store_unseal(struct ctx *cx, struct store *st, const struct seal_at *at, struct sv box,
			struct secret **out) MUST_USE NONNULL(1, 2, 3, 5);
/* Keyed hash for look-ups: purpose is api_key, cookie, connect, flow, state, session, account (design 6). */
enum mac_key { MAC_API_KEY, MAC_COOKIE, MAC_CONNECT, MAC_FLOW, MAC_STATE, MAC_SESSION, MAC_ACCOUNT, MAC_KEY__COUNT };
struct sha256 store_mac(const struct store *st, enum mac_key key, struct sv in) NONNULL(1);
static inline void store_drop(struct store **st)
{
	store_close(*st);
	*st = NULL;
}
#endif
