/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_DEF_H
#define SIM_DEF_H
/* sim_def.h: how a provider behaves, from the `simulate:` section of its definition and from nothing else (design 10).
 *
 * Promises: an unknown key or a missing part is E_CONFIG with file and line.  Text lives as long as the tree it was
 * read from.
 */
#include "core/node.h"
enum sim_rule { SIM_OPTIONAL, SIM_REQUIRED, SIM_IGNORED };
enum sim_renew { SIM_NO_REFRESH, SIM_ROTATES, SIM_KEEPS };
enum sim_scope_form { SIM_SCOPE_SPACE, SIM_SCOPE_COMMA, SIM_SCOPE_LIST, SIM_SCOPE_ABSENT };
enum sim_answer { SIM_JSON, SIM_FORM, SIM_FORM_UNLESS_JSON_ASKED };
enum sim_ends { SIM_ENDS_TOKEN, SIM_ENDS_FAMILY /* all that came of one consent */, SIM_ENDS_GRANT };
enum sim_revoke_auth { SIM_REVOKE_CLIENT, SIM_REVOKE_BEARER, SIM_REVOKE_NONE };
struct sim_authorize {
	struct sv_list paths;
	struct sv scope_param, also_scope_param, delimiter, iss;
	int pkce; /* enum sim_rule */
	bool remembers_scopes, response_type_required, state_required, scope_required;
	int64_t code_lifetime_s;
	const struct node *extra_callback; /* map: more parameters of the callback; NULL: none */
	const struct node *offline;        /* {param, value}: a refresh token only with it; NULL: always */
	const struct node *offline_scope;  /* text: a refresh token only with that scope; NULL */
	const struct node *scope_names;    /* map: scope as asked -> as granted and told (Google); NULL: the same */
	const struct node *scope_holds;    /* map: scope -> list of those it holds: not kept beside it (GitHub); NULL */
};
struct sim_token_rules {
	struct sv_list paths, bodies, client_auth; /* bodies: form json; client_auth: basic post none */
	int64_t lifetime_s;                        /* 0: no expiry in the answer */
	int renews, scope_form, answer;            /* the enums above */
	bool grant_type_required, redirect_uri_required;
	const struct node *fields;         /* template of the answer */
	const struct node *refresh_fields; /* for a refresh; NULL: as fields */
	const struct node *errors;         /* code, refresh, client, content, grant_type, pkce, scope: {status, body} */
	struct sv access_prefix;
};
struct sim_revoke_rules {
	struct sv_list paths;
	struct sv method, token_param;
	int auth, ends;
	struct sv_list bodies;
	int64_t status;
	const struct node *body;    /* the answer; NULL: empty object */
	const struct node *unknown; /* for a token nobody knows; NULL: as if it had been revoked (RFC 7009) */
};
struct sim_def {
	struct sv id, name;
	struct sv_list hosts, scopes, prefixes;
	bool user_agent_required;
	struct sim_authorize authorize;
	struct sim_token_rules token;
	bool has_revoke;
	struct sim_revoke_rules revoke;
	const struct node *unauthorized, *no_agent, *rate_limit, *users, *api, *bots, *not_found, *no_scope;
};
/* `tree` is the merged definition; E_CONFIG when it has no simulate section. */
struct err sim_def_read(struct ctx *cx, const struct node *tree, struct sim_def *out) MUST_USE NONNULL(1, 2, 3);
bool sim_def_has(struct sv_list list, struct sv word);
/* Is it held by another scope of the list? */
bool sim_def_held(const struct sim_def *d, struct sv_list list, struct sv scope) NONNULL(1);
/* A path against a pattern with {name} segments; the values of the first two go to params. */
bool sim_def_fits(struct sv pattern, struct sv path, struct sv params[static 2]);
bool sim_def_path(struct sv_list patterns, struct sv path);
#endif
