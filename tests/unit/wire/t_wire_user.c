/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "tt.h"
#include "wireworld.h"
#include <string.h>

TEST(user_info_that_tells_a_secret_is_left_out)
{
	struct ctx *cx = tt_ctx();
	static const struct {
		const char *body;
		bool kept;
	} t[] = {
		{ "{\"id\":\"1\",\"echo\":\"Bearer an-access-token\"}", false },
		{ "{\"id\":\"1\",\"a\":[{\"b\":\"x a\\u002drefresh-token y\"}]}", false },
		{ "{\"id\":\"1\",\"an-access-token\":1}", false },
		{ "{\"id\":\"1\",\"echo\":\"an-access\"}", true },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct wire_client *c = world_client(cx, "discord", NULL);
		CLEANUP(token_set_clear)
		struct token_set set = { .access = secret_copy(SV("an-access-token")),
					 .refresh = secret_copy(SV("a-refresh-token")) };
		CLEANUP(wire_user_clear) struct wire_user u = { .json = NULL };
		struct wire_outcome how;

		world_json(200, t[i].body);
		CHECK_ROW(t[i].body, !IS_ERR(wire_user_info(cx, c, &set, &u, &how)));
		CHECK_ROW(t[i].body, (u.json != NULL) == t[i].kept && (how.fate == WIRE_OK) == t[i].kept);
		CHECK_ROW(t[i].body, strstr(how.detail, "token-") == NULL && strstr(how.detail, "an-access") == NULL);
	}
	world_start();
}

TEST(an_id_past_64_bits_names_the_account_by_its_digits)
{
	struct ctx *cx = tt_ctx();
	struct wire_client *c = world_client(cx, "discord", NULL);
	CLEANUP(token_set_clear) struct token_set set = { .access = secret_copy(SV("at")) };
	CLEANUP(wire_user_clear) struct wire_user u = { .json = NULL };
	struct wire_outcome how;

	world_json(200, "{\"id\":18446744073709551617,\"username\":\"cut \\ud83d\"}");
	CHECK(!IS_ERR(wire_user_info(cx, c, &set, &u, &how)) && how.fate == WIRE_OK);
	CHECK(sv_eqz(u.account, "18446744073709551617") && sv_eqz(u.name, "cut \xEF\xBF\xBD"));
	CHECK(sv_eqz(secret_view(u.json), "{\"id\":18446744073709551617,\"username\":\"cut \xEF\xBF\xBD\"}"));
	world_start();
}
