/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEED_WORLD_H
#define SEED_WORLD_H
/* seed_world.h: an engine on a data folder, not listening, and grants in it; for seed.c, parts.c and writes.c. */
#include "app/life.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/secret.h"
#include "core/text.h"
#include "domain/providers.h"
#include <stdio.h>
struct seed_world {
	struct ctx cx;
	struct life_how how;
	struct life life;
	int64_t n;
};
/* Creates the folder when there is none.  seed_world_down also after a failure. */
struct err seed_world_up(struct seed_world *w, const char *dir) MUST_USE NONNULL(1, 2);
void seed_world_down(struct seed_world *w) NONNULL(1);
/* user-1@example.com … user-n@example.com at the provider `discord` (made when it is not there); those that are there
 * get a new token set. */
struct err seed_world_grants(struct ctx *cx, struct life *l, int64_t n) MUST_USE NONNULL(1, 2);
/* The same with token sets that end `expires_in` from now, the first, and `within` after that, the last (microseconds),
 * each told in a line of JSON, so that a simulated provider can be made to know it; tokens NULL: not told. */
struct seed_how {
	int64_t n, expires_in, within;
	FILE *tokens;
};
struct err seed_world_told(struct ctx *cx, struct life *l, const struct seed_how *how) MUST_USE NONNULL(1, 2, 3);
/* One grant, durable when this returns; the provider is there already.  Any thread, with a ctx of its own. */
struct err seed_world_one(struct ctx *cx, struct life *l, int64_t user) MUST_USE NONNULL(1, 2);
#endif
