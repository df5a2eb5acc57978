/* SPDX-License-Identifier: Apache-2.0 */
#include "core/wiped.h"
#include "core/secret.h"
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

/* The size stands before the bytes; the union keeps them aligned for anything. */
union head {
	size_t n;
	max_align_t align_;
};

static union head *head_of(void *p) { return (union head *)p - 1; }

void *wiped_alloc(size_t n)
{
	if (n > SIZE_MAX - sizeof(union head))
		return NULL;
	union head *h = malloc(sizeof *h + n);
	if (h == NULL)
		return NULL;
	h->n = n;
	return h + 1;
}

void wiped_free(void *p)
{
	if (p == NULL)
		return;
	union head *h = head_of(p);
	wipe(p, h->n);
	free(h);
}

void *wiped_resize(void *p, size_t n)
{
	void *q = wiped_alloc(n);

	if (q == NULL || p == NULL)
		return q;
	size_t had = head_of(p)->n;
	memcpy(q, p, had < n ? had : n);
	wiped_free(p);
	return q;
}

char *wiped_text(const char *z)
{
	size_t n = strlen(z) + 1;
	char *q = wiped_alloc(n);

	if (q != NULL)
		memcpy(q, z, n);
	return q;
}

void *wiped_array(size_t count, size_t size)
{
	size_t n;

	if (__builtin_mul_overflow(count, size, &n))
		return NULL;
	void *q = wiped_alloc(n);
	if (q != NULL)
		memset(q, 0, n);
	return q;
}

/* ---- OpenSSL ---- */
static void *ssl_alloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return n == 0 ? NULL : wiped_alloc(n);
}

static void *ssl_resize(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	if (n > 0)
		return wiped_resize(p, n);
	wiped_free(p);
	return NULL;
}

static void ssl_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	wiped_free(p);
}

bool wiped_openssl(void) { return CRYPTO_set_mem_functions(ssl_alloc, ssl_resize, ssl_free) == 1; }
