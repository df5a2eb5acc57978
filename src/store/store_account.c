/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_account.h"
#include "core/arena.h"
#include "db/db.h"
#include "store/store_event.h"
#include "store/store_member.h"
#include "store/store_row.h"
#include "store/store_session.h"
#include "store/store_setting.h"

#define ACCOUNT_COLS "id, email, password, created_at, last_sign_in_at"
enum { C_ID, C_EMAIL, C_PASSWORD, C_CREATED, C_SIGN_IN };
static const char setup_name[] = "setup_token";

static struct err from_row(struct ctx *cx, struct db_stmt *q, struct account *a)
{
	*a = (struct account){ .id = "" };
	TRY(store_row_text(cx, q, C_ID, a->id, sizeof a->id));
	TRY(store_row_text(cx, q, C_EMAIL, a->email, sizeof a->email));
	a->created_at = db_col_i64(q, C_CREATED);
	a->last_sign_in_at = db_col_i64(q, C_SIGN_IN);
	a->has_password = db_col_sv(q, C_PASSWORD).n > 0;
	return OK;
}
struct err store_account_by_email(struct ctx *cx, struct store *st, struct sv email, struct account_row *out)
{
	static const char sql[] = "SELECT " ACCOUNT_COLS " FROM accounts WHERE email = $1";
	CLEANUP(store_read_done) struct reader r = { .st = NULL };
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	*out = (struct account_row){ .password = "" };
	TRY(store_read(cx, st, &r));
	TRY(db_prepare(cx, r.db, sql, &q));
	db_bind_sv(q, 1, email);
	TRY(db_one(cx, q));
	TRY(store_row_text(cx, q, C_PASSWORD, out->password, sizeof out->password));
	return from_row(cx, q, &out->account);
}
struct err store_account_get(struct ctx *cx, struct db *db, struct sv id, struct account *out)
{
	static const char sql[] = "SELECT " ACCOUNT_COLS " FROM accounts WHERE id = $1";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, db, sql, &q));
	db_bind_sv(q, 1, id);
	TRY(db_one(cx, q));
	return from_row(cx, q, out);
}
struct err store_account_of_email(struct ctx *cx, struct db *db, struct sv email, struct account *out)
{
	static const char sql[] = "SELECT " ACCOUNT_COLS " FROM accounts WHERE email = $1";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, db, sql, &q));
	db_bind_sv(q, 1, email);
	TRY(db_one(cx, q));
	return from_row(cx, q, out);
}
struct err store_account_by_id(struct ctx *cx, struct store *st, struct sv id, struct account *out)
{
	CLEANUP(store_read_done) struct reader r = { .st = NULL };

	TRY(store_read(cx, st, &r));
	return store_account_get(cx, r.db, id, out);
}
static const char in_charge_sql[] = "SELECT count(DISTINCT account_id) FROM members WHERE role <> 'verify'";
struct err store_account_in_charge(struct ctx *cx, struct store *st, int64_t *out)
{
	CLEANUP(store_read_done) struct reader r = { .st = NULL };

	TRY(store_read(cx, st, &r));
	return db_get_i64(cx, r.db, in_charge_sql, out);
}
struct err store_account_list(struct ctx *cx, struct store *st, const struct page *page, struct account_page *out)
{
	static const char sql[] =
	    "SELECT " ACCOUNT_COLS
	    " FROM accounts WHERE " STORE_ROW_HAS("email", "$1") " ORDER BY created_at, id LIMIT $2 OFFSET $3";
	static const char count[] = "SELECT count(*) FROM accounts WHERE " STORE_ROW_HAS("email", "$1");
	struct sv has = page->q.p == NULL ? SV("") : page->q;
	CLEANUP(store_read_done) struct reader r = { .st = NULL };
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	bool row = false;

	*out = (struct account_page){ .v = arena_array(cx->arena, (size_t)page->limit, sizeof *out->v) };
	if (out->v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "accounts");
	TRY(store_read(cx, st, &r));
	TRY(store_row_count(cx, r.db, count, has, &out->total));
	TRY(db_prepare(cx, r.db, sql, &q));
	db_bind_sv(q, 1, has);
	db_bind_i64(q, 2, page->limit);
	db_bind_i64(q, 3, page->offset);
	while (out->n < (size_t)page->limit) {
		TRY(db_next(cx, q, &row));
		if (!row)
			break;
		TRY(from_row(cx, q, &out->v[out->n]));
		out->n++;
	}
	return OK;
}

/* The first account: nobody else is in charge, and the set-up token is the one that was given out last. */
static struct err check_first(struct ctx *cx, struct db *db, struct sv setup_hash)
{
	struct sv have;
	int64_t n = 0;

	TRY(db_get_i64(cx, db, in_charge_sql, &n));
	TRY(store_setting_find(cx, db, SV(""), setup_name, &have));
	if (n > 0 || have.n == 0 || !same_bytes(have, setup_hash))
		return fail(cx, E_FORBIDDEN, "this set-up link was used already or is not the newest one",
			    "%d in charge", (int)n);
	return OK;
}
struct err store_account_setup_check(struct ctx *cx, struct store *st, struct sv hash)
{
	CLEANUP(store_read_done) struct reader r = { .st = NULL };

	TRY(store_read(cx, st, &r));
	return check_first(cx, r.db, hash);
}
struct err store_account_need_charge(struct ctx *cx, struct tx *tx)
{
	int64_t n = 0;

	TRY(db_get_i64(cx, tx_db(tx), in_charge_sql, &n));
	return n > 0 ? OK
		     : refuse(cx, E_FORBIDDEN,
			      "Nobody has set this engine up yet: its first account is made with the set-up link.");
}
static struct err insert(struct ctx *cx, struct tx *tx, const struct account_add *in)
{
	static const char sql[] = "INSERT INTO accounts(id, email, password, created_at) VALUES($1, $2, $3, $4)";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, sv_of(in->account.id));
	db_bind_sv(q, 2, sv_of(in->account.email));
	db_bind_sv(q, 3, in->password);
	db_bind_i64(q, 4, tx_now(tx));
	return db_run(cx, q);
}
struct err store_account_insert(struct ctx *cx, struct tx *tx, const struct account_add *in)
{
	struct err e = insert(cx, tx, in);

	if (e.code != E_CONFLICT)
		return e;
	(void)forgive(cx);
	return refuse(cx, E_CONFLICT, "there is an account with this email already");
}
static struct err add_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	const struct account_add *add = in;
	struct member_edit edit = { .project = add->project, .account = sv_of(add->account.id), .role = add->role };

	if (add->only_first) {
		TRY(check_first(cx, tx_db(tx), add->setup_hash));
		TRY(store_setting_remove(cx, tx, SV(""), setup_name));
	}
	TRY(store_account_insert(cx, tx, add));
	TRY(store_member_insert(cx, tx, &edit));
	if (add->event != NULL)
		TRY(store_event_add(cx, tx, add->event));
	return store_account_get(cx, tx_db(tx), sv_of(add->account.id), out);
}
struct err store_account_add(struct ctx *cx, struct store *st, const struct account_add *in, struct account *out)
{
	return store_act(cx, st, add_act, in, out);
}
static struct err token_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	const struct sv *hash = in;
	int64_t n = 0;

	(void)out;
	TRY(db_get_i64(cx, tx_db(tx), in_charge_sql, &n));
	if (n > 0)
		return refuse(cx, E_CONFLICT, "there is an account already; sign in instead");
	return store_setting_put(cx, tx,
				 &(struct setting_put){ .project = SV(""), .name = setup_name, .value = *hash });
}
struct err store_account_setup_token(struct ctx *cx, struct store *st, struct sv hash)
{
	return store_act(cx, st, token_act, &hash, NULL);
}
static struct err password_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	static const char sql[] = "UPDATE accounts SET password = $1 WHERE id = $2";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	const struct account_password *p = in;
	int64_t n = 0;

	(void)out;
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, p->password);
	db_bind_sv(q, 2, p->id);
	TRY(db_run_n(cx, q, &n));
	if (n == 0)
		return (struct err){ E_NOT_FOUND };
	TRY(store_session_end_all(cx, tx, p->id));
	return p->event == NULL ? OK : store_event_add(cx, tx, p->event);
}
struct err store_account_password(struct ctx *cx, struct store *st, const struct account_password *in)
{
	return store_act(cx, st, password_act, in, NULL);
}
