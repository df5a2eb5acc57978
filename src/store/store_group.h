/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_GROUP_H
#define STORE_GROUP_H
/* store_group.h: acts that are committed together, for store_writer.c.
 *
 * Promises: afterwards each act has its result, and those that are OK are durable; one that failed left nothing, and
 * made no other fail.  Whatever goes wrong is undone with the whole transaction, and the acts are run again.
 * Needs:    the writer's thread and its connection.
 */
#include "db/db.h"
#include "store/store_inner.h"
#include <pthread.h>
struct act {
	struct ctx *cx;
	act_fn *fn;
	const void *in;
	void *out;
	struct err result;
	bool done;
	bool patient; /* its caller went on: it may wait for others to share a COMMIT with */
	pthread_cond_t wake;
	struct commit_hook *hooks;
	struct said *said;
	struct act *next;
};
struct group_of {
	struct store *st;
	struct db *db;
	struct ctx *cx; /* for what is nobody's act */
};
void store_group_run(const struct group_of *g, struct act *list) NONNULL(1, 2);
/* What is durable is made known before its caller goes on. */
void store_group_hooks(struct store *st, struct act *list) NONNULL(1);
#endif
