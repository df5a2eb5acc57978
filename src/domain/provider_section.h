/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_SECTION_H
#define PROVIDER_SECTION_H
/* provider_section.h: a provider's oauth2 section under a patch (contract 3.1), and what a change of a provider
 * changed.
 */
#include "core/node.h"
#include "store/store_provider.h"
/* null removes; params and response_map are replaced whole.  *out in cx->arena. */
struct err provider_section_patch(struct ctx *cx, const struct node *was, const struct node *patch,
				  struct node **out) MUST_USE NONNULL(1, 3, 4);
struct provider_change {
	const struct provider_row *was, *now;
	bool secret; /* a client secret was given */
};
/* {"changed":[…]} for the audit log, in cx->arena: names of fields, no values. */
struct err provider_section_changed(struct ctx *cx, const struct provider_change *c, struct sv *out) MUST_USE
    NONNULL(1, 2, 3);
#endif
