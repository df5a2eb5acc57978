/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_CHANGE_H
#define STORE_CHANGE_H
/* store_change.h: what a change changed, for the audit log: "changed":["description","oauth2.token_request.endpoint"].
 *
 * Promises: names of fields only, never a value; a secret counts as changed when it was given anew.
 */
#include "core/jout.h"
/* A list named "changed" is open in w between these two. */
static inline void store_change_open(struct jout *w) { jout_list(w, "changed"); }
static inline void store_change_end(struct jout *w) { jout_list_end(w); }
void store_change_if(struct jout *w, const char *name, bool differs) NONNULL(1, 2);
/* Absent and empty are one. */
void store_change_text(struct jout *w, const char *name, struct sv was, struct sv now) NONNULL(1, 2);
/* Every member that differs, by its path under `name`; maps of outside names (params, headers) count as one member. */
void store_change_tree(struct jout *w, const char *name, const struct node *was, const struct node *now) NONNULL(1, 2);
#endif
