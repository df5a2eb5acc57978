/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_use.h"
#include "core/text.h"
#include "db/db.h"

static struct err write_act(struct ctx *cx, struct tx *tx, const void *in_, void *out)
{
	const struct use_write *in = in_;

	(void)out;
	for (size_t i = 0; i < in->marks->n; i++) {
		CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

		TRY(db_prepare(cx, tx_db(tx), in->sql, &q));
		db_bind_i64(q, 1, in->marks->v[i].at);
		db_bind_sv(q, 2, sv_of(in->marks->v[i].id));
		TRY(db_run(cx, q));
	}
	return OK;
}
struct err store_use_write(struct ctx *cx, struct store *st, const struct use_write *in)
{
	return in->marks->n == 0 ? OK : store_act(cx, st, write_act, in, NULL);
}
