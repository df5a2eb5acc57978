/* SPDX-License-Identifier: Apache-2.0 */
#include "core/rnd.h"
#include "core/text.h"
#include "db/db.h"
#include "store/store.h"
#include "store/store_event.h"
#include "store/store_lease.h"
#include "store/store_project.h"
#include "tt_store.h"
#include <sys/stat.h>

TEST(a_new_store_has_one_org_one_project_and_opens_again)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = tt_store_begin(cx);
	struct project p, *all = NULL;
	size_t n = 0;
	char id[ID_TEXT], org[ID_TEXT];
	struct sha256 mac = store_mac(w.st, MAC_API_KEY, SV("arc_x"));
	struct stat st;

	CHECK(store_is_new(w.st));
	CHECK(!IS_ERR(store_project_all(cx, w.st, &all, &n)) && n == 1);
	p = all[0];
	CHECK(strcmp(p.id, store_default_project(w.st)) == 0 && strlen(p.id) == 36);
	CHECK(strcmp(p.org_id, store_default_org(w.st)) == 0 && strlen(p.org_id) == 36);
	CHECK(store_project_find(w.st, sv_of(p.id), &p) && !store_project_find(w.st, SV("default"), &p));
	CHECK(sv_copy(sv_of(p.id), id, sizeof id) && sv_copy(sv_of(p.org_id), org, sizeof org));
	CHECK(stat(w.path, &st) == 0 && (st.st_mode & 07777) == 0600);
	tt_store_reopen(cx, &w);
	CHECK(!store_is_new(w.st));
	CHECK(strcmp(id, store_default_project(w.st)) == 0 && strcmp(org, store_default_org(w.st)) == 0);
	struct sha256 again = store_mac(w.st, MAC_API_KEY, SV("arc_x"));
	struct sha256 other = store_mac(w.st, MAC_STATE, SV("arc_x"));
	CHECK(sv_eq(sha256_view(&mac), sha256_view(&again)) && !sv_eq(sha256_view(&mac), sha256_view(&other)));
}

static struct err open_with(struct ctx *cx, struct tt_store *w, const struct keyring *keys)
{
	store_drop(&w->st);
	return store_open(cx, &(struct store_how){ .path = w->path, .keys = keys }, &w->st);
}
TEST(a_store_with_another_root_key_is_refused_and_untouched)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = tt_store_begin(cx);
	CLEANUP(keyring_drop) struct keyring *wrong = tt_keyring(cx, "another-another-another-another-");
	CLEANUP(keyring_drop) struct keyring *made = NULL;
	char path[128];

	CHECK(open_with(cx, &w, wrong).code == E_CONFIG && w.st == NULL);
	CHECK(strstr(cx->cause.say, "root key main does not open the store") != NULL);
	(void)forgive(cx);
	(void)snprintf(path, sizeof path, "%s/root.key", w.dir);
	CHECK(!IS_ERR(keyring_load(cx, &(struct keyring_how){ .file = path, .may_create = true }, &made)));
	CHECK(open_with(cx, &w, made).code == E_CONFIG && w.st == NULL);
	CHECK(strstr(cx->cause.say, "root key main is missing") != NULL);
	(void)forgive(cx);
	CHECK(!IS_ERR(open_with(cx, &w, w.keys)));
}

TEST(a_new_root_key_beside_the_old_one_leaves_everything_readable)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = tt_store_begin(cx);
	CLEANUP(secret_drop) struct secret *a = secret_copy(SV("0123456789abcdef0123456789abcdef"));
	CLEANUP(secret_drop) struct secret *b = secret_copy(SV("another-another-another-another-"));
	const struct root_key keys[] = { { "main", false, a }, { "next", true, b } };
	CLEANUP(keyring_drop) struct keyring *both = NULL;
	struct sha256 mac = store_mac(w.st, MAC_API_KEY, SV("arc_x")), now;

	CHECK(!IS_ERR(keyring_load(cx, &(struct keyring_how){ .keys = keys, .n = 2 }, &both)));
	CHECK(!IS_ERR(open_with(cx, &w, both)));
	now = store_mac(w.st, MAC_API_KEY, SV("arc_x"));
	CHECK(sv_eq(sha256_view(&mac), sha256_view(&now)));
	store_drop(&w.st);
}

TEST(no_store_and_no_leave_to_make_one)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(keyring_drop) struct keyring *keys = tt_keyring(cx, "0123456789abcdef0123456789abcdef");
	CLEANUP(store_drop) struct store *st = NULL;

	CHECK(store_open(cx, &(struct store_how){ .path = "/nonexistent/s", .keys = keys }, &st).code == E_CONFIG);
	CHECK(strstr(cx->cause.say, "there is no store at /nonexistent/s") != NULL);
	(void)forgive(cx);
	CHECK(store_open(cx, &(struct store_how){ .path = "/nonexistent/s", .keys = keys, .may_create = true }, &st)
		  .code == E_CONFIG);
	CHECK(st == NULL);
}

TEST(a_file_that_is_no_store_is_refused_and_kept)
{
	static const char text[] =
	    "dear diary, this is not a database at all, and it is longer than any header would be....\n";
	struct ctx *cx = tt_ctx();
	CLEANUP(keyring_drop) struct keyring *keys = tt_keyring(cx, "0123456789abcdef0123456789abcdef");
	CLEANUP(store_drop) struct store *st = NULL;
	char dir[64], path[96], back[sizeof text];

	tt_folder(dir);
	(void)snprintf(path, sizeof path, "%s/store.sqlite3", dir);
	FILE *f = fopen(path, "w");
	CHECK(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
	CHECK(store_open(cx, &(struct store_how){ .path = path, .keys = keys, .may_create = true }, &st).code ==
	      E_CONFIG);
	CHECK(strstr(cx->cause.say, "not a store") != NULL);
	f = fopen(path, "r");
	CHECK(f != NULL && fgets(back, sizeof back, f) != NULL && fclose(f) == 0 && strcmp(back, text) == 0);
	tt_folder_end(dir);
}

TEST(sealed_rows_open_in_their_place_only)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = tt_store_begin(cx);
	struct sv project = sv_of(w.project), box;
	const struct seal_at at = { "connections.access_box", project, SV_INIT("cn_1") };
	const struct seal_at wrong[] = {
		{ "connections.access_box", project, SV_INIT("cn_2") },
		{ "connections.refresh_box", project, SV_INIT("cn_1") },
		{ "connections.access_box", SV_INIT(""), SV_INIT("cn_1") },
		{ "connections.access_box", SV_INIT("nope"), SV_INIT("cn_1") },
	};
	CLEANUP(secret_drop) struct secret *s = NULL;

	CHECK(!IS_ERR(store_seal(cx, w.st, &at, SV("token"), &box)));
	tt_store_reopen(cx, &w);
	CHECK(!IS_ERR(store_unseal(cx, w.st, &at, box, &s)) && sv_eq(secret_view(s), SV("token")));
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		CLEANUP(secret_drop) struct secret *no = NULL;

		CHECK_ROW(wrong[i].table_column,
			  store_unseal(cx, w.st, &wrong[i], box, &no).code == E_INTERNAL && no == NULL);
		(void)forgive(cx);
	}
	CHECK(store_seal(cx, w.st, &wrong[3], SV("token"), &box).code == E_INTERNAL && box.p == NULL);
}

TEST(a_place_that_is_too_long_is_refused)
{
	static char row[500];
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = tt_store_begin(cx);
	struct sv box;

	memset(row, 'x', sizeof row);
	for (size_t n = 300; n <= sizeof row; n += 100) {
		const struct seal_at at = { "settings.value", SV(""), { row, n } };
		CLEANUP(secret_drop) struct secret *s = NULL;
		struct err e = store_seal(cx, w.st, &at, SV("token"), &box);

		CHECK(IS_ERR(e) == (n > 300));
		CHECK(IS_ERR(e) || !IS_ERR(store_unseal(cx, w.st, &at, box, &s)));
		(void)forgive(cx);
	}
}

TEST(readers_are_lent_and_given_back)
{
	enum { N = 20 };
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = tt_store_begin(cx);
	struct reader r[N];

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < N; i++)
			CHECK(!IS_ERR(store_read(cx, w.st, &r[i])));
		for (int i = 0; i < N; i++)
			store_read_done(&r[i]);
	}
	store_read_done(&r[0]); /* twice is nothing */
}

TEST(a_lease_has_one_owner_until_it_is_over)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = tt_store_begin(cx);
	struct lease_ask mine = { .name = "job", .owner = "a", .hold = MIN(1) },
			 theirs = { .name = "job", .owner = "b", .hold = MIN(1) };
	struct lease_ask spent = { .name = "job", .owner = "b", .hold = -1 };
	bool got = false;

	CHECK(!IS_ERR(store_lease_take(cx, w.st, &mine, &got)) && got);
	CHECK(!IS_ERR(store_lease_take(cx, w.st, &theirs, &got)) && !got);
	CHECK(!IS_ERR(store_lease_take(cx, w.st, &mine, &got)) && got);
	CHECK(!IS_ERR(store_lease_give(cx, w.st, "job", "b")));
	CHECK(!IS_ERR(store_lease_take(cx, w.st, &theirs, &got)) && !got);
	CHECK(!IS_ERR(store_lease_give(cx, w.st, "job", "a")));
	CHECK(!IS_ERR(store_lease_take(cx, w.st, &spent, &got)) && got);
	CHECK(!IS_ERR(store_lease_take(cx, w.st, &mine, &got)) && got);
}

static struct event event(struct sv project, const char *kind, struct sv authorization)
{
	return (struct event){ .project_id = project,
			       .kind = kind,
			       .by = { "system", "engine", "SYSTEM", SV("127.0.0.1") },
			       .resource_type = "authorization",
			       .resource_id = SV("ar_1"),
			       .authorization_id = authorization,
			       .step = "link_opened",
			       .outcome = "ok" };
}
TEST(events_are_a_timeline_and_a_list)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = tt_store_begin(cx);
	struct event_list l;
	int64_t gone = 0;

	for (int i = 0; i < 5; i++) {
		struct event ev =
		    event(SV("p"), i == 3 ? "provider.updated" : "authorization.step", i < 2 ? SV("ar_1") : SV(""));

		ev.data = i == 1 ? SV("{\"scopes\":[\"identify\"]}") : SV_NONE;
		CHECK(!IS_ERR(store_event_log(cx, w.st, &ev)));
	}
	CHECK(!IS_ERR(store_event_timeline(cx, w.st, SV("p"), SV("ar_1"), &l)) && l.n == 2 && l.v[0].id < l.v[1].id);
	CHECK(sv_eq(l.v[0].data, SV("{}")) && sv_eq(l.v[1].data, SV("{\"scopes\":[\"identify\"]}")));
	CHECK(strcmp(l.v[0].step, "link_opened") == 0 && strcmp(l.v[0].reason, "") == 0 &&
	      strcmp(l.v[0].client_ip, "127.0.0.1") == 0);
	CHECK(!IS_ERR(store_event_timeline(cx, w.st, SV("q"), SV("ar_1"), &l)) && l.n == 0);
	CHECK(!IS_ERR(store_event_timeline(cx, w.st, SV("p"), SV(""), &l)) && l.n == 0);
	CHECK(!IS_ERR(
	    store_event_list(cx, w.st, &(struct event_filter){ .project_id = SV("p"), .limit = 2, .offset = 1 }, &l)));
	CHECK(l.n == 2 && l.total == 5 && l.v[0].id == 4 && l.v[1].id == 3);
	CHECK(!IS_ERR(store_event_list(
	    cx, w.st, &(struct event_filter){ .project_id = SV("p"), .kind = SV("provider.updated"), .limit = 10 },
	    &l)));
	CHECK(l.n == 1 && l.total == 1);
	CHECK(!IS_ERR(store_event_prune(cx, w.st, clock_now() - HOUR(1), &gone)) && gone == 0);
	CHECK(!IS_ERR(store_event_prune(cx, w.st, clock_now() + HOUR(1), &gone)) && gone == 5);
}
