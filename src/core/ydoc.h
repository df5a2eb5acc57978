/* SPDX-License-Identifier: Apache-2.0 */
#ifndef YDOC_H
#define YDOC_H
/* ydoc.h: YAML text to a tree of nodes in cx->arena (libyaml events).
 *
 * Promises: one document; aliases, anchors, tags, duplicate keys, non-string keys, more than 1 MB or 32 levels are
 * refused with "file:line: what is wrong".  Plain scalars follow the JSON-like core schema (null ~ true false ints
 *           floats); quoted ones are text; node.text keeps what was written, so a text field given as 0123 stays
 * "0123". node.file and node.line are set on every node.
 */
#include "core/node.h"
struct err ydoc_parse(struct ctx *cx, struct sv text, const char *file, struct node **out) MUST_USE NONNULL(1, 3, 4);
#endif
