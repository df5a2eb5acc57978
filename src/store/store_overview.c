/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_overview.h"
#include "db/db.h"

/* $1 project, $2 now, $3 since; what a count does not need stands in a condition that is always true. */
static const char *const counts[COUNT__N] = {
	[COUNT_CONNECTIONS_ACTIVE] = "SELECT count(*) FROM connections WHERE project_id = $1 AND status = 'live'"
				     " AND $2 > 0 AND $3 > 0",
	[COUNT_CONNECTIONS_EXPIRED] = "SELECT count(*) FROM connections WHERE project_id = $1 AND status = 'dead'"
				      " AND $2 > 0 AND $3 > 0",
	[COUNT_AUTHORIZATIONS_PENDING] = "SELECT count(*) FROM authorizations WHERE project_id = $1"
					 " AND status = 'pending' AND expires_at > $2 AND $3 > 0",
	[COUNT_AUTHORIZATIONS_FAILED] = "SELECT count(*) FROM authorizations WHERE project_id = $1"
					" AND status = 'failed' AND $2 > 0 AND ended_at >= $3",
	[COUNT_API_KEYS] = "SELECT count(*) FROM api_keys WHERE project_id = $1 AND revoked_at = 0"
			   " AND (expires_at = 0 OR expires_at > $2) AND $3 > 0",
	[COUNT_MEMBERS] = "SELECT count(*) FROM members WHERE project_id = $1 AND $2 > 0 AND $3 > 0",
	[COUNT_WORKERS] = "SELECT count(*) FROM workers WHERE project_id = $1 AND $2 > 0 AND $3 > 0",
	[COUNT_SECRETS] = "SELECT count(*) FROM secrets WHERE project_id = $1 AND $2 > 0 AND $3 > 0",
	[COUNT_EXECUTIONS] = "SELECT count(*) FROM executions WHERE project_id = $1 AND $2 > 0 AND created_at >= $3",
	[COUNT_EXECUTIONS_FAILED] = "SELECT count(*) FROM executions WHERE project_id = $1 AND $2 > 0"
				    " AND created_at >= $3 AND error_kind <> ''",
	[COUNT_ANY_AUTHORIZATION] = "SELECT EXISTS(SELECT 1 FROM authorizations WHERE project_id = $1 AND $2 > 0"
				    " AND $3 > 0)",
	[COUNT_ANY_EXECUTION] = "SELECT EXISTS(SELECT 1 FROM executions WHERE project_id = $1 AND $2 > 0 AND $3 > 0)",
};
static struct err one(struct ctx *cx, struct db *db, const char *sql, const struct overview_ask *in, int64_t *out)
{
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, db, sql, &q));
	db_bind_sv(q, 1, in->project_id);
	db_bind_i64(q, 2, cx->now);
	db_bind_i64(q, 3, in->since);
	TRY(db_one(cx, q));
	*out = db_col_i64(q, 0);
	return OK;
}
struct err store_overview(struct ctx *cx, struct store *st, const struct overview_ask *in, int64_t out[static COUNT__N])
{
	CLEANUP(store_read_done) struct reader r = { .st = NULL };

	TRY(store_read(cx, st, &r));
	for (size_t i = 0; i < COUNT__N; i++)
		TRY(one(cx, r.db, counts[i], in, &out[i]));
	return OK;
}
