/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_provider.h"
#include "core/arena.h"
#include "db/db.h"
#include "store/store_row.h"
#include <string.h>

#define ROW_COLS                                                                                                       \
	"p.id, p.project_id, p.unique_id, p.external_id, p.binding, p.type_id, p.description, p.status, p.client_id, " \
	"p.config, p.revision_id, p.client_secret_box, p.created_at, p.updated_at, p.deleted_at, r.definition "        \
	"FROM providers p JOIN provider_revisions r ON r.id = p.revision_id "
enum { C_SECRET = 11, C_CREATED, C_UPDATED, C_DELETED, C_DEFINITION };

static struct err from_row(struct ctx *cx, struct db_stmt *q, struct provider_row *out)
{
	struct sv *const text[] = { &out->id,        &out->project_id, &out->unique_id,   &out->external_id,
				    &out->binding,   &out->type_id,    &out->description, &out->status,
				    &out->client_id, &out->config,     &out->revision_id };

	*out = (struct provider_row){ .created_at = 0 };
	for (size_t i = 0; i < ARRAY_LEN(text); i++)
		TRY(store_row_sv(cx, q, (int)i, text[i]));
	TRY(store_row_blob(cx, q, C_SECRET, &out->secret_box));
	out->created_at = db_col_i64(q, C_CREATED);
	out->updated_at = db_col_i64(q, C_UPDATED);
	out->deleted_at = db_col_i64(q, C_DELETED);
	return store_row_sv(cx, q, C_DEFINITION, &out->definition);
}

struct err store_provider_all(struct ctx *cx, struct db *db, struct provider_rows *out)
{
	static const char count[] = "SELECT count(*) FROM providers";
	static const char sql[] =
	    "SELECT " ROW_COLS
	    "WHERE p.deleted_at = 0 OR EXISTS(SELECT 1 FROM revocations v WHERE v.provider_id = p.id) "
	    "ORDER BY p.created_at, p.id";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	int64_t room = 0;
	bool row = true;

	*out = (struct provider_rows){ .n = 0 };
	TRY(store_row_count(cx, db, count, SV_NONE, &room));
	out->v = arena_array(cx->arena, (size_t)room + 1, sizeof *out->v);
	if (out->v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "%lld providers", (long long)room);
	TRY(db_prepare(cx, db, sql, &q));
	while (out->n < (size_t)room) {
		TRY(db_next(cx, q, &row));
		if (!row)
			break;
		TRY(from_row(cx, q, &out->v[out->n]));
		out->n++;
	}
	return OK;
}

struct err store_provider_get(struct ctx *cx, struct db *db, struct sv id, struct provider_row *out)
{
	static const char sql[] = "SELECT " ROW_COLS "WHERE p.id = $1";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, db, sql, &q));
	db_bind_sv(q, 1, id);
	TRY(db_one(cx, q));
	return from_row(cx, q, out);
}

struct err store_provider_static(struct ctx *cx, struct db *db, struct sv unique_id, struct provider_row *out)
{
	static const char sql[] = "SELECT " ROW_COLS "WHERE p.binding = 'static' AND p.unique_id = $1 "
				  "ORDER BY p.deleted_at = 0 DESC, p.created_at DESC LIMIT 1";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, db, sql, &q));
	db_bind_sv(q, 1, unique_id);
	TRY(db_one(cx, q));
	return from_row(cx, q, out);
}

struct err store_provider_taken(struct ctx *cx, struct db *db, const struct provider_taken *in, bool *id,
				bool *external)
{
	static const char sql[] = "SELECT count(CASE WHEN project_id = $1 AND unique_id = $2 THEN 1 END), count(CASE "
				  "WHEN external_id = $3 THEN 1 END) "
				  "FROM providers WHERE deleted_at = 0 AND id <> $4";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, db, sql, &q));
	db_bind_sv(q, 1, in->project_id);
	db_bind_sv(q, 2, in->unique_id);
	db_bind_sv(q, 3, in->external_id);
	db_bind_sv(q, 4, in->but_id);
	TRY(db_one(cx, q));
	*id = db_col_i64(q, 0) != 0;
	*external = db_col_i64(q, 1) != 0;
	return OK;
}

struct err store_provider_insert(struct ctx *cx, struct tx *tx, const struct provider_row *row)
{
	static const char sql[] = "INSERT INTO providers(id, project_id, unique_id, external_id, binding, type_id, "
				  "description, status, client_id, "
				  "client_secret_box, config, revision_id, created_at, updated_at) "
				  "VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
	const struct sv text[] = { row->id,      row->project_id,  row->unique_id, row->external_id, row->binding,
				   row->type_id, row->description, row->status,    row->client_id };
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	for (size_t i = 0; i < ARRAY_LEN(text); i++)
		db_bind_sv(q, (int)i + 1, text[i]);
	db_bind_blob(q, 10, row->secret_box);
	db_bind_sv(q, 11, row->config);
	db_bind_sv(q, 12, row->revision_id);
	db_bind_i64(q, 13, row->created_at);
	db_bind_i64(q, 14, row->updated_at);
	return db_run(cx, q);
}

struct err store_provider_update(struct ctx *cx, struct tx *tx, const struct provider_row *row, int64_t was_updated_at)
{
	static const char sql[] =
	    "UPDATE providers SET external_id = $1, type_id = $2, description = $3, status = $4, client_id = $5, "
	    "client_secret_box = $6, config = $7, revision_id = $8, updated_at = $9, deleted_at = $10 "
	    "WHERE id = $11 AND updated_at = $12";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	int64_t changed = 0;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, row->external_id);
	db_bind_sv(q, 2, row->type_id);
	db_bind_sv(q, 3, row->description);
	db_bind_sv(q, 4, row->status);
	db_bind_sv(q, 5, row->client_id);
	db_bind_blob(q, 6, row->secret_box);
	db_bind_sv(q, 7, row->config);
	db_bind_sv(q, 8, row->revision_id);
	db_bind_i64(q, 9, row->updated_at);
	db_bind_i64(q, 10, row->deleted_at);
	db_bind_sv(q, 11, row->id);
	db_bind_i64(q, 12, was_updated_at);
	TRY(db_run_n(cx, q, &changed));
	if (changed == 0)
		return fail(cx, E_STALE, "the auth provider was changed at the same time", "provider row moved on");
	return OK;
}

struct err store_provider_delete(struct ctx *cx, struct tx *tx, struct sv id)
{
	static const char sql[] =
	    "UPDATE providers SET deleted_at = $1, updated_at = $1 WHERE id = $2 AND deleted_at = 0";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	int64_t changed = 0;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_i64(q, 1, tx_now(tx));
	db_bind_sv(q, 2, id);
	TRY(db_run_n(cx, q, &changed));
	return changed == 0 ? fail(cx, E_STALE, "the auth provider is deleted already", "provider row deleted") : OK;
}

struct err store_provider_forget(struct ctx *cx, struct tx *tx)
{
	static const char sql[] = "UPDATE providers SET client_secret_box = NULL WHERE deleted_at > 0 "
				  "AND client_secret_box IS NOT NULL AND binding <> 'static' "
				  "AND NOT EXISTS(SELECT 1 FROM revocations v WHERE v.provider_id = providers.id)";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	return db_run(cx, q);
}

struct err store_provider_revise(struct ctx *cx, struct tx *tx, const struct provider_revision *in)
{
	static const char sql[] =
	    "INSERT INTO provider_revisions(id, provider_id, number, definition, client_id, created_at) "
	    "VALUES($1, $2, (SELECT coalesce(max(number), 0) + 1 FROM provider_revisions WHERE provider_id = $2), $3, "
	    "$4, $5)";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, in->id);
	db_bind_sv(q, 2, in->provider_id);
	db_bind_sv(q, 3, in->definition);
	db_bind_sv(q, 4, in->client_id);
	db_bind_i64(q, 5, tx_now(tx));
	return db_run(cx, q);
}

struct err store_provider_revision(struct ctx *cx, struct db *db, struct sv id, struct provider_revision *out)
{
	static const char sql[] = "SELECT id, provider_id, definition, client_id FROM provider_revisions WHERE id = $1";
	struct sv *const text[] = { &out->id, &out->provider_id, &out->definition, &out->client_id };
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	*out = (struct provider_revision){ .id = SV_NONE };
	TRY(db_prepare(cx, db, sql, &q));
	db_bind_sv(q, 1, id);
	TRY(db_one(cx, q));
	for (size_t i = 0; i < ARRAY_LEN(text); i++)
		TRY(store_row_sv(cx, q, (int)i, text[i]));
	return OK;
}

static struct seal_at where(struct sv project, struct sv id)
{
	return (struct seal_at){ .table_column = "providers.client_secret_box", .project = project, .row = id };
}

struct err store_provider_seal(struct ctx *cx, struct store *st, const struct provider_seal *at,
			       const struct secret *in, struct sv *box)
{
	struct seal_at w = where(at->project_id, at->id);

	return store_seal(cx, st, &w, secret_view(in), box);
}

struct err store_provider_unseal(struct ctx *cx, struct store *st, const struct provider_row *row, struct secret **out)
{
	struct seal_at w = where(row->project_id, row->id);

	*out = NULL;
	return row->secret_box.p == NULL ? OK : store_unseal(cx, st, &w, row->secret_box, out);
}
