/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PDEF_H
#define PDEF_H
/* pdef.h: a provider's definition: everything that makes Discord differ from GitHub, as data (design 7,
 * docs/PROVIDERS.md).
 *
 * Owns:     the merged, validated definition, in an arena of its own.  Immutable.  Freed by pdef_free.
 * Promises: a definition that loads is complete and consistent; a mistake is E_CONFIG (file) or E_BAD_INPUT (API) with
 * file, line or field, and reason.  pdef_text gives JSON that loads back to the same definition (kept in
 * provider_revisions). Needs:    core.  The parts only wire/ reads are in pdef_parts.h.
 */
#include "core/node.h"
enum pdef_revoke_ends { ENDS_TOKEN, ENDS_GRANT };
enum pdef_refresh {
	REFRESH_NONE,
	REFRESH_TOKEN,
	REFRESH_BY_ACCESS
}; /* by_access: refreshed with the access token itself */
enum pdef_rotates { ROTATES_NO, ROTATES_YES, ROTATES_MAYBE };
struct pdef_parts;
struct pdef_scopes;
struct pdef {
	const char *id, *name;      /* "discord", "Discord"; a custom provider has its unique id */
	const char *docs, *console; /* pages for people; NULL: none */
	const char *issuer;         /* RFC 9207: what `iss` must be when it is sent; NULL: not checked */
	bool iss_required;
	bool pkce;      /* S256 (the only method) */
	bool form_post; /* callback comes by POST (response_mode=form_post) */
	enum pdef_refresh refresh;
	enum pdef_rotates rotates;
	int64_t reuse_grace_s;      /* old refresh token still good that long after use; 0: no */
	int64_t lead_s;             /* provider's own refresh lead; 0: the rule of design 8 */
	int64_t default_lifetime_s; /* when the answer has no expiry; 0: does not expire */
	bool can_revoke;
	enum pdef_revoke_ends revoke_ends;
	bool user_info_on_grant, user_info_on_refresh;
	bool has_user_info, has_introspection, introspect_on_grant, introspect_on_refresh, has_exchange, has_lookup;
	bool exchange_on_grant, exchange_on_refresh; /* when the exchange is made; false without one */
	bool legacy_callback;                        /* may use /oauth/callback without an id (contract 2.6) */
	struct sv_list default_scopes, always_scopes;
	const struct pdef_scopes *scopes; /* pdef_scopes.h: which scope stands for which; NULL: names compare exactly */
	struct sv_list unsure;            /* what could not be confirmed about this provider */
	const char *origin; /* set by provider_definitions: every URL of the definition's own hosts goes there; NULL */
	const struct pdef_parts *parts;
};
void pdef_free(struct pdef *d);
/* Checks a merged tree and takes a copy.  `development`: http to loopback is allowed. */
struct pdef_how {
	const char *id;
	bool development;
};
struct err pdef_load(struct ctx *cx, const struct node *merged, const struct pdef_how *how, struct pdef **out) MUST_USE
    NONNULL(1, 2, 3, 4);
struct err pdef_text(struct ctx *cx, const struct node *merged, struct sv *json) MUST_USE
    NONNULL(1, 2, 3); /* in cx->arena */

/* The embedded definitions (providers/ *.yaml) with aliases resolved, and engine.yaml's provider_definitions merged
 * over them. */
struct pdef_library;
void pdef_library_free(struct pdef_library *l);
struct err pdef_library_load(struct ctx *cx, const struct node *overrides, bool development,
			     struct pdef_library **out) MUST_USE NONNULL(1, 4);
const struct node *pdef_library_find(const struct pdef_library *l, struct sv id)
    NONNULL(1); /* merged tree; NULL: unknown */
size_t pdef_library_count(const struct pdef_library *l) NONNULL(1);
const struct node *pdef_library_at(const struct pdef_library *l, size_t i) NONNULL(1); /* for lists: id, name, … */
/* Arcade's oauth2 section (contract 5.4, 3.1) mapped onto our format and merged over `base` (NULL: fully custom, then
 * authorize_request and token_request are required).  Field errors are named as Arcade names them
 * ("oauth2.token_request.endpoint"). */
struct err pdef_from_oauth2(struct ctx *cx, const struct node *base, const struct node *oauth2,
			    struct node **merged) MUST_USE NONNULL(1, 4);
/* The effective Arcade view of a definition, for answers (contract 3.1): authorize_request, token_request, … pkce,
 * scope_delimiter. */
struct err pdef_to_oauth2(struct ctx *cx, const struct pdef *d, struct node **oauth2) MUST_USE NONNULL(1, 2, 3);
static inline void pdef_drop(struct pdef **d)
{
	pdef_free(*d);
	*d = NULL;
}
static inline void pdef_library_drop(struct pdef_library **l)
{
	pdef_library_free(*l);
	*l = NULL;
}
#endif
