/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/provider_move.h"
#include "tt.h"

#define DEF(token, rest) "{\"token\":{\"url\":\"" token "\"}" rest "}"

TEST(an_edit_that_moves_a_secret_to_another_host_is_seen)
{
	static const struct {
		const char *name, *before, *after;
		bool secret, stored;
	} t[] = {
		{ "nothing", DEF("https://a.example/t", ""), DEF("https://a.example/t", ""), false, false },
		{ "path", DEF("https://a.example/t", ""), DEF("https://a.example/v2/t?x=1", ""), false, false },
		{ "letters of the host", DEF("https://a.example/t", ""), DEF("https://A.EXAMPLE/t", ""), false, false },
		{ "host", DEF("https://a.example/t", ""), DEF("https://b.example/t", ""), true, true },
		{ "longer host", DEF("https://a.example/t", ""), DEF("https://a.example.evil/t", ""), true, true },
		{ "user in the address", DEF("https://a.example/t", ""), DEF("https://a.example@evil/t", ""), true,
		  true },
		{ "port", DEF("https://a.example/t", ""), DEF("https://a.example:444/t", ""), true, true },
		{ "scheme", DEF("https://a.example/t", ""), DEF("http://a.example/t", ""), true, true },
		{ "refresh at the token's", DEF("https://a.example/t", ""),
		  DEF("https://a.example/t", ",\"refresh\":{\"url\":\"https://a.example/r\"}"), false, false },
		{ "refresh elsewhere", DEF("https://a.example/t", ""),
		  DEF("https://a.example/t", ",\"refresh\":{\"url\":\"https://b.example/r\"}"), true, true },
		{ "revocation elsewhere", DEF("https://a.example/t", ",\"revoke\":{\"url\":\"https://a.example/r\"}"),
		  DEF("https://a.example/t", ",\"revoke\":{\"url\":\"https://b.example/r\"}"), true, true },
		{ "introspection elsewhere", DEF("https://a.example/t", ""),
		  DEF("https://a.example/t", ",\"introspect\":{\"url\":\"https://b.example/i\"}"), true, true },
		{ "a value of the address", DEF("https://{{var.h}}/t", ",\"values\":{\"h\":\"a\"}"),
		  DEF("https://{{var.h}}/t", ",\"values\":{\"h\":\"b\"}"), true, true },
		{ "origin", DEF("https://a.example/t", ""),
		  DEF("https://a.example/t", ",\"origin\":\"https://b.example\""), true, true },
		{ "environment", DEF("https://a.example/t", ""),
		  DEF("https://a.example/t", ",\"environment\":\"sandbox\""), true, true },
		{ "a user info of its own host", DEF("https://a.example/t", ""),
		  DEF("https://a.example/t", ",\"user_info\":{\"url\":\"https://a.example/u\"}"), false, false },
		{ "a user info elsewhere", DEF("https://a.example/t", ""),
		  DEF("https://a.example/t", ",\"user_info\":{\"url\":\"https://b.example/u\"}"), true, false },
		{ "user info moved", DEF("https://a.example/t", ",\"user_info\":{\"url\":\"https://b.example/u\"}"),
		  DEF("https://a.example/t", ",\"user_info\":{\"url\":\"https://c.example/u\"}"), true, false },
		{ "no user info any more",
		  DEF("https://a.example/t", ",\"user_info\":{\"url\":\"https://b.example/u\"}"),
		  DEF("https://a.example/t", ""), false, false },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct provider_move m = { .secret = !t[i].secret };

		CHECK_ROW(t[i].name, !IS_ERR(provider_move_find(tt_ctx(), sv_of(t[i].before), sv_of(t[i].after), &m)));
		CHECK_ROW(t[i].name, m.secret == t[i].secret && m.stored == t[i].stored);
	}
}
