/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MIGRATE_H
#define MIGRATE_H
/* migrate.h: brings a store to the version of this binary (design 5).
 *
 * Promises: migrations are numbered NNNN_name.sql from 0001 without a gap; each runs whole or not at all, together with
 * the new user_version; before the first one touches a store that holds something, a copy PATH.before-NNNN is durable,
 * unless no_copy.
 * A file that is no store of ours, or one of a newer binary, is E_CONFIG and stays untouched.
 */
#include "core/embed.h"
#include "db/db.h"
enum { STORE_APPLICATION_ID = 0x54427468 }; /* PRAGMA application_id of our stores: "TBth" */
struct migrate_how {
	const struct embedded *files;
	const char *path;
	bool no_copy; /* the store is a copy itself */
};                    /* files end with a NULL row */
struct err migrate_up(struct ctx *cx, struct db *db, const struct migrate_how *how, bool *fresh) MUST_USE
    NONNULL(1, 2, 3, 4);
#endif
