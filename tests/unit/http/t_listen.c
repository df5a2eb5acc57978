/* SPDX-License-Identifier: Apache-2.0 */
/* Where the server listens: both loopbacks, ports, the control socket, TLS. */
#include "core/text.h"
#include "world.h"
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int dial_v6(int port)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6,
				  .sin6_port = htons((uint16_t)port),
				  .sin6_addr = in6addr_loopback };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)&a, sizeof a) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static bool have_v6(void)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok = fd >= 0 && bind(fd, (const struct sockaddr *)&a, sizeof a) == 0;

	if (fd >= 0)
		(void)close(fd);
	return ok;
}

static int get_fast(int fd)
{
	struct reply r;

	ear.fd = fd;
	ear.n = 0;
	say(fd, SV(GET("/fast")));
	CHECK(hear(&ear, &r));
	(void)close(fd);
	return r.status;
}

TEST(localhost_is_both_loopbacks)
{
	struct world w = { .at = { { "localhost", 0 } }, .how = { .n_listen = 1 } };

	world_start(&w);
	int port = server_port(w.server, 0);
	CHECK(port > 0 && get_fast(dial_port(port)) == 200);
	if (have_v6())
		CHECK(get_fast(dial_v6(port)) == 200);
	world_stop(&w);
}

static bool refused(const struct server_how *how, const char *words)
{
	struct ctx *cx = tt_ctx();
	struct server *s = NULL;
	struct err e = server_start(cx, how, &s);

	if (!IS_ERR(e))
		server_drop(&s);
	else if (strstr(cx->cause.say, words) == NULL)
		fprintf(stderr, "said: %s\n", cx->cause.say);
	return e.code == E_CONFIG && strstr(cx->cause.say, words) != NULL;
}

TEST(an_address_that_cannot_be_had_is_named)
{
	struct world w = { .value = 0 };

	world_start(&w);
	int port = server_port(w.server, 0);
	struct server_how how = { .app = w.how.app, .hub = w.hub, .n_listen = 1 };
	how.listen = &(struct listen){ "127.0.0.1", port };
	CHECK(refused(&how, "another program listens there"));
	how.listen = &(struct listen){ "localhost", port };
	CHECK(refused(&how, "another program listens there"));
	how.listen = &(struct listen){ "192.0.2.7", 0 };
	CHECK(refused(&how, "no such address"));
	how.listen = &(struct listen){ "127.0.0.1", 65536 };
	CHECK(refused(&how, "0 to 65535"));
	how.listen = &(struct listen){ "no such name", 0 };
	CHECK(refused(&how, "cannot listen on \"no such name\""));
	how.n_listen = 0;
	how.tls_cert_file = "/dev/null";
	CHECK(refused(&how, "together"));
	how.tls_key_file = "/dev/null";
	CHECK(refused(&how, "no certificate"));
	how.tls_cert_file = how.tls_key_file = NULL;
	how.trusted_proxies = (struct sv_list){ &(struct sv)SV_INIT("10.0.0.0/33"), 1 };
	CHECK(refused(&how, "api.trusted_proxies: \"10.0.0.0/33\""));
	world_stop(&w);
}

TEST(a_start_without_memory_leaves_nothing_behind)
{
	struct world w = { .value = 0 };
	long k = 1;

	world_start(&w);
	for (;; k++) {
		struct ctx *cx = tt_ctx();
		struct listen at = { "localhost", 0 };
		struct server_how how = { .app = w.how.app,
					  .hub = w.hub,
					  .listen = &at,
					  .n_listen = 1,
					  .loops = 2,
					  .server_name = "x",
					  .trusted_proxies = { &(struct sv)SV_INIT("::1"), 1 } };
		struct server *s = NULL;
		tt_fail_alloc(k);
		struct err e = server_start(cx, &how, &s);
		tt_fail_alloc(0);
		if (!IS_ERR(e)) {
			server_drop(&s);
			break;
		}
		CHECK(s == NULL && e.code == cx->cause.code);
	}
	CHECK(k > 5);
	world_stop(&w);
}

/* ---- control socket ---- */
static int dial_unix(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK(sv_copy(sv_of(path), a.sun_path, sizeof a.sun_path));
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&a, sizeof a) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

TEST(the_control_socket_is_private)
{
	char dir[] = "/tmp/http-control-XXXXXX", path[64], longer[200];
	struct stat st;

	CHECK(mkdtemp(dir) != NULL);
	(void)snprintf(path, sizeof path, "%s/control.sock", dir);
	(void)snprintf(longer, sizeof longer, "%s/%0100d", dir, 1);
	struct world w = { .how = { .control_path = path } };
	world_start(&w);
	CHECK(stat(path, &st) == 0 && S_ISSOCK(st.st_mode) && (st.st_mode & 0777) == 0600);
	CHECK(get_fast(dial_unix(path)) == 200);
	struct server_how how = { .app = w.how.app, .hub = w.hub, .control_path = path };
	CHECK(refused(&how, "another engine answers there"));
	how.control_path = longer;
	CHECK(refused(&how, "at most 107"));
	world_stop(&w);
	CHECK(stat(path, &st) != 0); /* gone with the server */

	/* a dead socket is replaced, another kind of file is not */
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int dead = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(sv_copy(sv_of(path), a.sun_path, sizeof a.sun_path));
	CHECK(bind(dead, (const struct sockaddr *)&a, sizeof a) == 0);
	(void)close(dead);
	struct world again = { .how = { .control_path = path } };
	world_start(&again);
	CHECK(get_fast(dial_unix(path)) == 200);
	world_stop(&again);
	FILE *f = fopen(path, "we");
	CHECK(f != NULL && fclose(f) == 0);
	how.control_path = path;
	CHECK(refused(&how, "is not a socket"));
	CHECK(unlink(path) == 0 && rmdir(dir) == 0);
}

/* ---- TLS ---- */
static void make_certificate(const char *cert_file, const char *key_file)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	FILE *c = fopen(cert_file, "we"), *k = fopen(key_file, "we");

	CHECK(key != NULL && x != NULL && c != NULL && k != NULL);
	CHECK(X509_set_version(x, 2) == 1 && ASN1_INTEGER_set(X509_get_serialNumber(x), 1) == 1);
	CHECK(X509_gmtime_adj(X509_getm_notBefore(x), -60) != NULL &&
	      X509_gmtime_adj(X509_getm_notAfter(x), 3600) != NULL);
	X509_NAME *name = X509_get_subject_name(x);
	CHECK(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1, 0) == 1);
	CHECK(X509_set_issuer_name(x, name) == 1 && X509_set_pubkey(x, key) == 1 &&
	      X509_sign(x, key, EVP_sha256()) > 0);
	CHECK(PEM_write_X509(c, x) == 1 && PEM_write_PrivateKey(k, key, NULL, NULL, 0, NULL, NULL) == 1);
	CHECK(fclose(c) == 0 && fclose(k) == 0);
	X509_free(x);
	EVP_PKEY_free(key);
}

struct secure {
	SSL_CTX *ctx;
	SSL *ssl;
	int fd;
};

static struct secure connect_tls(struct world *w, int version)
{
	struct secure s = { .ctx = SSL_CTX_new(TLS_client_method()), .fd = dial(w) };
	static const unsigned char alpn[] = "\x02h2\x08http/1.1";

	CHECK(s.ctx != NULL && SSL_CTX_set_max_proto_version(s.ctx, version) == 1);
	SSL_CTX_set_security_level(s.ctx, 0);
	s.ssl = SSL_new(s.ctx);
	CHECK(s.ssl != NULL && SSL_set_fd(s.ssl, s.fd) == 1);
	CHECK(SSL_set_alpn_protos(s.ssl, alpn, sizeof alpn - 1) == 0);
	return s;
}

static void hang_up(struct secure *s)
{
	SSL_free(s->ssl);
	SSL_CTX_free(s->ctx);
	(void)close(s->fd);
}

/* Reads until `n` bytes or the end; how many. */
static size_t read_tls(struct secure *s, char *b, size_t n)
{
	size_t got = 0;

	while (got < n) {
		int r = SSL_read(s->ssl, b + got, (int)(n - got));
		if (r <= 0)
			break;
		got += (size_t)r;
	}
	return got;
}

static void talk(struct world *w, int version)
{
	static char b[4 << 20];
	struct secure s = connect_tls(w, version);
	const unsigned char *proto;
	unsigned n;

	CHECK(SSL_connect(s.ssl) == 1);
	SSL_get0_alpn_selected(s.ssl, &proto, &n);
	CHECK(n == 8 && memcmp(proto, "http/1.1", 8) == 0);
	static const char three[] = GET("/fast") "POST /pool/x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi" GET(
	    "/wait/x?ms=30") "GET /big HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
	CHECK(SSL_write(s.ssl, three, sizeof three - 1) == sizeof three - 1);
	size_t got = read_tls(&s, b, sizeof b - 1);
	b[got] = '\0';
	CHECK(strncmp(b, "HTTP/1.1 200 OK\r\n", 17) == 0 && strstr(b, "{\"fast\":true}") != NULL);
	const char *pool = strstr(b, "\"body\":\"hi\""), *over = strstr(b, "\"over\":true");
	CHECK(pool != NULL && over != NULL && pool < over);
	CHECK(got > 3700000 && SSL_get_shutdown(s.ssl) == SSL_RECEIVED_SHUTDOWN); /* whole, and said to be whole */
	hang_up(&s);
}

TEST(tls)
{
	char dir[] = "/tmp/http-tls-XXXXXX", cert[64], key[64];

	CHECK(mkdtemp(dir) != NULL);
	(void)snprintf(cert, sizeof cert, "%s/cert.pem", dir);
	(void)snprintf(key, sizeof key, "%s/key.pem", dir);
	make_certificate(cert, key);
	struct world w = { .how = { .tls_cert_file = cert, .tls_key_file = key } };
	world_start(&w);
	talk(&w, TLS1_3_VERSION);
	talk(&w, TLS1_2_VERSION);
	struct secure s = connect_tls(&w, TLS1_1_VERSION);
	CHECK(SSL_connect(s.ssl) != 1); /* too old */
	hang_up(&s);
	world_stop(&w);
	struct world hasty = { .how = { .tls_cert_file = cert, .tls_key_file = key, .read_timeout = MSEC(400) } };
	world_start(&hasty);
	ear.fd = dial(&hasty);
	ear.n = 0;
	say(ear.fd, SV(GET("/fast"))); /* no TLS at all: an alert at most */
	struct reply r;
	ear.n = 0;
	char raw[64];
	while (recv(ear.fd, raw, sizeof raw, 0) > 0)
		CHECK(raw[0] != 'H');
	(void)close(ear.fd);
	ear.fd = dial(&hasty); /* a handshake that never begins */
	CHECK(ended(&ear));
	(void)close(ear.fd);
	(void)r;
	world_stop(&hasty);
	CHECK(unlink(cert) == 0 && unlink(key) == 0 && rmdir(dir) == 0);
}

TEST(many_tls_pieces)
{
	char dir[] = "/tmp/http-tls-XXXXXX", cert[64], key[64], b[2048];
	static const char text[] =
	    "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";

	CHECK(mkdtemp(dir) != NULL);
	(void)snprintf(cert, sizeof cert, "%s/cert.pem", dir);
	(void)snprintf(key, sizeof key, "%s/key.pem", dir);
	make_certificate(cert, key);
	struct world w = { .how = { .tls_cert_file = cert, .tls_key_file = key } };
	world_start(&w);
	struct secure s = connect_tls(&w, TLS1_3_VERSION);
	CHECK(SSL_connect(s.ssl) == 1);
	for (int round = 0; round < 5; round++) {
		for (size_t i = 0; i < sizeof text - 1; i++)
			CHECK(SSL_write(s.ssl, text + i, 1) == 1);
		int n = SSL_read(s.ssl, b, sizeof b - 1);
		CHECK(n > 0);
		b[n] = '\0';
		CHECK(strstr(b, "\r\n\r\nabc") != NULL);
	}
	server_drain(w.server);
	CHECK(SSL_read(s.ssl, b, sizeof b) <= 0 && SSL_get_shutdown(s.ssl) == SSL_RECEIVED_SHUTDOWN);
	hang_up(&s);
	world_stop(&w);
	CHECK(unlink(cert) == 0 && unlink(key) == 0 && rmdir(dir) == 0);
}
