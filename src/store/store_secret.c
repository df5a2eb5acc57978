/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_secret.h"
#include "core/arena.h"
#include "core/jout.h"
#include "core/text.h"
#include "db/db.h"
#include "store/store_change.h"
#include "store/store_event.h"
#include "store/store_row.h"
#include "store/store_version.h"

#define SECRET_COLS "id, key, description, hint, value_box, created_at, updated_at, last_accessed_at"
enum { C_ID, C_KEY, C_DESCRIPTION, C_HINT, C_BOX, C_CREATED, C_UPDATED, C_ACCESSED };

static struct err from_row(struct ctx *cx, struct db_stmt *q, struct secret_row *out)
{
	*out = (struct secret_row){ .created_at = db_col_i64(q, C_CREATED),
				    .updated_at = db_col_i64(q, C_UPDATED),
				    .last_accessed_at = db_col_i64(q, C_ACCESSED) };
	TRY(store_row_text(cx, q, C_ID, out->id, sizeof out->id));
	TRY(store_row_text(cx, q, C_HINT, out->hint, sizeof out->hint));
	TRY(store_row_sv(cx, q, C_KEY, &out->key));
	return store_row_sv(cx, q, C_DESCRIPTION, &out->description);
}
static struct err fold(struct ctx *cx, struct sv key, struct sv *out)
{
	char *low = arena_alloc(cx->arena, key.n + 1);

	if (low == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "secret key");
	for (size_t i = 0; i < key.n; i++)
		low[i] = (char)(key.p[i] >= 'A' && key.p[i] <= 'Z' ? key.p[i] + ('a' - 'A') : key.p[i]);
	low[key.n] = '\0';
	*out = (struct sv){ low, key.n };
	return OK;
}
static struct seal_at box_of(struct sv project, const struct secret_row *s)
{
	return (struct seal_at){ "secrets.value_box", project, sv_of(s->id) };
}
/* Looked for by project and key. */
struct found_by {
	struct sv project, key;
};
struct found {
	struct secret_row row;
	struct sv box; /* in cx->arena */
};
static struct err find(struct ctx *cx, struct db *db, const struct found_by *by, struct found *out)
{
	static const char sql[] = "SELECT " SECRET_COLS " FROM secrets WHERE project_id = $1 AND folded = $2";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	struct sv folded;

	TRY(fold(cx, by->key, &folded));
	TRY(db_prepare(cx, db, sql, &q));
	db_bind_sv(q, 1, by->project);
	db_bind_sv(q, 2, folded);
	TRY(db_one(cx, q));
	TRY(from_row(cx, q, &out->row));
	return store_row_blob(cx, q, C_BOX, &out->box);
}

/* ---- making and changing ---- */
static struct err insert(struct ctx *cx, struct tx *tx, const struct secret_put *in, struct secret_row *s)
{
	static const char sql[] =
	    "INSERT INTO secrets(id, project_id, key, folded, description, value_box, hint, created_at,"
	    " updated_at) VALUES($1, $2, $3, $4, $5, $6, $7, $8, $8)";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	struct sv folded, box;

	TRY(fold(cx, in->key, &folded));
	const struct seal_at at = box_of(in->project, s);
	TRY(store_seal(cx, tx_store(tx), &at, secret_view(in->value), &box));
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, sv_of(s->id));
	db_bind_sv(q, 2, in->project);
	db_bind_sv(q, 3, in->key);
	db_bind_sv(q, 4, folded);
	db_bind_sv(q, 5, s->description);
	db_bind_blob(q, 6, box);
	db_bind_sv(q, 7, sv_of(s->hint));
	db_bind_i64(q, 8, tx_now(tx));
	s->created_at = s->updated_at = tx_now(tx);
	return db_run(cx, q);
}
static struct err update(struct ctx *cx, struct tx *tx, const struct secret_put *in, struct secret_row *s)
{
	static const char sql[] = "UPDATE secrets SET key = $1, description = $2, value_box = coalesce($3, value_box),"
				  " hint = $4, updated_at = $5 WHERE id = $6";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	const struct seal_at at = box_of(in->project, s);
	struct sv box = SV_NONE;

	if (in->value != NULL)
		TRY(store_seal(cx, tx_store(tx), &at, secret_view(in->value), &box));
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, in->key);
	db_bind_sv(q, 2, s->description);
	db_bind_blob(q, 3, box);
	db_bind_sv(q, 4, sv_of(s->hint));
	s->updated_at = tx_now(tx) > s->updated_at ? tx_now(tx) : s->updated_at + 1;
	db_bind_i64(q, 5, s->updated_at);
	db_bind_sv(q, 6, sv_of(s->id));
	return db_run(cx, q);
}
/* was NULL: new. */
static struct err told(struct ctx *cx, const struct secret_put *in, const struct secret_row *was, struct sv *out)
{
	CLEANUP(buf_free) struct buf data = BUF(4096);
	struct jout w = JOUT(&data);

	jout_open(&w, NULL);
	jout_str(&w, "key", in->key);
	if (was != NULL) {
		store_change_open(&w);
		store_change_text(&w, "key", was->key, in->key);
		store_change_if(&w, "value", in->value != NULL);
		if (in->description.p != NULL)
			store_change_text(&w, "description", was->description, in->description);
		store_change_end(&w);
	}
	jout_close(&w);
	TRY(jout_done(cx, &w));
	*out = arena_sv(cx->arena, buf_view(&data));
	return out->p != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "secret");
}
static struct err tell(struct ctx *cx, struct tx *tx, struct event ev, const char *kind, struct sv id)
{
	ev.kind = kind;
	ev.resource_id = id;
	ev.outcome = "ok";
	return store_event_add(cx, tx, &ev);
}
static struct err put_act(struct ctx *cx, struct tx *tx, const void *in_, void *out_)
{
	const struct secret_put *in = in_;
	struct secret_row *s = out_;
	struct found was = { .row = { .description = SV("") } };
	struct err e = find(cx, tx_db(tx), &(struct found_by){ in->project, in->key }, &was);
	bool made = e.code == E_NOT_FOUND;
	struct event ev = in->event;

	if (!made || in->value == NULL)
		TRY(e);
	(void)forgive(cx);
	TRY(store_version_check(cx, tx,
				&(struct store_version){ "secret", in->key, "secret", in->project, sv_of(was.row.id),
							 made ? -1 : was.row.updated_at }));
	*s = was.row;
	if (in->description.p != NULL)
		s->description = in->description;
	s->key = in->key;
	if ((made && !sv_copy(in->id, s->id, sizeof s->id)) ||
	    (in->value != NULL && !sv_copy(sv_of(in->hint), s->hint, sizeof s->hint)))
		return fail(cx, E_INTERNAL, "a text does not fit", "secret");
	TRY(made ? insert(cx, tx, in, s) : update(cx, tx, in, s));
	TRY(told(cx, in, made ? NULL : &was.row, &ev.data));
	return tell(cx, tx, ev, made ? "secret.created" : "secret.updated", sv_of(s->id));
}
struct err store_secret_put(struct ctx *cx, struct store *st, const struct secret_put *in, struct secret_row *out)
{
	return store_act(cx, st, put_act, in, out);
}

/* ---- ending ---- */
static struct err remove_act(struct ctx *cx, struct tx *tx, const void *in_, void *out)
{
	static const char which[] =
	    "SELECT id, updated_at FROM secrets WHERE project_id = $1 AND (id = $2 OR folded = $3)"
	    " ORDER BY id = $2 DESC LIMIT 1";
	static const char gone[] = "DELETE FROM secrets WHERE id = $1";
	const struct secret_end *in = in_;
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	CLEANUP(db_stmt_drop) struct db_stmt *d = NULL;
	struct sv folded, id;

	(void)out;
	TRY(fold(cx, in->which, &folded));
	TRY(db_prepare(cx, tx_db(tx), which, &q));
	db_bind_sv(q, 1, in->project);
	db_bind_sv(q, 2, in->which);
	db_bind_sv(q, 3, folded);
	TRY(db_one(cx, q));
	TRY(store_row_sv(cx, q, 0, &id));
	TRY(store_version_check(
	    cx, tx, &(struct store_version){ "secret", in->which, "secret", in->project, id, db_col_i64(q, 1) }));
	TRY(db_prepare(cx, tx_db(tx), gone, &d));
	db_bind_sv(d, 1, id);
	TRY(db_run(cx, d));
	return tell(cx, tx, in->event, "secret.deleted", id);
}
struct err store_secret_remove(struct ctx *cx, struct store *st, const struct secret_end *in)
{
	return store_act(cx, st, remove_act, in, NULL);
}

/* ---- reading ---- */
struct err store_secret_list(struct ctx *cx, struct store *st, struct sv project, const struct page *page,
			     struct secret_page *out)
{
	static const char sql[] = "SELECT " SECRET_COLS " FROM secrets WHERE project_id = $1 AND " STORE_ROW_HAS(
	    "key || ' ' || description", "$2") " ORDER BY folded LIMIT $3 OFFSET $4";
	static const char count[] =
	    "SELECT count(*) FROM secrets WHERE project_id = $1 AND " STORE_ROW_HAS("key || ' ' || description", "$2");
	CLEANUP(store_read_done) struct reader r = { .st = NULL };
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	size_t room = 0;
	bool row = false;

	*out = (struct secret_page){ .v = NULL };
	TRY(store_read(cx, st, &r));
	TRY(store_row_count_of(cx, r.db, count, &(struct row_count){ project, page->q }, &out->total));
	TRY(db_prepare(cx, r.db, sql, &q));
	db_bind_sv(q, 1, project);
	db_bind_sv(q, 2, page->q.p == NULL ? SV("") : page->q);
	db_bind_i64(q, 3, page->limit);
	db_bind_i64(q, 4, page->offset);
	for (;;) {
		TRY(db_next(cx, q, &row));
		if (!row)
			return OK;
		if (out->n == room && (out->v = store_row_room(cx, out->v, &room, sizeof *out->v)) == NULL)
			return fail(cx, E_INTERNAL, "out of memory", "secrets");
		TRY(from_row(cx, q, &out->v[out->n]));
		out->n++;
	}
}
struct err store_secret_keys(struct ctx *cx, struct store *st, struct secret_keys *out)
{
	static const char sql[] = "SELECT id, project_id, key FROM secrets";
	CLEANUP(store_read_done) struct reader r = { .st = NULL };
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	size_t room = 0;
	bool row = false;

	*out = (struct secret_keys){ .v = NULL };
	TRY(store_read(cx, st, &r));
	TRY(db_prepare(cx, r.db, sql, &q));
	for (;;) {
		TRY(db_next(cx, q, &row));
		if (!row)
			return OK;
		if (out->n == room && (out->v = store_row_room(cx, out->v, &room, sizeof *out->v)) == NULL)
			return fail(cx, E_INTERNAL, "out of memory", "secrets");
		TRY(store_row_sv(cx, q, 0, &out->v[out->n].id));
		TRY(store_row_sv(cx, q, 1, &out->v[out->n].project));
		TRY(store_row_sv(cx, q, 2, &out->v[out->n].key));
		out->n++;
	}
}
struct err store_secret_used(struct ctx *cx, struct store *st, const struct use_marks *in)
{
	static const char sql[] = "UPDATE secrets SET last_accessed_at = $1 WHERE id = $2 AND last_accessed_at < $1";

	return store_use_write(cx, st, &(struct use_write){ sql, in });
}
struct err store_secret_open(struct ctx *cx, struct store *st, struct sv project, struct sv key, struct secret **out)
{
	CLEANUP(store_read_done) struct reader r = { .st = NULL };
	struct found s;

	*out = NULL;
	TRY(store_read(cx, st, &r));
	TRY(find(cx, r.db, &(struct found_by){ project, key }, &s));
	const struct seal_at at = box_of(project, &s.row);
	return store_unseal(cx, st, &at, s.box, out);
}
