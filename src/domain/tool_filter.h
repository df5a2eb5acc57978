/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_FILTER_H
#define TOOL_FILTER_H
/* tool_filter.h: the `filter` of tool lists (contract 3.6): a JSON object over a tool's metadata.
 *
 *	{"service_domains": ["email"], "operations": {"none_of": ["delete"]}, "read_only": true, "extras": {"tier":
 *"gold"}}
 *
 * A list means any_of; letter case counts in extras only; classification.* and behavior.* may also be nested.
 */
#include "domain/toolbox.h"
struct tool_filter {
	const struct node *spec; /* NULL: everything passes */
};
/* json p NULL or "": everything passes.  E_BAD_INPUT, field "filter". */
struct err tool_filter_read(struct ctx *cx, struct sv json, struct tool_filter *out) MUST_USE NONNULL(1, 3);
struct err tool_filter_passes(struct ctx *cx, const struct tool_filter *f, const struct tool *t, bool *out) MUST_USE
    NONNULL(1, 2, 3, 4);
#endif
