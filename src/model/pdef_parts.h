/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PDEF_PARTS_H
#define PDEF_PARTS_H
/* pdef_parts.h: the parts of a definition that only wire/ reads: calls, answers, error table, identity.
 *
 * Owns:     nothing; everything lives in the definition's own arena and dies with pdef_free.
 * Promises: every template (model/tmpl.h) and path (model/jpath.h) in here was parsed once at load, so that using it
 * can fail only for want of a value or of memory.  Maps hold scalars only.  An empty struct sv (p NULL) means "not
 * said". Needs:    model/pdef.h.  The meaning of each key is in docs/PROVIDERS.md, in the same words.
 */
#include "model/pdef.h"

enum pdef_body { PBODY_FORM, PBODY_JSON, PBODY_QUERY, PBODY_NONE };
enum pdef_method { PMETHOD_POST, PMETHOD_GET, PMETHOD_DELETE, PMETHOD_PUT, PMETHOD_PATCH };
enum pdef_auth { PAUTH_BASIC, PAUTH_POST, PAUTH_NONE, PAUTH_HEADER, PAUTH_KEY_JWT, PAUTH_SECRET_JWT };
enum pdef_answer_type { PANSWER_AUTO, PANSWER_JSON, PANSWER_FORM };
enum pdef_time_format { PTIME_EPOCH, PTIME_EPOCH_MS, PTIME_ISO };
enum pdef_scope_format { PSCOPE_AUTO, PSCOPE_SPACE, PSCOPE_COMMA, PSCOPE_ARRAY };
enum pdef_expiry { PEXP_LIFETIME, PEXP_NEVER }; /* what an odd expires_in means: the default lifetime, or no end */
enum pdef_error_is { PERR_REAUTH, PERR_RETRY, PERR_CONFIG, PERR_RATE, PERR_GONE, PERR_DENIED, PERR_ACCOUNT };
enum pdef_at {
	PAT_CODE = 1,
	PAT_REFRESH = 2,
	PAT_REVOKE = 4,
	PAT_USER_INFO = 8,
	PAT_INTROSPECT = 16,
	PAT_EXCHANGE = 32,
	PAT_LOOKUP = 64,
	PAT_CALLBACK = 128 /* no call: the redirect back */
};
enum pdef_from { PFROM_ANSWER, PFROM_ID_TOKEN, PFROM_USER_INFO, PFROM_CALLBACK, PFROM_CALL };
enum pdef_granted { PGRANTED_ANSWER, PGRANTED_ASKED, PGRANTED_CALLBACK, PGRANTED_INTROSPECTION, PGRANTED_HEADER };
enum pdef_pick { PPICK_ONLY, PPICK_FIRST };
enum pdef_encode { PENC_PERCENT, PENC_PLUS, PENC_LITERAL };
enum pdef_callback_is { PCB_DENIED, PCB_CONFIG, PCB_RETRY };

/* One HTTP call.  auth: the first that can be used with what the client has. */
struct pdef_call {
	const struct node *at; /* NULL: the section is absent */
	struct sv url;         /* template */
	int method, content_type;
	struct sv_list auth_words;
	enum pdef_auth auth[6];
	size_t n_auth;
	struct sv auth_header; /* template of the Authorization value; "Bearer {{access_token}}" */
	const struct node *headers, *params, *rename; /* maps or NULL */
	struct sv_list omit;                          /* standard parameters not sent */
	struct sv body;                               /* template of a whole JSON body (GraphQL); replaces params */
	struct sv ok_when;      /* condition beside the HTTP status; the token's is in its answer */
	bool basic_form_encode; /* RFC 6749 2.3.1 */
	bool code_decode;       /* code comes percent-encoded once too often */
};
struct pdef_expires {
	int zero, minus_one, none, absent; /* none: null */
	int64_t lifetime_s;
	bool jwt_exp;
};
/* Where things are in an answer: expressions of contract 5.5. */
struct pdef_paths {
	struct sv access_token, refresh_token, token_type, expires_in, expires_at, refresh_expires_in,
	    refresh_expires_at, scope, id_token;
};
struct pdef_answer {
	int type, expires_at_format, scope_format;
	struct pdef_paths paths;
	const struct node
	    *tokens; /* list of maps of paths: the first whose access_token is there counts; NULL: paths */
	struct pdef_expires expires;
	bool ignore_token_type;
	struct sv ok_when, error, error_description; /* condition; paths */
	const struct node *store;                    /* map name -> path, of values that are not secret */
};
struct pdef_error {
	unsigned at;
	int64_t status;
	struct sv path, value, contains;
	int is;
	struct sv cause, fix; /* in words; p NULL: the table's or the reason's own */
};
struct pdef_scope_list {
	struct sv param, delimiter, value, prefix;
	int encode;
};
struct pdef_identity {
	int from;
	struct pdef_call call;
	struct sv id, name, email;
};
struct pdef_lookup {
	struct pdef_call call;
	struct sv rows, where;
	const struct node *store;
	int pick;
};
struct pdef_jwt {
	bool there;
	int alg;
	struct sv kid, key;
	const struct node *claims;
	int64_t lifetime_s;
}; /* what sign_jwt() signs */
enum { PJWT_ES256, PJWT_RS256, PJWT_HS256 };
struct pdef_api {
	struct sv base_url, user_agent, auth_header, auth_query;
	const struct node *headers, *retry;
	struct pdef_call whoami;
};

struct pdef_parts {
	const struct node *tree;   /* the whole definition, environment applied, as loaded */
	const struct node *values; /* map: variable -> value, defaults applied and checked; what {{var.x}} gives */
	bool development;          /* http to loopback is allowed */
	struct sv_list hosts;      /* host patterns for URLs that data decides ("*.salesforce.com") */

	struct sv authorize_url;
	const struct node *authorize_params, *authorize_rename;
	struct sv_list authorize_omit;
	struct sv scope_delimiter;
	struct pdef_scope_list *scope_lists;
	size_t n_scope_lists;
	int64_t state_max;

	struct sv callback_code;            /* name of the parameter */
	struct sv_list callback_store;      /* names of parameters to keep */
	const struct node *callback_errors; /* map: error code -> denied, config_error, retry */

	struct pdef_call token, refresh, exchange, revoke, user_info, introspect;
	struct pdef_answer token_answer, refresh_answer, exchange_answer, introspect_answer;
	int64_t refresh_expires_s, refresh_hard_end_s;
	bool revoke_access; /* which token is given: the access token, else the refresh token if there is one */
	struct sv_list user_info_scopes;  /* the call is not made when the grant is known to lack one */
	const struct node *user_info_map; /* response_map; NULL: the whole body */
	struct pdef_identity *identity;
	size_t n_identity;
	struct pdef_lookup *lookups;
	size_t n_lookups;
	struct pdef_error *errors;
	size_t n_errors;
	struct pdef_jwt jwt;
	struct pdef_api api;
	int granted_from;
	struct sv granted_at;            /* header or callback parameter */
	const struct node *scopes_known; /* map: scope -> {meaning, approval} */
};
/* An address from its template: values outside the host part are percent-encoded; a value can be a whole label of the
 * host, never change what stands around it; a host that data decides must fit `hosts`; `origin` is applied last.
 * E_UPSTREAM with the reason when a value is wanting or not allowed.  *out in cx->arena. */
struct tmpl_env;
struct err pdef_url(struct ctx *cx, const struct pdef *d, struct sv text, const struct tmpl_env *env,
		    struct sv *out) MUST_USE NONNULL(1, 2, 4, 5);
/* The same checks as pdef_load, but what an instance must still give (an address, a variable's value) may be missing:
 * for the library. */
struct err pdef_check(struct ctx *cx, const struct node *merged, const struct pdef_how *how) MUST_USE NONNULL(1, 2, 3);
/* A host against a pattern "name" or "*.name" (at least one label for the star). */
bool pdef_host_fits(struct sv host, struct sv pattern);
#endif
