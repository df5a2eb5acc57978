/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "core/ydoc.h"
#include "model/pdef.h"
#include "sim/sim_def.h"
#include "tt.h"

TEST(every_shipped_provider_can_be_simulated)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(pdef_library_drop) struct pdef_library *lib = NULL;

	CHECK(!IS_ERR(pdef_library_load(cx, NULL, false, &lib)));
	CHECK(pdef_library_count(lib) >= 7);
	for (size_t i = 0; i < pdef_library_count(lib); i++) {
		const struct node *tree = pdef_library_at(lib, i);
		struct sim_def d;

		CHECK_ROW(node_text_at(tree, "id").p, !IS_ERR(sim_def_read(cx, tree, &d)));
		CHECK_ROW(d.id.p, d.hosts.n > 0 && d.users != NULL && d.users->n >= 2 && d.api != NULL);
	}
}

/* id, then a simulate section: good, or the words its refusal must hold. */
static const struct {
	const char *name, *yaml, *says;
} rows[] = {
	{ "none at all", "id: x\nname: X\n", "no simulate section" },
	{ "unknown key",
	  "id: x\nsimulate: {hosts: [a], authorize: {paths: [/a]}, token: {paths: [/t], bodies: [form], client_auth: "
	  "[basic], "
	  "renews: never, fields: {}, errors: {}}, nonsense: 1}\n",
	  "nonsense" },
	{ "no hosts",
	  "id: x\nsimulate: {authorize: {paths: [/a]}, token: {paths: [/t], bodies: [form], client_auth: [basic], "
	  "renews: never, "
	  "fields: {}, errors: {}}}\n",
	  "hosts" },
	{ "no token", "id: x\nsimulate: {hosts: [a], authorize: {paths: [/a]}}\n", "token" },
	{ "bad word",
	  "id: x\nsimulate: {hosts: [a], authorize: {paths: [/a], pkce: maybe}, token: {paths: [/t], bodies: [form], "
	  "client_auth: [basic], "
	  "renews: never, fields: {}, errors: {}}}\n",
	  "pkce" },
	{ "renews missing",
	  "id: x\nsimulate: {hosts: [a], authorize: {paths: [/a]}, token: {paths: [/t], bodies: [form], client_auth: "
	  "[basic], "
	  "fields: {}, errors: {}}}\n",
	  "renews" },
	{ "revoke without end",
	  "id: x\nsimulate: {hosts: [a], authorize: {paths: [/a]}, token: {paths: [/t], bodies: [form], client_auth: "
	  "[basic], "
	  "renews: never, fields: {}, errors: {}}, revoke: {paths: [/r]}}\n",
	  "ends" },
	{ "names that are no map",
	  "id: x\nsimulate: {hosts: [a], authorize: {paths: [/a], scope_names: [a]}, token: {paths: [/t], bodies: "
	  "[form], "
	  "client_auth: [basic], renews: never, fields: {}, errors: {}}}\n",
	  "x.yaml:2: simulate.authorize.scope_names must be a map" },
	{ "held scopes that are no map",
	  "id: x\nsimulate: {hosts: [a], authorize: {paths: [/a], scope_holds: a}, token: {paths: [/t], bodies: "
	  "[form], "
	  "client_auth: [basic], renews: never, fields: {}, errors: {}}}\n",
	  "x.yaml:2: simulate.authorize.scope_holds must be a map" },
	{ "good",
	  "id: x\nsimulate: {hosts: [a], authorize: {paths: [/a]}, token: {paths: [/t], bodies: [form], client_auth: "
	  "[basic], renews: never, "
	  "fields: {}, errors: {}}}\n",
	  NULL },
};

TEST(a_simulate_section_is_checked_as_a_whole)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ctx *cx = tt_ctx();
		struct node *tree = NULL;
		struct sim_def d;
		size_t at;

		CHECK_ROW(rows[i].name, !IS_ERR(ydoc_parse(cx, sv_of(rows[i].yaml), "x.yaml", &tree)));
		struct err e = sim_def_read(cx, tree, &d);
		if (rows[i].says == NULL) {
			CHECK_ROW(rows[i].name, !IS_ERR(e) && cx->cause.code == E_OK);
			continue;
		}
		CHECK_ROW(rows[i].name, e.code == E_CONFIG && cx->cause.code == E_CONFIG);
		CHECK_ROW(cx->cause.say, sv_find(sv_of(cx->cause.say), sv_of(rows[i].says), &at));
	}
}

TEST(a_path_fits_its_pattern_segment_by_segment)
{
	static const struct {
		struct sv pattern, path;
		bool fits;
		const char *first;
	} t[] = {
		{ SV_INIT("/a/b"), SV_INIT("/a/b"), true, NULL },
		{ SV_INIT("/a/{x}"), SV_INIT("/a/1"), true, "1" },
		{ SV_INIT("/a/{x}/t"), SV_INIT("/a/client/t"), true, "client" },
		{ SV_INIT("/a/{x}"), SV_INIT("/a/"), false, NULL },
		{ SV_INIT("/a/{x}"), SV_INIT("/a"), false, NULL },
		{ SV_INIT("/a"), SV_INIT("/a/1"), false, NULL },
		{ SV_INIT("/a/b"), SV_INIT("/a/B"), false, NULL },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct sv p[2] = { SV_NONE, SV_NONE };

		CHECK_ROW(t[i].path.p, sim_def_fits(t[i].pattern, t[i].path, p) == t[i].fits);
		if (t[i].first != NULL)
			CHECK_ROW(t[i].path.p, sv_eqz(p[0], t[i].first));
	}
}
