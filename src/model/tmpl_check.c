/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "model/jpath.h"
#include "model/tmpl_scan.h"

/* Names and where they mean something.  A name ending in a dot is a root: anything may follow. */
enum {
	CALLS = TMPL_TOKEN | TMPL_REFRESH | TMPL_REVOKE | TMPL_BEARER | TMPL_INTROSPECT,
	ALL = CALLS | TMPL_AUTHORIZE | TMPL_ID | TMPL_JWT | TMPL_STATIC | TMPL_API
};
static const struct {
	const char *name;
	unsigned places;
} names[] = {
	{ "client_id", ALL },
	{ "client_secret", CALLS | TMPL_JWT },
	{ "redirect_uri", ALL },
	{ "public_url", ALL },
	{ "version", ALL },
	{ "scopes", TMPL_AUTHORIZE | TMPL_TOKEN | TMPL_REFRESH },
	{ "existing_scopes", TMPL_AUTHORIZE },
	{ "state", TMPL_AUTHORIZE },
	{ "code_challenge", TMPL_AUTHORIZE },
	{ "code", TMPL_TOKEN },
	{ "code_verifier", TMPL_TOKEN },
	{ "refresh_token", TMPL_REFRESH | TMPL_REVOKE },
	{ "access_token", TMPL_REFRESH | TMPL_REVOKE | TMPL_BEARER | TMPL_INTROSPECT | TMPL_API },
	{ "token", TMPL_REVOKE | TMPL_BEARER | TMPL_INTROSPECT | TMPL_REFRESH | TMPL_API },
	{ "token_type_hint", TMPL_REVOKE },
	{ "now", CALLS | TMPL_JWT },
	{ "nonce", CALLS | TMPL_JWT },
	{ "token_url", TMPL_JWT },
	{ "var.", ALL },
	{ "stored.", CALLS | TMPL_ID | TMPL_API },
	{ "callback.", CALLS | TMPL_ID | TMPL_API },
	{ "answer.", TMPL_BEARER | TMPL_INTROSPECT | TMPL_ID },
	{ "user.", TMPL_ID },
	{ "id_token.", TMPL_ID },
};

static bool is_root(const char *name) { return sv_ends(sv_of(name), SV(".")); }

static struct err check_name(struct ctx *cx, struct sv name, unsigned place)
{
	bool known = false;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		bool same =
		    is_root(names[i].name) ? sv_starts(name, sv_of(names[i].name)) : sv_eqz(name, names[i].name);

		if (same && (names[i].places & place) != 0)
			return OK;
		known = known || same;
	}
	return refuse(cx, E_BAD_INPUT, known ? "{{%.*s}} has no value here" : "{{%.*s}} is not a known placeholder",
		      SV_FMT(name));
}

static struct err check_expr(struct ctx *cx, const struct tmpl_expr *x, unsigned place)
{
	if (x->kind == TX_NAME)
		return check_name(cx, x->text, place);
	if (x->kind == TX_CALL && x->fn == FN_SIGN_JWT && (place & CALLS) == 0)
		return refuse(cx, E_BAD_INPUT, "sign_jwt() has no value here");
	if (x->kind == TX_CALL && x->fn == FN_JWT_DECODE && x->args[1]->kind == TX_TEXT)
		TRY(jpath_check(cx, x->args[1]->text));
	for (size_t i = 0; i < x->n_args; i++)
		TRY(check_expr(cx, x->args[i], place));
	return OK;
}

struct err tmpl_check(struct ctx *cx, struct sv text, unsigned place)
{
	struct tmpl_pool pool;
	struct tmpl_part part;
	bool more;

	for (;;) {
		TRY(tmpl_scan_next(cx, &text, &pool, &part, &more));
		if (!more)
			return OK;
		if (part.expr != NULL)
			TRY(check_expr(cx, part.expr, place));
	}
}
