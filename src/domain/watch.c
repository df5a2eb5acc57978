/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/watch.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/metric.h"
#include "core/text.h"
#include "domain/health.h"
#include "domain/refresh.h"
#include "model/reason.h"
#include "store/grant_cache.h"
#include "store/store_connection.h"
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

void watch_open(const struct engine *en)
{
	static const enum reason ends[] = { REASON_REVOKED,         REASON_ANSWER_LOST,  REASON_NO_REFRESH,
					    REASON_CLIENT_CHANGED,  REASON_DISCONNECTED, REASON_REPLACED,
					    REASON_PROVIDER_DELETED };
	static const enum reason fails[] = { REASON_PROVIDER_DOWN, REASON_RATE_LIMITED,     REASON_MISCONFIGURED,
					     REASON_BAD_ANSWER,    REASON_EXCHANGE_REFUSED, REASON_REVOKED,
					     REASON_ANSWER_LOST };

	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		(void)metric_label(ML_END, sv_of(reason_code(ends[i])));
	for (size_t i = 0; i < ARRAY_LEN(fails); i++)
		(void)metric_label(ML_REASON, sv_of(reason_code(fails[i])));
	metric_set(M_BUILD, METRIC_AT(metric_label(ML_VERSION, sv_of(en->version))), 1);
	metric_set(M_START, METRIC_HERE, clock_now());
}

void watch_now(struct engine *en)
{
	metric_set(M_STORE_HEALTHY, METRIC_HERE, store_trouble(en->store) == NULL);
	struct health_check checks[HEALTH_CHECKS];

	health_look(en, checks);
	for (size_t i = 0; i < HEALTH_CHECKS; i++)
		metric_set(M_HEALTH, METRIC_AT(metric_label(ML_CHECK, sv_of(checks[i].name))),
			   (int64_t)checks[i].status);
	metric_set(M_REFRESH_QUEUE, METRIC_HERE, (int64_t)refresh_waiting(en));
	if (en->grants == NULL)
		return;
	struct grant_cache_stats s = grant_cache_stats(en->grants);
	metric_set(M_CACHE_BYTES, METRIC_HERE, (int64_t)s.bytes);
	metric_set(M_CACHE_ROWS, METRIC_HERE, (int64_t)s.rows);
}

static void size_of(enum metric m, const char *path)
{
	struct stat at;

	if (path != NULL)
		metric_set(m, METRIC_HERE, stat(path, &at) == 0 ? (int64_t)at.st_size : 0);
}
struct err watch_sizes(struct ctx *cx, struct engine *en, const struct job_time *until)
{
	const char *path = store_path(en->store);
	struct statvfs disk;

	(void)until;
	size_of(M_STORE_BYTES, path);
	size_of(M_WAL_BYTES, arena_printf(cx->arena, "%s-wal", path));
	if (statvfs(path, &disk) != 0)
		return OK;
	metric_set(M_DISK_FREE, METRIC_HERE, (int64_t)(disk.f_bavail * disk.f_frsize));
	metric_set(M_DISK_SIZE, METRIC_HERE, (int64_t)(disk.f_blocks * disk.f_frsize));
	return OK;
}

/* Several providers of a project may share a definition, and what is gone is 0 from now on. */
struct err watch_grants(struct ctx *cx, struct engine *en, const struct job_time *until)
{
	static const char *const states[] = { "live", "dead", "closed" };
	struct connection_counts all;
	int n = metric_values(ML_PROVIDER);
	int64_t(*sum)[ARRAY_LEN(states)] = arena_array(cx->arena, (size_t)n + 1, sizeof *sum);

	(void)until;
	if (en->registry == NULL)
		return OK;
	if (sum == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "counts");
	memset(sum, 0, ((size_t)n + 1) * sizeof *sum);
	TRY(store_connection_counts(cx, en->store, &all));
	for (size_t i = 0; i < all.n; i++) {
		const struct provider *p = providers_even_deleted(en, all.v[i].provider_id);
		int at = p == NULL ? n : metric_label(ML_PROVIDER, sv_of(p->def->id));

		for (size_t s = 0; s < ARRAY_LEN(states); s++)
			if (at < n && sv_eqz(all.v[i].status, states[s]))
				sum[at][s] += all.v[i].n;
	}
	for (int p = 0; p < n; p++)
		for (int s = 0; s < (int)ARRAY_LEN(states); s++)
			metric_set(M_GRANTS, METRIC_AT(p, s), sum[p][s]);
	return OK;
}

void watch_refresh(const struct provider *p, const char *outcome, const char *reason)
{
	int provider = metric_label(ML_PROVIDER, sv_of(p->def->id));

	metric_add(M_REFRESHES, METRIC_AT(provider, metric_label(ML_OUTCOME, sv_of(outcome))), 1);
	if (reason != NULL && reason[0] != '\0')
		metric_add(M_REFRESH_FAILURES, METRIC_AT(provider, metric_label(ML_REASON, sv_of(reason))), 1);
}
