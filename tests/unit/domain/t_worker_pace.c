/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "domain/worker_pace.h"
#include "tt.h"
#include <stdio.h>

enum { WORKERS = 500 };

static struct sv row(char out[static WORKER_PACE_ID], int n)
{
	(void)snprintf(out, WORKER_PACE_ID, "wk_%027d", n);
	return sv_of(out);
}
static void drop(struct worker_paces **p) { worker_pace_free(*p); }

TEST(each_worker_has_a_pace_of_its_own)
{
	CLEANUP(drop) struct worker_paces *p = worker_pace_new();
	char id[WORKER_PACE_ID];

	CHECK(p != NULL);
	for (int i = 0; i < WORKERS; i++) {
		CHECK(worker_pace_due(p, row(id, i)));
		CHECK(worker_pace_asked(p, row(id, i), "") == 0);
		CHECK(!worker_pace_due(p, row(id, i)));
	}
}
TEST(what_was_wrong_is_told_until_it_is_well)
{
	CLEANUP(drop) struct worker_paces *p = worker_pace_new();
	char why[WORKER_PACE_WHY];

	CHECK(p != NULL);
	CHECK(worker_pace_asked(p, SV("wk_a"), "") == 0 && worker_pace_asked(p, SV("wk_b"), "broken") == 1);
	CHECK(worker_pace_asked(p, SV("wk_b"), "broken still") == 2);
	worker_pace_why(p, SV("wk_b"), why);
	CHECK(sv_eqz(sv_of(why), "broken still"));
	worker_pace_why(p, SV("wk_a"), why);
	CHECK(why[0] == '\0');
	CHECK(worker_pace_asked(p, SV("wk_b"), "") == 0);
	worker_pace_why(p, SV("wk_b"), why);
	CHECK(why[0] == '\0');
}
TEST(a_worker_that_is_gone_is_forgotten_after_a_whole_pass)
{
	CLEANUP(drop) struct worker_paces *p = worker_pace_new();
	char id[WORKER_PACE_ID], last[WORKER_PACE_ID];

	CHECK(p != NULL);
	worker_pace_last(p, last);
	CHECK(last[0] == '\0');
	for (int i = 0; i < 3; i++)
		(void)worker_pace_asked(p, row(id, i), "");
	worker_pace_sweep(p); /* all of them are new in this pass */
	worker_pace_came_to(p, row(id, 0));
	worker_pace_came_to(p, row(id, 2));
	worker_pace_last(p, last);
	CHECK(sv_eq(sv_of(last), row(id, 2)));
	worker_pace_sweep(p);
	CHECK(!worker_pace_due(p, row(id, 0)) && worker_pace_due(p, row(id, 1)) && !worker_pace_due(p, row(id, 2)));
}
