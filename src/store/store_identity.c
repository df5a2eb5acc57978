/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_identity.h"
#include "core/arena.h"
#include "core/jout.h"
#include "core/text.h"
#include "db/db.h"
#include "store/store_account.h"
#include "store/store_event.h"
#include "store/store_invitation.h"
#include "store/store_member.h"
#include "store/store_row.h"

static struct err known(struct ctx *cx, struct tx *tx, const struct identity_enter *in, struct account *out)
{
	static const char sql[] = "SELECT account_id FROM identities WHERE issuer = $1 AND subject = $2";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	struct sv id;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, in->issuer);
	db_bind_sv(q, 2, in->subject);
	TRY(db_one(cx, q));
	TRY(store_row_sv(cx, q, 0, &id));
	return store_account_get(cx, tx_db(tx), id, out);
}
static struct err tell(struct ctx *cx, struct tx *tx, const struct identity_enter *in, const struct account *a,
		       const char *kind)
{
	CLEANUP(buf_free) struct buf data = BUF(8192);
	struct event ev = *in->event;
	struct jout w = JOUT(&data);

	jout_open(&w, NULL);
	jout_strz(&w, "email", a->email);
	jout_str(&w, "issuer", in->issuer);
	jout_close(&w);
	TRY(jout_done(cx, &w));
	ev.kind = kind;
	ev.by.id = a->id;
	ev.resource_type = "account";
	ev.resource_id = sv_of(a->id);
	ev.data = buf_view(&data);
	return store_event_add(cx, tx, &ev);
}
static struct err link(struct ctx *cx, struct tx *tx, const struct identity_enter *in, const struct account *a)
{
	static const char sql[] =
	    "INSERT INTO identities(issuer, subject, account_id, created_at) VALUES($1, $2, $3, $4)";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, in->issuer);
	db_bind_sv(q, 2, in->subject);
	db_bind_sv(q, 3, sv_of(a->id));
	db_bind_i64(q, 4, tx_now(tx));
	TRY(db_run(cx, q));
	return tell(cx, tx, in, a, "account.identity_linked");
}
/* The email has an account: who else has it at an issuer proves it by being signed in here, too. */
static struct err take(struct ctx *cx, struct tx *tx, const struct identity_enter *in, const struct account *a)
{
	if (in->signed_in.n == 0 || !sv_eqz(in->signed_in, a->id))
		return refuse(cx, E_CONFLICT,
			      "There is an account for %s already. Sign in to it the way you always do, then here once "
			      "more in the same browser: from then on either way leads in.",
			      a->email);
	return link(cx, tx, in, a);
}
/* Invited, or of a domain whose people come in unasked. */
static struct err make(struct ctx *cx, struct tx *tx, const struct identity_enter *in, struct account *out)
{
	struct account_add add = { .password = SV("") };
	struct event ev = *in->event;
	bool invited = false;
	size_t n = 0;

	/* Asked before anything is written: whoever has an account at the issuer may come here again and again. */
	TRY(store_invitation_open(cx, tx, in->email, &invited));
	if (!invited && in->role == ROLE_NONE)
		return refuse(cx, E_FORBIDDEN,
			      "%.*s is not invited here. Ask whoever runs this engine for an invitation.",
			      SV_FMT(in->email));
	if (!sv_copy(in->new_id, add.account.id, sizeof add.account.id) ||
	    !sv_copy(in->email, add.account.email, sizeof add.account.email))
		return fail(cx, E_INTERNAL, "a text does not fit", "account");
	TRY(store_account_insert(cx, tx, &add));
	ev.by.id = add.account.id;
	TRY(store_invitation_take_all(cx, tx, &add.account, &ev, &n));
	if (n == 0)
		TRY(store_member_insert(
		    cx, tx, &(struct member_edit){ .project = in->project, .account = in->new_id, .role = in->role }));
	TRY(store_account_get(cx, tx_db(tx), in->new_id, out));
	TRY(tell(cx, tx, in, out, "account.created"));
	return link(cx, tx, in, out);
}
static struct err enter_act(struct ctx *cx, struct tx *tx, const void *in_, void *out_)
{
	const struct identity_enter *in = in_;
	struct identity_entered *out = out_;

	*out = (struct identity_entered){ .made = false };
	struct err e = known(cx, tx, in, &out->account);
	if (e.code != E_NOT_FOUND)
		return e;
	(void)forgive(cx);
	TRY(store_account_need_charge(cx, tx));
	if (in->email.n == 0)
		return refuse(cx, E_FORBIDDEN,
			      "It does not say that your email is verified, so nobody here can be found by it.");
	e = store_account_of_email(cx, tx_db(tx), in->email, &out->account);
	if (!IS_ERR(e))
		return take(cx, tx, in, &out->account);
	if (e.code != E_NOT_FOUND)
		return e;
	(void)forgive(cx);
	out->made = true;
	return make(cx, tx, in, &out->account);
}
struct err store_identity_enter(struct ctx *cx, struct store *st, const struct identity_enter *in,
				struct identity_entered *out)
{
	return store_act(cx, st, enter_act, in, out);
}

/* ---- those of an account ---- */
static struct err rows_of(struct ctx *cx, struct db *db, struct sv account_id, struct identity_rows *out)
{
	static const char sql[] = "SELECT issuer, subject, created_at FROM identities WHERE account_id = $1 "
				  "ORDER BY created_at, issuer, subject LIMIT $2";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	bool row = false;

	*out = (struct identity_rows){ .v = arena_array(cx->arena, IDENTITY_MOST, sizeof *out->v) };
	if (out->v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "identities");
	TRY(db_prepare(cx, db, sql, &q));
	db_bind_sv(q, 1, account_id);
	db_bind_i64(q, 2, IDENTITY_MOST);
	while (out->n < IDENTITY_MOST) {
		struct identity *i = &out->v[out->n];
		TRY(db_next(cx, q, &row));
		if (!row)
			break;
		TRY(store_row_sv(cx, q, 0, &i->issuer));
		TRY(store_row_sv(cx, q, 1, &i->subject));
		i->created_at = db_col_i64(q, 2);
		out->n++;
	}
	return OK;
}
struct err store_identity_of(struct ctx *cx, struct store *st, struct sv account_id, struct identity_rows *out)
{
	CLEANUP(store_read_done) struct reader r = { .st = NULL };

	TRY(store_read(cx, st, &r));
	return rows_of(cx, r.db, account_id, out);
}
static bool leads_in(const struct identity_unlink *in, const struct identity *i)
{
	if (sv_eq(i->issuer, in->issuer) && sv_eq(i->subject, in->subject))
		return false;
	for (size_t k = 0; k < in->n_issuers; k++)
		if (sv_eq(i->issuer, in->issuers[k]))
			return true;
	return false;
}
static struct err another_way(struct ctx *cx, struct tx *tx, const struct identity_unlink *in, const struct account *a)
{
	struct identity_rows rows;
	bool other = a->has_password;

	TRY(rows_of(cx, tx_db(tx), in->account_id, &rows));
	for (size_t i = 0; i < rows.n; i++)
		other = other || leads_in(in, &rows.v[i]);
	return other ? OK
		     : refuse(cx, E_CONFLICT,
			      "This is the last way to sign in to the account: set a password or link another issuer "
			      "first.");
}
static struct err remove_act(struct ctx *cx, struct tx *tx, const void *in_, void *out)
{
	static const char sql[] = "DELETE FROM identities WHERE account_id = $1 AND issuer = $2 AND subject = $3";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	const struct identity_unlink *in = in_;
	struct identity_enter who = { .issuer = in->issuer, .event = in->event };
	struct account a;
	int64_t n = 0;

	(void)out;
	TRY(store_account_get(cx, tx_db(tx), in->account_id, &a));
	TRY(another_way(cx, tx, in, &a));
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, in->account_id);
	db_bind_sv(q, 2, in->issuer);
	db_bind_sv(q, 3, in->subject);
	TRY(db_run_n(cx, q, &n));
	if (n == 0)
		return (struct err){ E_NOT_FOUND };
	return tell(cx, tx, &who, &a, "account.identity_unlinked");
}
struct err store_identity_remove(struct ctx *cx, struct store *st, const struct identity_unlink *in)
{
	return store_act(cx, st, remove_act, in, NULL);
}
