/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NETMEM_H
#define NETMEM_H
/* netmem.h: memory for libcurl that is wiped before it goes back: request and answer bodies carry tokens. */
#include "core/base.h"
void *netmem_alloc(size_t n);
void netmem_free(void *p);
void *netmem_resize(void *p, size_t n);
char *netmem_text(const char *z);
void *netmem_array(size_t count, size_t size);
#endif
