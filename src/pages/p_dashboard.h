/* SPDX-License-Identifier: Apache-2.0 */
#ifndef P_DASHBOARD_H
#define P_DASHBOARD_H
/* p_dashboard.h: /dashboard: who is signed in, how the engine stands, what to do next. */
#include "http/route.h"
handler_fn p_dashboard_show, p_dashboard_root;
#endif
