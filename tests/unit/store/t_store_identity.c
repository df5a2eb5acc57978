/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "db/db.h"
#include "store/store_account.h"
#include "store/store_identity.h"
#include "tt_store.h"

static struct err enter(struct ctx *cx, struct tt_store *w, const char *subject, const char *id,
			struct identity_entered *out)
{
	static const struct event ev = { .by = { "account", "", "BROWSER", SV_INIT("") }, .outcome = "ok" };

	return store_identity_enter(cx, w->st,
				    &(struct identity_enter){ .issuer = SV("https://issuer.example"),
							      .subject = sv_of(subject),
							      .email = SV("ada@corp.example"),
							      .signed_in = SV(""),
							      .project = sv_of(w->project),
							      .role = ROLE_ADMIN,
							      .new_id = sv_of(id),
							      .event = &ev },
				    out);
}
static void add(struct ctx *cx, struct tt_store *w, const char *id, const char *email, enum role role)
{
	struct account_add in = { .password = SV("x"), .project = sv_of(w->project), .role = role };
	struct account a;

	CHECK(sv_copy(sv_of(id), in.account.id, sizeof in.account.id) &&
	      sv_copy(sv_of(email), in.account.email, sizeof in.account.email));
	CHECK(!IS_ERR(store_account_add(cx, w->st, &in, &a)));
}

TEST(nobody_comes_in_before_somebody_is_in_charge)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_store_end) struct tt_store w = tt_store_begin(cx);
	struct identity_entered got;
	int64_t n = 0;

	CHECK(enter(cx, &w, "sub", "acc_1", &got).code == E_FORBIDDEN);
	(void)forgive(cx);
	add(cx, &w, "acc_v", "verify@corp.example",
	    ROLE_VERIFY); /* who may but confirm himself is in charge of nothing */
	CHECK(enter(cx, &w, "sub", "acc_1", &got).code == E_FORBIDDEN);
	(void)forgive(cx);
	CHECK(!IS_ERR(store_account_in_charge(cx, w.st, &n)));
	CHECK(n == 0);
	add(cx, &w, "acc_o", "owner@corp.example", ROLE_OWNER);
	CHECK(!IS_ERR(enter(cx, &w, "sub", "acc_1", &got)));
	CHECK(got.made && !got.account.has_password && strcmp(got.account.email, "ada@corp.example") == 0);
	CHECK(!IS_ERR(enter(cx, &w, "sub", "acc_2", &got)));
	CHECK(!got.made && strcmp(got.account.id, "acc_1") == 0);
	CHECK(enter(cx, &w, "another subject", "acc_3", &got).code == E_CONFLICT); /* with the same email */
	(void)forgive(cx);
}
