/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_prune.h"
#include "db/db.h"

static struct err prune_act(struct ctx *cx, struct tx *tx, const void *in_, void *gone)
{
	const struct prune *in = in_;
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), in->sql, &q));
	db_bind_i64(q, 1, in->before);
	db_bind_i64(q, 2, in->most);
	return db_run_n(cx, q, gone);
}
struct err store_prune(struct ctx *cx, struct store *st, const struct prune *in, int64_t *gone)
{
	*gone = 0;
	return store_act(cx, st, prune_act, in, gone);
}
