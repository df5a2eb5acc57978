/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_BACKUP_H
#define STORE_BACKUP_H
/* store_backup.h: copies of the store, and what a copy that is put back has to forget.
 *
 * Promises: a copy is one moment of the store, checked page by page, durable, 0600; everything secret in it is sealed
 * and no root key is in it.  Needs: a file that is looked at is not in use by anybody.
 */
#include "model/event.h"
#include "store/store.h"
struct backup_made {
	int64_t bytes, version; /* version: of the schema */
};
/* Lane CALL: reads all of the store.  E_BUSY: another one is being made; E_INTERNAL: damaged, or no room (no file is
 * left). */
struct err store_backup_make(struct ctx *cx, struct store *st, const char *path, struct backup_made *out) MUST_USE
    NONNULL(1, 2, 3, 4);
enum { BACKUP_ROOTS = 8 };
struct backup_facts {
	int64_t version, newest /* this binary's */, grants, made_at; /* made_at: its last event; 0: none */
	const char *root[BACKUP_ROOTS];                               /* ids of the root keys it needs; in cx->arena */
	size_t n_roots;
};
/* What the file at `path` is; `shown` is its name in messages.  E_CONFIG: no store, or of a newer binary.  E_INTERNAL:
 * damaged. */
struct err store_backup_look(struct ctx *cx, const char *path, const char *shown, struct backup_facts *out) MUST_USE
    NONNULL(1, 2, 3, 4);
/* Takes the WAL into the file, so that the file alone is the store. */
struct err store_backup_fold(struct ctx *cx, const char *path) MUST_USE NONNULL(1, 2);
/* In a store that was put back: nobody is signed in, no lease is held, and every pair that can be renewed may have been
 * used since (uncertain), so that it is renewed at its next use; the event is added. */
struct err store_backup_restored(struct ctx *cx, struct store *st, const struct event *ev) MUST_USE NONNULL(1, 2, 3);
#endif
