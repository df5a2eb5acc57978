/* SPDX-License-Identifier: Apache-2.0 */
#include "api/metrics.h"
#include "core/metric.h"
#include "core/text.h"
#include <inttypes.h>

/* One family being written. */
struct writing {
	struct buf *b;
	enum metrics_form form;
	enum metric m;
	const struct metric_row *row;
};

/* ---- numbers ---- */
static void number(struct buf *b, enum metric_unit unit, int64_t v)
{
	if (unit == METRIC_ONE) {
		buf_i64(b, v);
		return;
	}
	if (v < 0)
		buf_char(b, '-');
	int64_t a = v < 0 ? -v : v, rest = a % SEC(1);
	int digits = 6;
	buf_i64(b, a / SEC(1));
	while (digits > 1 && rest % 10 == 0) {
		rest /= 10;
		digits--;
	}
	buf_printf(b, ".%0*" PRId64, digits, rest);
}

/* ---- labels ---- */
/* A backslash, a quote and a line feed are the only characters that need an escape. */
static void escaped(struct buf *b, struct sv v)
{
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] == '\n') {
			buf_str(b, "\\n");
			continue;
		}
		if (v.p[i] == '\\' || v.p[i] == '"')
			buf_char(b, '\\');
		buf_char(b, v.p[i]);
	}
}
static void one_label(struct buf *b, bool *any, struct sv name, struct sv value)
{
	buf_char(b, *any ? ',' : '{');
	*any = true;
	buf_sv(b, name);
	buf_str(b, "=\"");
	escaped(b, value);
	buf_char(b, '"');
}
/* Two names share one value: "method,route" and "GET /v1/health". */
static void label(struct buf *b, bool *any, enum metric_label l, int i)
{
	struct sv names = sv_of(metric_label_name(l)), value = sv_of(metric_value(l, i));
	struct sv first = sv_cut(&names, ',');

	if (names.p == NULL) {
		one_label(b, any, first, value);
		return;
	}
	one_label(b, any, first, sv_cut(&value, ' '));
	one_label(b, any, names, value.p == NULL ? SV("-") : value);
}
static void labels(const struct writing *w, struct metric_at at, const char *le)
{
	bool any = false;

	for (int l = 0; l < 3; l++)
		if (w->row->labels[l] != ML_NONE)
			label(w->b, &any, w->row->labels[l], at.v[l]);
	if (le != NULL)
		one_label(w->b, &any, SV("le"), sv_of(le));
	if (any)
		buf_char(w->b, '}');
}

/* ---- series ---- */
static void bucket(const struct writing *w, struct metric_at at, int64_t bound, int64_t n)
{
	CLEANUP(buf_free) struct buf le = BUF(64);

	if (bound == 0)
		buf_str(&le, "+Inf");
	else
		number(&le, METRIC_USEC, w->row->unit == METRIC_USEC ? bound : SEC(bound));
	buf_char(&le, '\0');
	buf_str(w->b, w->row->name);
	buf_str(w->b, "_bucket");
	labels(w, at, buf_ok(&le) ? le.p : "");
	buf_char(w->b, ' ');
	buf_i64(w->b, n);
	buf_char(w->b, '\n');
}
static void part(const struct writing *w, struct metric_at at, const char *end, enum metric_unit unit, int64_t v)
{
	buf_str(w->b, w->row->name);
	buf_str(w->b, end);
	labels(w, at, NULL);
	buf_char(w->b, ' ');
	number(w->b, unit, v);
	buf_char(w->b, '\n');
}
static void histogram(const struct writing *w, struct metric_at at)
{
	struct metric_histogram h;
	int64_t n = 0;

	metric_read_histogram(w->m, at, &h);
	if (h.count == 0 && w->row->labels[0] != ML_NONE)
		return;
	for (int i = 0; i < METRIC_BUCKETS && metric_bound(w->row->unit, i) != 0; i++) {
		n += h.bucket[i];
		bucket(w, at, metric_bound(w->row->unit, i), n);
	}
	bucket(w, at, 0, h.count);
	part(w, at, "_sum", w->row->unit, h.sum);
	part(w, at, "_count", METRIC_ONE, h.count);
}
static void one(const struct writing *w, struct metric_at at)
{
	int64_t v;

	if (w->row->kind == METRIC_HISTOGRAM) {
		histogram(w, at);
		return;
	}
	bool set = metric_read(w->m, at, &v);
	if (set && (w->row->kind == METRIC_GAUGE || w->row->shown == METRIC_ALL || v != 0))
		part(w, at, "", w->row->unit, v);
}

/* ---- families ---- */
static const char *type_of(enum metric_kind k)
{
	static const char *const words[] = { "counter", "gauge", "histogram" };

	return words[k];
}
/* OpenMetrics names a counter's family without its ending. */
static struct sv family(const struct writing *w)
{
	struct sv name = sv_of(w->row->name);

	if (w->form == METRICS_OPEN && w->row->kind == METRIC_COUNTER && sv_ends(name, SV("_total")))
		name.n -= strlen("_total");
	return name;
}
static void head(const struct writing *w)
{
	struct sv name = family(w);

	buf_printf(w->b, "# HELP %.*s %s\n# TYPE %.*s %s\n", SV_FMT(name), w->row->help, SV_FMT(name),
		   type_of(w->row->kind));
}
static void every(const struct writing *w)
{
	const enum metric_label *l = w->row->labels;
	int n[3] = { metric_values(l[0]), metric_values(l[1]), metric_values(l[2]) };

	for (int a = 0; a < n[0]; a++)
		for (int b = 0; b < n[1]; b++)
			for (int c = 0; c < n[2]; c++)
				one(w, METRIC_AT(a, b, c));
}
void metrics_write(struct buf *b, enum metrics_form form)
{
	for (int m = 0; m < M__COUNT; m++) {
		const struct writing w = { b, form, (enum metric)m, metric_row((enum metric)m) };

		head(&w);
		every(&w);
	}
	if (form == METRICS_OPEN)
		buf_str(b, "# EOF\n");
}

/* ---- which form (RFC 9110 section 12.5.1, as far as scrapers use it) ---- */
static bool refused(struct sv parameters)
{
	while (parameters.p != NULL) {
		struct sv p = sv_trim(sv_cut(&parameters, ';'));

		if (sv_eq(p, SV("q=0")) || sv_eq(p, SV("q=0.0")))
			return true;
	}
	return false;
}
enum metrics_form metrics_form(struct sv accept)
{
	while (accept.p != NULL) {
		struct sv rest = sv_cut(&accept, ','), type = sv_trim(sv_cut(&rest, ';'));

		if (sv_ieq(type, SV("application/openmetrics-text")) && !refused(rest))
			return METRICS_OPEN;
	}
	return METRICS_TEXT;
}
const char *metrics_type(enum metrics_form form)
{
	return form == METRICS_OPEN ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
				    : "text/plain; version=0.0.4; charset=utf-8";
}

/* ---- docs/METRICS.md ---- */
static const char doc_head[] =
    "# Metrics\n"
    "\n"
    "Printed by `tokenbooth docs metrics` from the program's table; do not edit. `GET /metrics` answers in Prometheus' "
    "text format 0.0.4,\n"
    "or in OpenMetrics 1.0.0 when `Accept` names it. Who may read it: an API key or an administrator of the "
    "default project\n"
    "(it is of the whole engine: other projects' providers are in it), the operator over the control socket, whoever "
    "sends\n"
    "`metrics.token` of the configuration as bearer, or anybody with `metrics.public` ([CONFIG.md](CONFIG.md)). It is "
    "answered from memory,\n"
    "also while the store is broken. Counts begin at zero with the process. No label holds a user, a grant's id, an "
    "address or a secret;\n"
    "`provider` is a provider's id as configured (beyond 62 of them: `other`).\n"
    "\n"
    "| metric | type | labels | what |\n"
    "|---|---|---|---|\n";

static void doc_labels(struct buf *b, const struct metric_row *row)
{
	bool any = false;

	for (int l = 0; l < 3; l++) {
		struct sv names = sv_of(metric_label_name(row->labels[l]));

		while (row->labels[l] != ML_NONE && names.n > 0) {
			buf_str(b, any ? ", `" : "`");
			buf_sv(b, sv_cut(&names, ','));
			buf_char(b, '`');
			any = true;
		}
	}
}
void metrics_doc(struct buf *b)
{
	buf_str(b, doc_head);
	for (int m = 0; m < M__COUNT; m++) {
		const struct metric_row *row = metric_row((enum metric)m);

		buf_printf(b, "| `%s` | %s | ", row->name, type_of(row->kind));
		doc_labels(b, row);
		buf_printf(b, " | %s |\n", row->help);
	}
}
