/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "model/pdef_decode.h"
#include "model/pdef_rows.h"

static const char *const kinds[] = { "reauth", "retry",  "config_error", "rate_limited",
				     "gone",   "denied", "account",      NULL };
struct error_row {
	struct sv_list at;
	int64_t status;
	struct sv path, value, contains, cause, fix;
	int is;
};
static const struct nfield error_rows[] = {
	NLIST(struct error_row, at, NOPT, 8),          NI64(struct error_row, status, NOPT, 100, 599),
	NSV(struct error_row, path, NOPT, 1, 1000),    NSV(struct error_row, value, NOPT, 1, 200),
	NSV(struct error_row, contains, NOPT, 1, 200), NENUM(struct error_row, is, NREQ, kinds),
	NSV(struct error_row, cause, NOPT, 1, 300),    NSV(struct error_row, fix, NOPT, 1, 300),
};
static const struct {
	const char *word;
	unsigned bit;
} places[] = {
	{ "code", PAT_CODE },           { "refresh", PAT_REFRESH },       { "revoke", PAT_REVOKE },
	{ "user_info", PAT_USER_INFO }, { "introspect", PAT_INTROSPECT }, { "exchange", PAT_EXCHANGE },
	{ "lookup", PAT_LOOKUP },       { "callback", PAT_CALLBACK },
};

struct err pdef_rows_errors(struct ctx *cx, const struct node *tree, struct pdef_parts *p)
{
	const struct node *list = node_get(tree, "errors");

	TRY(pdef_rows_list(cx, list, "errors", sizeof *p->errors, &p->errors));
	for (const struct node *c = list == NULL ? NULL : list->first; c != NULL; c = c->next) {
		struct error_row r = { .status = 0 };
		unsigned at = 0;

		TRY(node_decode(
		    cx, c, &(struct node_decode){ error_rows, ARRAY_LEN(error_rows), "errors", NODE_REFUSE_UNKNOWN },
		    &r));
		if (r.status == 0 && r.value.p == NULL && r.contains.p == NULL)
			return pdef_decode_wrong(cx, c, "errors", "needs a status, a value or contains");
		for (size_t i = 0; i < r.at.n; i++) {
			size_t k = 0;

			while (k < ARRAY_LEN(places) && !sv_eqz(r.at.v[i], places[k].word))
				k++;
			if (k == ARRAY_LEN(places))
				return pdef_decode_wrong(cx, c, "errors.at",
							 "must be a list of code, refresh, revoke, user_info, "
							 "introspect, exchange, lookup, callback");
			at |= places[k].bit;
		}
		p->errors[p->n_errors++] =
		    (struct pdef_error){ at, r.status, r.path, r.value, r.contains, r.is, r.cause, r.fix };
	}
	return OK;
}
