/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/watch.h"
#include "core/clock.h"
#include "core/metric.h"
#include "domain/refresh.h"
#include "model/reason.h"
#include "store/grant_cache.h"

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
	metric_set(M_REFRESH_QUEUE, METRIC_HERE, (int64_t)refresh_waiting(en));
	if (en->grants == NULL)
		return;
	struct grant_cache_stats s = grant_cache_stats(en->grants);
	metric_set(M_CACHE_BYTES, METRIC_HERE, (int64_t)s.bytes);
	metric_set(M_CACHE_ROWS, METRIC_HERE, (int64_t)s.rows);
}

void watch_refresh(const struct provider *p, const char *outcome, const char *reason)
{
	int provider = metric_label(ML_PROVIDER, sv_of(p->def->id));

	metric_add(M_REFRESHES, METRIC_AT(provider, metric_label(ML_OUTCOME, sv_of(outcome))), 1);
	if (reason != NULL && reason[0] != '\0')
		metric_add(M_REFRESH_FAILURES, METRIC_AT(provider, metric_label(ML_REASON, sv_of(reason))), 1);
}
