/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TMPL_SCAN_H
#define TMPL_SCAN_H
/* tmpl_scan.h: inside of the template language: its grammar (tmpl_scan.c), shared by checking and using (tmpl.c).
 *
 * Promises: a tree of at most 64 expressions in memory of the caller; nothing is allocated.
 */
#include "model/tmpl.h"
enum { TMPL_MOST_TEXT = 4096, TMPL_MOST_DEEP = 8, TMPL_MOST_ARGS = 8, TMPL_MOST_NODES = 64 };
enum tmpl_fn {
	FN_JOIN,
	FN_SPLIT,
	FN_FIRST,
	FN_LOWER,
	FN_URLENCODE,
	FN_URLDECODE,
	FN_BASE64,
	FN_BASIC,
	FN_JWT_DECODE,
	FN_DEFAULT,
	FN_SIGN_JWT,
	FN__COUNT
};
enum tmpl_kind { TX_NAME, TX_TEXT, TX_CALL };
struct tmpl_expr {
	enum tmpl_kind kind;
	struct sv text;
	enum tmpl_fn fn;
	const struct tmpl_expr *args[TMPL_MOST_ARGS];
	size_t n_args;
};
struct tmpl_pool {
	struct tmpl_expr v[TMPL_MOST_NODES];
	size_t n;
};
/* The next part of `rest`: literal text (p possibly empty) or one expression.  false: the end. */
struct tmpl_part {
	struct sv literal;
	const struct tmpl_expr *expr;
};
struct err tmpl_scan_next(struct ctx *cx, struct sv *rest, struct tmpl_pool *pool, struct tmpl_part *out,
			  bool *more) MUST_USE NONNULL(1, 2, 3, 4, 5);
/* Is `name` used in x, also as an argument; a name ending in a dot is any of that root. */
bool tmpl_scan_has(const struct tmpl_expr *x, struct sv name) NONNULL(1);
#endif
