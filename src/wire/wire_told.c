/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire_told.h"
#include "core/clock.h"
#include "core/text.h"
#include "wire/wire_redact.h"
#include <stdlib.h>

enum { MOST_LINE = 2048, MOST_MEMBERS = 20, LONGEST_NAME = 40 };
#define SKEW MIN(2) /* less is of no use to anybody: answers are on their way for seconds */

static struct sv_list secrets_of(const struct wire_env *e)
{
	return (struct sv_list){ (struct sv *)(uintptr_t)e->secrets, e->n_secrets };
}

/* What says nothing but how the call was made. */
static bool harmless(struct sv name)
{
	static const char *const names[] = { "grant_type", "redirect_uri",    "client_id",
					     "scope",      "token_type_hint", "client_assertion_type" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (sv_eqz(name, names[i]))
			return true;
	return false;
}

static struct sv without_query(struct sv url)
{
	size_t at;

	return sv_find(url, SV("?"), &at) ? sv_upto(url, at) : url;
}

/* A value of ours that is harmless is shown as it is: what looks like a token in it (a client id) is none. */
void wire_told_asked(const struct wire_env *e, const struct wire_told *in, struct wire_outcome *how)
{
	CLEANUP(buf_free) struct buf b = BUF(MOST_LINE);

	buf_sv(&b, in->method);
	buf_char(&b, ' ');
	buf_sv(&b, without_query(in->url));
	for (size_t i = 0; in->params != NULL && i < in->params->n; i++) {
		buf_str(&b, i == 0 ? " with " : ", ");
		buf_sv(&b, in->params->v[i].name);
		if (!harmless(in->params->v[i].name))
			continue;
		buf_char(&b, '=');
		buf_sv(&b, in->params->v[i].value);
	}
	if (in->client != NULL)
		buf_str(&b, "; client by ");
	if (in->client != NULL)
		buf_str(&b, in->client);
	wire_redact_known(buf_ok(&b) ? buf_view(&b) : in->method, secrets_of(e), how->asked, sizeof how->asked);
}

void wire_told_reply(const struct wire_env *e, const struct net_reply *r, struct wire_outcome *how)
{
	CLEANUP(buf_free) struct buf b = BUF(MOST_LINE);
	int64_t ahead = r->server_date == 0 ? 0 : r->server_date - clock_now();

	if (r->fate != NET_DONE)
		return;
	how->clock_skew_s = llabs(ahead) > SKEW ? ahead / SEC(1) : 0;
	buf_sv(&b, r->content_type.n > 0 ? r->content_type : SV("no content type"));
	buf_str(&b, ", ");
	buf_i64(&b, (int64_t)r->body.n);
	buf_str(&b, " bytes");
	wire_redact_known(buf_view(&b), secrets_of(e), how->answered, sizeof how->answered);
}

static void member(struct buf *b, const struct node *c)
{
	size_t at;

	buf_sv(b, sv_upto(c->key, LONGEST_NAME));
	if (c->kind == NODE_INT && sv_find(c->key, SV("expires"), &at)) {
		buf_char(b, '=');
		buf_i64(b, c->i);
	}
}

void wire_told_members(const struct wire_env *e, const struct node *tree, struct wire_outcome *how)
{
	CLEANUP(buf_free) struct buf b = BUF(MOST_LINE);
	size_t i = 0;

	if (tree == NULL || tree->kind != NODE_MAP)
		return;
	buf_str(&b, how->answered);
	for (const struct node *c = tree->first; c != NULL && i < MOST_MEMBERS; c = c->next, i++) {
		buf_str(&b, i == 0 ? ": " : ", ");
		member(&b, c);
	}
	if (buf_ok(&b))
		wire_redact(buf_view(&b), secrets_of(e), how->answered, sizeof how->answered);
}
