/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api_inside.h"
#include "api/pipeline.h"
#include "api/prepared.h"
#include "api/problem.h"
#include "api/repeats.h"
#include "api/routes.h"
#include "api/tally.h"
#include "domain/run_record.h"
#include "domain/watch.h"
#include "pages/pages.h"

struct api {
	struct engine *en;
	struct route_map *map;
	struct route_table tables[API_TABLES];
	struct tally tally;
	struct prepared *prepared;
	struct repeats *repeats;
};

void api_tables(struct route_table out[static API_TABLES])
{
	out[0] = routes_table();
	out[1] = pages_routes();
}

const struct route_map *api_routes(const struct api *a) { return a->map; }
const struct tally *api_tally(const struct api *a) { return &a->tally; }

struct prepared *api_prepared(struct api *a) { return a->prepared; }
struct repeats *api_repeats(struct api *a) { return a->repeats; }

void api_free(struct api *a)
{
	if (a == NULL)
		return;
	run_record_stop(a->en);
	route_map_free(a->map);
	prepared_free(a->prepared);
	repeats_free(a->repeats);
	free(a);
}

struct err api_open(struct ctx *cx, struct engine *en, struct api **out)
{
	CLEANUP(api_drop) struct api *a = calloc(1, sizeof *a);

	*out = NULL;
	if (a == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "%zu bytes", sizeof *a);
	a->en = en;
	a->prepared = prepared_new();
	a->repeats = repeats_new();
	if (a->prepared == NULL || a->repeats == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "answers that are kept");
	api_tables(a->tables);
	TRY(pipeline_check(cx, a->tables, API_TABLES));
	TRY(route_map_new(cx, a->tables, API_TABLES, &a->map));
	TRY(tally_open(cx, a->tables, &a->tally));
	TRY(run_record_start(cx, en));
	watch_open(en);
	*out = TAKE(a);
	return OK;
}

void api_app(struct api *a, struct http_app *out)
{
	*out = (struct http_app){ .app = a,
				  .en = a->en,
				  .serve = pipeline_serve,
				  .again = pipeline_again,
				  .refuse = problem_refuse,
				  .done = tally_done };
}
