/* SPDX-License-Identifier: Apache-2.0 */
#include "net/trust.h"
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct trust {
	X509_STORE *store;
	const char *cainfo, *capath;
	pthread_mutex_t lock; /* guards the next */
	bool complete;        /* the system's authorities are in the store */
};

void trust_free(struct trust *t)
{
	if (t == NULL)
		return;
	X509_STORE_free(t->store);
	(void)pthread_mutex_destroy(&t->lock);
	free(t);
}

static void file_drop(FILE **f)
{
	if (*f != NULL)
		(void)fclose(*f);
}

static struct err add_file(struct ctx *cx, X509_STORE *store, const char *path)
{
	CLEANUP(file_drop) FILE *f = fopen(path, "r");
	size_t n = 0;

	if (f == NULL)
		return refuse(cx, E_CONFIG, "network.ca_file: cannot read %s: %s", path, strerror(errno));
	for (;;) {
		X509 *x = PEM_read_X509(f, NULL, NULL, NULL);

		if (x == NULL)
			break;
		int added = X509_STORE_add_cert(store, x);
		X509_free(x);
		if (added != 1)
			return refuse(cx, E_CONFIG, "network.ca_file: a certificate of %s cannot be used", path);
		n++;
	}
	ERR_clear_error();
	if (n == 0)
		return refuse(cx, E_CONFIG, "network.ca_file: %s holds no PEM certificate", path);
	return OK;
}

struct err trust_load(struct ctx *cx, const struct trust_how *how, struct trust **out)
{
	CLEANUP(trust_drop) struct trust *t = calloc(1, sizeof *t);

	*out = NULL;
	if (t == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "trust");
	(void)pthread_mutex_init(&t->lock, NULL);
	t->cainfo = how->cainfo;
	t->capath = how->capath;
	t->store = X509_STORE_new();
	if (t->store == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "trust");
	if (how->ca_file != NULL)
		TRY(add_file(cx, t->store, how->ca_file));
	*out = TAKE(t);
	return OK;
}

/* Reading some 140 certificates was nine tenths of a start.  A machine without authorities can still call what ca_file
 * vouches for; what could not be read is tried again at the next connection. */
static void complete(struct trust *t)
{
	(void)pthread_mutex_lock(&t->lock);
	if (!t->complete) {
		t->complete = t->cainfo == NULL || X509_STORE_load_file(t->store, t->cainfo) == 1;
		if (t->capath != NULL)
			(void)X509_STORE_load_path(t->store, t->capath);
		(void)X509_STORE_set_default_paths(t->store);
		ERR_clear_error();
	}
	(void)pthread_mutex_unlock(&t->lock);
}

bool trust_give(struct trust *t, void *ssl_ctx)
{
	complete(t);
	(void)SSL_CTX_set_mode(ssl_ctx, SSL_MODE_RELEASE_BUFFERS); /* a kept connection keeps no answer */
	SSL_CTX_set1_cert_store(ssl_ctx, t->store);
	return SSL_CTX_get_cert_store(ssl_ctx) == t->store;
}
