/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/buf.h"
#include "core/hub.h"
#include "core/text.h"
#include "domain/authorize.h"
#include "domain/provider_mint.h"
#include "domain/provider_move.h"
#include "domain/provider_section.h"
#include "domain/registry.h"
#include "model/reason.h"
#include "store/store_connection.h"
#include "store/store_event.h"
#include "store/store_revocation.h"
#include "store/store_version.h"

enum { ID_MOST = 100, EXTERNAL_MOST = 50, DESCRIPTION_MOST = 1000, CLIENT_MOST = 1000, KNOWN_BYTES = 100 };

/* ---- what may be written (contract 3.1) ---- */
static bool short_text(struct sv s, size_t most) { return s.n <= most && text_is_utf8(s) && !text_has_control(s); }

/* Line breaks are welcome in a description. */
static bool plain_text(struct sv s)
{
	if (s.n > DESCRIPTION_MOST || !text_is_utf8(s))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' && s.p[i] != '\n' && s.p[i] != '\r' && s.p[i] != '\t')
			return false;
	return true;
}

static struct err check(struct ctx *cx, const struct provider_write *in)
{
	struct err e = OK;

	if (in->description.p != NULL && !plain_text(in->description))
		e = bad_field(cx, "description", "max", "must be text of at most %d bytes", DESCRIPTION_MOST);
	if (in->status.p != NULL && !sv_eqz(in->status, "active") && !sv_eqz(in->status, "inactive"))
		e = bad_field(cx, "status", "oneof", "must be active or inactive");
	if (in->type.p != NULL && !sv_ieq(in->type, SV("oauth2")))
		e = bad_field(cx, "type", "oneof", "must be oauth2");
	if (in->client_id.p != NULL && (in->client_id.n == 0 || !short_text(in->client_id, CLIENT_MOST)))
		e = bad_field(cx, "oauth2.client_id", "max", "must have 1 to %d bytes and no control characters",
			      CLIENT_MOST);
	if (in->client_secret != NULL && !short_text(secret_view(in->client_secret), CLIENT_MOST))
		e = bad_field(cx, "oauth2.client_secret", "max", "must have at most %d bytes and no control characters",
			      CLIENT_MOST);
	return e;
}

static struct err check_new(struct ctx *cx, const struct provider_write *in)
{
	struct err e = check(cx, in);

	if (!text_is_id(in->id, ID_MOST, "._-"))
		e = bad_field(cx, "id", "id", "must have 1 to %d letters, digits, dots, _ and -", ID_MOST);
	else if (in->id.n >= 6 && sv_ieq(sv_upto(in->id, 6), SV("arcade")))
		e = bad_field(cx, "id", "reserved", "must not begin with arcade");
	if (in->external_id.p != NULL && !text_is_id(in->external_id, EXTERNAL_MOST, "_-"))
		e = bad_field(cx, "external_id", "id", "must have 1 to %d letters, digits, _ and -", EXTERNAL_MOST);
	if (in->client_id.p == NULL)
		e = bad_field(cx, "oauth2.client_id", "required", "is required");
	return e;
}

static struct err no_type(struct ctx *cx, const struct registry *r)
{
	const struct pdef_library *l = registry_library(r);
	CLEANUP(buf_free) struct buf known = BUF(4096);

	for (size_t i = 0; i < pdef_library_count(l); i++) {
		struct sv id = node_text_at(pdef_library_at(l, i), "id");

		if (id.n > 0)
			buf_printf(&known, "%s%.*s", known.n == 0 ? "" : ", ", SV_FMT(id));
	}
	TRY(buf_done(cx, &known, "the known providers"));
	return bad_field(cx, "provider_id", "known",
			 "is none of the known providers (%.*s%s); for another leave it out, give "
			 "oauth2.authorize_request and oauth2.token_request, and choose as id what tools ask for",
			 SV_FMT(sv_upto(buf_view(&known), KNOWN_BYTES)), known.n > KNOWN_BYTES ? ", ..." : "");
}

/* The id of the definition that a type name means; "oauth2" says "custom" (contract 2.8). */
static struct err type_of(struct ctx *cx, const struct registry *r, struct sv given, struct sv *out)
{
	const struct node *found = given.n == 0 ? NULL : pdef_library_find(registry_library(r), given);
	struct sv id = node_text_at(found, "id");

	*out = SV("");
	if (given.n == 0 || (found == NULL && sv_eqz(given, "oauth2")))
		return OK;
	if (found == NULL)
		return no_type(cx, r);
	*out = id.n > 0 ? id : given;
	return OK;
}

/* ---- the oauth2 section ---- */
static struct err section(struct ctx *cx, const struct node *was, const struct provider_write *in,
			  const struct node **out)
{
	struct node *n = NULL;

	*out = was;
	if (!in->oauth2_present)
		return OK;
	if (in->oauth2 == NULL || in->oauth2->kind != NODE_MAP)
		return bad_field(cx, "oauth2", "object", "must be an object");
	TRY(provider_section_patch(cx, was, in->oauth2, &n));
	return registry_config(cx, n, out);
}

/* Definition, configuration and sealed secret of the row, from its type and section. */
struct shape {
	struct engine *en;
	const struct provider_write *in;
	const struct node *was_config;
	bool keep_secret;
};
static struct err shape(struct ctx *cx, const struct shape *s, struct provider_row *row)
{
	const struct node *config = NULL;
	struct registry_want want = { row->type_id, row->unique_id, NULL, s->en->config->development };
	struct provider_seal at = { row->project_id, row->id };

	TRY(section(cx, s->was_config, s->in, &config));
	want.oauth2 = config;
	TRY(registry_merge(cx, s->en->registry, &want, &row->definition));
	TRY(registry_json(cx, config, &row->config));
	if (s->in->client_secret != NULL && secret_view(s->in->client_secret).n > 0)
		return store_provider_seal(cx, s->en->store, &at, s->in->client_secret, &row->secret_box);
	if (!s->keep_secret)
		row->secret_box = SV_NONE;
	return OK;
}

/* ---- acts ---- */
struct change {
	struct engine *en;
	struct provider_row row;
	const struct provider_row *was; /* NULL: new */
	const struct actor *by;
	const char *kind;
	bool revise, moved; /* moved: what is stored of its users would go to another host */
	struct sv data;     /* of its event */
};
struct changed {
	int64_t created_at, updated_at;
};

static struct err note(struct ctx *cx, struct tx *tx, const struct change *c)
{
	struct event ev = {
		.project_id = c->row.project_id,
		.kind = c->kind,
		.by = *c->by,
		.resource_type = "provider",
		.resource_id = c->row.unique_id,
		.outcome = "ok",
		.data = c->data,
	};

	return store_event_add(cx, tx, &ev);
}

static struct err keep_version(struct ctx *cx, struct tx *tx, const struct change *c, int64_t version)
{
	return store_version_check(cx, tx,
				   &(struct store_version){ "auth provider", c->row.unique_id, "provider",
							    c->row.project_id, c->row.unique_id, version });
}

static struct err act_create(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	const struct change *c = in;
	struct changed *done = out;
	struct provider_row row = c->row;
	struct provider_taken ask = { row.project_id, row.unique_id, row.external_id, SV("") };
	struct provider_revision rev = { row.revision_id, row.id, row.definition, row.client_id };
	bool id = false, external = false;

	TRY(store_provider_taken(cx, tx_db(tx), &ask, &id, &external));
	if (id)
		return refuse(cx, E_CONFLICT, "auth provider %.*s exists already", SV_FMT(row.unique_id));
	if (external)
		return refuse(cx, E_CONFLICT, "external_id %.*s is used by another auth provider",
			      SV_FMT(row.external_id));
	row.created_at = row.updated_at = tx_now(tx);
	TRY(store_provider_insert(cx, tx, &row));
	TRY(store_provider_revise(cx, tx, &rev));
	*done = (struct changed){ row.created_at, row.updated_at };
	return note(cx, tx, c);
}

static struct err act_patch(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	const struct change *c = in;
	struct changed *done = out;
	struct provider_row row = c->row;
	struct provider_revision rev = { row.revision_id, row.id, row.definition, row.client_id };
	int64_t ended = 0;

	TRY(keep_version(cx, tx, c, c->was->updated_at));
	row.updated_at = tx_now(tx) > c->was->updated_at ? tx_now(tx) : c->was->updated_at + 1;
	if (c->revise)
		TRY(store_provider_revise(cx, tx, &rev));
	TRY(store_provider_update(cx, tx, &row, c->was->updated_at));
	if (c->moved || !sv_eq(row.client_id, c->was->client_id))
		TRY(store_connection_end_all(cx, tx, row.id, reason_code(REASON_CLIENT_CHANGED), &ended));
	if (c->moved)
		TRY(store_revocation_give_up(cx, tx, row.id));
	*done = (struct changed){ row.created_at, row.updated_at };
	return note(cx, tx, c);
}

static bool changes(const struct change *c)
{
	const struct provider_row *a = c->was, *b = &c->row;

	return c->revise || c->moved || !sv_eq(a->description, b->description) || !sv_eq(a->status, b->status) ||
	       !sv_eq(a->type_id, b->type_id) || !sv_eq(a->config, b->config) || !sv_eq(a->secret_box, b->secret_box);
}
/* Nothing is to be written, but who wrote "if it is still so" is told. */
static struct err act_look(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	const struct change *c = in;

	(void)out;
	return keep_version(cx, tx, c, c->was->updated_at);
}

/* The object is made before the act, so that nothing can fail between the commit and its being shown. */
static struct err commit(struct ctx *cx, const struct change *c, act_fn *act, const struct provider **out)
{
	struct registry_make how = { c->en, c->en->registry, &c->row, NULL, false };
	CLEANUP(registry_unmake) struct registry_entry *e = NULL;
	struct changed done = { 0, 0 };

	TRY(registry_make(cx, &how, &e));
	TRY(store_act(cx, c->en->store, act, c, &done));
	e->p.created_at = done.created_at;
	e->p.updated_at = done.updated_at;
	const struct provider *now = &e->p;
	TRY(registry_show(cx, c->en->registry, &e));
	*out = now;
	return OK;
}

struct err providers_create(struct ctx *cx, struct engine *en, struct sv project_id, const struct provider_write *in,
			    const struct provider **out)
{
	CLEANUP(registry_leave) struct registry_guard guard = { en->registry };
	struct shape s = { .en = en, .in = in };
	struct change c = { .en = en, .by = in->by, .kind = "provider.created" };

	registry_lock(en->registry);
	*out = NULL;
	TRY(check_new(cx, in));
	c.row = (struct provider_row){
		.project_id = project_id,
		.unique_id = in->id,
		.external_id = in->external_id,
		.binding = SV("project"),
		.description = in->description.p == NULL ? SV("") : in->description,
		.status = in->status.p == NULL ? SV("active") : in->status,
		.client_id = in->client_id,
	};
	TRY(type_of(cx, en->registry, in->provider_id, &c.row.type_id));
	TRY(provider_mint_id(cx, "pv_", &c.row.id));
	TRY(provider_mint_id(cx, "pr_", &c.row.revision_id));
	if (in->external_id.p == NULL)
		TRY(provider_mint_external(cx, &c.row.external_id));
	TRY(shape(cx, &s, &c.row));
	return commit(cx, &c, act_create, out);
}

static struct err check_patch(struct ctx *cx, const struct provider *was, const struct provider_write *in)
{
	struct err e = check(cx, in);

	if (in->id.p != NULL && !sv_eqz(in->id, was->unique_id))
		e = bad_field(cx, "id", "immutable", "cannot be changed");
	if (in->external_id.p != NULL && !sv_eqz(in->external_id, was->external_id))
		e = bad_field(cx, "external_id", "immutable", "cannot be changed: the redirect address hangs on it");
	return e;
}

struct err providers_patch(struct ctx *cx, struct engine *en, const struct provider *was,
			   const struct provider_write *in, const struct provider **out)
{
	CLEANUP(registry_leave) struct registry_guard guard = { en->registry };
	struct provider_row row;
	struct provider_move move;
	struct change c = { .en = en, .was = &row, .by = in->by, .kind = "provider.updated" };

	registry_lock(en->registry);
	*out = NULL;
	TRY(providers_may_write(cx, was));
	TRY(check_patch(cx, was, in));
	const struct provider *now = providers_by_row(en, sv_of(was->row_id));
	if (now == NULL)
		return refuse(cx, E_NOT_FOUND, "auth provider %s not found", was->unique_id);
	struct shape s = { .en = en, .in = in, .was_config = now->config, .keep_secret = true };
	TRY(providers_stored(cx, en, sv_of(was->row_id), &row));
	c.row = row;
	if (in->description.p != NULL)
		c.row.description = in->description;
	if (in->status.p != NULL)
		c.row.status = in->status;
	if (in->client_id.p != NULL)
		c.row.client_id = in->client_id;
	if (in->provider_id.p != NULL)
		TRY(type_of(cx, en->registry, in->provider_id, &c.row.type_id));
	TRY(shape(cx, &s, &c.row));
	TRY(provider_move_find(cx, row.definition, c.row.definition, &move));
	c.moved =
	    move.stored || (move.secret && row.secret_box.n == 0); /* no secret that would have to be brought again */
	if (move.secret && row.secret_box.n > 0 && (in->client_secret == NULL || secret_view(in->client_secret).n == 0))
		return bad_field(cx, "oauth2.client_secret", "required",
				 "must be sent again when an endpoint moves to another host");
	c.revise = !sv_eq(c.row.definition, row.definition) || !sv_eq(c.row.client_id, row.client_id);
	if (c.revise)
		TRY(provider_mint_id(cx, "pr_", &c.row.revision_id));
	if (!changes(&c)) {
		*out = now;
		return store_act(cx, en->store, act_look, &c, NULL);
	}
	TRY(provider_section_changed(
	    cx, &(struct provider_change){ &row, &c.row, !sv_eq(row.secret_box, c.row.secret_box) }, &c.data));
	return commit(cx, &c, act_patch, out);
}
