/* SPDX-License-Identifier: Apache-2.0 */
#include "shipped.h"
#include <stdlib.h>

static const char *const ids[] = { "discord", "github", "google", "slack", "dropbox", "clickup" };
static struct pdef *defs[ARRAY_LEN(ids)];

static void let_go(void)
{
	for (size_t i = 0; i < ARRAY_LEN(defs); i++)
		pdef_drop(&defs[i]);
}

static void load(void)
{
	CLEANUP(pdef_library_drop) struct pdef_library *library = NULL;
	struct ctx *cx = fuzz_ctx();

	MUST(atexit(let_go) == 0 && !IS_ERR(pdef_library_load(cx, NULL, false, &library)));
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		const struct node *tree = pdef_library_find(library, sv_of(ids[i]));

		MUST(tree != NULL && !IS_ERR(pdef_load(cx, tree, &(struct pdef_how){ .id = ids[i] }, &defs[i])));
	}
}

const struct pdef *shipped(uint8_t which)
{
	if (defs[0] == NULL)
		load();
	return defs[which % ARRAY_LEN(ids)];
}

struct wire_client shipped_client(const struct pdef *d, const struct secret *client_secret)
{
	return (struct wire_client){ .def = d,
				     .client_id = SV("client"),
				     .client_secret = client_secret,
				     .redirect_uri = SV("http://localhost:9099/api/v1/oauth/x/callback"),
				     .stored = SV("{}") };
}
