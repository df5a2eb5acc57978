/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OIDC_ISSUER_H
#define OIDC_ISSUER_H
/* oidc_issuer.h: what is known of the issuers of engine.yaml, for oidc.c alone. */
#include "domain/oidc.h"
#include "wire/wire_oidc.h"
struct oidc_issuer;
/* E_NOT_FOUND. */
struct err oidc_issuer_find(struct ctx *cx, const struct engine *en, struct sv id, const struct oidc_conf **conf,
			    struct oidc_issuer **out) MUST_USE NONNULL(1, 2, 4, 5);
/* Is it the first answer to this state?  Of the last 4096, in this process. */
bool oidc_issuer_once(const struct engine *en, struct sv state) MUST_USE NONNULL(1);
/* E_UPSTREAM: cannot be had, or not be used.  One thread asks at a time; who failed is left alone for ten seconds. */
struct err oidc_issuer_meta(struct ctx *cx, struct engine *en, struct oidc_issuer *i,
			    struct wire_oidc_meta *out) MUST_USE NONNULL(1, 2, 3, 4);
/* anew: a key was not among them.  Asked again five times at once and then once a minute. */
struct oidc_keys_ask {
	struct sv url;
	bool anew;
};
struct err oidc_issuer_keys(struct ctx *cx, struct engine *en, struct oidc_issuer *i, const struct oidc_keys_ask *ask,
			    const struct node **out) MUST_USE NONNULL(1, 2, 3, 4, 5);
/* *out NULL: a public client. */
struct err oidc_issuer_secret(struct ctx *cx, struct engine *en, const struct oidc_issuer *i,
			      struct secret **out) MUST_USE NONNULL(1, 2, 3, 4);
#endif
