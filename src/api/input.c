/* SPDX-License-Identifier: Apache-2.0 */
#include "api/input.h"
#include "core/jdoc.h"
#include "core/jtake.h"
#include "core/text.h"

struct err input_tree(struct request *rq, const struct node **out)
{
	if (rq->body.n == 0)
		return refuse(rq->cx, E_BAD_INPUT, "failed to validate request body: a JSON object is required");
	return jdoc_parse(rq->cx, rq->body, "request body", out);
}

struct err input_fields(struct request *rq, const struct nfield *fields, size_t n, void *out)
{
	const struct node *tree;

	if (jtake_fields(rq->cx->arena, rq->body, fields, n, out)) /* most bodies are as simple as that */
		return OK;
	TRY(input_tree(rq, &tree));
	return node_decode(rq->cx, tree, &(struct node_decode){ fields, n, "", NODE_IGNORE_UNKNOWN }, out);
}

bool input_integer(struct sv s, int64_t *out)
{
	bool minus = sv_starts(s, SV("-"));
	struct sv digits = sv_from(s, minus);

	if (sv_i64(s, INT64_MIN, INT64_MAX, out))
		return true;
	for (size_t i = 0; i < digits.n; i++)
		if (digits.p[i] < '0' || digits.p[i] > '9')
			return false;
	*out = minus ? INT64_MIN : INT64_MAX;
	return digits.n > 0;
}
