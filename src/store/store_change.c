/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_change.h"
#include "core/text.h"
#include <stdio.h>

enum { PATH = 200, DEPTH = 2 }; /* oauth2.token_request.endpoint */

void store_change_if(struct jout *w, const char *name, bool differs)
{
	if (differs)
		jout_strz(w, NULL, name);
}
void store_change_text(struct jout *w, const char *name, struct sv was, struct sv now)
{
	store_change_if(w, name, was.n != now.n || (was.n > 0 && !sv_eq(was, now)));
}
static void tree(struct jout *w, const char *name, const struct node *was, const struct node *now, int depth);
static void member(struct jout *w, const char *name, struct sv key, const struct node *const pair[2], int depth)
{
	char path[PATH];

	(void)snprintf(path, sizeof path, "%s.%.*s", name, SV_FMT(sv_upto(key, PATH / 2)));
	tree(w, path, node_get_sv(pair[0], key), node_get_sv(pair[1], key), depth + 1);
}
static void tree(struct jout *w, const char *name, const struct node *was, const struct node *now, int depth)
{
	const struct node *const pair[2] = { was, now };
	bool maps = (was == NULL || was->kind == NODE_MAP) && (now == NULL || now->kind == NODE_MAP);

	if (node_equal(was, now))
		return;
	if (!maps || depth > DEPTH) {
		jout_strz(w, NULL, name);
		return;
	}
	for (const struct node *m = was == NULL ? NULL : was->first; m != NULL; m = m->next)
		member(w, name, m->key, pair, depth);
	for (const struct node *m = now == NULL ? NULL : now->first; m != NULL; m = m->next)
		if (node_get_sv(was, m->key) == NULL)
			member(w, name, m->key, pair, depth);
}
void store_change_tree(struct jout *w, const char *name, const struct node *was, const struct node *now)
{
	tree(w, name, was, now, 1);
}
