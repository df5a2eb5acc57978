/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_INSIDE_H
#define API_INSIDE_H
/* api_inside.h: what the files of src/api share of struct api. */
#include "api/api.h"
const struct route_map *api_routes(const struct api *a) NONNULL(1) RETURNS_NONNULL;
struct tally;
const struct tally *api_tally(const struct api *a) NONNULL(1) RETURNS_NONNULL;
struct prepared; /* api/prepared.h */
struct prepared *api_prepared(struct api *a) NONNULL(1) RETURNS_NONNULL;
struct repeats; /* api/repeats.h */
struct repeats *api_repeats(struct api *a) NONNULL(1) RETURNS_NONNULL;
/* Every row served, the pages' too. */
enum { API_TABLES = 2 };
void api_tables(struct route_table out[static API_TABLES]);
/* Of the OpenAPI: what stands before the paths, and how callers show themselves. */
struct jout;
void api_openapi_head(struct jout *w, const char *public_url, const char *version) NONNULL(1, 2, 3);
void api_openapi_head_security(struct jout *w) NONNULL(1);
#endif
