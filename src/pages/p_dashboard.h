/* SPDX-License-Identifier: Apache-2.0 */
#ifndef P_DASHBOARD_H
#define P_DASHBOARD_H
/* p_dashboard.h: /dashboard and every address below it: the app of web/ for who is signed in, the sign-in page for who
 * is not (and back to the same address after it).
 *
 * Promises: the page holds nothing of anybody: what it shows it asks for, through the public API, as the session's
 * member.
 */
#include "http/route.h"
handler_fn p_dashboard_show, p_dashboard_root;
#endif
