/* SPDX-License-Identifier: Apache-2.0 */
#ifndef P_ACCOUNT_H
#define P_ACCOUNT_H
/* p_account.h: set-up of the first account, sign-in, sign-out.  The set-up token leaves the address bar at once: it
 * moves into a cookie that lives an hour. */
#include "http/route.h"
handler_fn p_account_setup_show, p_account_setup, p_account_sign_in_show, p_account_sign_in, p_account_sign_out;
struct p_account_sign_in {
	struct sv back;       /* a path of ours (visitor_return) */
	struct sv provider;   /* what it is for; p NULL: the dashboard */
	struct sv project_id; /* whose page it is; p NULL: the engine's */
	struct sv email;      /* as typed before */
	struct sv wrong;      /* why the last try failed; p NULL: first */
	bool code;            /* a second factor is asked for */
	int status;
};
struct err p_account_sign_in_page(struct request *rq, const struct p_account_sign_in *p) MUST_USE NONNULL(1, 2);
#endif
