/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TERM_H
#define TERM_H
/* term.h: the edge to the terminal: everything a command prints goes through here.
 *
 * Promises: whoever wrote the text (a tool server, a provider, a user, a file), nothing in it is a command to the
 *           terminal: control characters other than the ends of lines and tabs, and bytes that are no UTF-8, become
 *           '?'.  JSON stays the same JSON: there they become escapes.
 */
#include "core/buf.h"
#include <stdio.h>
enum term_as { TERM_TEXT, TERM_JSON };
bool term_write(FILE *to, struct sv text, enum term_as as) MUST_USE NONNULL(1); /* false: it was not written whole */
/* What stands in one line, as a cell of a table: ends of lines and tabs become '?' too. */
void term_plain(struct buf *b, struct sv v) NONNULL(1);
/* To standard error, for whoever sits there; best effort. */
void term_note(struct ctx *cx, const char *fmt, ...) NONNULL(1, 2) PRINTF_LIKE(2, 3);
#endif
