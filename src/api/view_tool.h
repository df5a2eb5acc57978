/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VIEW_TOOL_H
#define VIEW_TOOL_H
/* view_tool.h: a tool as JSON: as Arcade shows it, and as a function for the models of OpenAI and Anthropic
 * (contract 3.6, 3.10). */
#include "core/jout.h"
#include "domain/tool_needs.h"
enum tool_format { FORMAT_ARCADE = 1, FORMAT_OPENAI = 2, FORMAT_ANTHROPIC = 4 };
/* 0: unknown. */
enum tool_format view_tool_format(struct sv name);
struct view_tool {
	const struct tool *tool;
	const struct tool_needs *needs;
	bool with_user;   /* a user was named, so his consent is shown */
	unsigned formats; /* enum tool_format, or'ed: put into formatted_schema */
};
struct err view_tool(struct ctx *cx, struct jout *w, const struct view_tool *v) MUST_USE NONNULL(1, 2, 3);
/* In one format alone; key NULL at the top and in lists. */
struct err view_tool_as(struct ctx *cx, struct jout *w, const char *key, const struct view_tool *v,
			enum tool_format f) MUST_USE NONNULL(1, 2, 4);
/* token_status of contract 3.6. */
const char *view_tool_consent(enum tool_consent c) RETURNS_NONNULL;
#endif
