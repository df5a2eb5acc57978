/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "tt.h"
#include "wire/wire_challenge.h"
#include "wire/wire_discover.h"

/* ---- what a server wants of a token ---- */
TEST(the_first_bearer_challenge_counts)
{
	static const struct {
		const char *header, *scope, *metadata, *error;
		bool bearer;
	} t[] = {
		{ "Bearer", NULL, NULL, NULL, true },
		{ "bearer scope=\"a b\"", "a b", NULL, NULL, true },
		{ "Bearer realm=\"x, y\", resource_metadata=\"https://a.example/p\", error=\"invalid_token\"", NULL,
		  "https://a.example/p", "invalid_token", true },
		{ "Basic realm=\"Bearer scope=no\", Bearer scope=yes", "yes", NULL, NULL, true },
		{ "Bearer scope=one, Bearer scope=two", "one", NULL, NULL, true },
		{ "Bearer scope=\"a\\\"b\"", "a\"b", NULL, NULL, true },
		{ "Bearer scope=a, scope=b", "a", NULL, NULL, true },
		{ "Bearer error=x, DPoP scope=y", NULL, NULL, "x", true },
		{ "Negotiate abc==, Bearer scope=x", "x", NULL, NULL, true },
		{ "Bearer scope=\"never ends", "never ends", NULL, NULL, true },
		{ "Digest qop=auth", NULL, NULL, NULL, false },
		{ "scope=\"a\"", NULL, NULL, NULL, false },
		{ "", NULL, NULL, NULL, false },
		{ ",,= \"", NULL, NULL, NULL, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		struct wire_challenge c;

		CHECK(!IS_ERR(wire_challenge_read(cx, sv_of(t[i].header), &c)));
		CHECK_ROW(t[i].header, c.bearer == t[i].bearer);
		CHECK_ROW(t[i].header, t[i].scope == NULL ? c.scope.p == NULL : sv_eqz(c.scope, t[i].scope));
		CHECK_ROW(t[i].header, t[i].error == NULL ? c.error.p == NULL : sv_eqz(c.error, t[i].error));
		CHECK_ROW(t[i].header, t[i].metadata == NULL ? c.resource_metadata.p == NULL
							     : sv_eqz(c.resource_metadata, t[i].metadata));
	}
}
TEST(metadata_speaks_for_its_own_address_and_what_lies_below_it)
{
	static const struct {
		const char *resource, *endpoint;
		bool want;
	} t[] = {
		{ "https://a.example/mcp", "https://a.example/mcp", true },
		{ "https://a.example", "https://a.example/mcp", true },
		{ "https://a.example/", "https://a.example/mcp", true },
		{ "https://a.example/mcp/", "https://a.example/mcp", true },
		{ "https://A.EXAMPLE:443/mcp", "https://a.example/mcp/x", true },
		{ "https://a.example/mc", "https://a.example/mcp", false },
		{ "https://a.example/mcp/x", "https://a.example/mcp", false },
		{ "http://a.example/mcp", "https://a.example/mcp", false },
		{ "https://a.example:8443/mcp", "https://a.example/mcp", false },
		{ "https://b.example/mcp", "https://a.example/mcp", false },
		{ "https://a.example/mcp#f", "https://a.example/mcp", false },
		{ "https://u@a.example/mcp", "https://a.example/mcp", false },
		{ "", "https://a.example/mcp", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		CHECK_ROW(t[i].resource,
			  wire_discover_covers(tt_ctx(), sv_of(t[i].resource), sv_of(t[i].endpoint)) == t[i].want);
}
