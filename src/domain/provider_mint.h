/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_MINT_H
#define PROVIDER_MINT_H
/* provider_mint.h: ids of provider rows and revisions, and the callback segment of a provider that brought none; in
 * cx->arena. */
#include "core/base.h"
struct err provider_mint_id(struct ctx *cx, const char *prefix, struct sv *out) MUST_USE NONNULL(1, 2, 3);
struct err provider_mint_external(struct ctx *cx, struct sv *out) MUST_USE
    NONNULL(1, 2); /* "ap_" + 12 letters and digits */
#endif
