/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JDOC_H
#define JDOC_H
/* jdoc.h: JSON text to a tree of nodes in cx->arena.
 *
 * Promises: RFC 8259 and nothing else; not UTF-8, duplicate keys, depth over 64, NUL in a string, a surrogate alone,
 *           integers past 64 bits, reals past a double and trailing bytes are E_BAD_INPUT, and the message says which
 *           ("request body is not valid JSON: line 1 column 7: ...").  Nothing of the text is put into the message.
 *           What is read lies in the arena and nowhere else; strings and keys end with a NUL there.
 * Needs:    node.h.
 */
#include "core/node.h"
struct err jdoc_parse(struct ctx *cx, struct sv text, const char *what, const struct node **out) MUST_USE
    NONNULL(1, 3, 4);
/* A text of ours that jout_node made of YAML: numbers and booleans have their text, as ydoc gives it to them, so that
 * they still count as text where text is due.  (True is `true` then.) */
struct err jdoc_parse_written(struct ctx *cx, struct sv text, const char *what, const struct node **out) MUST_USE
    NONNULL(1, 3, 4);
/* What a tool, its server or a provider says, and texts that jout_node made of it: neither what has run nor a grant
 * that was given is to be lost for a value that JSON allows and we cannot count with.  An integer past 64 bits is a
 * REAL (infinite, where it is past a double) that has its text and is written with it; a surrogate alone (a text that
 * was cut within a pair) and U+0000 read as U+FFFD.
 */
struct err jdoc_parse_lenient(struct ctx *cx, struct sv text, const char *what, const struct node **out) MUST_USE
    NONNULL(1, 3, 4);
#endif
