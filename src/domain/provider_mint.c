/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/provider_mint.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/rnd.h"

enum { MINTED = 12 };

struct err provider_mint_id(struct ctx *cx, const char *prefix, struct sv *out)
{
	char id[ID_TEXT];

	id_ksuid(prefix, clock_now(), id);
	*out = arena_sv(cx->arena, sv_of(id));
	return out->p != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "id");
}

struct err provider_mint_external(struct ctx *cx, struct sv *out)
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	char id[3 + MINTED + 1] = "ap_";

	for (size_t i = 3; i < sizeof id - 1; i++)
		id[i] = digit[rnd_below(sizeof digit - 1)];
	id[sizeof id - 1] = '\0';
	*out = arena_sv(cx->arena, sv_of(id));
	return out->p != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "id");
}
