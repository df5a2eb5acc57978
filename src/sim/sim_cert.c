/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/sim_cert.h"
#include "core/buf.h"
#include "core/rnd.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

static void pkey_drop(EVP_PKEY **k) { EVP_PKEY_free(*k); }
static void x509_drop(X509 **x) { X509_free(*x); }
static void file_drop(FILE **f)
{
	if (*f != NULL)
		(void)fclose(*f);
}

static struct err crypto(struct ctx *cx, const char *what)
{
	return fail(cx, E_INTERNAL, "cannot make a certificate", "%s", what);
}

static bool extension(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX v3;

	X509V3_set_ctx_nodb(&v3);
	X509V3_set_ctx(&v3, issuer, x, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &v3, nid, value);
	if (e == NULL)
		return false;
	bool ok = X509_add_ext(x, e, -1) == 1;
	X509_EXTENSION_free(e);
	return ok;
}

static X509 *blank(EVP_PKEY *key, const char *name)
{
	CLEANUP(x509_drop) X509 *x = X509_new();
	uint64_t serial = 0;

	rnd_bytes(&serial, sizeof serial);
	if (x == NULL || X509_set_version(x, 2) != 1 ||
	    ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), serial >> 1) != 1 ||
	    X509_gmtime_adj(X509_getm_notBefore(x), -86400) == NULL ||
	    X509_gmtime_adj(X509_getm_notAfter(x), 30L * 86400) == NULL || X509_set_pubkey(x, key) != 1 ||
	    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8, (const unsigned char *)name, -1,
				       -1, 0) != 1)
		return NULL;
	return TAKE(x);
}

static struct err write_pem(struct ctx *cx, const char *path, X509 *cert, EVP_PKEY *key)
{
	(void)unlink(path);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, key == NULL ? 0644 : 0600);
	CLEANUP(file_drop) FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	if (f == NULL)
		return refuse(cx, E_CONFIG, "cannot write %s: %s", path, strerror(errno));
	if (cert != NULL && PEM_write_X509(f, cert) != 1)
		return crypto(cx, "write certificate");
	if (key != NULL && PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) != 1)
		return crypto(cx, "write key");
	return fflush(f) == 0 ? OK : refuse(cx, E_CONFIG, "cannot write %s: %s", path, strerror(errno));
}

static struct err sign_leaf(struct ctx *cx, struct sv_list hosts, X509 *ca, EVP_PKEY *ca_key, const struct sim_cert *at)
{
	CLEANUP(pkey_drop) EVP_PKEY *key = EVP_EC_gen("P-256");
	CLEANUP(x509_drop) X509 *x = key == NULL ? NULL : blank(key, "Tokenbooth simulator");
	CLEANUP(buf_free) struct buf names = BUF(8192);

	buf_str(&names, "IP:127.0.0.1,IP:::1,DNS:localhost");
	for (size_t i = 0; i < hosts.n; i++) {
		buf_str(&names, ",DNS:");
		buf_sv(&names, hosts.v[i]);
	}
	buf_char(&names, '\0');
	TRY(buf_done(cx, &names, "host names"));
	if (x == NULL || X509_set_issuer_name(x, X509_get_subject_name(ca)) != 1 ||
	    !extension(x, ca, NID_subject_alt_name, names.p) ||
	    !extension(x, ca, NID_basic_constraints, "critical,CA:FALSE") ||
	    !extension(x, ca, NID_key_usage, "critical,digitalSignature") ||
	    !extension(x, ca, NID_ext_key_usage, "serverAuth") ||
	    !extension(x, ca, NID_subject_key_identifier, "hash") ||
	    !extension(x, ca, NID_authority_key_identifier, "keyid:always") || X509_sign(x, ca_key, EVP_sha256()) == 0)
		return crypto(cx, "certificate of the hosts");
	TRY(write_pem(cx, at->cert_file, x, NULL));
	return write_pem(cx, at->key_file, NULL, key);
}

struct err sim_cert_make(struct ctx *cx, const char *dir, struct sv_list hosts, struct sim_cert *out)
{
	CLEANUP(pkey_drop) EVP_PKEY *key = EVP_EC_gen("P-256");
	CLEANUP(x509_drop) X509 *ca = key == NULL ? NULL : blank(key, "Tokenbooth throw-away CA");

	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return refuse(cx, E_CONFIG, "cannot make the folder %s: %s", dir, strerror(errno));
	int n = snprintf(out->ca_file, sizeof out->ca_file, "%s/ca.pem", dir);
	if (n < 0 || (size_t)n + 16 >= sizeof out->ca_file)
		return refuse(cx, E_CONFIG, "the path of --ca-dir is too long");
	(void)snprintf(out->cert_file, sizeof out->cert_file, "%.480s/server.pem", dir);
	(void)snprintf(out->key_file, sizeof out->key_file, "%.480s/server-key.pem", dir);
	if (ca == NULL || X509_set_issuer_name(ca, X509_get_subject_name(ca)) != 1 ||
	    !extension(ca, ca, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
	    !extension(ca, ca, NID_key_usage, "critical,keyCertSign,cRLSign") ||
	    !extension(ca, ca, NID_subject_key_identifier, "hash") || X509_sign(ca, key, EVP_sha256()) == 0)
		return crypto(cx, "certification authority");
	TRY(write_pem(cx, out->ca_file, ca, NULL));
	return sign_leaf(cx, hosts, ca, key, out);
}
