/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_issuers.c: the issuers that people sign in with (sign_in.oidc): metadata, the name in it, keys. */
#include "app/doctor.h"
#include "core/arena.h"
#include "core/jdoc.h"
#include "core/text.h"
#include "net/net.h"
#include "wire/wire_oidc.h"

/* A JSON object from there; NULL: said what is wrong. */
static const struct node *document(struct doctor *d, const char *name, struct sv url, struct sv *text)
{
	CLEANUP(net_reply_clear) struct net_reply r = { .fate = NET_FAILED };
	const struct node *doc = NULL;

	if (!doctor_reach(d, url, &r)) {
		doctor_say(d, name, DOCTOR_FAILED, doctor_mend(r.fate), "%.*s cannot be reached: %s", SV_FMT(url),
			   r.detail);
		return NULL;
	}
	*text = arena_sv(d->cli->cx->arena, buf_view(&r.body));
	if (r.status == 200 && text->p != NULL && !IS_ERR(jdoc_parse(d->cli->cx, *text, "document", &doc)) &&
	    doc->kind == NODE_MAP)
		return doc;
	(void)forgive(d->cli->cx);
	doctor_say(d, name, DOCTOR_FAILED, "correct issuer of sign_in.oidc: it is the address before /.well-known",
		   "%.*s is no JSON document (status %d)", SV_FMT(url), r.status);
	return NULL;
}
static bool has_keys(struct doctor *d, const char *name, struct sv url)
{
	struct sv text;
	const struct node *doc = document(d, name, url, &text), *keys = doc == NULL ? NULL : node_get(doc, "keys");

	if (doc != NULL && (keys == NULL || keys->kind != NODE_LIST || keys->n == 0))
		doctor_say(d, name, DOCTOR_FAILED, "tell whoever runs the issuer: nobody can be signed in without",
			   "%.*s holds no keys", SV_FMT(url));
	return keys != NULL && keys->kind == NODE_LIST && keys->n > 0;
}
static void check_issuer(struct doctor *d, const struct oidc_conf *o)
{
	const char *name = arena_printf(d->cli->cx->arena, "issuer %s", o->id);
	struct wire_oidc_meta meta;
	struct sv url, text;

	if (name == NULL || IS_ERR(wire_oidc_where(d->cli->cx, sv_of(o->issuer), &url)))
		return;
	const struct node *doc = document(d, name, url, &text);
	if (doc == NULL)
		return;
	if (IS_ERR(wire_oidc_meta(d->cli->cx, sv_of(o->issuer), text, &meta))) {
		struct sv says = sv_upto(node_text_at(doc, "issuer"), 150);

		doctor_say(
		    d, name, DOCTOR_FAILED,
		    "set issuer of sign_in.oidc to what its metadata says, letter for letter, if that is the one "
		    "you mean",
		    "%s (it says issuer %.*s)", d->cli->cx->cause.say, SV_FMT(says));
		(void)forgive(d->cli->cx);
		return;
	}
	if (has_keys(d, name, meta.keys_url))
		doctor_say(d, name, DOCTOR_OK, "",
			   "its metadata and keys are there; registered there must be %s/sign-in/oidc/%s/callback",
			   d->public_url, o->id);
}
void doctor_issuers(struct doctor *d)
{
	if (!doctor_here(d, "issuers") || d->config->n_oidc == 0 || !doctor_net(d))
		return;
	for (size_t i = 0; i < d->config->n_oidc; i++)
		check_issuer(d, &d->config->oidc[i]);
}
