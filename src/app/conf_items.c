/* SPDX-License-Identifier: Apache-2.0 */
/* conf_items.c: the lists of engine.yaml: auth.providers and security.root_keys. */
#include "app/conf_raw.h"
#include "core/arena.h"
#include "core/text.h"
#include <stdio.h>
#include <string.h>

struct provider_item {
	struct sv id, description, type, provider_id, external_id, client_id;
	struct secret *client_secret;
	bool enabled;
	const struct node *oauth2;
};
static const struct nfield provider_fields[] = {
	NSV(struct provider_item, id, NREQ, 1, 100),
	NSV(struct provider_item, description, NOPT, 0, 1000),
	NSV(struct provider_item, type, NOPT, 0, 100),
	NSV(struct provider_item, provider_id, NOPT, 0, 100),
	NSV(struct provider_item, external_id, NOPT, 0, 50),
	NSV(struct provider_item, client_id, NREQ, 1, 1000),
	NSECRET(struct provider_item, client_secret, NOPT, 0, 1000),
	NBOOL(struct provider_item, enabled, NOPT),
	NNODE(struct provider_item, oauth2, NOPT),
};
struct root_key_item {
	struct sv id;
	bool is_default_;
	struct secret *value;
};
static const struct nfield root_key_fields[] = {
	NSV(struct root_key_item, id, NREQ, 1, 40),
	{ .name = "default", .kind = NF_BOOL, .required = NOPT, .at = offsetof(struct root_key_item, is_default_) },
	NSECRET(struct root_key_item, value, NREQ, 1, 4096),
};

struct err conf_decode(struct ctx *cx, const struct node *n, const struct node_decode *how, void *out)
{
	struct err e = node_decode(cx, n, how, out);
	char say[sizeof cx->cause.say];

	if (e.code != E_BAD_INPUT)
		return e;
	memcpy(say, cx->cause.say, sizeof say);
	(void)forgive(cx);
	return refuse(cx, E_CONFIG, "%s", say);
}

static void warn_unknown(struct ctx *cx, struct conf_raw *raw, const struct node *item, const struct node_decode *how)
{
	for (const struct node *n = item->first; n != NULL; n = n->next) {
		bool known = false;

		for (size_t i = 0; i < how->n; i++)
			known = known || sv_eqz(n->key, how->fields[i].name);
		if (!known)
			conf_warn(cx, raw, "%s:%d: %s.%.*s: unknown key, without effect", n->file, n->line, how->prefix,
				  SV_FMT(n->key));
	}
}

/* `enabled` may itself have come from a variable. */
static bool is_disabled(const struct node *item)
{
	const struct node *e = node_get(item, "enabled");

	return e != NULL && e->kind == NODE_BOOL && !e->b;
}

static struct err check_item(struct ctx *cx, struct conf_raw *raw, const struct node *item, const char *key)
{
	struct sv lacks = conf_env_undefined(raw->env, item);

	if (item->kind != NODE_MAP)
		return conf_bad(cx, item, key, "must be a map");
	for (const struct node *n = item->first; n != NULL && lacks.p != NULL; n = n->next)
		if (conf_env_undefined(raw->env, n).p != NULL)
			return conf_bad(cx, n, key, "%.*s: %.*s", SV_FMT(n->key), SV_FMT(lacks));
	return OK;
}

static const char *text_or_null(struct arena *a, struct sv s) { return s.n == 0 ? NULL : arena_text(a, s); }

static struct err check_ids(struct ctx *cx, struct conf_raw *raw, const struct node *n, const struct provider_conf *p)
{
	const char *segment = p->external_id != NULL ? p->external_id : p->id;

	if (!text_is_id(sv_of(p->id), 100, "._-"))
		return conf_bad(cx, n, "auth.providers", "id must be 1 to 100 of A-Z a-z 0-9 . _ -");
	if (!text_is_id(sv_of(segment), 50, "_-"))
		return conf_bad(
		    cx, n, "auth.providers",
		    "external_id must be given: 1 to 50 of A-Z a-z 0-9 _ - (it stands in the redirect address)");
	for (size_t i = 0; i < raw->c.n_providers; i++) {
		const struct provider_conf *q = &raw->c.providers[i];

		if (strcmp(q->id, p->id) == 0)
			return conf_bad(cx, n, "auth.providers", "id '%s' is used twice", p->id);
		if (strcmp(q->external_id != NULL ? q->external_id : q->id, segment) == 0)
			return conf_bad(cx, n, "auth.providers", "external_id '%s' is used twice", segment);
	}
	return OK;
}

static struct err add_provider(struct ctx *cx, struct conf_raw *raw, const struct node *n,
			       const struct provider_item *it)
{
	struct provider_conf *p = &raw->c.providers[raw->c.n_providers];

	if (it->type.n > 0 && !sv_ieq(it->type, SV("oauth2")))
		return conf_bad(cx, n, "auth.providers", "type must be oauth2");
	*p = (struct provider_conf){
		.id = arena_text(cx->arena, it->id),
		.description = text_or_null(cx->arena, it->description),
		.type_id = text_or_null(cx->arena, it->provider_id),
		.external_id = text_or_null(cx->arena, it->external_id),
		.client_id = arena_text(cx->arena, it->client_id),
		.client_secret = it->client_secret,
		.enabled = it->enabled,
		.oauth2 = it->oauth2,
		.where = arena_printf(cx->arena, "%s:%d", n->file, n->line),
	};
	if (p->id == NULL || p->client_id == NULL || p->where == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "configuration");
	TRY(check_ids(cx, raw, n, p));
	raw->c.n_providers++;
	return OK;
}

static struct err one_provider(struct ctx *cx, struct conf_raw *raw, const struct node *n, size_t i)
{
	char key[48];
	struct provider_item it = { .enabled = true };
	struct node_decode how = { provider_fields, ARRAY_LEN(provider_fields), key, NODE_IGNORE_UNKNOWN };

	(void)snprintf(key, sizeof key, "auth.providers[%zu]", i);
	if (is_disabled(n)) /* shipped templates list many of them, with variables nobody has set */
		return OK;
	TRY(check_item(cx, raw, n, key));
	warn_unknown(cx, raw, n, &how);
	TRY(conf_env_secret(cx, raw->env, node_text_at(n, "client_secret")));
	struct err e = conf_decode(cx, n, &how, &it);
	if (!IS_ERR(e))
		e = add_provider(cx, raw, n, &it);
	if (IS_ERR(e))
		secret_free(it.client_secret);
	return e;
}

struct err conf_providers(struct ctx *cx, struct conf_raw *raw, const struct node *list)
{
	size_t i = 0;

	if (list->kind != NODE_LIST)
		return conf_bad(cx, list, "auth.providers", "must be a list");
	raw->c.providers = arena_array(cx->arena, list->n + 1, sizeof *raw->c.providers);
	if (raw->c.providers == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "configuration");
	for (const struct node *n = list->first; n != NULL; n = n->next)
		TRY(one_provider(cx, raw, n, i++));
	return OK;
}

static struct err one_root_key(struct ctx *cx, struct conf_raw *raw, const struct node *n, size_t i)
{
	char key[48];
	struct root_key_item it = { .is_default_ = false };
	struct node_decode how = { root_key_fields, ARRAY_LEN(root_key_fields), key, NODE_IGNORE_UNKNOWN };
	struct root_key_conf *k = &raw->c.root_keys[raw->c.n_root_keys];

	(void)snprintf(key, sizeof key, "security.root_keys[%zu]", i);
	TRY(check_item(cx, raw, n, key));
	warn_unknown(cx, raw, n, &how);
	TRY(conf_env_secret(cx, raw->env, node_text_at(n, "value")));
	struct err e = conf_decode(cx, n, &how, &it);
	if (IS_ERR(e)) {
		secret_free(it.value);
		return e;
	}
	*k = (struct root_key_conf){ arena_text(cx->arena, it.id), it.is_default_, it.value };
	raw->c.n_root_keys++;
	if (k->id == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "configuration");
	for (size_t j = 0; j + 1 < raw->c.n_root_keys; j++)
		if (strcmp(raw->c.root_keys[j].id, k->id) == 0)
			return conf_bad(cx, n, "security.root_keys", "id '%s' is used twice", k->id);
	return OK;
}

struct err conf_root_keys(struct ctx *cx, struct conf_raw *raw, const struct node *list)
{
	size_t i = 0, defaults = 0;

	if (list->kind != NODE_LIST || list->n == 0)
		return conf_bad(cx, list, "security.root_keys", "must be a list of at least one {id, value}");
	raw->c.root_keys = arena_array(cx->arena, list->n, sizeof *raw->c.root_keys);
	if (raw->c.root_keys == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "configuration");
	for (const struct node *n = list->first; n != NULL; n = n->next)
		TRY(one_root_key(cx, raw, n, i++));
	for (size_t j = 0; j < raw->c.n_root_keys; j++)
		defaults += raw->c.root_keys[j].is_default ? 1 : 0;
	if (defaults > 1)
		return conf_bad(cx, list, "security.root_keys", "only one may be the default");
	if (defaults == 0)
		raw->c.root_keys[0].is_default = true;
	return OK;
}

void conf_drop_secrets(struct config *c)
{
	for (size_t i = 0; i < c->n_providers; i++)
		secret_drop(&c->providers[i].client_secret);
	for (size_t i = 0; i < c->n_workers; i++)
		secret_drop(&c->workers[i].secret);
	for (size_t i = 0; i < c->n_oidc; i++)
		secret_drop(&c->oidc[i].client_secret);
	for (size_t i = 0; i < c->n_root_keys; i++)
		secret_drop(&c->root_keys[i].value);
}
