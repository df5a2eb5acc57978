/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_member.h"
#include "core/arena.h"
#include "db/db.h"
#include "store/store_account.h"
#include "store/store_event.h"
#include "store/store_row.h"

static struct err role_in(struct ctx *cx, struct db *db, struct sv project, struct sv account, enum role *out)
{
	static const char sql[] = "SELECT role FROM members WHERE project_id = $1 AND account_id = $2";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	bool row = false;

	*out = ROLE_NONE;
	TRY(db_prepare(cx, db, sql, &q));
	db_bind_sv(q, 1, project);
	db_bind_sv(q, 2, account);
	TRY(db_next(cx, q, &row));
	if (row)
		*out = role_of(db_col_sv(q, 0));
	return OK;
}
struct err store_member_role(struct ctx *cx, struct store *st, struct sv project, struct sv account, enum role *out)
{
	CLEANUP(store_read_done) struct reader r = { .st = NULL };

	*out = ROLE_NONE;
	TRY(store_read(cx, st, &r));
	return role_in(cx, r.db, project, account, out);
}
struct err store_member_list(struct ctx *cx, struct store *st, struct sv project, const struct page *page,
			     struct member_page *out)
{
	static const char sql[] = "SELECT a.id, a.email, a.created_at, a.last_sign_in_at, m.role FROM members m"
				  " JOIN accounts a ON a.id = m.account_id WHERE m.project_id = $1"
				  " ORDER BY m.created_at, a.id LIMIT $2 OFFSET $3";
	CLEANUP(store_read_done) struct reader r = { .st = NULL };
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	bool row = false;

	*out = (struct member_page){ .v = arena_array(cx->arena, (size_t)page->limit, sizeof *out->v) };
	if (out->v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "members");
	TRY(store_read(cx, st, &r));
	TRY(store_row_count(cx, r.db, "SELECT count(*) FROM members WHERE project_id = $1", project, &out->total));
	TRY(db_prepare(cx, r.db, sql, &q));
	db_bind_sv(q, 1, project);
	db_bind_i64(q, 2, page->limit);
	db_bind_i64(q, 3, page->offset);
	while (out->n < (size_t)page->limit) {
		TRY(db_next(cx, q, &row));
		if (!row)
			break;
		struct member *m = &out->v[out->n];
		TRY(store_row_text(cx, q, 0, m->account.id, sizeof m->account.id));
		TRY(store_row_text(cx, q, 1, m->account.email, sizeof m->account.email));
		m->account.created_at = db_col_i64(q, 2);
		m->account.last_sign_in_at = db_col_i64(q, 3);
		m->role = role_of(db_col_sv(q, 4));
		out->n++;
	}
	return OK;
}
struct err store_member_insert(struct ctx *cx, struct tx *tx, const struct member_edit *in)
{
	static const char sql[] = "INSERT INTO members(project_id, account_id, role, created_at) VALUES($1, $2, $3, $4)"
				  " ON CONFLICT(project_id, account_id) DO UPDATE SET role = excluded.role";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, in->project);
	db_bind_sv(q, 2, in->account);
	db_bind_sv(q, 3, sv_of(role_name(in->role)));
	db_bind_i64(q, 4, tx_now(tx));
	return db_run(cx, q);
}
static struct err remove_row(struct ctx *cx, struct tx *tx, const struct member_edit *in)
{
	static const char sql[] = "DELETE FROM members WHERE project_id = $1 AND account_id = $2";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, in->project);
	db_bind_sv(q, 2, in->account);
	return db_run(cx, q);
}
static struct err check_edit(struct ctx *cx, struct tx *tx, const struct member_edit *in, enum role was)
{
	int64_t owners = 0;

	if (in->role > in->by_role || was > in->by_role)
		return refuse(cx, E_FORBIDDEN, "your role is %s; only %s may do this", role_name(in->by_role),
			      role_name(in->role > was ? in->role : was));
	if (was != ROLE_OWNER || in->role == ROLE_OWNER)
		return OK;
	TRY(store_row_count(cx, tx_db(tx), "SELECT count(*) FROM members WHERE project_id = $1 AND role = 'owner'",
			    in->project, &owners));
	return owners > 1 ? OK : refuse(cx, E_CONFLICT, "the last owner of a project can not be removed or changed");
}
static struct err set_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	const struct member_edit *edit = in;
	struct member *m = out;
	struct account account;
	enum role was = ROLE_NONE;

	TRY(store_account_get(cx, tx_db(tx), edit->account, &account));
	TRY(role_in(cx, tx_db(tx), edit->project, edit->account, &was));
	if (edit->role == ROLE_NONE && was == ROLE_NONE)
		return (struct err){ E_NOT_FOUND };
	TRY(check_edit(cx, tx, edit, was));
	TRY(edit->role == ROLE_NONE ? remove_row(cx, tx, edit) : store_member_insert(cx, tx, edit));
	*m = (struct member){ .account = account, .role = edit->role };
	return edit->event == NULL ? OK : store_event_add(cx, tx, edit->event);
}
struct err store_member_set(struct ctx *cx, struct store *st, const struct member_edit *in, struct member *out)
{
	return store_act(cx, st, set_act, in, out);
}
