/* SPDX-License-Identifier: Apache-2.0 */
#ifndef P_INVITE_H
#define P_INVITE_H
/* p_invite.h: the page an invitation's link leads to.  Its token leaves the address bar at once: it moves into a cookie
 * that lives an hour, as the set-up token does. */
#include "http/route.h"
handler_fn p_invite_show, p_invite_accept;
#endif
