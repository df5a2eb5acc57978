/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/factor.h"
#include "core/buf.h"
#include "core/otp.h"
#include "core/rnd.h"
#include "core/text.h"
#include "domain/people.h"
#include "domain/throttle.h"
#include <stdio.h>

#define PENDING MIN(10)
enum { CODE = 11, TEXT = 192 }; /* five letters, a hyphen, five letters: 50 random bits */

static bool pending(const struct ctx *cx, const struct factor_row *row)
{
	return row->confirmed_at == 0 && row->created_at + PENDING > cx->now;
}
struct err factor_status(struct ctx *cx, struct engine *en, struct sv account_id, struct factor_status *out)
{
	struct factor_row row;

	*out = (struct factor_status){ .enabled = false };
	struct err e = store_factor_get(cx, en->store, account_id, &row);
	if (e.code == E_NOT_FOUND)
		return OK;
	TRY(e);
	*out = (struct factor_status){ row.confirmed_at > 0, pending(cx, &row), row.codes_left };
	return OK;
}
struct err factor_begin(struct ctx *cx, struct engine *en, struct sv account_id, struct secret **secret)
{
	CLEANUP(secret_drop) struct secret *made = NULL;
	char raw[OTP_SECRET];

	*secret = NULL;
	rnd_bytes(raw, sizeof raw);
	made = secret_copy((struct sv){ raw, sizeof raw });
	wipe(raw, sizeof raw);
	if (made == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "second factor");
	TRY(store_factor_begin(cx, en->store, &(struct factor_begin){ account_id, made }));
	*secret = TAKE(made);
	return OK;
}

/* ---- recovery codes ---- */
static struct sha256 code_mac(const struct engine *en, struct sv account_id, struct sv code)
{
	char text[TEXT];
	int n = snprintf(text, sizeof text, "%.*s:%.*s", SV_FMT(sv_upto(account_id, 48)), SV_FMT(sv_upto(code, 48)));
	struct sha256 mac = people_mac(en, 'r', (struct sv){ text, (size_t)n });

	wipe(text, sizeof text);
	return mac;
}
static void make_code(char out[static CODE + 1])
{
	static const char digit[] = "abcdefghijkmnpqrstuvwxyz23456789"; /* none that is taken for another */

	for (int i = 0; i < CODE; i++)
		out[i] = i == CODE / 2 ? '-' : digit[rnd_below(sizeof digit - 1)];
	out[CODE] = '\0';
}
static struct err make_codes(struct ctx *cx, const struct engine *en, struct sv account_id,
			     struct sha256 macs[static FACTOR_CODES], struct secret **out)
{
	CLEANUP(buf_free) struct buf all = BUF(FACTOR_CODES * (CODE + 1));

	for (int i = 0; i < FACTOR_CODES; i++) {
		char one[CODE + 1];

		make_code(one);
		macs[i] = code_mac(en, account_id, sv_of(one));
		buf_str(&all, one);
		if (i + 1 < FACTOR_CODES)
			buf_char(&all, '\n');
		wipe(one, sizeof one);
	}
	*out = secret_copy(buf_view(&all));
	buf_clear(&all);
	return *out != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "recovery codes");
}

/* ---- a code that is shown ---- */
static struct err step_of(struct ctx *cx, struct engine *en, const struct factor_show *in, const struct factor_row *row,
			  int64_t *step)
{
	CLEANUP(secret_drop) struct secret *secret = NULL;

	TRY(store_factor_secret(cx, en->store, in->account_id, row, &secret));
	*step = otp_step(secret_view(secret), cx->now, sv_trim(in->code));
	return OK;
}
static struct err standing(struct ctx *cx, struct engine *en, const struct factor_show *in, struct factor_row *row)
{
	struct err e = store_factor_get(cx, en->store, in->account_id, row);
	bool fits = !IS_ERR(e) && (in->then == FACTOR_CONFIRM ? pending(cx, row) : row->confirmed_at > 0);

	if (IS_ERR(e) && e.code != E_NOT_FOUND)
		return e;
	if (fits)
		return OK;
	(void)forgive(cx);
	return refuse(cx, E_CONFLICT,
		      in->then == FACTOR_CONFIRM ? "there is no second factor to confirm; begin again"
						 : "the second factor is off");
}
static struct err use(struct ctx *cx, struct engine *en, const struct factor_show *in, struct factor_use *u,
		      struct secret **codes)
{
	static const char *const kinds[] = { NULL, "account.second_factor_on", "account.recovery_codes_renewed",
					     "account.second_factor_off" };
	struct sha256 macs[FACTOR_CODES];
	struct event ev = { .project_id = sv_of(store_default_project(en->store)),
			    .kind = kinds[in->then],
			    .resource_type = "account",
			    .resource_id = in->account_id,
			    .outcome = "ok" };

	if (in->then == FACTOR_CONFIRM || in->then == FACTOR_RENEW) {
		TRY(make_codes(cx, en, in->account_id, macs, codes));
		u->codes = macs;
	}
	u->confirm = in->then == FACTOR_CONFIRM;
	u->remove = in->then == FACTOR_REMOVE;
	if (in->by != NULL && ev.kind != NULL) {
		ev.by = *in->by;
		u->event = &ev;
	}
	struct err e = store_factor_use(cx, en->store, u);
	u->codes = NULL;
	u->event = NULL;
	return e;
}
struct err factor_show(struct ctx *cx, struct engine *en, const struct factor_show *in, struct secret **codes)
{
	struct factor_use u = { .account = in->account_id };
	CLEANUP(secret_drop) struct secret *made = NULL;
	struct factor_row row;
	char key[TEXT];

	*codes = NULL;
	TRY(standing(cx, en, in, &row));
	(void)snprintf(key, sizeof key, "2 %.*s %.*s", SV_FMT(sv_upto(in->account_id, 32)),
		       SV_FMT(sv_upto(in->then == FACTOR_PASS ? in->device : SV("signed in"), 100)));
	TRY(throttle_take(cx, en->throttle, THROTTLE_SIGN_IN_ACCOUNT, sv_of(key)));
	struct err e = step_of(cx, en, in, &row, &u.step);
	if (!IS_ERR(e) && u.step < 0)
		u.code = code_mac(en, in->account_id, sv_trim(in->code));
	if (!IS_ERR(e))
		e = use(cx, en, in, &u, &made);
	if (e.code != E_STALE) /* right, or nobody could judge it: no guess */
		throttle_give_back(en->throttle, THROTTLE_SIGN_IN_ACCOUNT, sv_of(key));
	if (e.code == E_STALE)
		return bad_field(cx, "code", "code", "is wrong or was used already; wait for the next one");
	TRY(e);
	*codes = TAKE(made);
	return OK;
}
struct err factor_reset(struct ctx *cx, struct engine *en, struct sv account_id, const struct actor *by)
{
	const struct event ev = { .project_id = sv_of(store_default_project(en->store)),
				  .kind = "account.second_factor_off",
				  .by = *by,
				  .resource_type = "account",
				  .resource_id = account_id,
				  .outcome = "ok" };

	struct err e = store_factor_remove(cx, en->store, account_id, &ev);
	return e.code == E_NOT_FOUND
		   ? refuse(cx, E_NOT_FOUND, "account %.*s has no second factor", SV_FMT(sv_upto(account_id, 100)))
		   : e;
}
