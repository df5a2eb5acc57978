/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/jout.h"
#include "core/rnd.h"
#include "core/text.h"
#include "domain/password.h"
#include "domain/people.h"
#include "store/store_account.h"
#include "store/store_member.h"
#include "store/store_project.h"

#define FRESH MIN(10) /* a session that may set a first password */

static struct err describe(struct ctx *cx, const char *email, enum role role, struct buf *out)
{
	struct jout w = JOUT(out);

	jout_open(&w, NULL);
	jout_strz(&w, "email", email);
	jout_strz(&w, "role", role_name(role));
	jout_close(&w);
	return jout_done(cx, &w);
}
static struct err check_project(struct ctx *cx, const struct engine *en, struct sv project_id)
{
	struct project p;

	if (store_project_find(en->store, project_id, &p))
		return OK;
	return refuse(cx, E_NOT_FOUND, "project %.*s not found", SV_FMT(sv_upto(project_id, 100)));
}
static struct err no_account(struct ctx *cx, struct sv id)
{
	return refuse(cx, E_NOT_FOUND, "account %.*s not found", SV_FMT(sv_upto(id, 100)));
}
static struct err check_new(struct ctx *cx, const struct account_new *in, char email[static EMAIL_MAX])
{
	struct err e = people_email(cx, in->email, email), p = password_check_rules(cx, in->password);

	if (in->role < ROLE_VERIFY || in->role > ROLE_OWNER)
		return bad_field(cx, "role", "oneof", "must be one of verify, viewer, member, admin, owner");
	TRY(e);
	TRY(p);
	if (in->role > in->by_role)
		return refuse(cx, E_FORBIDDEN, "your role is %s; only %s may do this", role_name(in->by_role),
			      role_name(in->role));
	return OK;
}
struct err people_account_add(struct ctx *cx, struct engine *en, const struct account_new *in, struct account *out)
{
	struct account_add add = { .project = in->project_id, .role = in->role };
	CLEANUP(buf_free) struct buf data = BUF(4096);
	char hash[PASSWORD_TEXT];

	*out = (struct account){ .id = "" };
	TRY(check_project(cx, en, in->project_id));
	TRY(check_new(cx, in, add.account.email));
	TRY(password_hash(cx, in->password, hash));
	add.password = sv_of(hash);
	id_ksuid("acc_", cx->now, add.account.id);
	TRY(describe(cx, add.account.email, in->role, &data));
	const struct event ev = { .project_id = in->project_id,
				  .kind = "account.created",
				  .by = *in->by,
				  .resource_type = "account",
				  .resource_id = sv_of(add.account.id),
				  .outcome = "ok",
				  .data = buf_view(&data) };
	add.event = &ev;
	return store_account_add(cx, en->store, &add, out);
}
struct err people_account_list(struct ctx *cx, struct engine *en, const struct page *page, struct account_list *out)
{
	struct account_page rows;

	*out = (struct account_list){ .v = NULL };
	TRY(store_account_list(cx, en->store, page, &rows));
	*out = (struct account_list){ rows.v, rows.n, rows.total };
	return OK;
}
struct err people_account_get(struct ctx *cx, struct engine *en, struct sv id, struct account *out)
{
	*out = (struct account){ .id = "" };
	struct err e = store_account_by_id(cx, en->store, id, out);

	return e.code == E_NOT_FOUND ? no_account(cx, id) : e;
}
struct err people_password_set(struct ctx *cx, struct engine *en, struct sv account_id, struct sv password,
			       const struct actor *by)
{
	const struct event ev = { .project_id = sv_of(store_default_project(en->store)),
				  .kind = "account.password_changed",
				  .by = *by,
				  .resource_type = "account",
				  .resource_id = account_id,
				  .outcome = "ok" };
	struct account_password in = { .id = account_id, .event = &ev };
	char hash[PASSWORD_TEXT];

	TRY(password_check_rules(cx, password));
	TRY(password_hash(cx, password, hash));
	in.password = sv_of(hash);
	struct err e = store_account_password(cx, en->store, &in);
	return e.code == E_NOT_FOUND ? no_account(cx, account_id) : e;
}

struct err people_password_own(struct ctx *cx, struct engine *en, const struct password_own *in)
{
	const struct people_try t = { .email = sv_of(in->account->email),
				      .password = in->current,
				      .client_ip = in->client_ip };
	struct session_times s;
	bool same = false;

	TRY(password_check_rules(cx, in->password));
	if (!in->account->has_password) {
		TRY(people_session_times(cx, en, in->session, &s));
		if (s.began + FRESH <= cx->now)
			return refuse(cx, E_FORBIDDEN,
				      "sign in again, and set a password within ten minutes of doing so");
	} else {
		if (in->current.n == 0)
			return bad_field(cx, "current_password", "required", "is required");
		TRY(people_password_is(cx, en, &t, &same));
		if (!same)
			return bad_field(cx, "current_password", "password", "is not your password");
	}
	return people_password_set(cx, en, sv_of(in->account->id), in->password, in->by);
}

/* ---- members ---- */
struct err people_role(struct ctx *cx, struct engine *en, struct sv project_id, struct sv account_id, enum role *out)
{
	return store_member_role(cx, en->store, project_id, account_id, out);
}
struct err people_member_list(struct ctx *cx, struct engine *en, struct sv project_id, const struct page *page,
			      struct member_list *out)
{
	struct member_page rows;

	*out = (struct member_list){ .v = NULL };
	TRY(store_member_list(cx, en->store, project_id, page, &rows));
	*out = (struct member_list){ rows.v, rows.n, rows.total };
	return OK;
}
static struct err set(struct ctx *cx, struct engine *en, const struct member_change *in, enum role role,
		      struct member *out)
{
	*out = (struct member){ .role = ROLE_NONE };
	TRY(check_project(cx, en, in->project_id));
	const struct event ev = { .project_id = in->project_id,
				  .kind = role == ROLE_NONE ? "member.removed" : "member.set",
				  .by = *in->by,
				  .resource_type = "account",
				  .resource_id = in->account_id,
				  .outcome = "ok" };
	struct member_edit edit = {
		.project = in->project_id,
		.account = in->account_id,
		.role = role,
		.by_role = in->by_role,
		.event = &ev,
		.adder = strcmp(in->by->type, "operator") == 0 ? SV_NONE : sv_of(in->by->id),
		.whole = sv_of(store_default_project(en->store)),
	};
	struct err e = store_member_set(cx, en->store, &edit, out);
	if (e.code != E_NOT_FOUND)
		return e;
	return role == ROLE_NONE
		   ? refuse(cx, E_NOT_FOUND, "member %.*s not found", SV_FMT(sv_upto(in->account_id, 100)))
		   : no_account(cx, in->account_id);
}
struct err people_member_put(struct ctx *cx, struct engine *en, const struct member_change *in, struct member *out)
{
	if (in->role >= ROLE_VERIFY && in->role <= ROLE_OWNER)
		return set(cx, en, in, in->role, out);
	return bad_field(cx, "role", "oneof", "must be one of verify, viewer, member, admin, owner");
}
struct err people_member_remove(struct ctx *cx, struct engine *en, const struct member_change *in)
{
	struct member gone;

	return set(cx, en, in, ROLE_NONE, &gone);
}
