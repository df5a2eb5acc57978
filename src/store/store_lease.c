/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_lease.h"
#include "db/db.h"

static struct err take_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	static const char sql[] =
	    "INSERT INTO leases(name, owner, until) VALUES($1, $2, $3) ON CONFLICT(name) DO UPDATE"
	    " SET owner = excluded.owner, until = excluded.until"
	    " WHERE leases.owner = excluded.owner OR leases.until <= $4 OR leases.until > $4 + 86400000000"; /* a wrong
														clock's
													      */
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	const struct lease_ask *ask = in;
	bool *got = out;
	int64_t n = 0;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, sv_of(ask->name));
	db_bind_sv(q, 2, sv_of(ask->owner));
	db_bind_i64(q, 3, tx_now(tx) + ask->hold);
	db_bind_i64(q, 4, tx_now(tx));
	TRY(db_run_n(cx, q, &n));
	*got = n == 1;
	return OK;
}
struct err store_lease_take(struct ctx *cx, struct store *st, const struct lease_ask *ask, bool *got)
{
	*got = false;
	return store_act(cx, st, take_act, ask, got);
}
static struct err give_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	static const char sql[] = "DELETE FROM leases WHERE name = $1 AND owner = $2";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	const struct lease_ask *ask = in;

	(void)out;
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, sv_of(ask->name));
	db_bind_sv(q, 2, sv_of(ask->owner));
	return db_run(cx, q);
}
struct err store_lease_give(struct ctx *cx, struct store *st, const char *name, const char *owner)
{
	return store_act(cx, st, give_act, &(struct lease_ask){ .name = name, .owner = owner }, NULL);
}
