/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VIEW_H
#define VIEW_H
/* view.h: domain structs as JSON (contract 2.1, 2.9, 3.1, design 15).  key is NULL at the top and inside lists.
 *
 * Promises: a client secret has no writer: only whether there is one and its last four characters (contract 3.1).
 *           The token of a completed authorization is written by view_authorization alone.
 */
#include "core/jout.h"
#include "domain/authorize.h"
#include "domain/connections.h"
#include "domain/journal.h"
#include "domain/providers.h"
#include "model/person.h"
void view_authorization(struct jout *w, const struct auth_view *v) NONNULL(1, 2);
const char *view_status(enum auth_status s) RETURNS_NONNULL;
void view_list(struct jout *w, const char *key, struct sv_list v) NONNULL(1, 2);
struct err view_provider(struct ctx *cx, struct jout *w, const struct provider *p) MUST_USE NONNULL(1, 2, 3);
void view_connection_fields(struct jout *w, const struct connection_view *c) NONNULL(1, 2);
void view_connection(struct jout *w, const struct connection_view *c) NONNULL(1, 2);
void view_key(struct jout *w, const struct api_key *k) NONNULL(1, 2);
void view_account(struct jout *w, const struct account *a) NONNULL(1, 2);
void view_member(struct jout *w, const struct member *m) NONNULL(1, 2);
void view_project_fields(struct jout *w, const struct engine *en, const struct project *p) NONNULL(1, 2, 3);
void view_project(struct jout *w, const struct engine *en, const struct project *p) NONNULL(1, 2, 3);
/* "events": the steps, oldest first. */
void view_timeline(struct jout *w, const struct journal_list *l) NONNULL(1, 2);
/* "reason": null or {code, cause, fix} (design 15). */
void view_reason(struct jout *w, int reason) NONNULL(1);
void view_reason_as(struct jout *w, int reason, struct reason_words words) NONNULL(1);
#endif
