/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_H
#define API_H
/* api.h: the HTTP side of the engine: the route table, the pipeline over it, and what is printed from it.
 *
 * Owns:     struct api: the tables sorted once.  The engine is borrowed and must outlive it.
 * Promises: api_open refuses (E_CONFIG, naming the row) a table in which two rows match the same request, a row admits
 *           nobody, or a row needs an action that domain/policy.h does not know.  Every answer under /v1, /tb/v1 and
 *           /mcp is JSON as contract 1.5; pages answer HTML.
 * Needs:    http/server.h, domain/, pages/pages.h.
 */
#include "http/server.h"
struct api;
void api_free(struct api *a);
struct err api_open(struct ctx *cx, struct engine *en, struct api **out) MUST_USE NONNULL(1, 2, 3);
/* Fills app, en, serve, again and refuse; `a` must outlive the server. */
void api_app(struct api *a, struct http_app *out) NONNULL(1, 2);
/* The committed docs/API.md, from the same tables as /v1/swagger.  Needs no engine. */
struct err api_docs(struct ctx *cx, struct buf *out) MUST_USE NONNULL(1, 2);
/* OpenAPI 3.0.3 as JSON.  public_url: of the one server it names; version: of the engine. */
struct err api_openapi(struct ctx *cx, const char *public_url, const char *version, struct buf *out) MUST_USE
    NONNULL(1, 2, 3, 4);
static inline void api_drop(struct api **a)
{
	api_free(*a);
	*a = NULL;
}
#endif
