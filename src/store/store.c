/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"
#include "core/arena.h"
#include "core/text.h"
#include "store/migrate.h"
#include "store/store_inner.h"
#include "store/store_project.h"
#include <sys/stat.h>

extern const struct embedded store_migrations[]; /* migrations/NNNN_*.sql */

void store_close(struct store *st)
{
	if (st == NULL)
		return;
	store_writer_stop(st);
	store_reader_stop(st);
	store_project_unload(st);
	for (size_t i = 0; i < MAC_KEY__COUNT; i++)
		secret_free(st->mac[i]);
	data_key_free(st->own);
	(void)pthread_mutex_destroy(&st->copying);
	(void)pthread_mutex_destroy(&st->projects_change);
	free(st->path);
	free(st);
}
/* An empty store gets its keys, its org and its project in one commit: a crash leaves it empty, never half made. */
static struct err make(struct ctx *cx, struct store *st, struct db *db)
{
	TRY(db_exec(cx, db, "BEGIN IMMEDIATE"));
	struct err e = store_keys_make(cx, st, db);
	if (!IS_ERR(e))
		e = store_project_make(cx, st, db);
	if (!IS_ERR(e))
		e = db_exec(cx, db, "COMMIT");
	return e; /* on an error the connection is closed, which rolls back */
}
static struct err fill(struct ctx *cx, struct store *st, const struct store_how *how, struct db *db)
{
	const struct migrate_how up = { .files = store_migrations, .path = st->path, .no_copy = how->is_copy };
	int64_t keys = 0;
	bool fresh = false;

	TRY(migrate_up(cx, db, &up, &fresh));
	TRY(db_get_i64(cx, db, "SELECT count(*) FROM keys", &keys));
	if (keys == 0) {
		TRY(make(cx, st, db));
		st->is_new = true;
	}
	TRY(store_keys_load(cx, st, db));
	return store_project_load(cx, st, db);
}
struct err store_open(struct ctx *cx, const struct store_how *how, struct store **out)
{
	CLEANUP(store_drop) struct store *st = calloc(1, sizeof *st);
	CLEANUP(db_drop) struct db *db = NULL;
	struct stat at;

	*out = NULL;
	if (st == NULL || (st->path = strdup(how->path)) == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "store");
	st->keys = how->keys;
	(void)pthread_mutex_init(&st->copying, NULL);
	(void)pthread_mutex_init(&st->projects_change, NULL);
	store_reader_start(st);
	bool there = stat(how->path, &at) == 0;
	if (!there && !how->may_create)
		return refuse(cx, E_CONFIG, "there is no store at %s", how->path);
	struct err e = db_open(cx, how->path, there ? DB_WRITE : DB_CREATE, &db);
	if (!IS_ERR(e))
		e = fill(cx, st, how, db);
	if (e.code == E_INTERNAL) { /* at start a store that does not work is the operator's to mend */
		e.code = E_CONFIG;
		cx->cause.code = E_CONFIG;
	}
	TRY(e);
	TRY(store_writer_start(cx, st, TAKE(db)));
	*out = TAKE(st);
	return OK;
}
bool store_is_new(const struct store *st) { return st->is_new; }
const char *store_default_project(const struct store *st)
{
	const struct held_projects *l = store_projects(st);

	return l->v[l->main]->project.id;
}
const char *store_default_org(const struct store *st)
{
	const struct held_projects *l = store_projects(st);

	return l->v[l->main]->project.org_id;
}

struct err store_act(struct ctx *cx, struct store *st, act_fn *fn, const void *in, void *out)
{
	return store_writer_run(cx, st, fn, in, out);
}
struct act *store_act_begin(struct ctx *cx, struct store *st, act_fn *fn, const void *in)
{
	return store_writer_begin(cx, st, fn, in);
}
struct err store_act_end(struct store *st, struct act *a) { return store_writer_end(st, a); }
void store_act_settle(struct store *st) { store_writer_settle(st); }
struct db *tx_db(struct tx *tx) { return tx->db; }
struct store *tx_store(struct tx *tx) { return tx->st; }
int64_t tx_now(struct tx *tx) { return tx->now; }

static const struct data_key *key_for(const struct store *st, struct sv project)
{
	if (project.n == 0)
		return st->own;
	const struct held_projects *l = store_projects(st);
	for (size_t i = 0; i < l->n; i++)
		if (sv_eqz(project, l->v[i]->project.id))
			return l->v[i]->key;
	return NULL;
}
/* "table.column:project:row"; a project's id holds no colon, so no two places have one name.  On the path of every
 * token read, hence without printf. */
struct place {
	char text[400];
	size_t n;
};
static bool place_add(struct place *p, struct sv part)
{
	if (part.n >= sizeof p->text - p->n)
		return false;
	if (part.n > 0)
		memcpy(p->text + p->n, part.p, part.n);
	p->n += part.n;
	return true;
}
static struct err where(struct ctx *cx, const struct seal_at *at, struct place *p, struct sv *out)
{
	p->n = 0;
	*out = SV_NONE;
	if (!place_add(p, sv_of(at->table_column)) || !place_add(p, SV(":")) || !place_add(p, at->project) ||
	    !place_add(p, SV(":")) || !place_add(p, at->row))
		return fail(cx, E_INTERNAL, "storage error", "the name of a row in %s is too long", at->table_column);
	*out = (struct sv){ p->text, p->n };
	return OK;
}
static struct err no_key(struct ctx *cx, const struct seal_at *at)
{
	return fail(cx, E_INTERNAL, "storage error", "no data key for %s of project %.40s", at->table_column,
		    at->project.p == NULL ? "" : at->project.p);
}
struct err store_seal(struct ctx *cx, struct store *st, const struct seal_at *at, struct sv plain, struct sv *box)
{
	const struct data_key *k = key_for(st, at->project);
	CLEANUP(box_free) struct box b = { .p = NULL };
	struct place place;
	struct sv name;

	*box = SV_NONE;
	if (k == NULL)
		return no_key(cx, at);
	TRY(where(cx, at, &place, &name));
	TRY(seal_close(cx, k, name, plain, &b));
	*box = arena_sv(cx->arena, box_view(&b));
	return box->p != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "seal");
}
struct err store_unseal(struct ctx *cx, struct store *st, const struct seal_at *at, struct sv box, struct secret **out)
{
	const struct data_key *k = key_for(st, at->project);
	struct place place;
	struct sv name;

	*out = NULL;
	if (k == NULL)
		return no_key(cx, at);
	TRY(where(cx, at, &place, &name));
	return seal_open(cx, k, name, box, out);
}
struct sha256 store_mac(const struct store *st, enum mac_key key, struct sv in)
{
	return hmac_sha256(secret_view(st->mac[key]), in);
}
const char *store_path(const struct store *st) { return st->path; }
const char *store_trouble(const struct store *st)
{
	return st->damaged ? "the store is damaged; restore it from a backup" : atomic_load(&st->trouble);
}
int64_t store_writing_since(const struct store *st) { return atomic_load(&st->writing_since); }
struct err store_root_key(struct ctx *cx, const struct store *st) { return keyring_still(cx, st->keys); }
void store_set_grants(struct store *st, struct grant_cache *c) { st->grants = c; }
struct grant_cache *store_grants(const struct store *st) { return st->grants; }
