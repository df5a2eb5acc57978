/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_H
#define TALLY_H
/* tally.h: counts answered requests by route.
 *
 * Promises: a route is its pattern; what matched none is "-".  tally_done runs on the event thread after every answer
 *           and costs a clock and three additions.
 */
#include "api/api_inside.h"
enum { TALLY_ROUTES = 160 };
struct tally {
	const struct route_table *tables; /* API_TABLES of them */
	int label[API_TABLES][TALLY_ROUTES];
};
struct err tally_open(struct ctx *cx, const struct route_table *tables, struct tally *out) MUST_USE NONNULL(1, 2, 3);
void tally_done(const struct request *rq, const struct http_done *d) NONNULL(1, 2);
#endif
