/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_PAGE_H
#define SIM_PAGE_H
/* sim_page.h: the simulated provider's pages, script-free.  They say in large letters that this is a simulation. */
#include "sim/sim_serve.h"
struct err sim_page_consent(struct ctx *cx, struct sim_call *call, const struct sim_token *consent) MUST_USE
    NONNULL(1, 2, 3);
struct err sim_page_refused(struct ctx *cx, struct sim_call *call, const char *why) MUST_USE NONNULL(1, 2, 3);
#endif
