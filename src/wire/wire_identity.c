/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire_identity.h"
#include "core/text.h"
#include "model/jpath.h"

enum { MOST_ID = 512 };

/* An id is compared and hashed: no controls, and a bound. */
static struct err take(struct ctx *cx, const struct wire_env *e, struct sv tmpl, struct sv *out)
{
	struct sv s = SV_NONE;

	if (tmpl.p == NULL || out->p != NULL)
		return OK;
	TRY(tmpl_text(cx, tmpl, &e->env, &s));
	if (s.n > 0 && s.n <= MOST_ID && !text_has_control(s))
		*out = s;
	return OK;
}

struct err wire_identity_of_answer(struct ctx *cx, struct wire_env *e, const struct node *answer, struct sv *id)
{
	const struct pdef_parts *p = e->client->def->parts;
	const struct node *jwt = NULL, *claims = NULL;

	*id = SV_NONE;
	TRY(jpath_get(cx, p->token_answer.paths.id_token, answer, &jwt));
	if (node_text(jwt).p != NULL)
		TRY(jpath_jwt(cx, node_text(jwt), &claims));
	wire_env_root(e, "answer", answer);
	wire_env_root(e, "id_token", claims);
	for (size_t i = 0; i < p->n_identity && id->p == NULL; i++) {
		int from = p->identity[i].from;

		if (from == PFROM_ANSWER || from == PFROM_CALLBACK || (from == PFROM_ID_TOKEN && claims != NULL))
			TRY(take(cx, e, p->identity[i].id, id));
	}
	return OK;
}

struct err wire_identity_of_user(struct ctx *cx, struct wire_env *e, const struct node *user, struct wire_user *out)
{
	const struct pdef_parts *p = e->client->def->parts;

	wire_env_root(e, "user", user);
	for (size_t i = 0; i < p->n_identity; i++) {
		if (p->identity[i].from != PFROM_USER_INFO)
			continue;
		TRY(take(cx, e, p->identity[i].id, &out->account));
		TRY(take(cx, e, p->identity[i].name, &out->name));
		TRY(take(cx, e, p->identity[i].email, &out->email));
	}
	return OK;
}
