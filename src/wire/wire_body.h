/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_BODY_H
#define WIRE_BODY_H
/* wire_body.h: the parameters of a call, in order, and their three encodings. */
#include "wire/wire_send.h"
enum { WIRE_MOST_PARAMS = 80 };
struct wire_pair {
	struct sv name, value;
	const struct node *typed; /* number or boolean of the definition: stays one in JSON */
};
struct wire_pairs {
	struct wire_pair v[WIRE_MOST_PARAMS];
	size_t n;
};
/* Standard ones (renamed, not the omitted), then the definition's own. */
struct err wire_body_params(struct ctx *cx, const struct wire_env *e, const struct wire_send *in,
			    struct wire_pairs *out) MUST_USE NONNULL(1, 2, 3, 4);
bool wire_body_omits(const struct pdef_call *call, const char *name) NONNULL(1, 2);
void wire_body_form(const struct wire_pairs *p, struct buf *out) NONNULL(1, 2);
void wire_body_json(const struct wire_pairs *p, struct buf *out) NONNULL(1, 2);
#endif
