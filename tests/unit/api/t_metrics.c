/* SPDX-License-Identifier: Apache-2.0 */
#include "api/metrics.h"
#include "core/metric.h"
#include "core/text.h"
#include "tt_api.h"

static bool holds(const struct buf *b, struct sv line)
{
	size_t at;

	return sv_find(buf_view(b), line, &at);
}

TEST(accept_chooses_the_form)
{
	static const struct {
		struct sv accept;
		enum metrics_form want;
	} t[] = {
		{ { NULL, 0 }, METRICS_TEXT },
		{ SV_INIT(""), METRICS_TEXT },
		{ SV_INIT("*/*"), METRICS_TEXT },
		{ SV_INIT("text/plain"), METRICS_TEXT },
		{ SV_INIT("text/html, application/xml;q=0.9"), METRICS_TEXT },
		{ SV_INIT("application/openmetrics-text; q=0"), METRICS_TEXT },
		{ SV_INIT("application/openmetrics-textual"), METRICS_TEXT },
		{ SV_INIT("application/openmetrics-text"), METRICS_OPEN },
		{ SV_INIT("text/plain;q=0.5, Application/OpenMetrics-Text;version=1.0.0;q=0.75"), METRICS_OPEN },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		CHECK_ROW(t[i].accept.p, metrics_form(t[i].accept) == t[i].want);
}

TEST(label_values_are_escaped_and_times_are_seconds)
{
	CLEANUP(buf_free) struct buf b = BUF(8 << 20), open = BUF(8 << 20);
	int odd = metric_label(ML_PROVIDER, SV("o\"d\\d\n"));

	metric_set(M_CIRCUIT, METRIC_AT(odd), 1);
	metric_set(M_REFRESH_LAG, METRIC_HERE, 1500);
	metric_add(M_REFRESHES, METRIC_AT(odd, 0), 3);
	metrics_write(&b, METRICS_TEXT);
	metrics_write(&open, METRICS_OPEN);
	CHECK(holds(&b, SV("tokenbooth_provider_circuit_open{provider=\"o\\\"d\\\\d\\n\"} 1\n")));
	CHECK(holds(&b, SV("\ntokenbooth_refresh_lag_seconds 0.0015\n")));
	CHECK(holds(&b, SV("# TYPE tokenbooth_refreshes_total counter\n")));
	CHECK(holds(&b, SV("outcome=\"failed\"} 0\n"))); /* a known series is there before it counts */
	CHECK(!holds(&b, SV("# EOF")));
	CHECK(holds(&open, SV("# TYPE tokenbooth_refreshes counter\n")));
	CHECK(holds(&open, SV("\ntokenbooth_refreshes_total{provider=")));
	CHECK(sv_ends(buf_view(&open), SV("\n# EOF\n")));
}

TEST(every_metric_is_in_the_document_and_in_the_text)
{
	CLEANUP(buf_free) struct buf b = BUF(8 << 20), doc = BUF(1 << 20);

	metrics_write(&b, METRICS_TEXT);
	metrics_doc(&doc);
	for (int m = 0; m < M__COUNT; m++) {
		const char *name = metric_row((enum metric)m)->name;
		CLEANUP(buf_free) struct buf want = BUF(200);

		buf_printf(&want, "# TYPE %s ", name);
		CHECK_ROW(name, holds(&b, buf_view(&want)));
		buf_clear(&want);
		buf_printf(&want, "| `%s` |", name);
		CHECK_ROW(name, holds(&doc, buf_view(&want)));
	}
}
