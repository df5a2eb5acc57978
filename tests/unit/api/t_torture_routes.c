/* SPDX-License-Identifier: Apache-2.0 */
/* t_torture_routes.c: that no row of a route table is left out of the torture.  Last of its program: what the tests
 * before it did is counted, so alone it fails. */
#include "tt_torture.h"

enum { MOST_ROWS = 400 };
static const struct route *done[MOST_ROWS];
static size_t n_done;

static bool tortured(const struct route *r)
{
	for (size_t i = 0; i < n_done; i++)
		if (done[i] == r)
			return true;
	return false;
}
void tt_tortured(const struct route *r)
{
	if (tortured(r))
		return;
	CHECK(n_done < MOST_ROWS);
	done[n_done++] = r;
}

TEST(no_row_of_a_route_table_is_left_out)
{
	struct route_table tables[API_TABLES];
	size_t left_out = 0, rows = 0;

	api_tables(tables);
	for (size_t t = 0; t < API_TABLES; t++) {
		for (size_t i = 0; i < tables[t].n; i++) {
			const struct route *r = &tables[t].rows[i];
			rows++;
			if (tortured(r))
				continue;
			left_out++;
			(void)fprintf(stderr, "not tortured: %s %s\n", method_name(r->method), r->path);
		}
	}
	(void)printf("# %zu of %zu rows\n", rows - left_out, rows);
	CHECK(left_out == 0);
}
