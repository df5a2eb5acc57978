/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_authorization.h"
#include "core/arena.h"
#include "core/text.h"
#include "db/db.h"
#include "store/store_row.h"

#define AUTH_COLS                                                                                                      \
	"id, project_id, user_id, provider_id, asked_as, scopes, scope_key, next_uri, status, reason, connection_id, " \
	"connect_box, created_at, expires_at, ended_at FROM authorizations "
enum { C_BOX = 11, C_CREATED, C_EXPIRES, C_ENDED };

static struct err from_row(struct ctx *cx, struct db_stmt *q, struct authorization *out)
{
	struct sv *const text[] = { &out->id,       &out->project_id, &out->user_id,      &out->provider_id,
				    &out->asked_as, &out->scopes,     &out->scope_key,    &out->next_uri,
				    &out->status,   &out->reason,     &out->connection_id };

	*out = (struct authorization){ .created_at = 0 };
	for (size_t i = 0; i < ARRAY_LEN(text); i++)
		TRY(store_row_sv(cx, q, (int)i, text[i]));
	TRY(store_row_blob(cx, q, C_BOX, &out->connect_box));
	out->created_at = db_col_i64(q, C_CREATED);
	out->expires_at = db_col_i64(q, C_EXPIRES);
	out->ended_at = db_col_i64(q, C_ENDED);
	return OK;
}

/* The rest of q's rows; room doubles as needed. */
static struct err from_rows(struct ctx *cx, struct db_stmt *q, struct authorizations *out)
{
	size_t room = 0;

	*out = (struct authorizations){ .n = 0 };
	for (;;) {
		bool row = false;

		TRY(db_next(cx, q, &row));
		if (!row)
			return OK;
		if (out->n == room && (out->v = store_row_room(cx, out->v, &room, sizeof *out->v)) == NULL)
			return fail(cx, E_INTERNAL, "out of memory", "authorizations");
		TRY(from_row(cx, q, &out->v[out->n]));
		out->n++;
	}
}

struct err store_authorization_get(struct ctx *cx, struct db *db, struct sv id, struct authorization *out)
{
	static const char sql[] = "SELECT " AUTH_COLS "WHERE id = $1";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, db, sql, &q));
	db_bind_sv(q, 1, id);
	TRY(db_one(cx, q));
	return from_row(cx, q, out);
}

struct err store_authorization_by_link(struct ctx *cx, struct db *db, const struct sha256 *hash,
				       struct authorization *out)
{
	static const char sql[] = "SELECT " AUTH_COLS "WHERE connect_hash = $1";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, db, sql, &q));
	db_bind_blob(q, 1, sha256_view(hash));
	TRY(db_one(cx, q));
	return from_row(cx, q, out);
}

struct err store_authorization_same(struct ctx *cx, struct db *db, const struct authorization *like,
				    struct authorization *out)
{
	static const char sql[] = "SELECT " AUTH_COLS "WHERE project_id = $1 AND user_id = $2 AND provider_id = $3 "
				  "AND scope_key = $4 AND status = 'pending'";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, db, sql, &q));
	db_bind_sv(q, 1, like->project_id);
	db_bind_sv(q, 2, like->user_id);
	db_bind_sv(q, 3, like->provider_id);
	db_bind_sv(q, 4, like->scope_key);
	TRY(db_one(cx, q));
	return from_row(cx, q, out);
}

struct err store_authorization_pending(struct ctx *cx, struct db *db, const struct authorization *like,
				       struct authorizations *out)
{
	static const char of_user[] = "SELECT " AUTH_COLS "WHERE project_id = $1 AND provider_id = $2 AND user_id = $3 "
				      "AND status = 'pending' ORDER BY created_at, id";
	static const char of_all[] =
	    "SELECT " AUTH_COLS "WHERE provider_id = $1 AND status = 'pending' ORDER BY created_at, id";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, db, like->user_id.p == NULL ? of_all : of_user, &q));
	if (like->user_id.p == NULL) {
		db_bind_sv(q, 1, like->provider_id);
		return from_rows(cx, q, out);
	}
	db_bind_sv(q, 1, like->project_id);
	db_bind_sv(q, 2, like->provider_id);
	db_bind_sv(q, 3, like->user_id);
	return from_rows(cx, q, out);
}

struct err store_authorization_over(struct ctx *cx, struct db *db, int64_t now, int64_t most,
				    struct authorizations *out)
{
	static const char sql[] =
	    "SELECT " AUTH_COLS "WHERE status = 'pending' AND expires_at <= $1 ORDER BY expires_at LIMIT $2";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, db, sql, &q));
	db_bind_i64(q, 1, now);
	db_bind_i64(q, 2, most);
	return from_rows(cx, q, out);
}

static struct seal_at where(const struct authorization *a)
{
	return (struct seal_at){ .table_column = "authorizations.connect_box", .project = a->project_id, .row = a->id };
}

struct err store_authorization_add(struct ctx *cx, struct tx *tx, const struct authorization *in, struct sv token)
{
	static const char sql[] = "INSERT INTO authorizations(id, project_id, user_id, provider_id, asked_as, scopes, "
				  "scope_key, next_uri, status, "
				  "connect_hash, connect_box, created_at, expires_at) "
				  "VALUES($1, $2, $3, $4, $5, $6, $7, $8, 'pending', $9, $10, $11, $12)";
	const struct sv text[] = { in->id,       in->project_id, in->user_id,   in->provider_id,
				   in->asked_as, in->scopes,     in->scope_key, in->next_uri };
	struct sha256 hash = store_mac(tx_store(tx), MAC_CONNECT, token);
	struct seal_at at = where(in);
	struct sv box;
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(store_seal(cx, tx_store(tx), &at, token, &box));
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	for (size_t i = 0; i < ARRAY_LEN(text); i++)
		db_bind_sv(q, (int)i + 1, text[i]);
	db_bind_blob(q, 9, sha256_view(&hash));
	db_bind_blob(q, 10, box);
	db_bind_i64(q, 11, tx_now(tx));
	db_bind_i64(q, 12, in->expires_at);
	return db_run(cx, q);
}

struct err store_authorization_renew(struct ctx *cx, struct tx *tx, const struct authorization *in)
{
	static const char sql[] = "UPDATE authorizations SET asked_as = $1, next_uri = $2, expires_at = $3 "
				  "WHERE id = $4 AND status = 'pending'";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, in->asked_as);
	db_bind_sv(q, 2, in->next_uri);
	db_bind_i64(q, 3, in->expires_at);
	db_bind_sv(q, 4, in->id);
	return db_run(cx, q);
}

struct err store_authorization_outlive(struct ctx *cx, struct tx *tx, struct sv id, int64_t until)
{
	static const char sql[] =
	    "UPDATE authorizations SET expires_at = $1 WHERE id = $2 AND status = 'pending' AND expires_at < $1";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_i64(q, 1, until);
	db_bind_sv(q, 2, id);
	return db_run(cx, q);
}

struct err store_authorization_move(struct ctx *cx, struct tx *tx, const struct authorization_move *in)
{
	static const char sql[] =
	    "UPDATE authorizations SET status = $1, reason = $2, connection_id = $3, ended_at = $4 "
	    "WHERE id = $5 AND status = $6";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	int64_t changed = 0;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, sv_of(in->to));
	db_bind_sv(q, 2, sv_of(in->reason));
	db_bind_sv(q, 3, in->connection_id.p == NULL ? SV("") : in->connection_id);
	db_bind_i64(q, 4, tx_now(tx));
	db_bind_sv(q, 5, in->id);
	db_bind_sv(q, 6, sv_of(in->from));
	TRY(db_run_n(cx, q, &changed));
	return changed == 0 ? fail(cx, E_STALE, "the authorization has ended", "authorization not %s", in->from) : OK;
}

struct err store_authorization_token(struct ctx *cx, struct store *st, const struct authorization *a,
				     struct secret **out)
{
	struct seal_at at = where(a);

	return store_unseal(cx, st, &at, a->connect_box, out);
}

static void bind_filter(struct db_stmt *q, const struct authorization_filter *f)
{
	const struct sv by[] = { f->project_id, f->user_id, f->provider_id, f->id };

	for (size_t i = 0; i < ARRAY_LEN(by); i++)
		db_bind_sv(q, (int)i + 1, by[i].p == NULL ? SV("") : by[i]);
	db_bind_sv(q, 5, f->q.p == NULL ? SV("") : f->q);
	db_bind_sv(q, 6, f->status.p == NULL ? SV("") : f->status);
	db_bind_i64(q, 7, f->now);
}

/* As it is shown: succeeded counts while its connection lives; what nobody finished in time has failed. */
#define SHOWN_STATUS                                                                                          \
	"CASE WHEN status = 'pending' AND expires_at > $7 THEN 'pending' WHEN status = 'succeeded' AND "      \
	"EXISTS(SELECT 1 FROM connections c WHERE c.id = authorizations.connection_id AND c.status = 'live')" \
	" THEN 'completed' ELSE 'failed' END"
#define FILTER                                                                                                        \
	"WHERE project_id = $1 AND ($2 = '' OR user_id = $2) AND ($3 = '' OR provider_id = $3) AND ($4 = '' OR id = " \
	"$4) AND " STORE_ROW_HAS("user_id", "$5") " AND ($6 = '' OR $6 = " SHOWN_STATUS ") "
struct err store_authorization_list(struct ctx *cx, struct db *db, const struct authorization_filter *f,
				    struct authorizations *out, int64_t *total)
{
	static const char count[] = "SELECT count(*) FROM authorizations " FILTER;
	static const char sql[] = "SELECT " AUTH_COLS FILTER "ORDER BY created_at DESC, id DESC LIMIT $8 OFFSET $9";
	CLEANUP(db_stmt_drop) struct db_stmt *n = NULL, *q = NULL;

	TRY(db_prepare(cx, db, count, &n));
	bind_filter(n, f);
	TRY(db_one(cx, n));
	*total = db_col_i64(n, 0);
	TRY(db_prepare(cx, db, sql, &q));
	bind_filter(q, f);
	db_bind_i64(q, 8, f->limit);
	db_bind_i64(q, 9, f->offset);
	return from_rows(cx, q, out);
}

/* ---- what ended long ago ---- */
enum { PRUNE_ROWS = 500 };
struct old {
	int64_t before;
	struct sv *id;
	size_t n;
};
/* Where the next step begins is left in *p. */
static struct err old_ones(struct ctx *cx, struct store *st, struct authorization_prune *p, struct old *out)
{
	static const char sql[] =
	    "SELECT a.id, a.ended_at, EXISTS(SELECT 1 FROM connections c WHERE c.id = a.connection_id AND c.status = "
	    "'live') FROM authorizations a WHERE a.ended_at > 0 AND a.ended_at < $1 AND (a.ended_at, a.id) > ($2, $3)"
	    " ORDER BY a.ended_at, a.id LIMIT $4";
	CLEANUP(store_read_done) struct reader r = { .st = NULL };
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	struct sv id = SV_INIT("");
	size_t seen = 0;

	*out = (struct old){ p->before, arena_array(cx->arena, PRUNE_ROWS, sizeof *out->id), 0 };
	if (out->id == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "authorizations");
	TRY(store_read(cx, st, &r));
	TRY(db_prepare(cx, r.db, sql, &q));
	db_bind_i64(q, 1, p->before);
	db_bind_i64(q, 2, p->after);
	db_bind_sv(q, 3, sv_of(p->after_id));
	db_bind_i64(q, 4, PRUNE_ROWS);
	for (p->more = true; seen < PRUNE_ROWS; seen++) {
		TRY(db_next(cx, q, &p->more));
		if (!p->more)
			break;
		TRY(store_row_sv(cx, q, 0, &id));
		p->after = db_col_i64(q, 1);
		if (db_col_i64(q, 2) == 0)
			out->id[out->n++] = id;
	}
	return seen == 0 || sv_copy(id, p->after_id, sizeof p->after_id)
		   ? OK
		   : fail(cx, E_INTERNAL, "storage error", "id of %zu bytes", id.n);
}
/* Its connection may have come to life meanwhile. */
static struct err prune_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	static const char sql[] =
	    "DELETE FROM authorizations WHERE id = $1 AND ended_at > 0 AND ended_at < $2 AND NOT EXISTS(SELECT 1 FROM "
	    "connections c WHERE c.id = authorizations.connection_id AND c.status = 'live')";
	const struct old *old = in;
	int64_t *gone = out;

	*gone = 0;
	for (size_t i = 0; i < old->n; i++) {
		CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
		int64_t n = 0;

		TRY(db_prepare(cx, tx_db(tx), sql, &q));
		db_bind_sv(q, 1, old->id[i]);
		db_bind_i64(q, 2, old->before);
		TRY(db_run_n(cx, q, &n));
		*gone += n;
	}
	return OK;
}
struct err store_authorization_prune(struct ctx *cx, struct store *st, struct authorization_prune *p)
{
	struct old old;
	int64_t gone = 0;

	TRY(old_ones(cx, st, p, &old));
	if (old.n > 0)
		TRY(store_act(cx, st, prune_act, &old, &gone));
	p->gone += gone;
	return OK;
}
