/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_project.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/rnd.h"
#include "core/text.h"
#include "store/store_change.h"
#include "store/store_event.h"
#include "store/store_inner.h"
#include "store/store_member.h"
#include "store/store_org.h"
#include "store/store_row.h"
#include "store/store_version.h"
#include <stdlib.h>

#define PROJECT_COLS                                                                                         \
	"id, org_id, name, data_key, root_key_id, is_default, created_at, color, logo_tag, max(created_at, " \
	"updated_at)"
enum { C_ID, C_ORG, C_NAME, C_DATA_KEY, C_ROOT, C_DEFAULT, C_CREATED, C_COLOR, C_LOGO, C_VERSION };
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
struct row_new {
	const char *id;
	struct sv org, name, color;
	bool main;
	int64_t now;
};
static struct err insert(struct ctx *cx, struct store *st, struct db *db, const struct row_new *in)
{
	static const char sql[] =
	    "INSERT INTO projects(id, org_id, name, data_key, root_key_id, is_default, created_at, color)"
	    " VALUES($1, $2, $3, $4, $5, $6, $7, $8)";
	CLEANUP(box_free) struct box key = { .p = NULL };
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(wrap_new_key(cx, st, in->id, &key));
	TRY(db_prepare(cx, db, sql, &q));
	db_bind_sv(q, 1, sv_of(in->id));
	db_bind_sv(q, 2, in->org);
	db_bind_sv(q, 3, in->name);
	db_bind_blob(q, 4, box_view(&key));
	db_bind_sv(q, 5, sv_of(keyring_default_id(st->keys)));
	db_bind_i64(q, 6, in->main);
	db_bind_i64(q, 7, in->now);
	db_bind_sv(q, 8, in->color.p == NULL ? SV("") : in->color);
	return db_run(cx, q);
}
struct err store_project_make(struct ctx *cx, struct store *st, struct db *db)
{
	char org[ID_TEXT], id[ID_TEXT];

	id_uuid(org);
	id_uuid(id);
	TRY(store_org_insert(cx, db, sv_of(org), SV("Default"), clock_now()));
	return insert(
	    cx, st, db,
	    &(struct row_new){ .id = id, .org = sv_of(org), .name = SV("Default"), .main = true, .now = clock_now() });
}
/* ---- in memory ---- */
/* The row, without its key. */
static struct err row_of(struct ctx *cx, struct db_stmt *q, struct held_project *out)
{
	struct project *p = &out->project;

	TRY(store_row_text(cx, q, C_ID, p->id, sizeof p->id));
	TRY(store_row_text(cx, q, C_ORG, p->org_id, sizeof p->org_id));
	TRY(store_row_text(cx, q, C_NAME, p->name, sizeof p->name));
	TRY(store_row_text(cx, q, C_COLOR, p->color, sizeof p->color));
	TRY(store_row_text(cx, q, C_LOGO, p->logo_tag, sizeof p->logo_tag));
	p->created_at = db_col_i64(q, C_CREATED);
	p->version = db_col_i64(q, C_VERSION);
	out->is_default = db_col_i64(q, C_DEFAULT) != 0;
	return OK;
}
static struct err key_of(struct ctx *cx, struct store *st, struct db_stmt *q, struct held_project *out)
{
	CLEANUP(secret_drop) struct secret *raw = NULL;
	char root[ID_MAX + 1];
	struct sv at;

	TRY(store_row_text(cx, q, C_ROOT, root, sizeof root));
	TRY(where(cx, out->project.id, &at));
	TRY(keyring_unwrap(cx, st->keys, &(struct wrapped){ root, at, db_col_blob(q, C_DATA_KEY) }, &raw));
	TRY(data_key_new(cx, out->project.id, secret_view(raw), &out->key));
	out->owns_key = true;
	return OK;
}
static struct held_projects *list_new(size_t n)
{
	return calloc(1, sizeof(struct held_projects) + (n + 1) * sizeof(struct held_project *));
}
struct err store_project_load(struct ctx *cx, struct store *st, struct db *db)
{
	static const char sql[] = "SELECT " PROJECT_COLS " FROM projects ORDER BY created_at, id";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	struct held_projects *l = NULL;
	int64_t n = 0;
	bool row = false, main_found = false;

	TRY(db_get_i64(cx, db, "SELECT count(*) FROM projects", &n));
	l = list_new((size_t)n);
	if (l == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "projects");
	atomic_store(&st->projects, l);
	TRY(db_prepare(cx, db, sql, &q));
	for (;;) {
		TRY(db_next(cx, q, &row));
		if (!row || l->n == (size_t)n)
			break;
		struct held_project *p = calloc(1, sizeof *p);
		if (p == NULL)
			return fail(cx, E_INTERNAL, "out of memory", "project");
		p->older = st->held;
		st->held = p;
		TRY(row_of(cx, q, p));
		TRY(key_of(cx, st, q, p));
		if (p->is_default)
			l->main = l->n;
		main_found = main_found || p->is_default;
		l->v[l->n++] = p;
	}
	if (!main_found)
		return refuse(cx, E_CONFIG,
			      "the store is damaged: it has no default project; restore it from a backup");
	return OK;
}
void store_project_unload(struct store *st)
{
	struct held_projects *l = atomic_load(&st->projects);

	while (l != NULL) {
		struct held_projects *older = l->older;

		free(l);
		l = older;
	}
	while (st->held != NULL) {
		struct held_project *older = st->held->older;

		if (st->held->owns_key)
			data_key_free(st->held->key);
		free(st->held);
		st->held = older;
	}
	atomic_store(&st->projects, NULL);
}
bool store_project_find(const struct store *st, struct sv id, struct project *out)
{
	const struct held_projects *l = store_projects(st);

	for (size_t i = 0; i < l->n; i++) {
		if (!sv_eqz(id, l->v[i]->project.id))
			continue;
		*out = l->v[i]->project;
		return true;
	}
	return false;
}
struct err store_project_all(struct ctx *cx, const struct store *st, struct project **v, size_t *n)
{
	const struct held_projects *l = store_projects(st);

	*n = l->n;
	*v = arena_array(cx->arena, l->n + 1, sizeof **v);
	if (*v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "%zu projects", l->n);
	for (size_t i = 0; i < l->n; i++)
		(*v)[i] = l->v[i]->project;
	return OK;
}

/* ---- changing: what the commit made true is shown by the writer thread ---- */
struct shown {
	struct commit_hook hook;
	struct held_project *p;  /* NULL once it is shown */
	struct held_projects *l; /* with room for one more */
};
static void show(struct store *st, struct commit_hook *h)
{
	struct shown *s = (struct shown *)h;
	struct held_projects *was = atomic_load(&st->projects), *l = s->l;
	bool there = false;

	l->main = was->main;
	for (size_t i = 0; i < was->n; i++) {
		bool same = strcmp(was->v[i]->project.id, s->p->project.id) == 0;

		l->v[l->n++] = same ? s->p : was->v[i];
		if (same)
			s->p->key = was->v[i]->key;
		there = there || same;
	}
	if (!there)
		l->v[l->n++] = s->p;
	l->older = was;
	s->p->older = st->held;
	st->held = s->p;
	atomic_store_explicit(&st->projects, l, memory_order_release);
	s->p = NULL;
	s->l = NULL;
}
static void shown_drop(struct commit_hook *h)
{
	struct shown *s = (struct shown *)h;

	if (s->p != NULL && s->p->owns_key)
		data_key_free(s->p->key);
	free(s->p);
	free(s->l);
	free(s);
}
static struct shown *shown_new(const struct store *st)
{
	struct shown *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->hook = (struct commit_hook){ .done = show, .drop = shown_drop };
	s->p = calloc(1, sizeof *s->p);
	s->l = list_new(store_projects(st)->n + 1);
	if (s->p != NULL && s->l != NULL)
		return s;
	free(s->p);
	free(s->l);
	free(s);
	return NULL;
}
/* What is in memory is what the act finds in the store, and a list with room for one more has it. */
static struct err one_change(struct ctx *cx, struct store *st, act_fn *act, const void *in, struct project *out)
{
	(void)pthread_mutex_lock(&st->projects_change);
	struct err e = store_act(cx, st, act, in, out);
	(void)pthread_mutex_unlock(&st->projects_change);
	return e;
}
/* Reads the row as the act left it; the hook shows it. */
static struct err show_later(struct ctx *cx, struct tx *tx, struct sv id, bool is_new, struct project *out)
{
	static const char sql[] = "SELECT " PROJECT_COLS " FROM projects WHERE id = $1";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	struct shown *s = shown_new(tx_store(tx));

	if (s == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "project");
	store_on_commit(tx, &s->hook);
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, id);
	TRY(db_one(cx, q));
	TRY(row_of(cx, q, s->p));
	if (is_new)
		TRY(key_of(cx, tx_store(tx), q, s->p));
	*out = s->p->project;
	return OK;
}
static struct err add_act(struct ctx *cx, struct tx *tx, const void *in_, void *out)
{
	const struct project_new *in = in_;
	char id[ID_TEXT];

	id_uuid(id);
	TRY(insert(cx, tx_store(tx), tx_db(tx),
		   &(struct row_new){ id, in->org_id, in->name, in->color, false, tx_now(tx) }));
	if (in->owner.p != NULL)
		TRY(store_member_insert(
		    cx, tx, &(struct member_edit){ .project = sv_of(id), .account = in->owner, .role = ROLE_OWNER }));
	struct event ev = *in->event;
	ev.project_id = ev.resource_id = sv_of(id);
	TRY(store_event_add(cx, tx, &ev));
	return show_later(cx, tx, sv_of(id), true, out);
}
struct err store_project_add(struct ctx *cx, struct store *st, const struct project_new *in, struct project *out)
{
	return one_change(cx, st, add_act, in, out);
}
static struct err set_logo(struct ctx *cx, struct tx *tx, const struct project_edit *in)
{
	static const char sql[] = "UPDATE projects SET logo = $1, logo_type = $2, logo_tag = $3 WHERE id = $4";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	bool set = in->what == LOGO_SET;

	if (in->what == LOGO_KEEP)
		return OK;
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_blob(q, 1, set ? in->logo : SV_NONE);
	db_bind_sv(q, 2, set ? in->logo_type : SV(""));
	db_bind_sv(q, 3, set ? in->logo_tag : SV(""));
	db_bind_sv(q, 4, in->id);
	return db_run(cx, q);
}
static struct err tell_change(struct ctx *cx, struct tx *tx, const struct project_edit *in, const struct project *was)
{
	CLEANUP(buf_free) struct buf data = BUF(256);
	struct event ev = *in->event;
	struct jout w = JOUT(&data);

	jout_open(&w, NULL);
	store_change_open(&w);
	if (in->name.p != NULL)
		store_change_text(&w, "name", sv_of(was->name), in->name);
	if (in->color.p != NULL)
		store_change_text(&w, "color", sv_of(was->color), in->color);
	if (in->what != LOGO_KEEP)
		store_change_text(&w, "logo", sv_of(was->logo_tag), in->what == LOGO_SET ? in->logo_tag : SV(""));
	store_change_end(&w);
	jout_close(&w);
	TRY(jout_done(cx, &w));
	ev.data = buf_view(&data);
	return store_event_add(cx, tx, &ev);
}
static struct err change_act(struct ctx *cx, struct tx *tx, const void *in_, void *out)
{
	static const char sql[] = "UPDATE projects SET name = $1, color = $2, updated_at = $3 WHERE id = $4";
	const struct project_edit *in = in_;
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	struct project was;

	if (!store_project_find(tx_store(tx), in->id, &was)) /* one change at a time: memory is what is stored */
		return (struct err){ E_NOT_FOUND };
	TRY(store_version_check(
	    cx, tx, &(struct store_version){ "project", sv_of(was.name), "project", in->id, in->id, was.version }));
	TRY(db_prepare(cx, tx_db(tx), sql, &q));
	db_bind_sv(q, 1, in->name.p != NULL ? in->name : sv_of(was.name));
	db_bind_sv(q, 2, in->color.p != NULL ? in->color : sv_of(was.color));
	db_bind_i64(q, 3, tx_now(tx) > was.version ? tx_now(tx) : was.version + 1);
	db_bind_sv(q, 4, in->id);
	TRY(db_run(cx, q));
	TRY(set_logo(cx, tx, in));
	TRY(tell_change(cx, tx, in, &was));
	return show_later(cx, tx, in->id, false, out);
}
struct err store_project_change(struct ctx *cx, struct store *st, const struct project_edit *in, struct project *out)
{
	return one_change(cx, st, change_act, in, out);
}
struct err store_project_logo(struct ctx *cx, struct store *st, struct sv id, struct project_picture *out)
{
	static const char sql[] = "SELECT logo, logo_type FROM projects WHERE id = $1 AND logo IS NOT NULL";
	CLEANUP(store_read_done) struct reader r = { .st = NULL };
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;

	TRY(store_read(cx, st, &r));
	TRY(db_prepare(cx, r.db, sql, &q));
	db_bind_sv(q, 1, id);
	TRY(db_one(cx, q));
	TRY(store_row_blob(cx, q, 0, &out->bytes));
	return store_row_sv(cx, q, 1, &out->type);
}
