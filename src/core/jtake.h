/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JTAKE_H
#define JTAKE_H
/* jtake.h: the short way from a small JSON object to a struct, without the tree between.
 *
 * Promises: true only where jdoc_parse and then node_decode (unknown fields ignored) would have succeeded, and with the
 *           same values in *out; tests and fuzzing hold the two against each other.  false says nothing about the text:
 *           it may be wrong, or hold what is not read here (an escape, a character past ASCII, a key that the table
 * does not name, null, any kind but text, lists of text, objects and booleans).  *out then holds no more than what the
 * long way will write there too. Needs:    jdoc.h's texts; node.h's tables.
 */
#include "core/node.h"
enum { JTAKE_MOST = 4096 }; /* bytes of a text that is tried */
bool jtake_fields(struct arena *a, struct sv text, const struct nfield *fields, size_t n, void *out) MUST_USE
    NONNULL(1, 3, 5);
#endif
