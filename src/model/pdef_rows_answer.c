/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "model/pdef_decode.h"
#include "model/pdef_rows.h"

static const char *const types[] = { "auto", "json", "form", NULL };
static const char *const times[] = { "epoch_s", "epoch_ms", "iso8601", NULL };
static const char *const scope_formats[] = { "auto", "space", "comma", "array", NULL };
static const char *const expiries[] = { "lifetime", "never", NULL };

/* ---- answers ---- */
struct answer {
	int type, expires_at_format, scope_format;
	bool ignore_token_type;
	struct sv access_token, refresh_token, token_type, expires_in, expires_at, refresh_expires_in,
	    refresh_expires_at, scope, id_token;
	struct sv ok_when, error, error_description;
	const struct node *tokens, *expires, *store;
};
static const struct nfield answer_rows[] = {
	NENUM(struct answer, type, NOPT, types),
	NENUM(struct answer, expires_at_format, NOPT, times),
	NENUM(struct answer, scope_format, NOPT, scope_formats),
	NBOOL(struct answer, ignore_token_type, NOPT),
	NSV(struct answer, access_token, NOPT, 1, 1000),
	NSV(struct answer, refresh_token, NOPT, 1, 1000),
	NSV(struct answer, token_type, NOPT, 1, 1000),
	NSV(struct answer, expires_in, NOPT, 1, 1000),
	NSV(struct answer, expires_at, NOPT, 1, 1000),
	NSV(struct answer, refresh_expires_in, NOPT, 1, 1000),
	NSV(struct answer, refresh_expires_at, NOPT, 1, 1000),
	NSV(struct answer, scope, NOPT, 1, 1000),
	NSV(struct answer, id_token, NOPT, 1, 1000),
	NSV(struct answer, ok_when, NOPT, 1, 1000),
	NSV(struct answer, error, NOPT, 1, 1000),
	NSV(struct answer, error_description, NOPT, 1, 1000),
	NNODE(struct answer, tokens, NOPT),
	NNODE(struct answer, expires, NOPT),
	NNODE(struct answer, store, NOPT),
};
static const struct nfield expires_rows[] = {
	NENUM(struct pdef_expires, zero, NOPT, expiries),
	NENUM(struct pdef_expires, minus_one, NOPT, expiries),
	NENUM(struct pdef_expires, none, NOPT, expiries),
	NENUM(struct pdef_expires, absent, NOPT, expiries),
	NI64(struct pdef_expires, lifetime_s, NOPT, 0, 315360000),
	NBOOL(struct pdef_expires, jwt_exp, NOPT),
};

/* Names as RFC 6749 section 5.1 and 5.2 give them. */
static struct answer standard(void)
{
	return (struct answer){ .access_token = SV("$.access_token"),
				.refresh_token = SV("$.refresh_token"),
				.token_type = SV("$.token_type"),
				.expires_in = SV("$.expires_in"),
				.scope = SV("$.scope"),
				.id_token = SV("$.id_token"),
				.refresh_expires_in = SV("$.refresh_token_expires_in"),
				.error = SV("$.error"),
				.error_description = SV("$.error_description") };
}

struct err pdef_rows_answer(struct ctx *cx, const struct node *n, const char *where, struct pdef_answer *out)
{
	struct answer a = standard();
	struct pdef_expires e = { .zero = PEXP_NEVER, .minus_one = PEXP_NEVER, .none = PEXP_NEVER };

	if (n != NULL && n->kind != NODE_NULL)
		TRY(node_decode(
		    cx, n, &(struct node_decode){ answer_rows, ARRAY_LEN(answer_rows), where, NODE_REFUSE_UNKNOWN },
		    &a));
	if (a.expires != NULL)
		TRY(node_decode(cx, a.expires,
				&(struct node_decode){ expires_rows, ARRAY_LEN(expires_rows), "answer.expires",
						       NODE_REFUSE_UNKNOWN },
				&e));
	*out =
	    (struct pdef_answer){ .type = a.type,
				  .expires_at_format = a.expires_at_format,
				  .scope_format = a.scope_format,
				  .paths = { a.access_token, a.refresh_token, a.token_type, a.expires_in, a.expires_at,
					     a.refresh_expires_in, a.refresh_expires_at, a.scope, a.id_token },
				  .tokens = a.tokens,
				  .expires = e,
				  .ignore_token_type = a.ignore_token_type,
				  .ok_when = a.ok_when,
				  .error = a.error,
				  .error_description = a.error_description,
				  .store = a.store };
	return OK;
}

/* What a section says over what `answer` says. */
struct err pdef_rows_answer_over(struct ctx *cx, const struct node *base, const struct node *own, const char *where,
				 struct pdef_answer *out)
{
	if (own == NULL || own->kind == NODE_NULL)
		return pdef_rows_answer(cx, base, "answer", out);
	const struct node *both = base == NULL ? own : node_merge(cx->arena, base, own);
	return both == NULL ? fail(cx, E_INTERNAL, "out of memory", "reading a definition")
			    : pdef_rows_answer(cx, both, where, out);
}
