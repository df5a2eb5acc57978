/* SPDX-License-Identifier: Apache-2.0 */
#ifndef P_CONNECT_H
#define P_CONNECT_H
/* p_connect.h: the browser's way through a consent: the link, the callbacks, the built-in verifier, the end pages
 * (contract 2.6; design 8). */
#include "domain/connect.h"
#include "http/route.h"
#include "model/person.h"
handler_fn p_connect_click, p_connect_callback, p_connect_any_callback, p_connect_form_post, p_connect_success;
struct browser p_connect_browser(const struct request *rq) NONNULL(1);
/* The project whose page it is, into *out; NULL: not known. */
struct next;
const struct project *p_connect_project(const struct request *rq, const struct next *n, struct project *out)
    NONNULL(1, 2, 3);
/* What the domain decided, as an answer: a redirect or a page. */
struct err p_connect_show(struct request *rq, const struct next *n) MUST_USE NONNULL(1, 2);
#endif
