/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAGES_H
#define PAGES_H
/* pages.h: the engine's own browser pages (design 8, contract 2.6, 7.15): server-rendered HTML without scripts.
 *
 * Promises: every page forbids scripts, framing and foreign content (CSP), is never cached, sends no referrer, and
 *           escapes what it shows.  A page never shows a token, code, verifier, flow id or password.
 *           Forms that change something carry a token bound to the browser's cookie, and their Origin is checked.
 *           Pages find out themselves who is signed in; their rows say WHO_ANYONE.
 * Needs:    domain/connect.h, domain/people.h, http/route.h.
 */
#include "http/route.h"
struct route_table pages_routes(void);
bool pages_has(const struct route *r); /* NULL: false */
/* A page for an error of a page's row, in the place of problem.c's JSON: status is already chosen; the words are those
 * of rq->cx->cause. */
void pages_problem(struct request *rq, int status) NONNULL(1);
/* Of the start message (design 15): {public}/setup?token=… in cx->arena; it is a secret. */
struct sv pages_setup_url(struct ctx *cx, const struct engine *en, struct sv token) NONNULL(1, 2);
#endif
