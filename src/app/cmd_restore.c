/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_restore.c: puts a backup in the place of the store.  All is made ready beside it; the last step is one rename. */
#include "app/cmd.h"
#include "app/filecopy.h"
#include "app/folder.h"
#include "app/life.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/jout.h"
#include "core/text.h"
#include "seal/keyring.h"
#include "store/store_backup.h"
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct restore {
	struct cli *cli;
	const char *from, *store, *work; /* work: the new store, until it is in place */
	const char *kept;                /* what the old one is called now; NULL: there was none */
	struct conf *conf;
	struct folder *folder;
	struct keyring *keys;
	struct backup_facts facts;
};

static const char *beside(const struct restore *r, const char *path, const char *tail)
{
	const char *z = arena_printf(r->cli->cx->arena, "%s%s", path, tail);

	return z == NULL ? "" : z;
}
static bool holds(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_size > 0;
}
static void sweep(const struct restore *r)
{
	static const char *const tails[] = { "", "-wal", "-shm", "-journal" };

	for (size_t i = 0; r->work != NULL && i < ARRAY_LEN(tails); i++)
		(void)unlink(beside(r, r->work, tails[i]));
}
static void end(struct restore *r)
{
	if (r->folder != NULL)
		sweep(r);
	keyring_drop(&r->keys);
	folder_drop(&r->folder);
	conf_drop(&r->conf);
}
static void step(const struct restore *r, const char *what)
{
	if (!cli_has(r->cli, OPT_JSON) && isatty(STDERR_FILENO) == 1)
		fprintf(stderr, "%s ...\n", what);
}

/* ---- before anything is touched ---- */
static struct err open_all(struct restore *r)
{
	struct ctx *cx = r->cli->cx;
	struct conf_how how = cmd_conf_how(r->cli);

	if (access(r->from, R_OK) != 0)
		return refuse(cx, E_NOT_FOUND, "there is no file %s that can be read", r->from);
	TRY(conf_load(cx, &how, &r->conf));
	const char *data = conf_get(r->conf)->data_dir;
	if (access(data, F_OK) != 0)
		return refuse(cx, E_NOT_FOUND,
			      "there is no data folder %s; make it (mkdir -m 700 %s), put the root.key that goes with "
			      "the backup into it, and run this again",
			      data, data);
	TRY(folder_open(cx, data, true, &r->folder));
	r->store = folder_store(r->folder);
	r->work = beside(r, r->store, ".restore");
	if (r->work[0] == '\0')
		return fail(cx, E_INTERNAL, "out of memory", "restore");
	if (holds(r->store) && !cli_has(r->cli, OPT_FORCE))
		return refuse(
		    cx, E_CONFLICT,
		    "%s is there already; --force puts the backup in its place and keeps it under another name",
		    r->store);
	return OK;
}

/* ---- the new store, beside the old ---- */
static struct err copy_in(struct restore *r)
{
	const char *wal = beside(r, r->from, "-wal");

	sweep(r);
	step(r, "Copying the backup");
	TRY(filecopy_make(r->cli->cx, &(struct filecopy){ .from = r->from, .to = r->work }));
	if (!holds(wal)) /* a store that was put aside together with its WAL */
		return OK;
	return filecopy_make(r->cli->cx, &(struct filecopy){ .from = wal, .to = beside(r, r->work, "-wal") });
}
static struct err no_key(struct restore *r)
{
	CLEANUP(buf_free) struct buf b = BUF(1000);

	(void)forgive(r->cli->cx);
	for (size_t i = 0; i < r->facts.n_roots; i++)
		buf_printf(&b, "%s%s", i == 0 ? "" : ", ", r->facts.root[i]);
	return refuse(
	    r->cli->cx, E_CONFIG,
	    "the backup was made with root key %.*s, and there is none here: put it back as %s, or name it in "
	    "security.root_keys",
	    SV_FMT(buf_view(&b)), folder_root_key(r->folder));
}
static struct err mark(struct restore *r, struct store *st)
{
	CLEANUP(buf_free) struct buf b = BUF(1000);
	struct ctx *cx = r->cli->cx;
	struct jout w = JOUT(&b);
	struct event ev = { .project_id = sv_of(store_default_project(st)),
			    .kind = "store.restored",
			    .by = { .type = "operator", .id = "operator", .source = "CLI" },
			    .resource_type = "store",
			    .resource_id = SV("store"),
			    .outcome = "ok" };

	jout_open(&w, NULL);
	jout_time(&w, "made_at", r->facts.made_at);
	jout_i64(&w, "grants", r->facts.grants);
	jout_close(&w);
	TRY(jout_done(cx, &w));
	ev.data = buf_view(&b);
	return store_backup_restored(cx, st, &ev);
}
static struct err prepare(struct restore *r)
{
	CLEANUP(store_drop) struct store *st = NULL;
	struct ctx *cx = r->cli->cx;

	TRY(copy_in(r));
	step(r, "Checking it");
	TRY(store_backup_look(cx, r->work, r->from, &r->facts));
	struct err e = life_keys(cx, conf_get(r->conf), r->folder, false, &r->keys);
	if (e.code == E_NOT_FOUND)
		return no_key(r);
	TRY(e);
	TRY(store_open(cx, &(struct store_how){ .path = r->work, .keys = r->keys, .is_copy = true }, &st));
	return mark(r, st);
}

/* ---- the change ---- */
/* The old store keeps its name until the new one has it.  Its WAL is folded into it first; when that cannot be done (it
 * is damaged, say) the WAL goes with it. */
static struct err put_aside(struct restore *r)
{
	struct ctx *cx = r->cli->cx;
	char at[TIME_TEXT];

	if (!holds(r->store))
		return OK;
	if (IS_ERR(store_backup_fold(cx, r->store)))
		(void)forgive(cx);
	time_text(clock_now(), at);
	r->kept = arena_printf(cx->arena, "%s.before-restore-%s", r->store, at);
	if (r->kept == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "restore");
	if (link(r->store, r->kept) != 0 && rename(r->store, r->kept) != 0)
		return refuse(cx, E_INTERNAL, "cannot keep %s as %s: error %d", r->store, r->kept, errno);
	if (rename(beside(r, r->store, "-wal"), beside(r, r->kept, "-wal")) != 0 && errno != ENOENT)
		return refuse(cx, E_INTERNAL, "cannot keep the WAL of %s: error %d", r->store, errno);
	(void)unlink(beside(r, r->store, "-shm"));
	return OK;
}
/* The new one did not get the name: all is as it was. */
static void put_back(struct restore *r)
{
	if (r->kept == NULL)
		return;
	if (access(r->store, F_OK) == 0)
		(void)unlink(r->kept);
	else
		(void)rename(r->kept, r->store);
	(void)rename(beside(r, r->kept, "-wal"), beside(r, r->store, "-wal"));
	r->kept = NULL;
}
static struct err put_in_place(struct restore *r)
{
	struct ctx *cx = r->cli->cx;

	if (holds(beside(r, r->work, "-wal")))
		return refuse(cx, E_INTERNAL, "the restored store could not be finished; nothing was changed");
	struct err e = put_aside(r);
	if (!IS_ERR(e))
		e = filecopy_place(cx, r->work, r->store, true);
	if (IS_ERR(e))
		put_back(r);
	return e;
}

/* ---- the answer ---- */
static struct err say_json(struct restore *r)
{
	CLEANUP(buf_free) struct buf b = BUF(64 << 10);
	struct jout w = JOUT(&b);

	jout_open(&w, NULL);
	jout_bool(&w, "restored", true);
	jout_strz(&w, "store", r->store);
	jout_strz(&w, "kept", r->kept);
	jout_time(&w, "made_at", r->facts.made_at);
	jout_i64(&w, "schema_version", r->facts.version);
	jout_i64(&w, "grants", r->facts.grants);
	jout_list(&w, "root_keys");
	for (size_t i = 0; i < r->facts.n_roots; i++)
		jout_strz(&w, NULL, r->facts.root[i]);
	jout_list_end(&w);
	jout_close(&w);
	TRY(jout_done(r->cli->cx, &w));
	buf_char(&b, '\n');
	return cli_print(r->cli, buf_view(&b));
}
static struct err say_done(struct restore *r)
{
	CLEANUP(buf_free) struct buf b = BUF(64 << 10);
	char at[TIME_TEXT];

	if (cli_has(r->cli, OPT_JSON))
		return say_json(r);
	time_text(r->facts.made_at, at);
	buf_printf(&b, "Restored %s: %lld live grants, as of %s.\n", r->store, (long long)r->facts.grants, at);
	if (r->kept != NULL)
		buf_printf(&b, "The store that was there is kept as %s.\n", r->kept);
	buf_printf(&b,
		   "\nWhat happened after %s is not in it:\n"
		   "  - grants are renewed at their next use; where the provider takes a refresh token once and it was "
		   "used since,\n    the user is asked to consent again (reason refresh_answer_lost)\n"
		   "  - API keys revoked, users disconnected, passwords and settings changed since then are as before: "
		   "look at\n    `tokenbooth key list` and `tokenbooth connection list`\n"
		   "  - everybody has to sign in again\n",
		   at);
	TRY(buf_done(r->cli->cx, &b, "the answer"));
	return cli_print(r->cli, buf_view(&b));
}

struct err cmd_restore(struct cli *cli)
{
	CLEANUP(end) struct restore r = { .cli = cli, .from = cli->args[0] };

	TRY(open_all(&r));
	TRY(prepare(&r));
	TRY(put_in_place(&r));
	return say_done(&r);
}
