/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TT_STORE_H
#define TT_STORE_H
/* tt_store.h: a store in a folder of its own that is gone when the test ends.
 *	CLEANUP(tt_store_end) struct tt_store w = tt_store_begin(cx);
 */
#include "store/store.h"
#include "tt_folder.h"
#include "tt_keyring.h"
struct tt_store {
	char dir[64], path[96], project[40]; /* project: the default one, also while the store is being reopened */
	struct keyring *keys;
	struct store *st;
};
static inline struct tt_store tt_store_begin(struct ctx *cx)
{
	struct tt_store w = { .st = NULL };

	tt_folder(w.dir);
	(void)snprintf(w.path, sizeof w.path, "%s/store.sqlite3", w.dir);
	w.keys = tt_keyring(cx, "0123456789abcdef0123456789abcdef");
	CHECK(
	    !IS_ERR(store_open(cx, &(struct store_how){ .path = w.path, .keys = w.keys, .may_create = true }, &w.st)));
	(void)snprintf(w.project, sizeof w.project, "%s", store_default_project(w.st));
	return w;
}
static inline void tt_store_reopen(struct ctx *cx, struct tt_store *w)
{
	store_drop(&w->st);
	CHECK(!IS_ERR(store_open(cx, &(struct store_how){ .path = w->path, .keys = w->keys }, &w->st)));
}
static inline void tt_store_end(struct tt_store *w)
{
	store_close(w->st);
	keyring_free(w->keys);
	tt_folder_end(w->dir);
}
#endif
