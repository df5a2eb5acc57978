/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_org.h"
#include "db/db.h"

struct err store_org_insert(struct ctx *cx, struct db *db, struct sv id, struct sv name, int64_t now)
{
	static const char sql[] = "INSERT INTO orgs(id, name, created_at) VALUES($1, $2, $3)";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, db, sql, &q));
	db_bind_sv(q, 1, id);
	db_bind_sv(q, 2, name);
	db_bind_i64(q, 3, now);
	return db_run(cx, q);
}
