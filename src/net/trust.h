/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TRUST_H
#define TRUST_H
/* trust.h: whom TLS believes: those of network.ca_file, read at start, and the system's authorities, read at the first
 * connection.
 *
 * Promises: a network.ca_file that cannot be read or holds no certificate is E_CONFIG; verification itself has no
 * switch.
 */
#include "core/base.h"
struct trust;
void trust_free(struct trust *t);
/* ca_file NULL: the system's only.  cainfo, capath: where libcurl was built to look, borrowed for as long as it lives;
 * NULL: nowhere. */
struct trust_how {
	const char *ca_file, *cainfo, *capath;
};
struct err trust_load(struct ctx *cx, const struct trust_how *how, struct trust **out) MUST_USE NONNULL(1, 2, 3);
bool trust_give(struct trust *t, void *ssl_ctx) MUST_USE NONNULL(1, 2); /* an OpenSSL SSL_CTX */
static inline void trust_drop(struct trust **t)
{
	trust_free(*t);
	*t = NULL;
}
#endif
