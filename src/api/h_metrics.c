/* SPDX-License-Identifier: Apache-2.0 */
#include "api/handlers.h"
#include "api/metrics.h"
#include "core/metric.h"
#include "core/os_linux.h"
#include "domain/watch.h"
#include "http/server.h"

/* What is known where it is, and counted nowhere: looked up now. */
static void of_server(struct server *s)
{
	struct server_stats st;

	server_stats(s, &st);
	const struct {
		int lane;
		uint64_t busy, most;
	} t[] = {
		{ METRIC_POOL, st.pool_busy, st.pool_most },
		{ METRIC_CALL, st.calls_busy, st.calls_most },
		{ METRIC_PARKED, st.parked, st.parked_most },
		{ METRIC_CONNECTIONS, st.connections_open, st.connections_most },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		metric_set(M_LANE_BUSY, METRIC_AT(t[i].lane), (int64_t)t[i].busy);
		metric_set(M_LANE_LIMIT, METRIC_AT(t[i].lane), (int64_t)t[i].most);
	}
}

static void of_process(void)
{
	struct os_usage u;

	os_linux_usage(&u);
	const struct {
		enum metric m;
		int64_t v;
	} t[] = { { M_CPU, u.cpu }, { M_RSS, u.rss_bytes }, { M_FDS, u.open_files }, { M_MAX_FDS, u.most_files } };
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		if (t[i].v >= 0)
			metric_set(t[i].m, METRIC_HERE, t[i].v);
}

/* Answered from memory on the event thread: it works while the store does not. */
struct err h_metrics_show(struct request *rq)
{
	enum metrics_form form = metrics_form(http_header_in(rq, "Accept"));

	if (rq->server != NULL)
		of_server(rq->server);
	of_process();
	watch_now(rq->en);
	http_header(rq, "Cache-Control", SV("no-store"));
	http_header(rq, "X-Content-Type-Options", SV("nosniff"));
	rq->content_type = metrics_type(form);
	metrics_write(rq->out, form);
	return OK;
}
