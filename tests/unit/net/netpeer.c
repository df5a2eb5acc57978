/* SPDX-License-Identifier: Apache-2.0 */
#include "netpeer.h"
#include "tt.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { MOST = 64, HEAD = 8192 };
struct link {
	struct peer *p;
	int fd;
	SSL *ssl;
	pthread_t thread;
};
struct peer {
	struct peer_how how;
	int fd, port;
	SSL_CTX *tls;
	char ca[64];
	pthread_t thread;
	atomic_int requests, connections, stop;
	struct link links[MOST];
};

/* ---- a certificate for peer.example ---- */
static void make_cert(struct peer *p)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	X509V3_CTX v3;

	CHECK(key != NULL && x != NULL);
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, (const unsigned char *)"peer", -1, -1,
				   0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	X509V3_set_ctx_nodb(&v3);
	X509V3_set_ctx(&v3, x, x, NULL, NULL, 0);
	X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, &v3, NID_subject_alt_name, "DNS:peer.example");
	X509_EXTENSION *ca = X509V3_EXT_conf_nid(NULL, &v3, NID_basic_constraints, "critical,CA:TRUE");
	CHECK(names != NULL && ca != NULL && X509_add_ext(x, names, -1) == 1 && X509_add_ext(x, ca, -1) == 1);
	CHECK(X509_sign(x, key, EVP_sha256()) > 0);
	memcpy(p->ca, "/tmp/tb-netpeer-XXXXXX", sizeof "/tmp/tb-netpeer-XXXXXX");
	int fd = mkstemp(p->ca);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	CHECK(f != NULL && PEM_write_X509(f, x) == 1 && fclose(f) == 0);
	p->tls = SSL_CTX_new(TLS_server_method());
	CHECK(p->tls != NULL && SSL_CTX_use_certificate(p->tls, x) == 1 && SSL_CTX_use_PrivateKey(p->tls, key) == 1);
	X509_EXTENSION_free(names);
	X509_EXTENSION_free(ca);
	X509_free(x);
	EVP_PKEY_free(key);
}

/* ---- one connection ---- */
static bool more(struct link *l, char *b, size_t *n)
{
	struct pollfd f = { .fd = l->fd, .events = POLLIN };

	while ((l->ssl == NULL || SSL_pending(l->ssl) == 0) && poll(&f, 1, 20) == 0)
		if (atomic_load(&l->p->stop) != 0)
			return false;
	ssize_t got =
	    l->ssl != NULL ? SSL_read(l->ssl, b + *n, (int)(HEAD - 1 - *n)) : recv(l->fd, b + *n, HEAD - 1 - *n, 0);
	if (got <= 0)
		return false;
	*n += (size_t)got;
	b[*n] = '\0';
	return true;
}

static void put(struct link *l, const char *text, size_t n)
{
	if (l->ssl != NULL)
		(void)SSL_write(l->ssl, text, (int)n);
	else
		(void)send(l->fd, text, n, MSG_NOSIGNAL);
}

static void answer(struct link *l, const char *status, const char *headers, const char *body)
{
	char b[2 * HEAD];
	int n = snprintf(b, sizeof b, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s\r\n%s", status, strlen(body), headers,
			 body);

	put(l, b, (size_t)n);
}

static void big(struct link *l)
{
	static const char chunk[] = "3e8\r\n";
	char line[1002];

	memset(line, 'x', sizeof line);
	memcpy(line + 1000, "\r\n", 2);
	put(l, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 47);
	for (int i = 0; i < 100; i++) {
		put(l, chunk, sizeof chunk - 1);
		put(l, line, sizeof line);
	}
	put(l, "0\r\n\r\n", 5);
}

static void wait_for_stop(struct link *l)
{
	struct pollfd f = { .fd = l->fd, .events = POLLIN };

	while (atomic_load(&l->p->stop) == 0 && poll(&f, 1, 20) == 0)
		;
}

/* false: the connection is over. */
static bool reply(struct link *l, const char *head, int nth)
{
	char to[600];

	if (strncmp(head + strcspn(head, " "), " /slow", 6) == 0)
		wait_for_stop(l);
	else if (strstr(head, " /cut") != NULL || (strstr(head, " /second-cut") != NULL && nth > 1))
		return false;
	else if (strstr(head, " /big") != NULL)
		big(l);
	else if (strstr(head, " /echo") != NULL)
		answer(l, "200 OK", "Content-Type: text/plain\r\n", head);
	else if (strstr(head, " /later") != NULL)
		answer(l, "429 Too Many", "Retry-After: 7\r\nDate: Mon, 23 Nov 2026 00:00:00 GMT\r\nX-Note: kept\r\n",
		       "slow down");
	else if (strstr(head, " /to") != NULL) {
		CHECK(snprintf(to, sizeof to, "Location: %s\r\n", l->p->how.location) > 0);
		answer(l, "302 Found", to, "");
	} else
		answer(l, "200 OK", "Content-Type: application/json\r\n", "{\"ok\":true}");
	return strncmp(head + strcspn(head, " "), " /slow", 6) != 0;
}

/* Past a body: none of the tests sends one that does not come with its head or right after it. */
static void *serve_one(void *arg)
{
	struct link *l = arg;
	char b[HEAD];
	size_t n = 0;

	if (l->p->tls != NULL) {
		l->ssl = SSL_new(l->p->tls);
		if (l->ssl == NULL || SSL_set_fd(l->ssl, l->fd) != 1 || SSL_accept(l->ssl) != 1)
			return NULL;
	}
	for (int nth = 1; more(l, b, &n);) {
		char *end = strstr(b, "\r\n\r\n"), *length = strstr(b, "Content-Length: ");
		size_t whole =
		    end == NULL ? 0
				: (size_t)(end + 4 - b) + (length == NULL ? 0 : (size_t)strtol(length + 16, NULL, 10));

		if (end == NULL || n < whole)
			continue;
		atomic_fetch_add(&l->p->requests, 1);
		if (!reply(l, b, nth++))
			break;
		n = 0;
	}
	(void)shutdown(l->fd, SHUT_RDWR);
	return NULL;
}

static void *accept_all(void *arg)
{
	struct peer *p = arg;
	struct pollfd f = { .fd = p->fd, .events = POLLIN };

	while (atomic_load(&p->stop) == 0) {
		if (poll(&f, 1, 20) <= 0)
			continue;
		int i = atomic_load(&p->connections), fd = accept(p->fd, NULL, NULL);
		if (fd < 0 || i == MOST)
			continue;
		p->links[i] = (struct link){ .p = p, .fd = fd };
		atomic_fetch_add(&p->connections, 1); /* before it can answer anybody */
		if (pthread_create(&p->links[i].thread, NULL, serve_one, &p->links[i]) != 0)
			abort();
	}
	return NULL;
}

/* ---- the server ---- */
static void bind_it(struct peer *p)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	socklen_t n = sizeof in;

	p->fd = socket(p->how.unix_path != NULL ? AF_UNIX : AF_INET, SOCK_STREAM, 0);
	CHECK(p->fd >= 0);
	if (p->how.unix_path != NULL) {
		memcpy(un.sun_path, p->how.unix_path, strlen(p->how.unix_path) + 1);
		CHECK(bind(p->fd, (const struct sockaddr *)&un, sizeof un) == 0);
	} else {
		CHECK(bind(p->fd, (const struct sockaddr *)&in, sizeof in) == 0);
		CHECK(getsockname(p->fd, (struct sockaddr *)&in, &n) == 0);
		p->port = ntohs(in.sin_port);
	}
	CHECK(listen(p->fd, 16) == 0);
}

struct peer *peer_start(const struct peer_how *how)
{
	struct peer *p = calloc(1, sizeof *p);

	CHECK(p != NULL);
	p->how = *how;
	CHECK(signal(SIGPIPE, SIG_IGN) != SIG_ERR); /* OpenSSL writes without MSG_NOSIGNAL */
	if (how->tls)
		make_cert(p);
	bind_it(p);
	CHECK(pthread_create(&p->thread, NULL, accept_all, p) == 0);
	return p;
}

void peer_stop(struct peer *p)
{
	atomic_store(&p->stop, 1);
	(void)pthread_join(p->thread, NULL);
	for (int i = 0; i < atomic_load(&p->connections); i++) {
		(void)shutdown(p->links[i].fd, SHUT_RDWR);
		(void)pthread_join(p->links[i].thread, NULL);
		SSL_free(p->links[i].ssl);
		(void)close(p->links[i].fd);
	}
	(void)close(p->fd);
	SSL_CTX_free(p->tls);
	if (p->ca[0] != '\0')
		(void)unlink(p->ca);
	free(p);
}

int peer_port(const struct peer *p) { return p->port; }
const char *peer_ca(const struct peer *p) { return p->ca; }
int peer_requests(struct peer *p) { return atomic_load(&p->requests); }
int peer_connections(struct peer *p) { return atomic_load(&p->connections); }
