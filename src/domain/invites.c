/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/invites.h"
#include "core/ip.h"
#include "core/jout.h"
#include "core/rnd.h"
#include "core/text.h"
#include "domain/password.h"
#include "domain/people.h"
#include "domain/throttle.h"
#include "store/store_account.h"

#define LIFE DAY(7)

static struct sha256 mac_of(const struct engine *en, struct sv token) { return people_mac(en, 'i', token); }
static struct err over(struct ctx *cx)
{
	return refuse(
	    cx, E_FORBIDDEN,
	    "This invitation was used already, was taken back or replaced by a newer link, or is over. Ask for a new "
	    "one.");
}

static struct err check(struct ctx *cx, const struct invite_new *in, char email[static EMAIL_MAX])
{
	struct err e = people_email(cx, in->email, email);

	if (in->role < ROLE_VERIFY || in->role > ROLE_OWNER)
		return bad_field(cx, "role", "enum", "must be one of verify, viewer, member, admin, owner");
	TRY(e);
	if (in->role > in->by_role)
		return refuse(cx, E_FORBIDDEN, "your role is %s; only %s may do this", role_name(in->by_role),
			      role_name(in->role));
	return OK;
}
static struct err told(struct ctx *cx, const struct invitation *i, struct buf *out)
{
	struct jout w = JOUT(out);

	jout_open(&w, NULL);
	jout_strz(&w, "email", i->email);
	jout_strz(&w, "role", role_name(i->role));
	jout_close(&w);
	return jout_done(cx, &w);
}
struct err invites_add(struct ctx *cx, struct engine *en, const struct invite_new *in, struct invitation_made *out,
		       struct secret **token)
{
	CLEANUP(secret_drop) struct secret *made = NULL;
	CLEANUP(buf_free) struct buf data = BUF(4096);
	struct invitation_new add = { .life = LIFE, .created_by = sv_of(in->by->id), .replace = in->replace };
	char text[TOKEN_TEXT];

	*token = NULL;
	add.row.role = in->role;
	TRY(check(cx, in, add.row.email));
	if (!sv_copy(in->project_id, add.row.project_id, sizeof add.row.project_id))
		return fail(cx, E_INTERNAL, "internal error", "id of a project");
	id_ksuid("inv_", cx->now, add.row.id);
	id_token(text);
	made = secret_copy(sv_of(text));
	wipe(text, sizeof text);
	if (made == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "invitation");
	add.mac = mac_of(en, secret_view(made));
	TRY(told(cx, &add.row, &data));
	const struct event ev = { .project_id = in->project_id,
				  .kind = "invitation.created",
				  .by = *in->by,
				  .resource_type = "invitation",
				  .resource_id = sv_of(add.row.id),
				  .outcome = "ok",
				  .data = buf_view(&data) };
	add.event = &ev;
	TRY(store_invitation_add(cx, en->store, &add, out));
	*token = TAKE(made);
	return OK;
}
struct err invites_list(struct ctx *cx, struct engine *en, struct sv project_id, const struct page *page,
			struct invitation_page *out)
{
	return store_invitation_list(cx, en->store, project_id, page, out);
}
struct err invites_remove(struct ctx *cx, struct engine *en, struct sv project_id, struct sv id, const struct actor *by)
{
	const struct event ev = { .project_id = project_id,
				  .kind = "invitation.deleted",
				  .by = *by,
				  .resource_type = "invitation",
				  .resource_id = id,
				  .outcome = "ok" };

	struct err e = store_invitation_remove(cx, en->store, &(struct invitation_end){ project_id, id, &ev });
	return e.code == E_NOT_FOUND ? refuse(cx, E_NOT_FOUND, "invitation %.*s not found", SV_FMT(sv_upto(id, 100)))
				     : e;
}
struct err invites_look(struct ctx *cx, struct engine *en, const struct sv *token, struct invitation *out, bool *known)
{
	struct sha256 mac = mac_of(en, *token);
	struct account_row row;

	*known = false;
	struct err e = store_invitation_by_token(cx, en->store, &mac, out);
	if (e.code == E_NOT_FOUND)
		return over(cx);
	TRY(e);
	e = store_account_by_email(cx, en->store, sv_of(out->email), &row);
	*known = !IS_ERR(e);
	return e.code == E_NOT_FOUND ? forgive(cx) : e;
}
static struct err new_account(struct ctx *cx, const struct invite_accept *in, struct invitation_take *take,
			      char hash[static PASSWORD_TEXT])
{
	TRY(password_check_rules(cx, in->password));
	TRY(password_hash(cx, in->password, hash));
	take->password = sv_of(hash);
	id_ksuid("acc_", cx->now, take->account.id);
	return OK;
}
struct err invites_accept(struct ctx *cx, struct engine *en, const struct invite_accept *in, struct account *out)
{
	struct invitation_take take = { .mac = mac_of(en, in->token) };
	struct event ev = { .kind = "invitation.accepted", .resource_type = "invitation", .outcome = "ok" };
	char hash[PASSWORD_TEXT], net[IP_NET];
	struct invitation i;
	bool known;

	*out = (struct account){ .id = "" };
	TRY(throttle_take(cx, en->throttle, THROTTLE_SETUP_IP, ip_net(in->client_ip, net)));
	TRY(invites_look(cx, en, &in->token, &i, &known)); /* a guess must not cost us an Argon2 */
	if (in->signed_in != NULL && strcmp(in->signed_in->email, i.email) != 0)
		return refuse(cx, E_FORBIDDEN, "This invitation is for %s; you are signed in as %s.", i.email,
			      in->signed_in->email);
	if (in->signed_in == NULL && known)
		return refuse(cx, E_FORBIDDEN, "There is an account for %s: sign in with it to accept.", i.email);
	take.account = in->signed_in != NULL ? *in->signed_in : (struct account){ .id = "" };
	if (in->signed_in == NULL) {
		memcpy(take.account.email, i.email, sizeof take.account.email);
		TRY(new_account(cx, in, &take, hash));
	}
	ev.by = (struct actor){ "account", take.account.id, "BROWSER", in->client_ip };
	take.event = &ev;
	return store_invitation_accept(cx, en->store, &take, out);
}
