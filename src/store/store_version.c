/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_version.h"
#include "core/text.h"
#include "db/db.h"
#include "store/store_event.h"
#include "store/store_row.h"

struct last {
	struct sv kind, who;
	char at[TIME_TEXT];
};
static struct err last_of(struct ctx *cx, struct db *db, const struct store_version *v, struct last *out)
{
	static const char sql[] =
	    "SELECT kind, principal_type, principal_id, at FROM events WHERE project_id = $1 AND resource_type = $2"
	    " AND resource_id = $3 ORDER BY id DESC LIMIT 1";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	struct sv type, id;
	bool row = false;

	*out = (struct last){ .kind = SV_NONE };
	TRY(db_prepare(cx, db, sql, &q));
	db_bind_sv(q, 1, v->project_id);
	db_bind_sv(q, 2, sv_of(v->resource_type));
	db_bind_sv(q, 3, v->resource_id);
	TRY(db_next(cx, q, &row));
	if (!row)
		return OK;
	TRY(store_row_sv(cx, q, 0, &out->kind));
	TRY(store_row_sv(cx, q, 1, &type));
	TRY(store_row_sv(cx, q, 2, &id));
	time_text(db_col_i64(q, 3), out->at);
	TRY(store_event_who(cx, db, type, id, &out->who));
	if (out->who.p == NULL)
		out->who = sv_eqz(type, "operator") ? SV("the operator") : SV("somebody");
	return OK;
}
static bool is_named(const struct precondition *want, int64_t version)
{
	for (size_t i = 0; i < want->n; i++)
		if (want->version[i] == version)
			return true;
	return false;
}
/* Somebody has seen it, or thinks so, and it is gone (RFC 9110 section 13.1.1). */
static struct err is_gone(struct ctx *cx, const struct store_version *v, const struct last *l)
{
	struct sv name = sv_upto(v->name, 100);

	if (l->kind.p == NULL)
		return refuse(cx, E_PRECONDITION, "%s %.*s is not there; nothing was changed", v->what, SV_FMT(name));
	return refuse(
	    cx, E_PRECONDITION,
	    "%s %.*s is not there any more; the last that happened was by %.*s at %s (%.*s); nothing was changed",
	    v->what, SV_FMT(name), SV_FMT(l->who), l->at, SV_FMT(l->kind));
}
struct err store_version_check(struct ctx *cx, struct tx *tx, const struct store_version *v)
{
	const struct precondition *want = &cx->want;
	struct sv name = sv_upto(v->name, 100);
	bool there = v->version >= 0;
	struct last l;

	if (want->kind == WANT_ANY || (want->kind == WANT_ABSENT && !there) || (want->kind == WANT_THERE && there) ||
	    (want->kind == WANT_VERSION && there && is_named(want, v->version)) ||
	    (want->kind == WANT_OTHER && !(there && is_named(want, v->version))))
		return OK;
	if (want->kind == WANT_ABSENT)
		return refuse(cx, E_PRECONDITION, "%s %.*s exists already; it was left as it is", v->what,
			      SV_FMT(name));
	if (want->kind == WANT_OTHER)
		return refuse(cx, E_PRECONDITION, "%s %.*s is as you have seen it; it was left so", v->what,
			      SV_FMT(name));
	TRY(last_of(cx, tx_db(tx), v, &l));
	if (!there)
		return is_gone(cx, v, &l);
	if (l.kind.p == NULL)
		return refuse(cx, E_PRECONDITION,
			      "%s %.*s has changed since you read it; read it again and repeat your change", v->what,
			      SV_FMT(name));
	return refuse(
	    cx, E_PRECONDITION,
	    "%s %.*s was changed by %.*s at %s (%.*s) after you read it; read it again and repeat your change", v->what,
	    SV_FMT(name), SV_FMT(l.who), l.at, SV_FMT(l.kind));
}
