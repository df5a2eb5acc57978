/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INPUT_H
#define INPUT_H
/* input.h: a JSON request body into a struct, by table.
 *
 * Promises: no body, not JSON, not UTF-8, too deep and duplicate keys are E_BAD_INPUT and the message says which;
 * unknown fields are ignored (SDKs of other versions send some).
 */
#include "core/node.h"
#include "http/request.h"
struct err input_tree(struct request *rq, const struct node **out) MUST_USE NONNULL(1, 2);
struct err input_fields(struct request *rq, const struct nfield *fields, size_t n, void *out) MUST_USE NONNULL(1, 2, 4);
#define INPUT(rq, table, out) input_fields((rq), (table), ARRAY_LEN(table), (out))
/* A decimal integer of any length, with an optional '-'; one that does not fit is INT64_MIN or INT64_MAX.  false: none.
 */
bool input_integer(struct sv s, int64_t *out) MUST_USE NONNULL(2);
/* "" counts as absent. */
static inline struct sv input_or_none(struct sv s) { return s.n == 0 ? SV_NONE : s; }
#endif
