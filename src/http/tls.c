/* SPDX-License-Identifier: Apache-2.0 */
#include "core/metric.h"
#include "http/inside.h"
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct tls_server {
	SSL_CTX *ctx;
};
struct tls_conn {
	SSL *ssl;
	BIO *in, *out; /* owned by ssl */
	uv_write_t wreq;
	bool writing, pumping;
};

/* ---- the context ---- */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_n, const unsigned char *in,
			   unsigned in_n, void *arg)
{
	static const unsigned char ours[] = "\x08http/1.1";

	(void)ssl;
	(void)arg;
	for (unsigned i = 0; i + in[i] < in_n; i += 1U + in[i]) {
		if (in[i] == ours[0] && memcmp(in + i, ours, sizeof ours - 1) == 0) {
			*out = in + i + 1;
			*out_n = in[i];
			return SSL_TLSEXT_ERR_OK;
		}
	}
	return SSL_TLSEXT_ERR_NOACK;
}

/* The first error is the cause; those after it say what could not go on. */
static const char *why(void)
{
	unsigned long e = ERR_peek_error();
	const char *text =
	    ERR_SYSTEM_ERROR(e) ? uv_strerror(uv_translate_sys_error(ERR_GET_REASON(e))) : ERR_reason_error_string(e);

	return text == NULL ? "unknown error" : text;
}

static void note_expiry(SSL_CTX *ctx)
{
	const X509 *cert = SSL_CTX_get0_certificate(ctx);
	struct tm end;

	if (cert != NULL && ASN1_TIME_to_tm(X509_get0_notAfter(cert), &end) == 1)
		metric_set(M_TLS_EXPIRY, METRIC_HERE, SEC(timegm(&end)));
}

static struct err load(struct ctx *cx, SSL_CTX *ctx, const char *cert_file, const char *key_file)
{
	ERR_clear_error();
	if (SSL_CTX_use_certificate_chain_file(ctx, cert_file) != 1)
		return refuse(cx, E_CONFIG, "tls.cert_file: no certificate can be read from %s (%s)", cert_file, why());
	if (SSL_CTX_use_PrivateKey_file(ctx, key_file, SSL_FILETYPE_PEM) != 1)
		return refuse(cx, E_CONFIG, "tls.key_file: no private key of that certificate can be read from %s (%s)",
			      key_file, why());
	if (SSL_CTX_check_private_key(ctx) != 1)
		return refuse(cx, E_CONFIG, "tls.key_file: %s is not the key of %s", key_file, cert_file);
	note_expiry(ctx);
	return OK;
}

void tls_free(struct tls_server *t)
{
	if (t == NULL)
		return;
	SSL_CTX_free(t->ctx);
	free(t);
}

static void drop(struct tls_server **t) { tls_free(*t); }

struct err tls_new(struct ctx *cx, const char *cert_file, const char *key_file, struct tls_server **out)
{
	CLEANUP(drop) struct tls_server *t = calloc(1, sizeof *t);

	*out = NULL;
	if (t == NULL || (t->ctx = SSL_CTX_new(TLS_server_method())) == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "TLS");
	if (SSL_CTX_set_min_proto_version(t->ctx, TLS1_2_VERSION) != 1)
		return fail(cx, E_INTERNAL, "TLS cannot be set up", "minimum version: %s", why());
	(void)SSL_CTX_set_mode(t->ctx, SSL_MODE_RELEASE_BUFFERS);
	(void)SSL_CTX_set_options(t->ctx,
				  SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_alpn_select_cb(t->ctx, choose_protocol, NULL);
	TRY(load(cx, t->ctx, cert_file, key_file));
	*out = TAKE(t);
	return OK;
}

/* ---- a connection ---- */
void tls_drop(struct conn *c)
{
	if (c->tls == NULL)
		return;
	SSL_free(c->tls->ssl);
	free(c->tls);
	c->tls = NULL;
}

bool tls_open(struct conn *c)
{
	struct tls_conn *t = calloc(1, sizeof *t);

	if (t == NULL)
		return false;
	c->tls = t;
	t->ssl = SSL_new(c->loop->server->tls->ctx);
	t->in = BIO_new(BIO_s_mem());
	t->out = BIO_new(BIO_s_mem());
	if (t->ssl == NULL || t->in == NULL || t->out == NULL) {
		(void)BIO_free(t->in);
		(void)BIO_free(t->out);
		t->in = t->out = NULL;
		return false; /* closing the connection frees the rest */
	}
	SSL_set_bio(t->ssl, t->in, t->out);
	SSL_set_accept_state(t->ssl);
	return true;
}

static void on_written(uv_write_t *req, int status);

/* 1: everything is on the wire; 0: on_written follows; -1: broken. */
static int flush(struct conn *c)
{
	struct tls_conn *t = c->tls;
	char *p;

	if (t->writing)
		return 0;
	long n = BIO_get_mem_data(t->out, &p);
	if (n <= 0)
		return 1;
	uv_buf_t b = { .base = p, .len = (size_t)n };
	int r = uv_try_write(&c->u.stream, &b, 1);
	if (r < 0 && r != UV_EAGAIN)
		return -1;
	if (r == n) {
		(void)BIO_reset(t->out);
		return 1;
	}
	size_t done = r < 0 ? 0 : (size_t)r;
	b = (uv_buf_t){ .base = p + done, .len = (size_t)n - done };
	t->wreq.data = c;
	t->writing = uv_write(&t->wreq, &c->u.stream, &b, 1, on_written) == 0;
	return t->writing ? 0 : -1;
}

/* The bytes in t->out were lent to libuv until now; nothing may be added to them meanwhile, so nothing was read either.
 */
static void on_written(uv_write_t *req, int status)
{
	struct conn *c = req->data;
	struct tls_conn *t = c->tls;

	t->writing = false;
	if (c->state == CONN_GONE)
		return;
	(void)BIO_reset(t->out);
	if (status != 0)
		conn_close(c);
	else if (c->state == CONN_WRITE)
		conn_written(c);
	else
		conn_go_on(c);
}

bool tls_writing(const struct conn *c) { return c->tls->writing; }

int tls_send(struct conn *c, struct sv a, struct sv b)
{
	struct tls_conn *t = c->tls;
	const struct sv part[] = { a, b };

	if (t->writing)
		return -1; /* only while a handshake message is stuck: the client reads nothing */
	ERR_clear_error();
	for (size_t i = 0; i < ARRAY_LEN(part); i++) {
		size_t done;
		if (part[i].n > 0 && SSL_write_ex(t->ssl, part[i].p, part[i].n, &done) != 1)
			return -1;
	}
	return flush(c);
}

void tls_close(struct conn *c)
{
	ERR_clear_error();
	if (c->tls->writing || !SSL_is_init_finished(c->tls->ssl))
		return;
	(void)SSL_shutdown(c->tls->ssl);
	if (flush(c) < 0)
		conn_close(c);
}

/* Nothing more to decrypt: what the handshake has to say goes out. */
static void dry(struct conn *c, int r)
{
	int e = SSL_get_error(c->tls->ssl, r);

	if (flush(c) < 0)
		conn_close(c);
	else if (e == SSL_ERROR_ZERO_RETURN)
		conn_ended(c);
	else if (e != SSL_ERROR_WANT_READ)
		conn_close(c);
}

void tls_pump(struct conn *c)
{
	struct tls_conn *t = c->tls;

	if (t->pumping)
		return;
	t->pumping = true;
	while (conn_wants(c)) {
		size_t room, n = 0;
		char *p = conn_room(c, &room);
		if (p == NULL) {
			conn_close(c);
			break;
		}
		ERR_clear_error();
		int r = SSL_read_ex(t->ssl, p, room, &n);
		if (r != 1) {
			dry(c, r);
			break;
		}
		c->in->n += n;
		conn_input(c);
	}
	t->pumping = false;
	conn_input(c); /* gives an empty buffer back */
}

void tls_feed(struct conn *c, const char *p, size_t n)
{
	if (BIO_write(c->tls->in, p, (int)n) != (int)n) {
		conn_close(c);
		return;
	}
	tls_pump(c);
}
