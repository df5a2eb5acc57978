/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_session.h"
#include "db/db.h"
#include "store/store_event.h"
#include "store/store_row.h"

static struct err note_sign_in(struct ctx *cx, struct tx *tx, struct sv account)
{
	static const char sql[] = "UPDATE accounts SET last_sign_in_at = $1 WHERE id = $2";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_i64(q, 1, tx_now(tx));
	db_bind_sv(q, 2, account);
	return db_run(cx, q);
}
static struct err add_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	static const char sql[] = "INSERT INTO sessions(token_mac, account_id, created_at, last_seen_at, expires_at)"
				  " VALUES($1, $2, $3, $3, $4)";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	const struct session_new *new = in;

	(void)out;
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_blob(q, 1, sha256_view(&new->mac));
	db_bind_sv(q, 2, new->account);
	db_bind_i64(q, 3, tx_now(tx));
	db_bind_i64(q, 4, tx_now(tx) + new->life);
	TRY(db_run(cx, q));
	TRY(note_sign_in(cx, tx, new->account));
	return new->event == NULL ? OK : store_event_add(cx, tx, new->event);
}
struct err store_session_add(struct ctx *cx, struct store *st, const struct session_new *in)
{
	return store_act(cx, st, add_act, in, NULL);
}
struct err store_session_get(struct ctx *cx, struct store *st, const struct sha256 *mac, struct session_row *out)
{
	static const char sql[] =
	    "SELECT account_id, created_at, last_seen_at, expires_at FROM sessions WHERE token_mac = $1";
	CLEANUP(store_read_done) struct reader r = { .st = NULL };
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	*out = (struct session_row){ .account_id = "" };
	TRY(store_read(cx, st, &r));
	TRY(db_prepare(cx, r.db, sql, &q));
	db_bind_blob(q, 1, sha256_view(mac));
	TRY(db_one(cx, q));
	TRY(store_row_text(cx, q, 0, out->account_id, sizeof out->account_id));
	out->created_at = db_col_i64(q, 1);
	out->last_seen_at = db_col_i64(q, 2);
	out->expires_at = db_col_i64(q, 3);
	return OK;
}
static struct err touch_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	static const char sql[] = "UPDATE sessions SET last_seen_at = $1 WHERE token_mac = $2";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	(void)out;
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_i64(q, 1, tx_now(tx));
	db_bind_blob(q, 2, sha256_view(in));
	return db_run(cx, q);
}
struct err store_session_touch(struct ctx *cx, struct store *st, const struct sha256 *mac)
{
	return store_act(cx, st, touch_act, mac, NULL);
}
static struct err remove_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	static const char sql[] = "DELETE FROM sessions WHERE token_mac = $1";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	(void)out;
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_blob(q, 1, sha256_view(in));
	return db_run(cx, q);
}
struct err store_session_remove(struct ctx *cx, struct store *st, const struct sha256 *mac)
{
	return store_act(cx, st, remove_act, mac, NULL);
}
struct err store_session_end_all(struct ctx *cx, struct tx *tx, struct sv account)
{
	static const char sql[] = "DELETE FROM sessions WHERE account_id = $1";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, account);
	return db_run(cx, q);
}
static struct err end_all_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	(void)out;
	return store_session_end_all(cx, tx, *(const struct sv *)in);
}
struct err store_session_remove_all(struct ctx *cx, struct store *st, struct sv account)
{
	return store_act(cx, st, end_all_act, &account, NULL);
}
static struct err prune_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	static const char sql[] = "DELETE FROM sessions WHERE expires_at <= $1 OR last_seen_at <= $2";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	(void)out;
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_i64(q, 1, tx_now(tx));
	db_bind_i64(q, 2, tx_now(tx) - *(const int64_t *)in);
	return db_run(cx, q);
}
struct err store_session_prune(struct ctx *cx, struct store *st, int64_t idle)
{
	return store_act(cx, st, prune_act, &idle, NULL);
}
