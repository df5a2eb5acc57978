/* SPDX-License-Identifier: Apache-2.0 */
#include "api/tally.h"
#include "core/arena.h"
#include "core/metric.h"

enum { ROUTE_NONE = 0 }; /* "-", the first of its list */

struct err tally_open(struct ctx *cx, const struct route_table *tables, struct tally *out)
{
	*out = (struct tally){ .tables = tables };
	for (size_t t = 0; t < API_TABLES; t++) {
		if (tables[t].n > TALLY_ROUTES)
			return fail(cx, E_INTERNAL, "too many routes to count", "%zu", tables[t].n);
		for (size_t i = 0; i < tables[t].n; i++) {
			const struct route *r = &tables[t].rows[i];
			const char *z = arena_printf(cx->arena, "%s %s", method_name(r->method), r->path);

			if (z == NULL)
				return fail(cx, E_INTERNAL, "out of memory", "routes");
			out->label[t][i] = metric_label(ML_ROUTE, sv_of(z));
		}
	}
	return OK;
}

static int label_of(const struct tally *y, const struct route *r)
{
	for (size_t t = 0; r != NULL && t < API_TABLES; t++)
		if (r >= y->tables[t].rows && r < y->tables[t].rows + y->tables[t].n)
			return y->label[t][r - y->tables[t].rows];
	return ROUTE_NONE;
}

static int lane_of(const struct request *rq)
{
	if (rq->park.topic != 0)
		return METRIC_PARKED;
	return rq->lane == LANE_CALL ? METRIC_CALL : rq->lane == LANE_POOL ? METRIC_POOL : METRIC_INLINE;
}

void tally_done(const struct request *rq, const struct http_done *d)
{
	int route = label_of(api_tally(rq->app), rq->route), class = rq->status / 100;

	metric_add(M_HTTP_REQUESTS, METRIC_AT(route, class >= 1 && class <= 5 ? class : 0), 1);
	metric_add(M_HTTP_SENT, METRIC_HERE, (int64_t)d->bytes);
	metric_observe(M_HTTP_DURATION, METRIC_AT(route, lane_of(rq)), d->took);
}
