/* SPDX-License-Identifier: Apache-2.0 */
#ifndef P_OIDC_H
#define P_OIDC_H
/* p_oidc.h: signing in with an issuer of engine.yaml (sign_in.oidc): there, back, and the links that lead there. */
#include "http/route.h"
#include "pages/html.h"
handler_fn p_oidc_begin, p_oidc_back;
/* One link an issuer; nothing when there is none.  back: a path of ours (visitor_return). */
void p_oidc_links(struct html *h, struct sv back) NONNULL(1);
#endif
