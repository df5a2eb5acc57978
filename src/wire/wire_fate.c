/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire_fate.h"
#include "core/arena.h"
#include "core/text.h"
#include "model/jpath.h"
#include "model/known_error.h"
#include "wire/wire_redact.h"
#include <stdio.h>

const char *wire_fate_name(enum wire_fate f)
{
	static const char *const names[] = { [WIRE_OK] = "ok",       [WIRE_NOT_SENT] = "not_sent",
					     [WIRE_RETRY] = "retry", [WIRE_UNCERTAIN] = "uncertain",
					     [WIRE_DEAD] = "dead",   [WIRE_CONFIG] = "config" };

	return (size_t)f < ARRAY_LEN(names) ? names[f] : "unknown";
}

void wire_fate_bad(struct wire_outcome *how, const char *why)
{
	how->fate = WIRE_UNCERTAIN;
	how->reason = REASON_BAD_ANSWER;
	(void)snprintf(how->detail, sizeof how->detail, "%s", why);
}

struct said {
	struct sv error, description;
	int status;
};

static struct err texts(struct ctx *cx, const struct pdef_answer *a, const struct node *tree, struct said *out)
{
	const struct node *n = NULL;

	out->error = out->description = SV_NONE;
	if (tree == NULL)
		return OK;
	TRY(jpath_get(cx, a->error, tree, &n));
	TRY(jpath_text(cx, n, &out->error));
	TRY(jpath_get(cx, a->error_description, tree, &n));
	return jpath_text(cx, n, &out->description);
}

static struct err row_fits(struct ctx *cx, const struct pdef_error *r, const struct wire_fate_in *in,
			   const struct said *said, bool *out)
{
	struct sv value = said->error;
	const struct node *n = NULL;

	*out = false;
	if ((r->at != 0 && (r->at & in->at) == 0) || (r->status != 0 && r->status != said->status))
		return OK;
	if (r->path.p != NULL && in->tree != NULL) {
		TRY(jpath_get(cx, r->path, in->tree, &n));
		TRY(jpath_text(cx, n, &value));
	} else if (r->path.p != NULL) {
		value = SV_NONE;
	}
	*out = (r->value.p == NULL || (value.p != NULL && sv_eq(value, r->value))) &&
	       (r->contains.p == NULL || known_error_says(said->description, r->contains));
	return OK;
}

static void decide(struct wire_outcome *how, unsigned at, enum pdef_error_is is)
{
	how->reason = known_error_reason(is, at);
	how->fate = is == PERR_CONFIG ? WIRE_CONFIG : is == PERR_RATE || is == PERR_RETRY ? WIRE_RETRY : WIRE_DEAD;
}

static bool from_known(const struct said *said, unsigned at, struct wire_outcome *how)
{
	const struct known_error *k = known_error_find(at, said->error, said->description);

	if (k == NULL)
		return false;
	decide(how, at, k->is);
	how->cause = k->cause;
	how->fix = k->fix;
	return true;
}

/* The definition's own row: its words, else the table's when both mean the same. */
static void from_row(const struct pdef_error *r, const struct said *said, unsigned at, struct wire_outcome *how)
{
	const struct known_error *k = known_error_find(at, said->error, said->description);

	decide(how, at, (enum pdef_error_is)r->is);
	if (r->cause.p != NULL || r->fix.p != NULL) {
		how->cause = r->cause.p;
		how->fix = r->fix.p;
	} else if (k != NULL && (int)k->is == r->is) {
		how->cause = k->cause;
		how->fix = k->fix;
	}
}

/* No word that we know.  A refusal in OAuth's own form spent nothing; anything else may have. */
static void by_status(struct sv error, unsigned at, struct wire_outcome *how)
{
	if (how->status == 429) {
		decide(how, at, PERR_RATE);
	} else if (how->status >= 500 || how->status == 408) {
		how->fate = WIRE_UNCERTAIN;
		how->reason = REASON_PROVIDER_DOWN;
		(void)snprintf(how->detail, sizeof how->detail, "the provider answered with status %d", how->status);
	} else if (how->status == 401) {
		decide(how, at, (at & (PAT_USER_INFO | PAT_LOOKUP)) != 0 ? PERR_REAUTH : PERR_CONFIG);
	} else if (error.n > 0 && (at & PAT_CODE) != 0) {
		how->fate = WIRE_DEAD;
		how->reason = REASON_EXCHANGE_REFUSED;
	} else if (error.n > 0) {
		how->fate = WIRE_RETRY;
		how->reason = REASON_BAD_ANSWER;
	} else {
		char why[100];

		(void)snprintf(why, sizeof why, "the provider answered with status %d and no error that is known",
			       how->status);
		wire_fate_bad(how, why);
	}
}

/* "retry_after": 0.3 in the body, as Discord sends it beside the header. */
static struct err body_retry(struct ctx *cx, const struct wire_env *e, const struct node *tree,
			     struct wire_outcome *how)
{
	const struct node *retry = e->client->def->parts->api.retry, *n = NULL;
	struct sv path = node_text_at(retry, "body");

	if (how->retry_after_s > 0 || path.p == NULL || tree == NULL)
		return OK;
	TRY(jpath_get(cx, path, tree, &n));
	if (n != NULL && n->kind == NODE_INT && n->i > 0 && n->i < 86400)
		how->retry_after_s = n->i;
	if (n != NULL && n->kind == NODE_REAL && n->r > 0 && n->r < 86400)
		how->retry_after_s = (int64_t)n->r + 1;
	return OK;
}

static struct sv_list secrets_of(const struct wire_env *e)
{
	return (struct sv_list){ (struct sv *)(uintptr_t)e->secrets, e->n_secrets };
}

struct err wire_fate_read(struct ctx *cx, const struct wire_env *e, const struct wire_fate_in *in,
			  struct wire_outcome *how)
{
	const struct pdef_parts *p = e->client->def->parts;
	struct said said = { .status = how->status };

	TRY(texts(cx, in->answer == NULL ? &p->token_answer : in->answer, in->tree, &said));
	if (said.error.p != NULL)
		wire_redact(said.error, secrets_of(e), how->error, sizeof how->error);
	if (said.description.p != NULL)
		wire_redact(said.description, secrets_of(e), how->description, sizeof how->description);
	TRY(body_retry(cx, e, in->tree, how));
	for (size_t i = 0; i < p->n_errors; i++) {
		bool fits;

		TRY(row_fits(cx, &p->errors[i], in, &said, &fits));
		if (!fits)
			continue;
		from_row(&p->errors[i], &said, in->at, how);
		return OK;
	}
	/* a server that broke may say anything: only the definition may take its word (design 8) */
	if (how->status >= 500 || how->status == 429 || !from_known(&said, in->at, how))
		by_status(said.error, in->at, how);
	return OK;
}
