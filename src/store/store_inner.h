/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_INNER_H
#define STORE_INNER_H
/* store_inner.h: the inside of struct store, for store.c, store_writer.c, store_reader.c, store_keys.c,
 * store_project.c. */
#include "db/db.h"
#include "model/event.h"
#include "model/person.h"
#include "seal/keyring.h"
#include "store/store.h"
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum { READERS_KEPT = 16, READERS_MOST = 64 };
/* Immutable once shown; old ones stay until the store is closed, so that readers need no lock. */
struct held_project {
	struct project project;
	bool is_default;
	struct data_key *key;       /* shared by all that were made of one row */
	struct held_project *older; /* made before this one, of any row */
	bool owns_key;
};
struct held_projects {
	struct held_projects *older;
	size_t n, main;
	struct held_project *v[]; /* oldest project first */
};
struct readers {
	pthread_mutex_t lock;
	pthread_cond_t back;
	struct db *idle[READERS_MOST];
	size_t n_idle, n_open;
};
struct writer;
struct store {
	char *path;
	const struct keyring *keys;
	bool is_new;
	struct held_projects *_Atomic projects; /* replaced by the writer thread alone */
	struct held_project *held;              /* every one ever made */
	pthread_mutex_t projects_change;        /* one change at a time, from its act to its being shown */
	struct data_key *own;                   /* for rows of no project */
	struct secret *mac[MAC_KEY__COUNT];
	struct readers readers;
	struct writer *writer;
	const char *_Atomic trouble;   /* of the last commit: a constant sentence; NULL: none */
	_Atomic int64_t writing_since; /* monotonic; 0: the writer waits for acts */
	struct grant_cache *grants;
	_Atomic bool damaged;
	pthread_mutex_t copying; /* held while a backup is made */
};
/* An event of an act, to be logged and counted by its caller once it is durable; in the act's arena. */
struct said {
	struct event ev;
	struct said *next;
};
void store_event_told(const struct ctx *cx, const struct said *list) NONNULL(1);
struct tx {
	struct store *st;
	struct db *db;
	int64_t now;
	struct commit_hook **hooks; /* the end of its list */
	struct said **said;         /* likewise */
};
/* store_writer.c: takes over `db`. */
struct err store_writer_start(struct ctx *cx, struct store *st, struct db *db) MUST_USE NONNULL(1, 2, 3);
void store_writer_stop(struct store *st) NONNULL(1); /* when nobody is in an act any more: app stops the lanes first */
struct err store_writer_run(struct ctx *cx, struct store *st, act_fn *fn, const void *in, void *out) MUST_USE
    NONNULL(1, 2, 3);
struct act *store_writer_begin(struct ctx *cx, struct store *st, act_fn *fn, const void *in) MUST_USE NONNULL(1, 2, 3);
struct err store_writer_end(struct store *st, struct act *a) MUST_USE NONNULL(1, 2);
void store_writer_settle(struct store *st) NONNULL(1);
/* store_reader.c */
void store_reader_start(struct store *st) NONNULL(1);
void store_reader_stop(struct store *st) NONNULL(1);
/* store_keys.c, store_project.c: make in an empty store, load from any. */
struct err store_keys_make(struct ctx *cx, struct store *st, struct db *db) MUST_USE NONNULL(1, 2, 3);
struct err store_keys_load(struct ctx *cx, struct store *st, struct db *db) MUST_USE NONNULL(1, 2, 3);
struct err store_project_make(struct ctx *cx, struct store *st, struct db *db) MUST_USE NONNULL(1, 2, 3);
struct err store_project_load(struct ctx *cx, struct store *st, struct db *db) MUST_USE NONNULL(1, 2, 3);
void store_project_unload(struct store *st) NONNULL(1);
static inline const struct held_projects *store_projects(const struct store *st)
{
	return atomic_load_explicit(&st->projects, memory_order_acquire);
}
#endif
