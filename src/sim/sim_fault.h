/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_FAULT_H
#define SIM_FAULT_H
/* sim_fault.h: faults that have a name: what goes wrong between an app and a provider, as a talkative provider tells
 * it. POST /faults {"name": …} switches one on; GET /faults/named lists them.
 */
#include "sim/sim_world.h"
struct sim_fault_named {
	const char *name, *on; /* on: as sim_fault.on */
	const char *does;
	int status; /* 0: the true answer, twisted */
	const char *content_type, *body;
	int64_t retry_after_s;
	enum sim_twist twist;
};
const struct sim_fault_named *sim_fault_rows(size_t *n) RETURNS_NONNULL NONNULL(1);
/* *f as the name says; false: no such name.  f->times stays. */
bool sim_fault_fill(struct sv name, struct sim_fault *f) MUST_USE NONNULL(2);
#endif
