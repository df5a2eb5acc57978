/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "db/db.h"
#include "store/store_api_key.h"
#include "store/store_event.h"
#include "store/store_setting.h"
#include "tt_store.h"
#include <fcntl.h>
#include <sys/stat.h>

/* SQLite reports a file that may not grow just as it reports a full disk. */
static struct err limit_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	int64_t got = 0;

	(void)out;
	return db_get_i64(cx, tx_db(tx), in, &got);
}
static struct err put_big(struct ctx *cx, struct store *st, const char *name)
{
	static char big[200000];

	memset(big, 'x', sizeof big);
	return store_setting_set(
	    cx, st, &(struct setting_put){ .project = SV(""), .name = name, .value = { big, sizeof big } });
}
TEST(a_full_disk_is_told_loses_nothing_and_passes)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = tt_store_begin(cx);
	struct sv v;

	CHECK(!IS_ERR(put_big(cx, w.st, "before")));
	CHECK(!IS_ERR(store_act(cx, w.st, limit_act, "PRAGMA max_page_count=1", NULL)));
	for (int i = 0; i < 3; i++) {
		CHECK(put_big(cx, w.st, "during").code == E_BUSY);
		CHECK(strstr(cx->cause.say, "disk with the data folder is full") != NULL);
		(void)forgive(cx);
		CHECK(!IS_ERR(store_setting_get(cx, w.st, SV(""), "during", &v)) && v.p == NULL);
		CHECK(!IS_ERR(store_setting_get(cx, w.st, SV(""), "before", &v)) && v.n == 200000);
	}
	CHECK(!IS_ERR(store_act(cx, w.st, limit_act, "PRAGMA max_page_count=1000000", NULL)));
	CHECK(!IS_ERR(put_big(cx, w.st, "after")));
	CHECK(!IS_ERR(store_setting_get(cx, w.st, SV(""), "after", &v)) && v.n == 200000);
}

static void scribble(const char *path, off_t from, off_t to)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	CHECK(fd >= 0);
	for (off_t at = from; at < to; at += 8)
		CHECK(pwrite(fd, "garbage!", 8, at) == 8);
	CHECK(close(fd) == 0);
}
TEST(a_damaged_store_is_refused_or_told)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = tt_store_begin(cx);
	const struct store_how how = { .path = w.path, .keys = w.keys };
	struct stat at;

	for (int i = 0; i < 50; i++) {
		char name[16];

		(void)snprintf(name, sizeof name, "n%d", i);
		CHECK(!IS_ERR(store_setting_set(
		    cx, w.st, &(struct setting_put){ .project = SV(""), .name = name, .value = SV("v") })));
	}
	store_drop(&w.st);
	CHECK(stat(w.path, &at) == 0 && at.st_size > 8192);
	scribble(w.path, 4096, at.st_size);
	CHECK(store_open(cx, &how, &w.st).code == E_CONFIG && w.st == NULL);
	CHECK(strstr(cx->cause.say, "damaged") != NULL);
	(void)forgive(cx);
	scribble(w.path, 0, 4096);
	CHECK(store_open(cx, &how, &w.st).code == E_CONFIG && w.st == NULL);
	CHECK(strstr(cx->cause.say, "damaged") != NULL);
}

TEST(a_lost_key_row_is_told)
{
	static const char *const t[] = {
		"DELETE FROM keys WHERE purpose = 'session'", "UPDATE keys SET wrapped = x'00'",
		"UPDATE projects SET data_key = (SELECT wrapped FROM keys LIMIT 1)",
		"UPDATE projects SET is_default = 0",
		"UPDATE keys SET wrapped = (SELECT k.wrapped FROM keys k WHERE k.purpose = 'state')"
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		CLEANUP(tt_store_end) struct tt_store w = tt_store_begin(cx);
		CLEANUP(db_drop) struct db *db = NULL;

		store_drop(&w.st);
		CHECK(!IS_ERR(db_open(cx, w.path, DB_WRITE, &db)));
		CHECK_ROW(t[i], !IS_ERR(db_exec(cx, db, t[i])));
		db_drop(&db);
		CHECK_ROW(t[i], store_open(cx, &(struct store_how){ .path = w.path, .keys = w.keys }, &w.st).code ==
				    E_CONFIG);
		CHECK_ROW(t[i], w.st == NULL && cx->cause.say[0] != '\0');
	}
}

/* An empty store whose making was cut short is made by the next start. */
TEST(an_empty_file_becomes_a_store)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(keyring_drop) struct keyring *keys = tt_keyring(cx, "0123456789abcdef0123456789abcdef");
	CLEANUP(store_drop) struct store *st = NULL;
	char dir[64], path[96];

	tt_folder(dir);
	(void)snprintf(path, sizeof path, "%s/store.sqlite3", dir);
	int fd = open(path, O_CREAT | O_WRONLY, 0600);
	CHECK(fd >= 0 && close(fd) == 0);
	CHECK(!IS_ERR(store_open(cx, &(struct store_how){ .path = path, .keys = keys }, &st)) && store_is_new(st));
	store_drop(&st);
	tt_folder_end(dir);
}

TEST(reading_survives_each_failed_allocation)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = tt_store_begin(cx);
	struct sv project = sv_of(w.project);
	const struct event ev = { .project_id = project,
				  .kind = "k",
				  .by = { "system", "x", "SYSTEM", SV("") },
				  .resource_type = "t",
				  .resource_id = SV("r"),
				  .authorization_id = SV("ar_1") };
	long at = 1;

	CHECK(!IS_ERR(store_event_log(cx, w.st, &ev)));
	for (;; at++) {
		struct ctx *c = tt_ctx();
		struct event_list l;
		struct api_key_rows keys;

		tt_store_reopen(cx, &w);
		tt_fail_alloc(at);
		struct err e = store_event_timeline(c, w.st, project, SV("ar_1"), &l);
		if (!IS_ERR(e))
			e = store_api_key_all(c, w.st, &keys);
		tt_fail_alloc(0);
		if (!IS_ERR(e))
			break;
		CHECK((e.code == E_INTERNAL || e.code == E_BUSY) && c->cause.code == e.code);
	}
	CHECK(at > 3);
}
TEST(opening_survives_each_failed_allocation)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = tt_store_begin(cx);

	for (long at = 1;; at++) {
		struct ctx *c = tt_ctx();

		store_drop(&w.st);
		tt_fail_alloc(at);
		struct err e = store_open(c, &(struct store_how){ .path = w.path, .keys = w.keys }, &w.st);
		tt_fail_alloc(0);
		if (!IS_ERR(e))
			break;
		CHECK(w.st == NULL && c->cause.code != E_OK);
	}
}
