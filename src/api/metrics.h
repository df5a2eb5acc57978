/* SPDX-License-Identifier: Apache-2.0 */
#ifndef METRICS_H
#define METRICS_H
/* metrics.h: core/metric.h as text: Prometheus 0.0.4, OpenMetrics 1.0.0, and docs/METRICS.md.
 *
 * Promises: every metric of the table has HELP and TYPE; series come in the table's order; label values are escaped.
 */
#include "core/buf.h"
enum metrics_form { METRICS_TEXT, METRICS_OPEN };
/* Which form an Accept header asks for: OpenMetrics when it is named and not refused (q=0). */
enum metrics_form metrics_form(struct sv accept);
const char *metrics_type(enum metrics_form form) RETURNS_NONNULL; /* Content-Type */
void metrics_write(struct buf *b, enum metrics_form form) NONNULL(1);
void metrics_doc(struct buf *b) NONNULL(1); /* the committed docs/METRICS.md */
#endif
