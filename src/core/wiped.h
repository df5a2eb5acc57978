/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIPED_H
#define WIPED_H
/* wiped.h: memory that is wiped before it goes back, for libraries through whose buffers tokens pass (libcurl's request
 * and answer bodies, OpenSSL's decrypted records) and which do not wipe all of them themselves. */
#include "core/base.h"
void *wiped_alloc(size_t n);
void wiped_free(void *p);
void *wiped_resize(void *p, size_t n);
char *wiped_text(const char *z);
void *wiped_array(size_t count, size_t size);
/* OpenSSL's memory from here on; false: OpenSSL was in use already, and its freed buffers keep what they held. */
bool wiped_openssl(void) MUST_USE;
#endif
