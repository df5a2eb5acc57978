/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DIGEST_H
#define DIGEST_H
/* digest.h: SHA-256, HMAC-SHA-256 and constant-time compare, on OpenSSL's fetched algorithms.  Cannot fail for our
 * sizes: a failure of the library ends the process. */
#include "core/base.h"
enum { SHA256_BYTES = 32 };
struct sha256 {
	uint8_t b[SHA256_BYTES];
};
struct sha256 sha256_of(struct sv in);
struct sha256 hmac_sha256(struct sv key, struct sv in);
bool same_bytes(struct sv a, struct sv b); /* constant time for equal lengths */
static inline struct sv sha256_view(const struct sha256 *h) { return (struct sv){ (const char *)h->b, SHA256_BYTES }; }
#endif
