/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TMPL_H
#define TMPL_H
/* tmpl.h: the one template language of definitions, for URL, header, query, body and id (docs/PROVIDERS.md; superset of
 * contract 5.4).
 *
 *   text with {{expr}}     expr := name | fn(expr, …) | 'text' | "text"     name := word ( . word )*
 *   functions: join split first lower urlencode urldecode base64 basic jwt_decode default sign_jwt
 *
 * Promises: parsed by one scanner, for checking and for using; 4 kB of text, 8 calls deep, 8 arguments, output capped
 * by the caller's buf.  Values are put in as they are: encoding is the business of who uses the result.  A value that
 * is absent or empty makes the template `wanting`, so that the caller can leave a parameter out or refuse a URL; an
 * empty list does not.
 *           {{scopes}} and {{existing_scopes}} in one template are one ordered union in place of both (contract 2.7).
 * Needs:    jpath.h for jwt_decode.
 */
#include "core/buf.h"
#include "core/node.h"

/* What may be named where: bits, so that a definition is refused at load instead of sending an empty parameter for
 * years. */
enum tmpl_place {
	TMPL_AUTHORIZE = 1,
	TMPL_TOKEN = 2,
	TMPL_REFRESH = 4,
	TMPL_REVOKE = 8,
	TMPL_BEARER = 16,
	TMPL_INTROSPECT = 32,
	TMPL_ID = 64,
	TMPL_JWT = 128,
	TMPL_STATIC = 256,
	TMPL_API = 512
};
struct tmpl_value {
	struct sv text;
	struct sv_list list;
	bool is_list;
}; /* absent: text.p NULL and not a list */
struct tmpl_var {
	const char *name;
	struct tmpl_value value;
};
struct tmpl_root {
	const char *name;
	const struct node *tree;
}; /* answer.x.y, callback.x, stored.x, var.x, user.x, id_token.x */
struct tmpl_env {
	const struct tmpl_var *vars;
	size_t n_vars;
	const struct tmpl_root *roots;
	size_t n_roots;
	struct sv delimiter; /* how a list becomes text */
	bool in_json;        /* values are escaped as the inside of a JSON string */
	bool in_url;         /* values are percent-encoded once the host part has ended, and raw before */
	/* sign_jwt(): NULL where it is not offered. */
	struct err (*sign)(struct ctx *cx, void *arg, struct buf *out);
	void *sign_arg;
};
struct err tmpl_check(struct ctx *cx, struct sv text, unsigned place) MUST_USE
    NONNULL(1);                                               /* E_BAD_INPUT: unknown name, bad syntax */
bool tmpl_names(struct sv text, const char *name) NONNULL(2); /* is {{name…}} in it, also inside a function */
struct err tmpl_put(struct ctx *cx, struct sv text, const struct tmpl_env *env, struct buf *out, bool *wanting) MUST_USE
    NONNULL(1, 3, 4, 5);
/* The same into cx->arena; trimmed; p NULL when wanting or empty. */
struct err tmpl_text(struct ctx *cx, struct sv text, const struct tmpl_env *env, struct sv *out) MUST_USE
    NONNULL(1, 3, 4);
/* a, then what of b is not in a; no duplicates, no empty ones; in cx->arena. */
struct err tmpl_union(struct ctx *cx, struct sv_list a, struct sv_list b, struct sv_list *out) MUST_USE NONNULL(1, 4);
#endif
