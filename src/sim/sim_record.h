/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_RECORD_H
#define SIM_RECORD_H
/* sim_record.h: the provider's own record: what each consent gave and what of it is good now; and grants put into its
 * memory that were given elsewhere.  The world is locked. */
#include "core/jout.h"
#include "sim/sim_world.h"
void sim_record_grants(struct sim_world *w, struct jout *out) NONNULL(1, 2);
/* body: {tokens: [text]}; one item each, in order. */
struct err sim_record_tokens(struct ctx *cx, struct sim_world *w, const struct node *body, struct jout *out) MUST_USE
    NONNULL(1, 2, 4);
struct err sim_record_adopt(struct ctx *cx, struct sim_world *w, const struct node *body) MUST_USE NONNULL(1, 2);
#endif
