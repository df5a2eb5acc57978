/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ROUTES_H
#define ROUTES_H
/* routes.h: THE table of the API's routes (contract 3.0, design 15).  The loop in pipeline.c enforces its columns;
 * /v1/swagger and docs/API.md are printed from it. */
#include "http/route.h"
struct route_table routes_table(void);
#endif
