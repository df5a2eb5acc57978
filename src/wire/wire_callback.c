/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/codec.h"
#include "core/jout.h"
#include "core/text.h"
#include "model/known_error.h"
#include "wire/wire_env.h"
#include "wire/wire_redact.h"

enum { MOST_QUERY = 16384, MOST_VALUE = 8192, MOST_PARAMS = 64, MOST_ERROR = 64, MOST_WORDS = 300, MOST_KEPT = 1024 };

static struct err bad(struct ctx *cx)
{
	return refuse(cx, E_BAD_INPUT, "the provider's answer in the address is not well formed");
}

/* RFC 6749 section 3.1: no parameter twice; so one of them could not be meant for somebody else. */
static struct err read_query(struct ctx *cx, struct sv query, struct node **out)
{
	struct node *map = node_new(cx->arena, NODE_MAP);
	struct pair p;
	bool torn = false;

	if (map == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "callback");
	if (query.n > MOST_QUERY)
		return bad(cx);
	if (sv_starts(query, SV("?")))
		query = sv_from(query, 1);
	while (form_next(cx->arena, &query, &p, &torn)) {
		if (node_get_sv(map, p.name) != NULL || map->n == MOST_PARAMS || p.value.n > MOST_VALUE ||
		    !text_is_utf8(p.name) || !text_is_utf8(p.value) || text_has_control(p.value))
			return bad(cx);
		if (!node_set(cx->arena, map, p.name, node_new_text(cx->arena, p.value)))
			return fail(cx, E_INTERNAL, "out of memory", "callback");
	}
	*out = map;
	if (torn && arena_starved(cx->arena))
		return fail(cx, E_INTERNAL, "out of memory", "callback");
	return torn ? bad(cx) : OK;
}

static struct sv there(const struct node *map, const char *name)
{
	struct sv s = node_text_at(map, name);

	return s.n == 0 ? SV_NONE : s;
}

struct err wire_callback_state(struct ctx *cx, struct sv query, struct sv *state)
{
	struct node *map = NULL;

	*state = SV_NONE;
	TRY(read_query(cx, query, &map));
	*state = there(map, "state");
	return OK;
}

/* The definition's own words first, then what is known of others; a word that nobody knows ends this attempt. */
static const struct pdef_error *own_row(const struct pdef_parts *p, struct sv error, struct sv said)
{
	for (size_t i = 0; i < p->n_errors; i++) {
		const struct pdef_error *r = &p->errors[i];

		if ((r->at & PAT_CALLBACK) != 0 && r->status == 0 && r->path.p == NULL &&
		    (r->value.p == NULL || sv_eq(error, r->value)) &&
		    (r->contains.p == NULL || known_error_says(said, r->contains)))
			return r;
	}
	return NULL;
}

static void meaning(const struct pdef *d, struct sv error, struct sv said, struct wire_callback *out)
{
	struct sv own = node_text(node_get_sv(d->parts->callback_errors, error));
	const struct known_error *k = known_error_find(PAT_CALLBACK, error, said);

	const struct pdef_error *row = own_row(d->parts, error, said);

	if (row != NULL)
		out->reason = known_error_reason((enum pdef_error_is)row->is, PAT_CALLBACK);
	else if (own.p != NULL)
		out->reason = sv_eqz(own, "denied")         ? REASON_DENIED
			      : sv_eqz(own, "config_error") ? REASON_MISCONFIGURED
							    : REASON_PROVIDER_DOWN;
	else
		out->reason = k == NULL ? REASON_BAD_ANSWER : known_error_reason(k->is, PAT_CALLBACK);
	if (row != NULL && (row->cause.p != NULL || row->fix.p != NULL)) {
		out->cause = row->cause.p;
		out->fix = row->fix.p;
	} else if (k != NULL && known_error_reason(k->is, PAT_CALLBACK) == out->reason) {
		out->cause = k->cause;
		out->fix = k->fix;
	}
}

static struct err words(struct ctx *cx, const struct node *map, const struct wire_client *c, struct wire_callback *out)
{
	struct sv secret = c->client_secret == NULL ? SV_NONE : secret_view(c->client_secret);
	struct sv known[] = { out->code, out->state, secret };
	struct sv error = there(map, "error"), said = there(map, "error_description");
	char *e = arena_alloc(cx->arena, MOST_ERROR), *w = arena_alloc(cx->arena, MOST_WORDS + 1);
	const struct sv_list secrets = { known, ARRAY_LEN(known) };

	if (e == NULL || w == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "callback");
	if (error.p == NULL)
		return OK;
	wire_redact(error, secrets, e, MOST_ERROR);
	wire_redact(said.p == NULL ? SV("") : said, secrets, w, MOST_WORDS + 1);
	out->error = e;
	out->description = sv_of(w);
	meaning(c->def, error, said, out);
	out->denied = out->reason == REASON_DENIED;
	return OK;
}

static struct err keep(struct ctx *cx, const struct node *map, const struct pdef *d, struct sv *out)
{
	CLEANUP(buf_free) struct buf b = BUF(65536);
	struct jout w = JOUT(&b);

	jout_open(&w, NULL);
	for (size_t i = 0; i < d->parts->callback_store.n; i++) {
		struct sv name = d->parts->callback_store.v[i], value = node_text(node_get_sv(map, name));

		if (value.n == 0 || value.n > MOST_KEPT)
			continue;
		jout_key(&w, name);
		jout_str(&w, NULL, value);
	}
	jout_close(&w);
	TRY(jout_done(cx, &w));
	*out = arena_sv(cx->arena, buf_view(&b));
	return out->p == NULL ? fail(cx, E_INTERNAL, "out of memory", "callback") : OK;
}

struct err wire_callback_read(struct ctx *cx, const struct wire_client *c, struct sv query, struct wire_callback *out)
{
	const struct pdef *d = c->def;
	struct node *map = NULL;

	*out = (struct wire_callback){ .reason = REASON_NONE };
	TRY(read_query(cx, query, &map));
	out->state = there(map, "state");
	out->iss = there(map, "iss");
	out->code = node_text(node_get_sv(map, d->parts->callback_code));
	if (out->code.n == 0)
		out->code = SV_NONE;
	TRY(words(cx, map, c, out));
	if (out->error != NULL)
		out->code = SV_NONE; /* both is neither: an error is never redeemed */
	return keep(cx, map, d, &out->stored);
}
