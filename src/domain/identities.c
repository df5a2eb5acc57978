/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/identities.h"
#include "core/arena.h"
#include "core/codec.h"
#include "core/digest.h"
#include "core/text.h"
#include "store/store_identity.h"

/* Of what only the issuer knows nothing can be told from it, and nobody has to put a subject into an address. */
static struct err id_of(struct ctx *cx, const struct identity *i, char out[static IDENTITY_ID])
{
	CLEANUP(buf_free) struct buf both = BUF(8192);

	buf_sv(&both, i->issuer);
	buf_char(&both, '\n'); /* in no issuer */
	buf_sv(&both, i->subject);
	struct sha256 h = sha256_of(buf_view(&both));
	enc_b64url_text(sha256_view(&h), out, IDENTITY_ID);
	return buf_done(cx, &both, "identity");
}
static const struct oidc_conf *conf_of(const struct config *c, struct sv issuer)
{
	for (size_t i = 0; i < c->n_oidc; i++)
		if (sv_eqz(issuer, c->oidc[i].issuer))
			return &c->oidc[i];
	return NULL;
}
struct err identities_of(struct ctx *cx, struct engine *en, struct sv account_id, struct linked_list *out)
{
	struct identity_rows rows;

	*out = (struct linked_list){ .v = NULL };
	TRY(store_identity_of(cx, en->store, account_id, &rows));
	out->v = arena_array(cx->arena, rows.n + 1, sizeof *out->v);
	if (out->v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "identities");
	for (size_t i = 0; i < rows.n; i++) {
		struct linked *l = &out->v[i];
		*l = (struct linked){ .issuer = conf_of(en->config, rows.v[i].issuer),
				      .url = rows.v[i].issuer,
				      .subject = rows.v[i].subject,
				      .created_at = rows.v[i].created_at };
		TRY(id_of(cx, &rows.v[i], l->id));
	}
	out->n = rows.n;
	return OK;
}
static struct err none(struct ctx *cx) { return refuse(cx, E_NOT_FOUND, "no such identity of this account"); }

static struct err unlink_this(struct ctx *cx, struct engine *en, const struct linked *l, const struct actor *by)
{
	const struct event ev = { .project_id = sv_of(store_default_project(en->store)), .by = *by, .outcome = "ok" };
	struct identity_unlink in = { .account_id = sv_of(by->id),
				      .issuer = l->url,
				      .subject = l->subject,
				      .n_issuers = en->config->n_oidc,
				      .event = &ev };
	struct sv *issuers = arena_array(cx->arena, in.n_issuers + 1, sizeof *issuers);

	if (issuers == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "issuers");
	for (size_t i = 0; i < in.n_issuers; i++)
		issuers[i] = sv_of(en->config->oidc[i].issuer);
	in.issuers = issuers;
	struct err e = store_identity_remove(cx, en->store, &in);
	return e.code == E_NOT_FOUND ? none(cx) : e; /* another window was quicker */
}
struct err identities_unlink(struct ctx *cx, struct engine *en, struct sv id, const struct actor *by)
{
	struct linked_list l;

	TRY(identities_of(cx, en, sv_of(by->id), &l));
	for (size_t i = 0; i < l.n; i++)
		if (sv_eqz(id, l.v[i].id))
			return unlink_this(cx, en, &l.v[i], by);
	return none(cx);
}
