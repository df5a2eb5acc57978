/* SPDX-License-Identifier: Apache-2.0 */
#include "net/netmem.h"
#include "core/secret.h"
#include <stdlib.h>
#include <string.h>

/* The size stands before the bytes; the union keeps them aligned for anything. */
union head {
	size_t n;
	max_align_t align_;
};

static union head *head_of(void *p) { return (union head *)p - 1; }

void *netmem_alloc(size_t n)
{
	if (n > SIZE_MAX - sizeof(union head))
		return NULL;
	union head *h = malloc(sizeof *h + n);
	if (h == NULL)
		return NULL;
	h->n = n;
	return h + 1;
}

void netmem_free(void *p)
{
	if (p == NULL)
		return;
	union head *h = head_of(p);
	wipe(p, h->n);
	free(h);
}

void *netmem_resize(void *p, size_t n)
{
	void *q = netmem_alloc(n);

	if (q == NULL || p == NULL)
		return q;
	size_t had = head_of(p)->n;
	memcpy(q, p, had < n ? had : n);
	netmem_free(p);
	return q;
}

char *netmem_text(const char *z)
{
	size_t n = strlen(z) + 1;
	char *q = netmem_alloc(n);

	if (q != NULL)
		memcpy(q, z, n);
	return q;
}

void *netmem_array(size_t count, size_t size)
{
	size_t n;

	if (__builtin_mul_overflow(count, size, &n))
		return NULL;
	void *q = netmem_alloc(n);
	if (q != NULL)
		memset(q, 0, n);
	return q;
}
