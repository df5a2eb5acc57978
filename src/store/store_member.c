/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_member.h"
#include "core/arena.h"
#include "core/jout.h"
#include "db/db.h"
#include "store/store_account.h"
#include "store/store_event.h"
#include "store/store_invitation.h"
#include "store/store_row.h"
#include "store/store_version.h"

static struct err now_of(struct ctx *cx, struct db *db, const struct member_edit *of, struct member *out)
{
	static const char sql[] = "SELECT role, max(created_at, updated_at) FROM members"
				  " WHERE project_id = $1 AND account_id = $2";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	bool row = false;

	out->role = ROLE_NONE;
	out->version = -1;
	TRY(db_prepare(cx, db, sql, &q));
	db_bind_sv(q, 1, of->project);
	db_bind_sv(q, 2, of->account);
	TRY(db_next(cx, q, &row));
	if (row) {
		out->role = role_of(db_col_sv(q, 0));
		out->version = db_col_i64(q, 1);
	}
	return OK;
}
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
	static const char count[] = "SELECT count(*) FROM members m JOIN accounts a ON a.id = m.account_id"
				    " WHERE m.project_id = $1 AND " STORE_ROW_HAS("a.email", "$2");
	static const char sql[] =
	    "SELECT a.id, a.email, a.created_at, a.last_sign_in_at, m.role,"
	    " max(m.created_at, m.updated_at) FROM members m"
	    " JOIN accounts a ON a.id = m.account_id WHERE m.project_id = $1"
	    " AND " STORE_ROW_HAS("a.email", "$2") " ORDER BY m.created_at, m.account_id LIMIT $3 OFFSET $4";
	CLEANUP(store_read_done) struct reader r = { .st = NULL };
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	bool row = false;

	*out = (struct member_page){ .v = arena_array(cx->arena, (size_t)page->limit, sizeof *out->v) };
	if (out->v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "members");
	TRY(store_read(cx, st, &r));
	TRY(store_row_count_of(cx, r.db, count, &(struct row_count){ project, page->q }, &out->total));
	TRY(db_prepare(cx, r.db, sql, &q));
	db_bind_sv(q, 1, project);
	db_bind_sv(q, 2, page->q.p == NULL ? SV("") : page->q);
	db_bind_i64(q, 3, page->limit);
	db_bind_i64(q, 4, page->offset);
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
		m->version = db_col_i64(q, 5);
		out->n++;
	}
	return OK;
}
struct err store_member_insert(struct ctx *cx, struct tx *tx, const struct member_edit *in)
{
	static const char sql[] = "INSERT INTO members(project_id, account_id, role, created_at) VALUES($1, $2, $3, $4)"
				  " ON CONFLICT(project_id, account_id) DO UPDATE SET role = excluded.role,"
				  " updated_at = max(excluded.created_at, updated_at + 1, members.created_at + 1)";
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
/* An account's email is what somebody in some project typed, and its password may be his: nobody else's project is
 * opened to it by that name alone.  An invitation needs both, the account and the link. */
static struct err check_adder(struct ctx *cx, struct tx *tx, const struct member_edit *in, enum role was)
{
	enum role whole;

	if (was != ROLE_NONE || in->role == ROLE_NONE || in->adder.n == 0)
		return OK;
	TRY(role_in(cx, tx_db(tx), in->whole, in->adder, &whole));
	return whole == ROLE_OWNER
		   ? OK
		   : refuse(
			 cx, E_FORBIDDEN,
			 "this account is no member yet: invite its email (POST /tb/v1/invitations); only an owner of "
			 "the default project may add an account as it is");
}
/* Who it was about and what he was: both may be gone when it is read. */
static struct err tell(struct ctx *cx, struct tx *tx, const struct member_edit *in, const struct member *was)
{
	CLEANUP(buf_free) struct buf data = BUF(4096);
	struct event ev = *in->event;
	struct jout w = JOUT(&data);

	jout_open(&w, NULL);
	jout_strz(&w, "email", was->account.email);
	jout_strz(&w, "role", in->role == ROLE_NONE ? NULL : role_name(in->role));
	jout_strz(&w, "was", was->role == ROLE_NONE ? NULL : role_name(was->role));
	jout_close(&w);
	TRY(jout_done(cx, &w));
	ev.data = buf_view(&data);
	return store_event_add(cx, tx, &ev);
}
static struct err set_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	const struct member_edit *edit = in;
	struct member *m = out;
	struct member was;

	TRY(store_account_get(cx, tx_db(tx), edit->account, &was.account));
	TRY(now_of(cx, tx_db(tx), edit, &was));
	if (edit->role == ROLE_NONE && was.role == ROLE_NONE)
		return (struct err){ E_NOT_FOUND };
	TRY(store_version_check(cx, tx,
				&(struct store_version){ "the member", sv_of(was.account.email), "account",
							 edit->project, edit->account, was.version }));
	TRY(check_edit(cx, tx, edit, was.role));
	TRY(check_adder(cx, tx, edit, was.role));
	TRY(edit->role == ROLE_NONE ? remove_row(cx, tx, edit) : store_member_insert(cx, tx, edit));
	TRY(store_invitation_lower(cx, tx, edit));
	TRY(now_of(cx, tx_db(tx), edit, m));
	m->account = was.account;
	return edit->event == NULL ? OK : tell(cx, tx, edit, &was);
}
struct err store_member_set(struct ctx *cx, struct store *st, const struct member_edit *in, struct member *out)
{
	return store_act(cx, st, set_act, in, out);
}
