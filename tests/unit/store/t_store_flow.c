/* SPDX-License-Identifier: Apache-2.0 */
/* t_store_flow.c: the tables of providers, authorizations and flows: conditional moves, sealed columns, what stays and
 * what goes. */
#include "core/clock.h"
#include "core/rnd.h"
#include "core/text.h"
#include "db/db.h"
#include "store/store_authorization.h"
#include "store/store_flow.h"
#include "store/store_provider.h"
#include "store/store_revocation.h"
#include "tt_store.h"

#define TOKEN "ttttttttttttttttttttttttttttttttttttttttttt"
struct row {
	struct sv project;
	const char *sql;
};
static struct err make(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	const struct row *r = in;
	struct provider_row p = { .id = SV("pv_1"),
				  .project_id = r->project,
				  .unique_id = SV("gh"),
				  .external_id = SV("ap_1"),
				  .binding = SV("project"),
				  .type_id = SV("github"),
				  .description = SV(""),
				  .status = SV("active"),
				  .client_id = SV("c"),
				  .config = SV("{}"),
				  .revision_id = SV("pr_1"),
				  .created_at = 1,
				  .updated_at = 1 };
	struct provider_revision rev = { SV("pr_1"), SV("pv_1"), SV("{\"v\":1}"), SV("c") };
	struct authorization a = { .id = SV("ar_1"),
				   .project_id = r->project,
				   .user_id = SV("u"),
				   .provider_id = SV("pv_1"),
				   .asked_as = SV("gh"),
				   .scopes = SV("[]"),
				   .scope_key = SV("[]"),
				   .next_uri = SV(""),
				   .expires_at = tx_now(tx) + HOUR(1) };
	struct flow f = { .id = SV("fl_1"),
			  .authorization_id = SV("ar_1"),
			  .project_id = r->project,
			  .user_id = SV("u"),
			  .provider_id = SV("pv_1"),
			  .revision_id = SV("pr_1"),
			  .client_id = SV("c"),
			  .redirect_uri = SV("r"),
			  .asked_scopes = SV("[]"),
			  .existing_scopes = SV("[]"),
			  .expires_at = tx_now(tx) + HOUR(1) };

	(void)out;
	TRY(store_provider_insert(cx, tx, &p));
	TRY(store_provider_revise(cx, tx, &rev));
	TRY(store_authorization_add(cx, tx, &a, SV(TOKEN)));
	return store_flow_start(cx, tx, &(struct flow_start){ &f, SV("state-1"), SV("cookie-1"), SV("verifier-1") });
}
static struct sv begin(struct ctx *cx, struct tt_store *w)
{
	*w = tt_store_begin(cx);
	struct sv project = sv_of(store_default_project(w->st));
	CHECK(!IS_ERR(store_act(cx, w->st, make, &(struct row){ project, NULL }, NULL)));
	return project;
}
static struct err run_sql(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	(void)out;
	return db_exec(cx, tx_db(tx), in);
}
static struct flow flow_now(struct ctx *cx, struct tt_store *w, const char *id)
{
	CLEANUP(store_read_done) struct reader rd = { .st = NULL };
	struct flow f;

	CHECK(!IS_ERR(store_read(cx, w->st, &rd)) && !IS_ERR(store_flow_get(cx, rd.db, sv_of(id), &f)));
	return f;
}

/* ---- moves ---- */
static struct err redeem(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	(void)in;
	(void)out;
	return store_flow_redeem(cx, tx, SV("fl_1"), tx_now(tx) + SEC(45));
}
static struct err keep_tokens(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	(void)out;
	return store_flow_tokens(cx, tx, in);
}
static struct err end(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	(void)out;
	return store_flow_end(cx, tx, in);
}
static struct err name(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	(void)out;
	return store_flow_name(cx, tx, in, SV("flow-id-1"));
}

TEST(each_move_of_a_flow_happens_once)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = { .st = NULL };
	struct sv project = begin(cx, &w);
	CLEANUP(secret_drop) struct secret *access = secret_copy(SV("{\"token\":\"t\"}"));
	CLEANUP(secret_drop) struct secret *got = NULL;
	struct flow_tokens t = { .id = SV("fl_1"),
				 .project_id = project,
				 .granted_scopes = SV("[\"a\"]"),
				 .stored = SV("{}"),
				 .access = access,
				 .expires_at = 7,
				 .account_hash = SV_NONE };
	struct flow_end done = { SV("fl_1"), "unverified", "done", "" };

	CHECK(store_act(cx, w.st, keep_tokens, &t, NULL).code == E_STALE); /* not redeeming yet */
	(void)forgive(cx);
	CHECK(!IS_ERR(store_act(cx, w.st, redeem, NULL, NULL)));
	CHECK(store_act(cx, w.st, redeem, NULL, NULL).code == E_STALE);
	(void)forgive(cx);
	CHECK(!IS_ERR(store_act(cx, w.st, keep_tokens, &t, NULL)));
	CHECK(store_act(cx, w.st, keep_tokens, &t, NULL).code == E_STALE);
	(void)forgive(cx);
	struct flow f = flow_now(cx, &w, "fl_1");
	CHECK(sv_eqz(f.status, "unverified") && f.pkce_box.p == NULL && f.expires_at == 7 && f.refresh_box.p == NULL);
	CHECK(!IS_ERR(store_flow_unseal(cx, w.st, &f, FLOW_ACCESS, &got)) &&
	      secret_equal(got, SV("{\"token\":\"t\"}")));
	CHECK(!IS_ERR(store_act(cx, w.st, name, &f, NULL)));
	CHECK(store_act(cx, w.st, name, &f, NULL).code == E_STALE); /* one flow_id a flow */
	(void)forgive(cx);
	CHECK(!IS_ERR(store_act(cx, w.st, end, &done, NULL)));
	CHECK(store_act(cx, w.st, end, &done, NULL).code == E_STALE);
	(void)forgive(cx);
	f = flow_now(cx, &w, "fl_1");
	CHECK(f.access_box.p == NULL && f.flow_box.p == NULL && f.ended_at > 0);
}

TEST(flows_are_found_by_what_only_the_browser_has)
{
	static const struct {
		enum flow_key by;
		struct sv key;
		enum err_code want;
	} t[] = {
		{ FLOW_BY_STATE, SV_INIT("state-1"), E_OK },
		{ FLOW_BY_STATE, SV_INIT("state-2"), E_NOT_FOUND },
		{ FLOW_BY_STATE, SV_INIT(""), E_NOT_FOUND },
		{ FLOW_BY_STATE, SV_INIT("cookie-1"), E_NOT_FOUND },
		{ FLOW_BY_FLOW_ID, SV_INIT("state-1"), E_NOT_FOUND },
		{ FLOW_BY_FORM, SV_INIT("state-1"), E_NOT_FOUND },
	};
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = { .st = NULL };
	CLEANUP(store_read_done) struct reader rd = { .st = NULL };

	(void)begin(cx, &w);
	CHECK(!IS_ERR(store_read(cx, w.st, &rd)));
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct flow f;

		CHECK_ROW(t[i].key.p,
			  store_flow_find(cx, &(struct flow_find){ rd.db, w.st, t[i].by, t[i].key }, &f).code ==
			      t[i].want);
		CHECK_ROW(t[i].key.p, cx->cause.code == E_OK);
	}
}

TEST(a_box_moved_to_another_row_or_column_does_not_open)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = { .st = NULL };
	CLEANUP(secret_drop) struct secret *s = NULL;

	(void)begin(cx, &w);
	struct flow f = flow_now(cx, &w, "fl_1"), other = f, column = f;
	CHECK(!IS_ERR(store_flow_unseal(cx, w.st, &f, FLOW_PKCE, &s)) && secret_equal(s, SV("verifier-1")));
	secret_drop(&s);
	other.id = SV("fl_2");
	CHECK(store_flow_unseal(cx, w.st, &other, FLOW_PKCE, &s).code == E_INTERNAL && s == NULL);
	(void)forgive(cx);
	column.access_box = f.pkce_box;
	CHECK(store_flow_unseal(cx, w.st, &column, FLOW_ACCESS, &s).code == E_INTERNAL && s == NULL);
	(void)forgive(cx);
	CHECK(!IS_ERR(store_flow_unseal(cx, w.st, &f, FLOW_REFRESH, &s)) && s == NULL);
}

TEST(nothing_secret_is_in_the_file_in_clear)
{
	static const char *const words[] = { "state-1", "cookie-1", "verifier-1", TOKEN };
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = { .st = NULL };

	(void)begin(cx, &w);
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		char sql[400];
		CLEANUP(store_read_done) struct reader rd = { .st = NULL };
		int64_t n = 0;

		(void)snprintf(
		    sql, sizeof sql,
		    "SELECT count(*) FROM flows f, authorizations a WHERE "
		    "instr(coalesce(f.state_hash,'')||coalesce(f.cookie_mac,'')||"
		    "coalesce(f.pkce_box,'')||coalesce(f.stored,'')||a.connect_hash||a.connect_box, '%s') > 0",
		    words[i]);
		CHECK(!IS_ERR(store_read(cx, w.st, &rd)) && !IS_ERR(db_get_i64(cx, rd.db, sql, &n)));
		CHECK_ROW(words[i], n == 0);
	}
}

/* ---- authorizations ---- */
static struct err move(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	(void)out;
	return store_authorization_move(cx, tx, in);
}
static struct err add_same(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	const struct row *r = in;
	struct authorization a = { .id = SV("ar_2"),
				   .project_id = r->project,
				   .user_id = SV("u"),
				   .provider_id = SV("pv_1"),
				   .asked_as = SV("gh"),
				   .scopes = SV("[]"),
				   .scope_key = SV("[]"),
				   .next_uri = SV("") };

	(void)out;
	return store_authorization_add(cx, tx, &a, SV("another token"));
}

TEST(one_pending_authorization_a_question)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = { .st = NULL };
	struct row r = { begin(cx, &w), NULL };
	struct authorization_move m = { SV("ar_1"), "pending", "failed", "denied", SV_NONE };

	CHECK(store_act(cx, w.st, add_same, &r, NULL).code == E_CONFLICT);
	(void)forgive(cx);
	CHECK(!IS_ERR(store_act(cx, w.st, move, &m, NULL)));
	CHECK(store_act(cx, w.st, move, &m, NULL).code == E_STALE);
	(void)forgive(cx);
	CHECK(!IS_ERR(store_act(cx, w.st, add_same, &r, NULL)));
}

TEST(a_link_leads_to_its_authorization_and_gives_the_same_token)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = { .st = NULL };
	CLEANUP(secret_drop) struct secret *s = NULL;
	struct authorization a;

	(void)begin(cx, &w);
	tt_store_reopen(cx, &w);
	CLEANUP(store_read_done) struct reader rd = { .st = NULL };
	struct sha256 right = store_mac(w.st, MAC_CONNECT, SV(TOKEN)), wrong = store_mac(w.st, MAC_STATE, SV(TOKEN));
	CHECK(!IS_ERR(store_read(cx, w.st, &rd)) && !IS_ERR(store_authorization_by_link(cx, rd.db, &right, &a)));
	CHECK(sv_eqz(a.id, "ar_1") && !IS_ERR(store_authorization_token(cx, w.st, &a, &s)) &&
	      secret_equal(s, SV(TOKEN)));
	CHECK(store_authorization_by_link(cx, rd.db, &wrong, &a).code == E_NOT_FOUND);
}

/* ---- what goes ---- */
static int64_t prune(struct ctx *cx, struct tt_store *w)
{
	struct authorization_prune p = { .before = 100, .more = true };
	int64_t flows = -1;

	CHECK(!IS_ERR(store_flow_prune(cx, w->st, 100, &flows)));
	while (p.more)
		CHECK(!IS_ERR(store_authorization_prune(cx, w->st, &p)));
	return flows + p.gone;
}

TEST(only_what_ended_long_ago_is_pruned)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = { .st = NULL };

	(void)begin(cx, &w);
	CHECK(prune(cx, &w) == 0);
	CHECK(!IS_ERR(store_act(cx, w.st, run_sql,
				"UPDATE flows SET status='failed', ended_at=100; "
				"UPDATE authorizations SET status='failed', ended_at=100",
				NULL)));
	CHECK(prune(cx, &w) == 0);
	CHECK(!IS_ERR(
	    store_act(cx, w.st, run_sql, "UPDATE flows SET ended_at=99; UPDATE authorizations SET ended_at=99", NULL)));
	CHECK(prune(cx, &w) == 2);
}

/* Those of living connections stay, and do not stand before others: of 1,300 old ones each third is one. */
TEST(an_old_authorization_stays_while_its_connection_lives)
{
	static const char many[] =
	    "INSERT INTO authorizations(id, project_id, user_id, provider_id, asked_as, scopes, scope_key, status,"
	    " connection_id, connect_hash, connect_box, created_at, expires_at, ended_at)"
	    " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1300)"
	    " SELECT printf('ar_%05d', i), project_id, 'u' || i, provider_id, 'x', '[]', '', 'succeeded', 'uc_' || i,"
	    " randomblob(32), x'00', 1, 1, 1 + i / 600 FROM n, authorizations WHERE id = 'ar_1';"
	    "INSERT INTO connections(id, project_id, user_id, provider_id, client_id, revision_id, status, generation,"
	    " created_at, updated_at) SELECT connection_id, project_id, user_id, provider_id, 'c', 'pr_1', CASE WHEN"
	    " substr(id, 4) % 3 = 0 THEN 'live' ELSE 'closed' END, 1, 1, 1 FROM authorizations WHERE connection_id <> "
	    "''";
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = { .st = NULL };

	(void)begin(cx, &w);
	CHECK(!IS_ERR(store_act(cx, w.st, run_sql, many, NULL)));
	CHECK(prune(cx, &w) == 867);
	CHECK(prune(cx, &w) == 0);
}

/* Many wait for a provider that cannot be reached, one for another: it has its turn, and is the first. */
TEST(a_revocation_does_not_wait_for_those_of_another_provider)
{
	static const char many[] =
	    "INSERT INTO revocations(id, project_id, provider_id, revision_id, cause, client_id, sealed_as, tries,"
	    " next_try_at, give_up_at, created_at) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE"
	    " i < 700) SELECT 'rv_' || i, '', 'pv_dead', '', 'disconnect', 'c', 'revocations', i % 2, 1, 1, 1 FROM n;"
	    "INSERT INTO revocations(id, project_id, provider_id, revision_id, cause, client_id, sealed_as, tries,"
	    " next_try_at, give_up_at, created_at) VALUES"
	    "('rv_good', '', 'pv_good', '', 'disconnect', 'c', 'revocations', 0, 2, 1, 2),"
	    "('rv_waits', '', 'pv_waits', '', 'disconnect', 'c', 'revocations', 1, (unixepoch() + 60) * 1000000, 1, 2),"
	    "('rv_taken', '', 'pv_taken', '', 'disconnect', 'c', 'revocations', 1, 1, 1, 2);"
	    "UPDATE revocations SET lease_until = (unixepoch() + 60) * 1000000 WHERE id = 'rv_taken'";
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = { .st = NULL };
	struct revocation_ids ids;

	(void)begin(cx, &w);
	CHECK(!IS_ERR(store_act(cx, w.st, run_sql, many, NULL)));
	cx->now = clock_now();
	CHECK(!IS_ERR(store_revocation_due(cx, w.st, 500, &ids)) && ids.n == 51);
	CHECK(sv_eqz(ids.v[0], "rv_good") && sv_eqz(ids.provider_id[0], "pv_good"));
	for (size_t i = 1; i < ids.n; i++)
		CHECK(sv_eqz(ids.provider_id[i], "pv_dead"));
	CHECK(!IS_ERR(store_revocation_due(cx, w.st, 10, &ids)) && ids.n == 10 && sv_eqz(ids.v[0], "rv_good"));
}

/* ---- providers ---- */
static struct err update(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	(void)out;
	return store_provider_update(cx, tx, in, 1);
}

TEST(a_provider_row_is_changed_only_from_where_it_was)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = { .st = NULL };
	CLEANUP(store_read_done) struct reader rd = { .st = NULL };
	struct provider_row row;
	bool id = false, external = false;

	struct sv project = begin(cx, &w);
	CHECK(!IS_ERR(store_read(cx, w.st, &rd)) && !IS_ERR(store_provider_get(cx, rd.db, SV("pv_1"), &row)));
	CHECK(sv_eqz(row.definition, "{\"v\":1}") && row.secret_box.p == NULL);
	struct provider_taken ask = { project, SV("gh"), SV("ap_2"), SV("") };
	CHECK(!IS_ERR(store_provider_taken(cx, rd.db, &ask, &id, &external)) && id && !external);
	ask = (struct provider_taken){ SV("other"), SV("gh"), SV("ap_1"), SV("") };
	CHECK(!IS_ERR(store_provider_taken(cx, rd.db, &ask, &id, &external)) && !id && external);
	ask.but_id = SV("pv_1");
	CHECK(!IS_ERR(store_provider_taken(cx, rd.db, &ask, &id, &external)) && !id && !external);
	row.updated_at = 2;
	CHECK(!IS_ERR(store_act(cx, w.st, update, &row, NULL)));
	CHECK(store_act(cx, w.st, update, &row, NULL).code == E_STALE);
}
