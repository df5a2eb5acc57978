/* SPDX-License-Identifier: Apache-2.0 */
#include "app/error_doc.h"
#include "core/text.h"
#include "model/known_error.h"

static const char head[] =
    "# Why it failed\n\n"
    "Printed by `tokenbooth docs errors`; do not edit.\n\n"
    "Every authorization keeps its story: `tokenbooth authorization show ID`, `tokenbooth connection show ID`, or\n"
    "`GET /tb/v1/authorizations/{id}`. Each step says what was asked, what was answered, and, when it went wrong, a "
    "reason with its cause and\n"
    "its fix. This page lists the reasons, and which words of a provider lead to which.\n\n"
    "## Reasons\n\n"
    "A ✓ marks those that a provider's own error can lead to.\n\n"
    "| reason | ✓ | cause | fix |\n|---|---|---|---|\n";
static const char known[] = "\n## What providers say\n\n"
			    "Looked through from the top; the first row that fits counts. *Says* is looked for in the "
			    "error's description. `is` is the word that a\n"
			    "definition uses for it ([PROVIDERS.md](PROVIDERS.md#errors)). A definition's own rows, "
			    "below, are looked at before these.\n\n"
			    "| error | says | in | whose | `is` | cause | fix |\n|---|---|---|---|---|---|---|\n";
static const char own[] = "\n## What single providers say\n\n"
			  "| provider | error | says | in | `is` | cause | fix |\n|---|---|---|---|---|---|---|\n";
static const char tail[] =
    "\n## What else an answer can be\n\n"
    "| what came | reason | what follows |\n|---|---|---|\n"
    "| nothing was sent: no such name, no connection, no trusted TLS, an address the egress guard refuses | "
    "`provider_unavailable` | tried again; nothing is spent |\n"
    "| status 429 | `rate_limited` | tried again when the answer says so |\n"
    "| no whole answer in time, cut, status 5xx or 408 | `provider_unavailable` | uncertain: the code may be spent; a "
    "refresh token is tried again |\n"
    "| an answer over 1 MB, HTML, no JSON, no token in it, a token type other than bearer, a redirect | `bad_answer` | "
    "the same |\n"
    "| another `error`, for a code | `exchange_refused` | this attempt ends, the link works again |\n"
    "| another `error`, for a refresh | `bad_answer` | tried again; nothing but a clear no ends a grant |\n";

static const char *where(unsigned at, char out[static 100])
{
	static const struct {
		unsigned bit;
		const char *word;
	} words[] = { { PAT_CALLBACK, "callback" },     { PAT_CODE, "code" },     { PAT_REFRESH, "refresh" },
		      { PAT_EXCHANGE, "exchange" },     { PAT_REVOKE, "revoke" }, { PAT_USER_INFO, "user_info" },
		      { PAT_INTROSPECT, "introspect" }, { PAT_LOOKUP, "lookup" } };
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if ((at & words[i].bit) != 0 && n < 80)
			n += (size_t)snprintf(out + n, 100 - n, "%s%s", n == 0 ? "" : ", ", words[i].word);
	return at == 0 ? "any" : out;
}

static bool from_provider(enum reason r)
{
	if (r == REASON_BAD_ANSWER || r == REASON_ANSWER_LOST)
		return true; /* a word nobody knows; a no after an answer that was lost */
	for (int is = PERR_REAUTH; is <= PERR_ACCOUNT; is++)
		if (known_error_reason((enum pdef_error_is)is, PAT_CODE) == r ||
		    known_error_reason((enum pdef_error_is)is, PAT_REFRESH) == r)
			return true;
	return false;
}

static const char *code(const char *text, char out[static 100])
{
	if (text == NULL || text[0] == '\0')
		return "";
	(void)snprintf(out, 100, "`%.90s`", text);
	return out;
}

static void own_rows(struct buf *out, const struct pdef *d)
{
	char at[100], error[100], says[100];

	for (size_t i = 0; i < d->parts->n_errors; i++) {
		const struct pdef_error *r = &d->parts->errors[i];

		if (r->value.p == NULL)
			(void)snprintf(error, sizeof error, "status %d", (int)r->status);
		buf_printf(out, "| %s | %s | %s | %s | `%s` | %s | %s |\n", d->name,
			   r->value.p == NULL ? error : code(r->value.p, error), code(r->contains.p, says),
			   where(r->at, at), known_error_word((enum pdef_error_is)r->is),
			   r->cause.p == NULL ? "" : r->cause.p, r->fix.p == NULL ? "" : r->fix.p);
	}
}

static struct err definitions(struct ctx *cx, struct buf *out)
{
	CLEANUP(pdef_library_drop) struct pdef_library *l = NULL;

	TRY(pdef_library_load(cx, NULL, false, &l));
	for (size_t i = 0; i < pdef_library_count(l); i++) {
		CLEANUP(pdef_drop) struct pdef *d = NULL;
		const struct node *tree = pdef_library_at(l, i);

		if (node_get(tree, "errors") == NULL)
			continue;
		TRY(pdef_load(cx, tree, &(struct pdef_how){ node_text_at(tree, "id").p, false }, &d));
		own_rows(out, d);
	}
	return OK;
}

struct err error_doc(struct ctx *cx, struct buf *out)
{
	size_t n;
	const struct known_error *k = known_error_rows(&n);
	char at[100], error[100], says[100];

	buf_str(out, head);
	for (int r = REASON_NONE + 1; r < REASON__COUNT; r++)
		buf_printf(out, "| `%s` | %s | %s | %s |\n", reason_code((enum reason)r),
			   from_provider((enum reason)r) ? "✓" : "", reason_cause((enum reason)r),
			   reason_fix((enum reason)r));
	buf_str(out, known);
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "| %s | %s | %s | %s | `%s` | %s | %s |\n",
			   k[i].error == NULL ? "any" : code(k[i].error, error), code(k[i].contains, says),
			   where(k[i].at, at), k[i].from, known_error_word(k[i].is), k[i].cause, k[i].fix);
	buf_str(out, own);
	TRY(definitions(cx, out));
	buf_str(out, tail);
	return OK;
}
