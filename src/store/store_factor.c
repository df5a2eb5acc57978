/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_factor.h"
#include "db/db.h"
#include "store/store_event.h"
#include "store/store_row.h"

static struct seal_at box_of(struct sv account)
{
	return (struct seal_at){ "second_factors.secret_box", SV(""), account };
}

struct err store_factor_get(struct ctx *cx, struct store *st, struct sv account, struct factor_row *out)
{
	static const char sql[] = "SELECT secret_box, confirmed_at, last_step, created_at,"
				  " (SELECT count(*) FROM recovery_codes r WHERE r.account_id = f.account_id)"
				  " FROM second_factors f WHERE account_id = $1";
	CLEANUP(store_read_done) struct reader r = { .st = NULL };
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	*out = (struct factor_row){ .box = SV_NONE };
	TRY(store_read(cx, st, &r));
	TRY(db_prepare(cx, r.db, sql, &q));
	db_bind_sv(q, 1, account);
	TRY(db_one(cx, q));
	out->confirmed_at = db_col_i64(q, 1);
	out->last_step = db_col_i64(q, 2);
	out->created_at = db_col_i64(q, 3);
	out->codes_left = db_col_i64(q, 4);
	return store_row_blob(cx, q, 0, &out->box);
}
struct err store_factor_secret(struct ctx *cx, struct store *st, struct sv account, const struct factor_row *row,
			       struct secret **out)
{
	const struct seal_at at = box_of(account);

	return store_unseal(cx, st, &at, row->box, out);
}
static struct err begin_act(struct ctx *cx, struct tx *tx, const void *in_, void *out)
{
	static const char sql[] = "INSERT INTO second_factors(account_id, secret_box, created_at) VALUES($1, $2, $3)"
				  " ON CONFLICT(account_id) DO UPDATE SET secret_box = excluded.secret_box,"
				  " created_at = excluded.created_at, last_step = 0 WHERE confirmed_at = 0";
	const struct factor_begin *in = in_;
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	const struct seal_at at = box_of(in->account);
	struct sv box;
	int64_t n = 0;

	(void)out;
	TRY(store_seal(cx, tx_store(tx), &at, secret_view(in->secret), &box));
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, in->account);
	db_bind_blob(q, 2, box);
	db_bind_i64(q, 3, tx_now(tx));
	TRY(db_run_n(cx, q, &n));
	return n > 0 ? OK : refuse(cx, E_CONFLICT, "the second factor is on already; switch it off first");
}
struct err store_factor_begin(struct ctx *cx, struct store *st, const struct factor_begin *in)
{
	return store_act(cx, st, begin_act, in, NULL);
}

/* ---- using up ---- */
static struct err use_step(struct ctx *cx, struct tx *tx, const struct factor_use *in, int64_t *n)
{
	static const char sql[] = "UPDATE second_factors SET last_step = $1 WHERE account_id = $2 AND last_step < $1";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_i64(q, 1, in->step);
	db_bind_sv(q, 2, in->account);
	return db_run_n(cx, q, n);
}
static struct err use_code(struct ctx *cx, struct tx *tx, const struct factor_use *in, int64_t *n)
{
	static const char sql[] = "DELETE FROM recovery_codes WHERE account_id = $1 AND code_mac = $2";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, in->account);
	db_bind_blob(q, 2, sha256_view(&in->code));
	return db_run_n(cx, q, n);
}
static struct err of_account(struct ctx *cx, struct tx *tx, const char *sql, struct sv account, int64_t *n)
{
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, account);
	return db_run_n(cx, q, n);
}
static struct err forget(struct ctx *cx, struct tx *tx, struct sv account, int64_t *n)
{
	TRY(of_account(cx, tx, "DELETE FROM recovery_codes WHERE account_id = $1", account, n));
	return of_account(cx, tx, "DELETE FROM second_factors WHERE account_id = $1", account, n);
}
static struct err new_codes(struct ctx *cx, struct tx *tx, const struct factor_use *in)
{
	static const char sql[] = "INSERT INTO recovery_codes(account_id, code_mac) VALUES($1, $2)";
	int64_t n = 0;

	TRY(of_account(cx, tx, "DELETE FROM recovery_codes WHERE account_id = $1", in->account, &n));
	for (size_t i = 0; i < FACTOR_CODES; i++) {
		CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

		TRY(db_prepare(cx, tx_db(tx), sql, &q));
		db_bind_sv(q, 1, in->account);
		db_bind_blob(q, 2, sha256_view(&in->codes[i]));
		TRY(db_run(cx, q));
	}
	return OK;
}
static struct err confirm(struct ctx *cx, struct tx *tx, struct sv account)
{
	static const char sql[] = "UPDATE second_factors SET confirmed_at = $1 WHERE account_id = $2";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_i64(q, 1, tx_now(tx));
	db_bind_sv(q, 2, account);
	return db_run(cx, q);
}
static struct err use_act(struct ctx *cx, struct tx *tx, const void *in_, void *out)
{
	const struct factor_use *in = in_;
	int64_t n = 0;

	(void)out;
	TRY(in->step >= 0 ? use_step(cx, tx, in, &n) : use_code(cx, tx, in, &n));
	if (n == 0)
		return (struct err){ E_STALE };
	if (in->codes != NULL)
		TRY(new_codes(cx, tx, in));
	if (in->confirm)
		TRY(confirm(cx, tx, in->account));
	if (in->remove)
		TRY(forget(cx, tx, in->account, &n));
	return in->event == NULL ? OK : store_event_add(cx, tx, in->event);
}
struct err store_factor_use(struct ctx *cx, struct store *st, const struct factor_use *in)
{
	return store_act(cx, st, use_act, in, NULL);
}
struct removal {
	struct sv account;
	const struct event *event;
};
static struct err remove_act(struct ctx *cx, struct tx *tx, const void *in_, void *out)
{
	const struct removal *in = in_;
	int64_t n = 0;

	(void)out;
	TRY(forget(cx, tx, in->account, &n));
	return n == 0 ? (struct err){ E_NOT_FOUND } : store_event_add(cx, tx, in->event);
}
struct err store_factor_remove(struct ctx *cx, struct store *st, struct sv account, const struct event *event)
{
	return store_act(cx, st, remove_act, &(struct removal){ account, event }, NULL);
}
