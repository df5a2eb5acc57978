/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/provider_move.h"
#include "tt.h"

#define DEF(token, rest) "{\"token\":{\"url\":\"" token "\"}" rest "}"

TEST(an_edit_that_moves_a_secret_to_another_host_is_seen)
{
	static const struct {
		const char *name, *before, *after;
		bool moved;
	} t[] = {
		{ "nothing", DEF("https://a.example/t", ""), DEF("https://a.example/t", ""), false },
		{ "path", DEF("https://a.example/t", ""), DEF("https://a.example/v2/t?x=1", ""), false },
		{ "letters of the host", DEF("https://a.example/t", ""), DEF("https://A.EXAMPLE/t", ""), false },
		{ "host", DEF("https://a.example/t", ""), DEF("https://b.example/t", ""), true },
		{ "longer host", DEF("https://a.example/t", ""), DEF("https://a.example.evil/t", ""), true },
		{ "user info", DEF("https://a.example/t", ""), DEF("https://a.example@evil/t", ""), true },
		{ "port", DEF("https://a.example/t", ""), DEF("https://a.example:444/t", ""), true },
		{ "scheme", DEF("https://a.example/t", ""), DEF("http://a.example/t", ""), true },
		{ "refresh at the token's", DEF("https://a.example/t", ""),
		  DEF("https://a.example/t", ",\"refresh\":{\"url\":\"https://a.example/r\"}"), false },
		{ "refresh elsewhere", DEF("https://a.example/t", ""),
		  DEF("https://a.example/t", ",\"refresh\":{\"url\":\"https://b.example/r\"}"), true },
		{ "revocation elsewhere", DEF("https://a.example/t", ",\"revoke\":{\"url\":\"https://a.example/r\"}"),
		  DEF("https://a.example/t", ",\"revoke\":{\"url\":\"https://b.example/r\"}"), true },
		{ "introspection elsewhere", DEF("https://a.example/t", ""),
		  DEF("https://a.example/t", ",\"introspect\":{\"url\":\"https://b.example/i\"}"), true },
		{ "a value of the address", DEF("https://{{var.h}}/t", ",\"values\":{\"h\":\"a\"}"),
		  DEF("https://{{var.h}}/t", ",\"values\":{\"h\":\"b\"}"), true },
		{ "origin", DEF("https://a.example/t", ""),
		  DEF("https://a.example/t", ",\"origin\":\"https://b.example\""), true },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		bool moved = !t[i].moved;

		CHECK_ROW(t[i].name,
			  !IS_ERR(provider_move_find(tt_ctx(), sv_of(t[i].before), sv_of(t[i].after), &moved)));
		CHECK_ROW(t[i].name, moved == t[i].moved);
	}
}
