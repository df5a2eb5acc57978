/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_project.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/rnd.h"
#include "core/text.h"
#include "store/store_inner.h"
#include "store/store_org.h"
#include "store/store_row.h"

#define PROJECT_COLS "id, org_id, name, data_key, root_key_id, is_default, created_at"
enum { C_ID, C_ORG, C_NAME, C_DATA_KEY, C_ROOT, C_DEFAULT, C_CREATED };
enum { KEY = 32 };

static struct err where(struct ctx *cx, const char *id, struct sv *out)
{
	char *text = arena_printf(cx->arena, "projects.data_key::%s", id);

	*out = sv_of(text);
	return text != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "project");
}
static struct err wrap_new_key(struct ctx *cx, struct store *st, const char *id, struct box *out)
{
	uint8_t raw[KEY];
	struct sv at;

	TRY(where(cx, id, &at));
	rnd_bytes(raw, sizeof raw);
	struct err e = keyring_wrap(cx, st->keys, at, (struct sv){ (const char *)raw, sizeof raw }, out);
	wipe(raw, sizeof raw);
	return e;
}
struct err store_project_make(struct ctx *cx, struct store *st, struct db *db)
{
	static const char sql[] = "INSERT INTO projects(" PROJECT_COLS ") VALUES($1, $2, $3, $4, $5, 1, $6)";
	CLEANUP(box_free) struct box key = { .p = NULL };
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	char org[ID_TEXT], id[ID_TEXT];

	id_uuid(org);
	id_uuid(id);
	TRY(store_org_insert(cx, db, sv_of(org), SV("Default"), clock_now()));
	TRY(wrap_new_key(cx, st, id, &key));
	TRY(db_prepare(cx, db, sql, &q));
	db_bind_sv(q, 1, sv_of(id));
	db_bind_sv(q, 2, sv_of(org));
	db_bind_sv(q, 3, SV("Default"));
	db_bind_blob(q, 4, box_view(&key));
	db_bind_sv(q, 5, sv_of(keyring_default_id(st->keys)));
	db_bind_i64(q, 6, clock_now());
	return db_run(cx, q);
}
static struct err from_row(struct ctx *cx, struct store *st, struct db_stmt *q, struct held_project *out)
{
	CLEANUP(secret_drop) struct secret *raw = NULL;
	struct project *p = &out->project;
	char root[ID_MAX + 1];
	struct sv at;

	TRY(store_row_text(cx, q, C_ID, p->id, sizeof p->id));
	TRY(store_row_text(cx, q, C_ORG, p->org_id, sizeof p->org_id));
	TRY(store_row_text(cx, q, C_NAME, p->name, sizeof p->name));
	TRY(store_row_text(cx, q, C_ROOT, root, sizeof root));
	p->created_at = db_col_i64(q, C_CREATED);
	out->is_default = db_col_i64(q, C_DEFAULT) != 0;
	TRY(where(cx, p->id, &at));
	TRY(keyring_unwrap(cx, st->keys, &(struct wrapped){ root, at, db_col_blob(q, C_DATA_KEY) }, &raw));
	return data_key_new(cx, p->id, secret_view(raw), &out->key);
}
struct err store_project_load(struct ctx *cx, struct store *st, struct db *db)
{
	static const char sql[] = "SELECT " PROJECT_COLS " FROM projects ORDER BY created_at, id";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	int64_t n = 0;
	bool row = false, main_found = false;

	TRY(db_get_i64(cx, db, "SELECT count(*) FROM projects", &n));
	st->projects = calloc((size_t)n + 1, sizeof *st->projects);
	if (st->projects == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "projects");
	TRY(db_prepare(cx, db, sql, &q));
	for (;;) {
		TRY(db_next(cx, q, &row));
		if (!row || st->n_projects == (size_t)n)
			break;
		struct held_project *p = &st->projects[st->n_projects];
		TRY(from_row(cx, st, q, p));
		if (p->is_default)
			st->main_project = st->n_projects;
		main_found = main_found || p->is_default;
		st->n_projects++;
	}
	if (!main_found)
		return refuse(cx, E_CONFIG,
			      "the store is damaged: it has no default project; restore it from a backup");
	return OK;
}
bool store_project_find(const struct store *st, struct sv id, struct project *out)
{
	for (size_t i = 0; i < st->n_projects; i++) {
		if (!sv_eqz(id, st->projects[i].project.id))
			continue;
		*out = st->projects[i].project;
		return true;
	}
	return false;
}
size_t store_project_count(const struct store *st) { return st->n_projects; }
void store_project_at(const struct store *st, size_t i, struct project *out) { *out = st->projects[i].project; }
