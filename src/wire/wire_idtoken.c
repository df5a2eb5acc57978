/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire_idtoken.h"
#include "core/digest.h"
#include "core/text.h"

enum { SUBJECT_MOST = 255 };
#define LEEWAY  MIN(1)
#define FAR_OFF INT64_C(253402300800) /* the year 10000, in seconds */

/* NumericDate, whole or not, in microseconds; false: absent or absurd. */
static bool time_at(const struct node *claims, const char *name, int64_t *out)
{
	const struct node *n = node_get(claims, name);

	if (n != NULL && n->kind == NODE_INT && n->i >= 0 && n->i < FAR_OFF)
		*out = SEC(n->i);
	else if (n != NULL && n->kind == NODE_REAL && n->r >= 0 && n->r < (double)FAR_OFF)
		*out = SEC((int64_t)n->r);
	else
		return false;
	return true;
}
static const char *times(const struct ctx *cx, const struct node *c)
{
	int64_t exp = 0, iat = 0, nbf = 0;

	if (!time_at(c, "exp", &exp) || exp + LEEWAY <= cx->now)
		return "it is over, or does not say until when it is good (exp)";
	if (!time_at(c, "iat", &iat) || iat - LEEWAY > cx->now)
		return "it was made in the future, or does not say when (iat)";
	if (node_get(c, "nbf") != NULL && (!time_at(c, "nbf", &nbf) || nbf - LEEWAY > cx->now))
		return "it is not good yet (nbf)";
	return NULL;
}
static const char *audience(const struct node *c, struct sv client_id)
{
	const struct node *aud = node_get(c, "aud"), *azp = node_get(c, "azp");
	bool ours = sv_eq(node_text(aud), client_id);

	for (const struct node *n = aud == NULL || aud->kind != NODE_LIST ? NULL : aud->first; n != NULL; n = n->next)
		ours = ours || sv_eq(node_text(n), client_id);
	if (aud == NULL || !ours)
		return "it is for another client (aud)";
	if (azp != NULL ? !sv_eq(node_text(azp), client_id) : aud->kind == NODE_LIST && aud->n > 1)
		return "it was given out to another client (azp)";
	return NULL;
}
static const char *wrong(const struct ctx *cx, const struct node *c, const struct wire_idtoken_ask *ask)
{
	struct sv sub = node_text_at(c, "sub");
	const char *why = NULL;

	if (!sv_eq(node_text_at(c, "iss"), ask->issuer))
		return "it is of another issuer (iss)";
	if ((why = audience(c, ask->client_id)) != NULL || (why = times(cx, c)) != NULL)
		return why;
	if (ask->nonce.n == 0 || !same_bytes(node_text_at(c, "nonce"), ask->nonce))
		return "it does not belong to this sign-in (nonce)";
	if (sub.n == 0 || sub.n > SUBJECT_MOST || text_has_control(sub))
		return "it does not say who signed in (sub)";
	return NULL;
}
void wire_idtoken_email(const struct node *claims, struct wire_idtoken *out)
{
	const struct node *verified = node_get(claims, "email_verified");

	out->email = node_text_at(claims, "email");
	out->email_verified = out->email.n > 0 && verified != NULL && verified->kind == NODE_BOOL && verified->b;
}
struct err wire_idtoken_check(struct ctx *cx, const struct wire_idtoken_ask *ask, struct wire_idtoken *out)
{
	struct wire_jws jws;

	*out = (struct wire_idtoken){ .fate = JWS_BAD };
	TRY(wire_jws_check(cx, ask->token, ask->keys, &jws));
	out->fate = jws.fate;
	out->why = jws.why;
	if (jws.fate != JWS_GOOD)
		return OK;
	out->why = wrong(cx, jws.payload, ask);
	if (out->why != NULL) {
		out->fate = JWS_BAD;
		return OK;
	}
	out->subject = node_text_at(jws.payload, "sub");
	wire_idtoken_email(jws.payload, out);
	return OK;
}
