/* SPDX-License-Identifier: Apache-2.0 */
/* conf_sign_in.c: sign_in.oidc of engine.yaml: issuers that people sign in with. */
#include "app/conf_raw.h"
#include "core/arena.h"
#include "core/text.h"
#include <string.h>

enum { ISSUERS_MOST = 20, ID_MOST = 50, NAME_MOST = 60, URL_MOST = 1024, CLIENT_MOST = 1000, WORDS_MOST = 20 };
enum { SCOPES_BYTES = 1000, DOMAIN_MOST = 253 };
#define KEY "sign_in.oidc"

struct oidc_item {
	struct sv id, name, issuer, client_id, role;
	struct secret *client_secret;
	struct sv_list scopes, allowed_domains;
};
static const struct nfield fields[] = {
	NSV(struct oidc_item, id, NREQ, 1, ID_MOST),
	NSV(struct oidc_item, name, NOPT, 1, NAME_MOST),
	NSV(struct oidc_item, issuer, NREQ, 1, URL_MOST),
	NSV(struct oidc_item, client_id, NREQ, 1, CLIENT_MOST),
	NSECRET(struct oidc_item, client_secret, NOPT, 1, CLIENT_MOST),
	NLIST(struct oidc_item, scopes, NOPT, WORDS_MOST),
	NLIST(struct oidc_item, allowed_domains, NOPT, WORDS_MOST),
	NSV(struct oidc_item, role, NOPT, 1, 20),
};

static struct err scopes_of(struct ctx *cx, const struct node *n, const struct sv_list *in, const char **out)
{
	CLEANUP(buf_free) struct buf b = BUF(SCOPES_BYTES);
	bool openid = in->n == 0;

	for (size_t i = 0; i < in->n; i++) {
		if (in->v[i].n == 0 || text_has_control(in->v[i]) || memchr(in->v[i].p, ' ', in->v[i].n) != NULL)
			return conf_bad(cx, n, KEY ".scopes", "each must be one word");
		buf_sv(&b, in->v[i]);
		buf_char(&b, ' ');
		openid = openid || sv_eqz(in->v[i], "openid");
	}
	if (!openid || !buf_ok(&b))
		return conf_bad(cx, n, KEY ".scopes", "must have openid among them, and at most %d bytes",
				SCOPES_BYTES);
	*out = arena_text(cx->arena, in->n == 0 ? SV("openid email") : sv_trim(buf_view(&b)));
	return *out != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "configuration");
}
/* Lower-cased copies. */
static struct err domains_of(struct ctx *cx, const struct node *n, const struct sv_list *in, struct sv_list *out)
{
	*out = (struct sv_list){ .v = arena_array(cx->arena, in->n + 1, sizeof *out->v) };
	if (out->v == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "configuration");
	for (size_t i = 0; i < in->n; i++) {
		char *z = arena_text(cx->arena, in->v[i]);

		if (z == NULL)
			return fail(cx, E_INTERNAL, "out of memory", "configuration");
		for (char *p = z; *p != '\0'; p++)
			if (*p >= 'A' && *p <= 'Z')
				*p = (char)(*p - 'A' + 'a');
		if (!text_is_id(in->v[i], DOMAIN_MOST, ".-") || z[0] == '.' || z[strlen(z) - 1] == '.')
			return conf_bad(cx, n, KEY ".allowed_domains", "each must be the part of an email after its @");
		out->v[out->n++] = sv_of(z);
	}
	return OK;
}
static struct err check(struct ctx *cx, struct conf_raw *raw, const struct node *n, const struct oidc_item *it)
{
	struct url u;

	if (!text_is_id(it->id, ID_MOST, "_-"))
		return conf_bad(cx, n, KEY, "id must be 1 to %d of A-Z a-z 0-9 _ -", ID_MOST);
	for (size_t i = 0; i < raw->c.n_oidc; i++)
		if (sv_eqz(it->id, raw->c.oidc[i].id) || sv_eqz(it->issuer, raw->c.oidc[i].issuer))
			return conf_bad(cx, n, KEY, "id and issuer of '%.*s' must be its own", SV_FMT(it->id));
	if (IS_ERR(url_parse(cx, it->issuer, "issuer", &u)) || u.query.n > 0 || u.fragment.n > 0 ||
	    (!u.https && !u.loopback)) {
		(void)forgive(cx);
		return conf_bad(cx, n, KEY ".issuer", "must be an https address without query and fragment");
	}
	return OK;
}
static struct err add(struct ctx *cx, struct conf_raw *raw, const struct node *n, const struct oidc_item *it)
{
	struct oidc_conf *o = &raw->c.oidc[raw->c.n_oidc];

	TRY(check(cx, raw, n, it));
	*o = (struct oidc_conf){
		.id = arena_text(cx->arena, it->id),
		.name = arena_text(cx->arena, it->name.n > 0 ? it->name : it->id),
		.issuer = arena_text(cx->arena, it->issuer),
		.client_id = arena_text(cx->arena, it->client_id),
		.role = it->role.n == 0 ? ROLE_VERIFY : role_of(it->role),
	};
	if (o->id == NULL || o->name == NULL || o->issuer == NULL || o->client_id == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "configuration");
	if (o->role < ROLE_VERIFY || o->role > ROLE_ADMIN)
		return conf_bad(cx, n, KEY ".role", "must be one of verify, viewer, member, admin");
	if (it->role.n > 0 && it->allowed_domains.n == 0)
		return conf_bad(cx, n, KEY ".role",
				"needs allowed_domains: it is the role of those who come in by them");
	TRY(scopes_of(cx, n, &it->scopes, &o->scopes));
	TRY(domains_of(cx, n, &it->allowed_domains, &o->domains));
	o->client_secret = it->client_secret;
	raw->c.n_oidc++;
	return OK;
}
static struct err one(struct ctx *cx, struct conf_raw *raw, const struct node *n)
{
	const struct node_decode how = { fields, ARRAY_LEN(fields), KEY, NODE_REFUSE_UNKNOWN };
	struct oidc_item it = { .id = SV_NONE };
	struct sv lacks = conf_env_undefined(raw->env, n);

	if (n->kind != NODE_MAP)
		return conf_bad(cx, n, KEY, "each must be {id, name, issuer, client_id, client_secret, …}");
	if (lacks.p != NULL)
		return conf_bad(cx, n, KEY, "%.*s", SV_FMT(lacks));
	if (raw->c.n_oidc == ISSUERS_MOST)
		return conf_bad(cx, n, KEY, "must be at most %d", ISSUERS_MOST);
	TRY(conf_env_secret(cx, raw->env, node_text_at(n, "client_secret")));
	struct err e = conf_decode(cx, n, &how, &it);
	if (!IS_ERR(e))
		e = add(cx, raw, n, &it);
	if (IS_ERR(e))
		secret_free(it.client_secret);
	return e;
}
struct err conf_sign_in(struct ctx *cx, struct conf_raw *raw, const struct node *list)
{
	if (list->kind != NODE_LIST)
		return conf_bad(cx, list, KEY, "must be a list");
	raw->c.oidc = arena_array(cx->arena, ISSUERS_MOST + 1, sizeof *raw->c.oidc);
	if (raw->c.oidc == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "configuration");
	for (const struct node *n = list->first; n != NULL; n = n->next)
		TRY(one(cx, raw, n));
	return OK;
}
