/* SPDX-License-Identifier: Apache-2.0 */
#include "net/transfer.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/secret.h"
#include "core/text.h"
#include "core/trace.h"
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RESTED_S 1L /* servers keep a connection that rests for two seconds and more */

/* Text that may be cut. */
static void say(char *dst, size_t cap, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void say(char *dst, size_t cap, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(dst, cap, fmt, ap) < 0)
		dst[0] = '\0';
	va_end(ap);
}

/* ---- callbacks, on the egress thread ---- */
/* For a caller who reads along. */
static size_t pass_on(struct transfer *t, const char *p, size_t n)
{
	if (!t->begun)
		transfer_read(t);
	t->begun = true;
	(void)pthread_mutex_lock(t->lock);
	buf_add(&t->fresh, p, n);
	bool ok = buf_ok(&t->fresh);
	(void)pthread_cond_signal(t->wake);
	(void)pthread_mutex_unlock(t->lock);
	return ok ? n : 0;
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;

	if (t->call->more != NULL)
		return pass_on(t, p, size * n);
	buf_add(&t->reply->body, p, size * n);
	return buf_ok(&t->reply->body) ? size * n : 0;
}

/* The line between "nothing left this machine" and "it may have been used".  libcurl comes here again when a kept
 * connection died under the request and it means to repeat it. */
static int on_send(void *arg, char *to_ip, char *from_ip, int to_port, int from_port)
{
	struct transfer *t = arg;

	(void)to_ip;
	(void)from_ip;
	(void)to_port;
	(void)from_port;
	t->runs++;
	if (t->runs > 1) {
		t->repeated = t->call->once != NET_MAY_REPEAT;
		return t->repeated ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
	}
	bool late = clock_mono() >= t->deadline;
	t->forbidden = late || (t->call->may_send != NULL && !t->call->may_send(t->call->may_send_arg));
	if (t->forbidden)
		return CURL_PREREQFUNC_ABORT;
	t->reply->sent = true;
	return CURL_PREREQFUNC_OK;
}

static curl_socket_t on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct transfer *t = arg;

	(void)purpose;
	if (t->call->unix_socket == NULL && !guard_address(t->env->guard, t->level, &a->addr)) {
		t->blocked = true;
		return CURL_SOCKET_BAD;
	}
	int fd = socket(a->family, a->socktype, a->protocol);
	if (fd < 0)
		return CURL_SOCKET_BAD;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
		(void)close(fd);
		return CURL_SOCKET_BAD;
	}
	t->opened++;
	return fd;
}

static CURLcode on_tls(CURL *h, void *ssl_ctx, void *arg)
{
	const struct transfer *t = arg;

	(void)h;
	return trust_give(t->env->trust, ssl_ctx) ? CURLE_OK : CURLE_SSL_CERTPROBLEM;
}

/* ---- setting up ---- */
static bool plain_value(struct sv v)
{
	return v.p != NULL && memchr(v.p, '\0', v.n) == NULL && memchr(v.p, '\r', v.n) == NULL &&
	       memchr(v.p, '\n', v.n) == NULL;
}

static void headers_free(struct curl_slist *l)
{
	for (struct curl_slist *i = l; i != NULL; i = i->next)
		wipe(i->data, strlen(i->data));
	curl_slist_free_all(l);
}

static struct err add_header(struct ctx *cx, struct transfer *t, struct sv name, struct sv value)
{
	CLEANUP(buf_free) struct buf b = BUF(64 << 10);

	if (!text_is_id(name, 100, "!#$%&'*+-.^_`|~") || (value.n > 0 && !plain_value(value)))
		return fail(cx, E_INTERNAL, "a request header is malformed", "%.*s", SV_FMT(sv_upto(name, 40)));
	buf_sv(&b, name);
	buf_str(&b, value.n == 0 ? ";" : ": "); /* libcurl's spelling of an empty value */
	buf_sv(&b, value);
	buf_char(&b, '\0');
	struct curl_slist *l = buf_ok(&b) ? curl_slist_append(t->headers, b.p) : NULL;
	if (l == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "request header");
	t->headers = l;
	return OK;
}

static struct err add_line(struct ctx *cx, struct transfer *t, const char *line)
{
	struct curl_slist *l = curl_slist_append(t->headers, line);

	if (l == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "request header");
	t->headers = l;
	return OK;
}

/* Whom we call may join his own records to the trace: its id says nothing of a user.  tracestate is not passed on. */
static struct err add_trace(struct ctx *cx, struct transfer *t)
{
	struct trace child;
	char text[TRACE_TEXT];

	trace_child(cx->trace, &child);
	trace_text(&child, text);
	return add_header(cx, t, SV("traceparent"), sv_of(text));
}

static struct err add_headers(struct ctx *cx, struct transfer *t)
{
	bool typed = false;

	for (size_t i = 0; i < t->call->n_headers; i++) {
		const struct net_header *h = &t->call->headers[i];

		if (!t->keep_headers && !sv_ieq(h->name, SV("accept")))
			continue;
		if (sv_ieq(h->name, SV("content-type"))) {
			typed = true;
			if (!t->keep_body)
				continue;
		}
		TRY(add_header(cx, t, h->name, h->value));
	}
	if (cx->trace != NULL && t->keep_headers)
		TRY(add_trace(cx, t));
	/* Neither waits for "100 Continue" nor invents a type for the body. */
	TRY(add_line(cx, t, "Expect:"));
	return typed ? OK : add_line(cx, t, "Content-Type:");
}

static CURLcode set_guarded(struct transfer *t)
{
	CURL *h = t->h;
	CURLcode rc = CURLE_OK;

#define SET(opt, val) rc = rc == CURLE_OK ? curl_easy_setopt(h, (opt), (val)) : rc
	SET(CURLOPT_OPENSOCKETFUNCTION, on_socket);
	SET(CURLOPT_OPENSOCKETDATA, t);
	SET(CURLOPT_PREREQFUNCTION, on_send);
	SET(CURLOPT_PREREQDATA, t);
	SET(CURLOPT_SSL_CTX_FUNCTION, on_tls);
	SET(CURLOPT_SSL_CTX_DATA, t);
	SET(CURLOPT_CAINFO, NULL); /* the store of on_tls is the only one */
	SET(CURLOPT_CAPATH, NULL);
	SET(CURLOPT_CA_CACHE_TIMEOUT, 0L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_CONNECT_TO, t->env->connect_to);
	SET(CURLOPT_PROXY, t->env->proxy == NULL || t->call->unix_socket != NULL ? "" : t->env->proxy);
	SET(CURLOPT_NOPROXY, "");
	SET(CURLOPT_HTTPPROXYTUNNEL, 1L);
	SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	SET(CURLOPT_FRESH_CONNECT, t->call->once == NET_ONCE ? 1L : 0L);
	if (t->call->once == NET_UNREPEATED)
		SET(CURLOPT_MAXAGE_CONN, RESTED_S);
	SET(CURLOPT_UNIX_SOCKET_PATH, t->call->unix_socket);
	return rc;
}

static CURLcode set_request(struct transfer *t, const char *method, const char *agent)
{
	CURL *h = t->h;
	bool body = t->keep_body && t->call->body.n > 0, post = strcmp(method, "POST") == 0;
	CURLcode rc = CURLE_OK;

	SET(CURLOPT_URL, t->url);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_QUICK_EXIT, 1L);
	SET(CURLOPT_CONNECTTIMEOUT_MS,
	    (long)(t->call->timeout / MSEC(1)) + 1); /* the deadline is net.c's, but libcurl's own default is 300 s */
	SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)t->call->max_reply);
	SET(CURLOPT_ERRORBUFFER, t->error);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, t);
	SET(CURLOPT_HTTPHEADER, t->headers);
	SET(CURLOPT_USERAGENT, agent);
	SET(CURLOPT_PRIVATE, t);
	if (strcmp(method, "HEAD") == 0)
		SET(CURLOPT_NOBODY, 1L);
	else if (body || post) {
		SET(CURLOPT_POST, 1L);
		SET(CURLOPT_POSTFIELDS, body ? t->call->body.p : "");
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)(body ? t->call->body.n : 0));
	} else {
		SET(CURLOPT_HTTPGET, 1L);
	}
	if (!post && strcmp(method, "HEAD") != 0)
		SET(CURLOPT_CUSTOMREQUEST, method);
#undef SET
	return rc;
}

static struct err guard_it(struct ctx *cx, struct transfer *t)
{
	struct url u;
	const char *why;

	TRY(url_parse(cx, sv_of(t->url), "url", &u));
	say(t->host, sizeof t->host, "%.*s:%.*s", SV_FMT(sv_upto(u.host, 120)), SV_FMT(u.port));
	if (t->call->unix_socket != NULL) {
		t->level = GUARD_ANY;
		return OK;
	}
	t->level = guard_url(t->env->guard, &u, &why);
	if (t->level == GUARD_REFUSED) {
		t->reply->fate = NET_REFUSED;
		say(t->reply->detail, sizeof t->reply->detail, "%s: %s", t->host, why);
	}
	return OK;
}

struct err transfer_prepare(struct ctx *cx, struct transfer *t)
{
	struct sv agent = t->call->user_agent.p != NULL ? t->call->user_agent : sv_of(t->env->user_agent);
	char method[16], agent_z[256];

	TRY(guard_it(cx, t));
	if (t->level == GUARD_REFUSED)
		return OK;
	if (!sv_copy(t->method, method, sizeof method) || !text_is_id(t->method, sizeof method - 1, "") ||
	    !plain_value(agent) || !sv_copy(agent, agent_z, sizeof agent_z))
		return fail(cx, E_INTERNAL, "an outbound call is malformed", "method or user agent");
	TRY(add_headers(cx, t));
	CURLcode rc = set_guarded(t);
	if (rc == CURLE_OK)
		rc = set_request(t, method, agent_z);
	if (rc != CURLE_OK)
		return fail(cx, E_INTERNAL, "an outbound call could not be set up", "%s", curl_easy_strerror(rc));
	return OK;
}

/* ---- what came of it ---- */
static enum net_fate fate_of(const struct transfer *t)
{
	if (t->fresh.too_large)
		return NET_TOO_LARGE;
	if (atomic_load(&t->enough))
		return NET_DONE;
	if (t->forbidden)
		return NET_NOT_SENT;
	if (t->repeated)
		return NET_CUT;
	if (t->reply->body.too_large || t->rc == CURLE_FILESIZE_EXCEEDED)
		return NET_TOO_LARGE;
	if (t->rc == CURLE_OK)
		return NET_DONE;
	if (t->rc == CURLE_OPERATION_TIMEDOUT)
		return NET_TIMEOUT;
	if (t->rc == CURLE_COULDNT_RESOLVE_HOST || t->rc == CURLE_COULDNT_RESOLVE_PROXY)
		return NET_NO_NAME;
	if (t->reply->sent)
		return t->rc == CURLE_OUT_OF_MEMORY ? NET_FAILED : NET_CUT;
	if (t->blocked && t->opened == 0)
		return NET_REFUSED;
	if (t->rc == CURLE_SSL_CONNECT_ERROR || t->rc == CURLE_PEER_FAILED_VERIFICATION ||
	    t->rc == CURLE_SSL_CERTPROBLEM || t->rc == CURLE_SSL_CIPHER || t->rc == CURLE_SSL_ISSUER_ERROR)
		return NET_NO_TLS;
	return t->rc == CURLE_OUT_OF_MEMORY || t->stopped ? NET_FAILED : NET_NO_CONNECT;
}

/* Before the request has left, libcurl's own words name hosts and certificates only. */
static const char *why_of(const struct transfer *t)
{
	const struct net_reply *r = t->reply;

	if (r->fate == NET_DONE)
		return "";
	if (r->fate == NET_REFUSED)
		return "its address is refused by the egress guard";
	if (t->forbidden || t->repeated || r->fate == NET_TOO_LARGE)
		return net_fate_text(r->fate);
	if (!r->sent && t->error[0] != '\0')
		return t->error;
	return t->rc == CURLE_OK ? net_fate_text(r->fate) : curl_easy_strerror(t->rc);
}

void transfer_finish(struct transfer *t)
{
	struct net_reply *r = t->reply;

	if (t->level != GUARD_REFUSED) {
		r->fate = fate_of(t);
		if (r->fate == NET_DONE && !t->begun)
			transfer_read(t);
		const char *why = why_of(t);

		say(r->detail, sizeof r->detail, "%s%s%.140s", t->host, why[0] == '\0' ? "" : ": ", why);
	}
	headers_free(t->headers);
	t->headers = NULL;
}

/* ---- redirects ---- */
const char *transfer_next(struct ctx *cx, const struct transfer *t)
{
	char *z = NULL;

	if (!t->call->redirects || t->call->once != NET_MAY_REPEAT || t->reply->fate != NET_DONE)
		return NULL;
	(void)curl_easy_getinfo(t->h, CURLINFO_REDIRECT_URL, &z);
	return z == NULL ? NULL : arena_text(cx->arena, sv_of(z));
}

static bool same_origin(struct ctx *cx, const char *a, const char *b)
{
	struct url ua, ub;

	if (IS_ERR(url_parse(cx, sv_of(a), "url", &ua)) || IS_ERR(url_parse(cx, sv_of(b), "url", &ub)))
		return false;
	return sv_eq(ua.scheme, ub.scheme) && sv_eq(ua.host, ub.host) && sv_eq(ua.port, ub.port);
}

/* RFC 9110 15.4: 303 always becomes a GET, 301 and 302 for what was a POST. */
void transfer_follow(struct ctx *cx, struct transfer *t, const char *next)
{
	int status = t->reply->status;
	bool as_get = status == 303 || ((status == 301 || status == 302) && sv_eq(t->method, SV("POST")));

	if (as_get && !sv_eq(t->method, SV("HEAD"))) {
		t->method = SV("GET");
		t->keep_body = false;
	}
	t->keep_headers = t->keep_headers && same_origin(cx, t->url, next);
	t->url = next;
}
