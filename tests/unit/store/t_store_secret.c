/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "db/db.h"
#include "store/store_secret.h"
#include "tt_store.h"

struct given {
	const char *id, *key, *value;
};
static struct err put(struct ctx *cx, struct tt_store *w, struct given g, struct secret_row *out)
{
	CLEANUP(secret_drop) struct secret *v = secret_copy(sv_of(g.value));
	const struct secret_put in = { sv_of(w->project),
				       sv_of(g.key),
				       sv_of(g.id),
				       SV_NONE,
				       v,
				       "",
				       { .project_id = sv_of(w->project),
					 .by = { "operator", "operator", "CLI", SV_NONE },
					 .resource_type = "secret" } };

	return store_secret_put(cx, w->st, &in, out);
}
static struct err sql_act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	(void)out;
	return db_exec(cx, tx_db(tx), in);
}

TEST(a_secret_is_opened_by_its_key_without_case_and_its_value_is_the_last_one_set)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = tt_store_begin(cx);
	CLEANUP(secret_drop) struct secret *v = NULL;
	CLEANUP(secret_drop) struct secret *none = NULL;
	struct secret_row row, again;

	CHECK(!IS_ERR(put(cx, &w, (struct given){ "sec_1", "Search_Key", "first" }, &row)));
	CHECK(!IS_ERR(put(cx, &w, (struct given){ "sec_2", "SEARCH_KEY", "second" }, &again)));
	CHECK(strcmp(row.id, "sec_1") == 0 && strcmp(again.id, "sec_1") == 0);
	tt_store_reopen(cx, &w);
	CHECK(!IS_ERR(store_secret_open(cx, w.st, sv_of(w.project), SV("search_key"), &v)));
	CHECK(v != NULL && sv_eqz(secret_view(v), "second"));
	CHECK(store_secret_open(cx, w.st, sv_of(w.project), SV("search"), &none).code == E_NOT_FOUND && none == NULL);
	CHECK(store_secret_open(cx, w.st, SV("another"), SV("search_key"), &none).code == E_NOT_FOUND && none == NULL);
}

TEST(a_value_moved_to_another_row_does_not_open)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = tt_store_begin(cx);
	CLEANUP(secret_drop) struct secret *v = NULL;
	struct secret_row row;

	CHECK(!IS_ERR(put(cx, &w, (struct given){ "sec_1", "one", "value one" }, &row)));
	CHECK(!IS_ERR(put(cx, &w, (struct given){ "sec_2", "two", "value two" }, &row)));
	CHECK(
	    !IS_ERR(store_act(cx, w.st, sql_act,
			      "UPDATE secrets SET value_box = (SELECT s.value_box FROM secrets s WHERE s.id = 'sec_2')"
			      " WHERE id = 'sec_1'",
			      NULL)));
	CHECK(store_secret_open(cx, w.st, sv_of(w.project), SV("one"), &v).code == E_INTERNAL && v == NULL);
	CHECK(strstr(cx->cause.say, "value") == NULL && strstr(cx->cause.detail, "value two") == NULL);
}
