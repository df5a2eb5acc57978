/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDERS_H
#define PROVIDERS_H
/* providers.h: provider instances: what is configured, which one is meant (contract 2.8, 3.1), who may change it.
 *
 * Owns:     the registry: the definition library, static instances of engine.yaml, project instances (written through),
 * and every revision in use.  A `const struct provider *` and its `def` stay valid until the engine ends (rows are
 * replaced by new objects, old ones are kept); so it can be held across a call without a lock. Promises: look-ups are
 * memory only (INLINE); changes are acts of store_provider.h, visible when the call returns.
 */
#include "domain/engine.h"
#include "model/pdef.h"
#include "store/store_worker.h"
enum binding { BIND_STATIC, BIND_PROJECT, BIND_WORKER /* of an mcp worker; no list shows it */ };
struct provider {
	const char *row_id;                                          /* pv_…: what connections and flows store */
	const char *project_id;                                      /* "" when static */
	const char *unique_id, *external_id, *type_id, *description; /* type_id "" when custom */
	const char *client_id;
	struct sv client_secret_box; /* sealed also in memory; p NULL: public client */
	char client_secret_end[5];   /* its last characters, for people; "" when it has none to spare */
	const char *redirect_uri;    /* {public}/api/v1/oauth/{external_id}/callback */
	const char *revision_id;
	const struct node *config; /* the oauth2 section as given, without secrets; NULL: none */
	enum binding binding;
	bool active;
	const char *refused, *refused_fix; /* why its stored row cannot be used, and the mend: then it is not active,
					      and its definition is for showing only.  NULL: it can */
	int64_t created_at, updated_at;
	const struct pdef *def;
};
void registry_free(struct registry *r);
/* Loads library, static instances (synced into the store so that rows can refer to them) and project instances.
 * E_CONFIG names file, line and mend. */
struct err registry_open(struct ctx *cx, struct engine *en, struct registry **out) MUST_USE NONNULL(1, 2, 3);
const struct pdef_library *registry_library(const struct registry *r) NONNULL(1) RETURNS_NONNULL;

struct provider_ask {
	struct sv project_id, id, provider_id, provider_type; /* contract 2.1 AuthRequirement */
	struct sv worker; /* "mcp:ID": the authorization server of an mcp worker is meant, and nothing else; n 0: no */
};
/* Contract 2.8.  E_PROVIDER_UNKNOWN, E_PROVIDER_AMBIGUOUS (names the ids to choose from).  *asked_as: what to echo as
 * provider_id. */
struct err providers_resolve(struct ctx *cx, struct engine *en, const struct provider_ask *ask,
			     const struct provider **out, struct sv *asked_as) MUST_USE NONNULL(1, 2, 3, 4, 5);
const struct provider *providers_by_row(struct engine *en, struct sv row_id)
    NONNULL(1); /* current; NULL: deleted or unknown */
const struct provider *providers_even_deleted(struct engine *en, struct sv row_id)
    NONNULL(1); /* also a deleted one whose revocations wait: for revoking */
const struct provider *providers_by_external(struct engine *en, struct sv external_id) NONNULL(1);
const struct provider *providers_by_id(struct engine *en, struct sv project_id, struct sv unique_id) NONNULL(1);
/* Opens the client secret for one use; *out NULL: a public client. */
struct err providers_secret(struct ctx *cx, struct engine *en, const struct provider *p, struct secret **out) MUST_USE
    NONNULL(1, 2, 3, 4);
/* The stored row of what is shown now; E_NOT_FOUND when it has been deleted meanwhile. */
struct provider_row;
struct err providers_stored(struct ctx *cx, struct engine *en, struct sv row_id, struct provider_row *out) MUST_USE
    NONNULL(1, 2, 4);
/* E_FORBIDDEN for one of engine.yaml. */
struct err providers_may_write(struct ctx *cx, const struct provider *p) MUST_USE NONNULL(1, 2);
/* The definition of an old revision (an open flow keeps its own); loaded once, kept. */
struct err providers_revision(struct ctx *cx, struct engine *en, struct sv revision_id,
			      const struct pdef **out) MUST_USE NONNULL(1, 2, 4);

/* Also which client it belongs to (connections and flows of another client id cannot use the current secret). */
struct revision {
	const char *id, *provider_id, *client_id;
	const struct pdef *def;
};
struct err providers_revision_full(struct ctx *cx, struct engine *en, struct sv revision_id,
				   struct revision *out) MUST_USE NONNULL(1, 2, 4);
/* E_PROVIDER_UNKNOWN with cause and mend when it is out of use. */
struct err providers_usable(struct ctx *cx, const struct provider *p) MUST_USE NONNULL(1, 2);
size_t providers_out_of_use(const struct engine *en) NONNULL(1);
struct provider_list {
	const struct provider **v;
	size_t n;
};
struct err providers_list(struct ctx *cx, struct engine *en, struct sv project_id, struct provider_list *out) MUST_USE
    NONNULL(1, 2, 4);
struct provider_write { /* create and patch; p NULL / NULL = absent */
	struct sv id, description, external_id, provider_id, status, type;
	struct sv client_id;
	const struct secret *client_secret;
	const struct node *oauth2; /* the whole oauth2 object as sent (its client_secret already taken out) */
	bool oauth2_present;
	const struct actor *by; /* for the audit event */
};
struct err providers_create(struct ctx *cx, struct engine *en, struct sv project_id, const struct provider_write *in,
			    const struct provider **out) MUST_USE NONNULL(1, 2, 4, 5);
struct err providers_patch(struct ctx *cx, struct engine *en, const struct provider *was,
			   const struct provider_write *in, const struct provider **out) MUST_USE
    NONNULL(1, 2, 3, 4, 5);
/* The authorization server of an mcp worker as a provider of its own (providers_worker.c): what is stored of it is its
 * definition, found out by mcp_auth.h.  Another issuer or client ends the connections there were. */
struct provider_worker {
	struct sv project_id, worker /* "mcp:ID", which no provider of the API can be called */, external_id, client_id;
	struct worker_as as;                /* what it was found out for (store_worker.h) */
	const struct secret *client_secret; /* NULL: public */
	bool fresh;                         /* registered just now: of another secret, even with an id that was there */
	const struct node *definition;
	const struct actor *by;
};
struct err providers_put_worker(struct ctx *cx, struct engine *en, const struct provider_worker *in,
				const struct provider **out) MUST_USE NONNULL(1, 2, 3, 4); /* E_STALE: it has changed */
/* The worker moves, takes another client or goes: `with` does that, and in the same act its provider, if there is one,
 * ends as a deleted one does.  So nothing that was found out for what it was outlives it. */
struct provider_leave {
	struct sv project_id, worker;
	const struct actor *by;
	act_fn *with;
	const void *in;
	void *out;
};
struct err providers_leave_worker(struct ctx *cx, struct engine *en, const struct provider_leave *in) MUST_USE
    NONNULL(1, 2, 3);
const struct provider *providers_of_worker(struct engine *en, struct sv project_id, struct sv worker)
    NONNULL(1); /* NULL: none */
/* Ends its authorizations, closes its connections, keeps the sealed client until revocations are done (design 5). */
struct err providers_delete(struct ctx *cx, struct engine *en, const struct provider *p,
			    const struct actor *by) MUST_USE NONNULL(1, 2, 3, 4);
/* Another after every change of any provider: what was made of what they said is of that number. */
uint64_t providers_version(const struct engine *en) NONNULL(1);
#endif
