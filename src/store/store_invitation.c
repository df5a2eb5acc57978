/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_invitation.h"
#include "core/arena.h"
#include "core/text.h"
#include "db/db.h"
#include "store/store_account.h"
#include "store/store_event.h"
#include "store/store_member.h"
#include "store/store_row.h"

#define INVITATION_COLS "id, project_id, email, role, created_at, expires_at"
enum { C_ID, C_PROJECT, C_EMAIL, C_ROLE, C_CREATED, C_EXPIRES };

static struct err from_row(struct ctx *cx, struct db_stmt *q, struct invitation *out)
{
	*out = (struct invitation){ .role = role_of(db_col_sv(q, C_ROLE)),
				    .created_at = db_col_i64(q, C_CREATED),
				    .expires_at = db_col_i64(q, C_EXPIRES) };
	TRY(store_row_text(cx, q, C_ID, out->id, sizeof out->id));
	TRY(store_row_text(cx, q, C_PROJECT, out->project_id, sizeof out->project_id));
	return store_row_text(cx, q, C_EMAIL, out->email, sizeof out->email);
}
struct asked {
	const struct sha256 *mac;
	int64_t now;
};
static struct err by_token(struct ctx *cx, struct db *db, const struct asked *by, struct invitation *out)
{
	static const char sql[] =
	    "SELECT " INVITATION_COLS " FROM invitations WHERE token_mac = $1 AND expires_at > $2";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	*out = (struct invitation){ .id = "" };
	TRY(db_prepare(cx, db, sql, &q));
	db_bind_blob(q, 1, sha256_view(by->mac));
	db_bind_i64(q, 2, by->now);
	TRY(db_one(cx, q));
	return from_row(cx, q, out);
}

/* ---- making ---- */
static struct err is_member(struct ctx *cx, struct tx *tx, const struct invitation *i)
{
	static const char sql[] = "SELECT 1 FROM members m JOIN accounts a ON a.id = m.account_id"
				  " WHERE m.project_id = $1 AND a.email = $2";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	bool row = false;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, sv_of(i->project_id));
	db_bind_sv(q, 2, sv_of(i->email));
	TRY(db_next(cx, q, &row));
	return row ? refuse(cx, E_CONFLICT, "%s is a member already", i->email) : OK;
}
static struct err drop(struct ctx *cx, struct tx *tx, struct sv project, struct sv id)
{
	static const char sql[] = "DELETE FROM invitations WHERE project_id = $1 AND id = $2";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	int64_t n = 0;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, project);
	db_bind_sv(q, 2, id);
	TRY(db_run_n(cx, q, &n));
	return n == 0 ? (struct err){ E_NOT_FOUND } : OK;
}
/* The one for this email, over or not; id "" when there is none. */
static struct err present(struct ctx *cx, struct tx *tx, const struct invitation *i, struct invitation *out)
{
	static const char sql[] = "SELECT " INVITATION_COLS " FROM invitations WHERE project_id = $1 AND email = $2";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	bool row = false;

	*out = (struct invitation){ .id = "" };
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, sv_of(i->project_id));
	db_bind_sv(q, 2, sv_of(i->email));
	TRY(db_next(cx, q, &row));
	return row ? from_row(cx, q, out) : OK;
}
static struct err told_end(struct ctx *cx, struct tx *tx, const struct invitation_new *in, const struct invitation *was)
{
	const char *data = arena_printf(cx->arena, "{\"replaced_by\":\"%s\"}", in->row.id);
	struct event ev = *in->event;

	if (data == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "event");
	ev.kind = "invitation.deleted";
	ev.resource_id = sv_of(was->id);
	ev.data = sv_of(data);
	return store_event_add(cx, tx, &ev);
}
/* Makes room: an email has one invitation to a project.  One that is over goes without a word. */
static struct err replace(struct ctx *cx, struct tx *tx, const struct invitation_new *in, struct invitation *was)
{
	char until[TIME_TEXT];

	TRY(present(cx, tx, &in->row, was));
	if (was->id[0] == '\0')
		return OK;
	bool open = was->expires_at > tx_now(tx);
	time_text(was->expires_at, until);
	if (open && !in->replace)
		return refuse(
		    cx, E_CONFLICT,
		    "%s has an open invitation as %s, good until %s; with \"replace\": true you get a new link"
		    " and that one stops working",
		    was->email, role_name(was->role), until);
	TRY(drop(cx, tx, sv_of(was->project_id), sv_of(was->id)));
	if (open)
		return told_end(cx, tx, in, was);
	*was = (struct invitation){ .id = "" };
	return OK;
}
static struct err insert(struct ctx *cx, struct tx *tx, const struct invitation_new *in, const struct invitation *row)
{
	static const char sql[] = "INSERT INTO invitations(id, project_id, email, role, token_mac, "
				  "created_by, created_at, expires_at)"
				  " VALUES($1, $2, $3, $4, $5, $6, $7, $8)";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, sv_of(row->id));
	db_bind_sv(q, 2, sv_of(row->project_id));
	db_bind_sv(q, 3, sv_of(row->email));
	db_bind_sv(q, 4, sv_of(role_name(row->role)));
	db_bind_blob(q, 5, sha256_view(&in->mac));
	db_bind_sv(q, 6, in->created_by);
	db_bind_i64(q, 7, row->created_at);
	db_bind_i64(q, 8, row->expires_at);
	return db_run(cx, q);
}
static struct err add_act(struct ctx *cx, struct tx *tx, const void *in_, void *out_)
{
	const struct invitation_new *in = in_;
	struct invitation_made *out = out_;

	TRY(is_member(cx, tx, &in->row));
	TRY(replace(cx, tx, in, &out->was));
	out->now = in->row;
	out->now.created_at = tx_now(tx);
	out->now.expires_at = tx_now(tx) + in->life;
	TRY(insert(cx, tx, in, &out->now));
	return store_event_add(cx, tx, in->event);
}
struct err store_invitation_add(struct ctx *cx, struct store *st, const struct invitation_new *in,
				struct invitation_made *out)
{
	return store_act(cx, st, add_act, in, out);
}

/* ---- reading ---- */
struct err store_invitation_by_token(struct ctx *cx, struct store *st, const struct sha256 *mac, struct invitation *out)
{
	CLEANUP(store_read_done) struct reader r = { .st = NULL };

	TRY(store_read(cx, st, &r));
	return by_token(cx, r.db, &(struct asked){ mac, cx->now }, out);
}
struct err store_invitation_list(struct ctx *cx, struct store *st, struct sv project, const struct page *page,
				 struct invitation_page *out)
{
	static const char sql[] =
	    "SELECT " INVITATION_COLS ", count(*) OVER () FROM invitations WHERE project_id = $1"
	    " AND expires_at > $2 AND " STORE_ROW_HAS("email", "$3") " ORDER BY created_at DESC, id LIMIT $4 OFFSET $5";
	CLEANUP(store_read_done) struct reader r = { .st = NULL };
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	bool row = false;

	*out = (struct invitation_page){ .v = arena_array(cx->arena, (size_t)page->limit, sizeof *out->v) };
	if (out->v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "invitations");
	TRY(store_read(cx, st, &r));
	TRY(db_prepare(cx, r.db, sql, &q));
	db_bind_sv(q, 1, project);
	db_bind_i64(q, 2, cx->now);
	db_bind_sv(q, 3, page->q.p == NULL ? SV("") : page->q);
	db_bind_i64(q, 4, page->limit);
	db_bind_i64(q, 5, page->offset);
	while (out->n < (size_t)page->limit) {
		TRY(db_next(cx, q, &row));
		if (!row)
			break;
		out->total = db_col_i64(q, C_EXPIRES + 1);
		TRY(from_row(cx, q, &out->v[out->n]));
		out->n++;
	}
	return OK;
}

/* ---- ending ---- */
static struct err remove_act(struct ctx *cx, struct tx *tx, const void *in_, void *out)
{
	const struct invitation_end *in = in_;

	(void)out;
	TRY(drop(cx, tx, in->project, in->id));
	return store_event_add(cx, tx, in->event);
}
struct err store_invitation_remove(struct ctx *cx, struct store *st, const struct invitation_end *in)
{
	return store_act(cx, st, remove_act, in, NULL);
}
/* The next one that gives more; id "" when there is none. */
static struct err above(struct ctx *cx, struct tx *tx, const struct member_edit *edit, struct invitation *out)
{
	static const char sql[] =
	    "SELECT " INVITATION_COLS " FROM invitations WHERE project_id = $1 AND created_by = $2 ORDER BY id";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	bool row = false;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, edit->project);
	db_bind_sv(q, 2, edit->account);
	do {
		*out = (struct invitation){ .id = "" };
		TRY(db_next(cx, q, &row));
		if (row)
			TRY(from_row(cx, q, out));
	} while (row && out->role <= edit->role);
	return OK;
}
struct err store_invitation_lower(struct ctx *cx, struct tx *tx, const struct member_edit *edit)
{
	struct invitation i;

	for (;;) {
		TRY(above(cx, tx, edit, &i));
		if (i.id[0] == '\0')
			return OK;
		TRY(drop(cx, tx, edit->project, sv_of(i.id)));
		if (edit->event == NULL)
			continue;
		struct event ev = *edit->event;

		ev.kind = "invitation.deleted";
		ev.resource_type = "invitation";
		ev.resource_id = sv_of(i.id);
		ev.data = SV("{\"inviter\":\"has no longer this role\"}");
		TRY(store_event_add(cx, tx, &ev));
	}
}
static struct err role_now(struct ctx *cx, struct tx *tx, const struct member_edit *of, enum role *out)
{
	static const char sql[] = "SELECT role FROM members WHERE project_id = $1 AND account_id = $2";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	bool row = false;

	*out = ROLE_NONE;
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, of->project);
	db_bind_sv(q, 2, of->account);
	TRY(db_next(cx, q, &row));
	if (row)
		*out = role_of(db_col_sv(q, 0));
	return OK;
}
static struct err accept_act(struct ctx *cx, struct tx *tx, const void *in_, void *out)
{
	const struct invitation_take *in = in_;
	struct invitation i;
	enum role was;

	struct err e = by_token(cx, tx_db(tx), &(struct asked){ &in->mac, tx_now(tx) }, &i);
	if (e.code == E_NOT_FOUND || (!IS_ERR(e) && !sv_eqz(sv_of(i.email), in->account.email)))
		return refuse(cx, E_FORBIDDEN,
			      "This invitation was used already, was taken back or replaced by a newer link, or is "
			      "over. Ask for a "
			      "new one.");
	TRY(e);
	struct member_edit edit = { .project = sv_of(i.project_id), .account = sv_of(in->account.id), .role = i.role };
	if (in->password.p != NULL)
		TRY(store_account_insert(cx, tx,
					 &(struct account_add){ .account = in->account, .password = in->password }));
	TRY(role_now(cx, tx, &edit, &was));
	if (i.role > was)
		TRY(store_member_insert(cx, tx, &edit));
	TRY(drop(cx, tx, edit.project, sv_of(i.id)));
	struct event ev = *in->event;
	ev.project_id = edit.project;
	ev.resource_id = sv_of(i.id);
	TRY(store_event_add(cx, tx, &ev));
	return store_account_get(cx, tx_db(tx), edit.account, out);
}
struct err store_invitation_accept(struct ctx *cx, struct store *st, const struct invitation_take *in,
				   struct account *out)
{
	return store_act(cx, st, accept_act, in, out);
}
/* Those for this email, in cx->arena. */
static struct err open_for(struct ctx *cx, struct tx *tx, struct sv email, struct invitation_page *out)
{
	static const char sql[] =
	    "SELECT " INVITATION_COLS " FROM invitations WHERE email = $1 AND expires_at > $2 ORDER BY created_at";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	size_t room = 0;
	bool row = false;

	*out = (struct invitation_page){ .v = NULL };
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, email);
	db_bind_i64(q, 2, tx_now(tx));
	for (;;) {
		TRY(db_next(cx, q, &row));
		if (!row)
			return OK;
		if (out->n == room && (out->v = store_row_room(cx, out->v, &room, sizeof *out->v)) == NULL)
			return fail(cx, E_INTERNAL, "out of memory", "invitations");
		TRY(from_row(cx, q, &out->v[out->n]));
		out->n++;
	}
}
struct err store_invitation_open(struct ctx *cx, struct tx *tx, struct sv email, bool *any)
{
	static const char sql[] = "SELECT EXISTS(SELECT 1 FROM invitations WHERE email = $1 AND expires_at > $2)";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, email);
	db_bind_i64(q, 2, tx_now(tx));
	TRY(db_one(cx, q));
	*any = db_col_i64(q, 0) != 0;
	return OK;
}
struct err store_invitation_take_all(struct ctx *cx, struct tx *tx, const struct account *a, const struct event *event,
				     size_t *n)
{
	struct invitation_page l;

	*n = 0;
	TRY(open_for(cx, tx, sv_of(a->email), &l));
	for (size_t i = 0; i < l.n; i++) {
		const struct invitation *v = &l.v[i];
		struct event ev = *event;

		TRY(store_member_insert(cx, tx,
					&(struct member_edit){ .project = sv_of(v->project_id),
							       .account = sv_of(a->id),
							       .role = v->role }));
		TRY(drop(cx, tx, sv_of(v->project_id), sv_of(v->id)));
		ev.kind = "invitation.accepted";
		ev.project_id = sv_of(v->project_id);
		ev.resource_type = "invitation";
		ev.resource_id = sv_of(v->id);
		TRY(store_event_add(cx, tx, &ev));
	}
	*n = l.n;
	return OK;
}
static struct err prune_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	static const char sql[] = "DELETE FROM invitations WHERE expires_at <= $1";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	(void)in;
	(void)out;
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_i64(q, 1, tx_now(tx));
	return db_run(cx, q);
}
struct err store_invitation_prune(struct ctx *cx, struct store *st) { return store_act(cx, st, prune_act, NULL, NULL); }
