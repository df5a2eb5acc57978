/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TRUST_H
#define TRUST_H
/* trust.h: whom TLS believes: the system's authorities and those of network.ca_file, read once at start.
 *
 * Promises: a file that cannot be read or holds no certificate is E_CONFIG; verification itself has no switch.
 */
#include "core/base.h"
struct trust;
void trust_free(struct trust *t);
/* ca_file NULL: the system's only.  cainfo, capath: where libcurl was built to look; NULL: nowhere. */
struct trust_how {
	const char *ca_file, *cainfo, *capath;
};
struct err trust_load(struct ctx *cx, const struct trust_how *how, struct trust **out) MUST_USE NONNULL(1, 2, 3);
bool trust_give(const struct trust *t, void *ssl_ctx) MUST_USE NONNULL(1, 2); /* an OpenSSL SSL_CTX */
static inline void trust_drop(struct trust **t)
{
	trust_free(*t);
	*t = NULL;
}
#endif
