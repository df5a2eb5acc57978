/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/text.h"
#include "core/trace.h"
#include "net/net.h"
#include "netpeer.h"
#include "tt.h"
#include <stdlib.h>
#include <unistd.h>

static struct sv local[] = { SV_INIT("127.0.0.1") };

static struct net *net_with(struct net_how how)
{
	struct net *n = NULL;

	how.user_agent = "tokenbooth/test";
	CHECK(!IS_ERR(net_start(tt_ctx(), &how, &n)));
	return n;
}
static struct net *net_local(void) { return net_with((struct net_how){ .ssrf_allowlist = { local, 1 } }); }

static const char *at(const char *scheme, const char *host, int port, const char *path)
{
	const char *z = arena_printf(tt_ctx()->arena, "%s://%s:%d%s", scheme, host, port, path);

	CHECK(z != NULL);
	return z;
}

/* Fills what every call needs. */
static struct net_reply go(struct net *n, struct net_call call)
{
	struct net_reply r;

	call.purpose = "test";
	call.method = call.method.p == NULL ? SV("GET") : call.method;
	call.timeout = call.timeout == 0 ? SEC(10) : call.timeout;
	call.max_reply = call.max_reply == 0 ? 65536 : call.max_reply;
	CHECK(!IS_ERR(net_call(tt_ctx(), n, &call, &r)));
	return r;
}

TEST(net_brings_the_answer_and_reuses_the_connection)
{
	struct peer *p = peer_start(&(struct peer_how){ .tls = false });
	CLEANUP(net_drop) struct net *n = net_local();

	for (int i = 0; i < 3; i++) {
		CLEANUP(net_reply_clear)
		struct net_reply r =
		    go(n, (struct net_call){ .url = sv_of(at("http", "127.0.0.1", peer_port(p), "/ok")) });

		CHECK(r.fate == NET_DONE && r.sent && r.status == 200);
		CHECK(sv_eq(buf_view(&r.body), SV("{\"ok\":true}")) && strcmp(r.ct_, "application/json") == 0);
	}
	/* On a machine under load libcurl may find a connection not quiet yet and open another; reuse is the rule, not
	 * each time. */
	CHECK(peer_connections(p) < 3 && peer_requests(p) == 3);
	peer_stop(p);
}

TEST(net_reads_what_a_retry_needs)
{
	struct peer *p = peer_start(&(struct peer_how){ .tls = false });
	CLEANUP(net_drop) struct net *n = net_local();
	CLEANUP(net_reply_clear)
	struct net_reply r = go(n, (struct net_call){ .url = sv_of(at("http", "127.0.0.1", peer_port(p), "/later")),
						      .want_header = "X-Note" });

	CHECK(r.fate == NET_DONE && r.status == 429 && r.retry_after_s == 7);
	CHECK(strcmp(r.header, "kept") == 0 && r.server_date == SEC(1795392000));
	peer_stop(p);
}

/* W3C Trace Context section 3: the trace is the caller's, the span our own, the flags are passed on; tracestate is not.
 */
TEST(net_passes_the_trace_on)
{
	struct peer *p = peer_start(&(struct peer_how){ .tls = false });
	CLEANUP(net_drop) struct net *n = net_local();
	const char *url = at("http", "127.0.0.1", peer_port(p), "/echo"), *line;
	struct trace theirs, sent;
	struct ctx *cx = tt_ctx();
	CLEANUP(net_reply_clear) struct net_reply r = { .status = 0 };
	size_t x;

	CHECK(trace_parse(SV("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), &theirs));
	cx->trace = &theirs;
	const struct net_call c = {
		.purpose = "test", .method = SV("GET"), .url = sv_of(url), .timeout = SEC(10), .max_reply = 65536
	};
	CHECK(!IS_ERR(net_call(cx, n, &c, &r)));
	cx->trace = NULL;
	line = strstr(arena_text(cx->arena, buf_view(&r.body)), "\r\ntraceparent: ");
	CHECK(line != NULL && trace_parse((struct sv){ line + 15, 55 }, &sent) && line[70] == '\r');
	CHECK(memcmp(sent.id, theirs.id, sizeof sent.id) == 0 && sent.flags == 1);
	CHECK(memcmp(sent.span, theirs.span, sizeof sent.span) != 0);
	CHECK(!sv_find(buf_view(&r.body), SV("tracestate"), &x));
	CLEANUP(net_reply_clear)
	struct net_reply none = go(n, (struct net_call){ .method = SV("GET"), .url = sv_of(url) });
	CHECK(none.status == 200 && !sv_find(buf_view(&none.body), SV("traceparent"), &x));
	peer_stop(p);
}

TEST(net_sends_what_it_is_told_and_nothing_else)
{
	struct peer *p = peer_start(&(struct peer_how){ .tls = false });
	CLEANUP(net_drop) struct net *n = net_local();
	struct net_header h[] = { { SV("Authorization"), SV("Bearer abc") },
				  { SV("Content-Type"), SV("application/json") } };
	const char *url = at("http", "127.0.0.1", peer_port(p), "/echo?q=1");
	size_t x;
	CLEANUP(net_reply_clear)
	struct net_reply r =
	    go(n, (struct net_call){
		      .method = SV("POST"), .url = sv_of(url), .headers = h, .n_headers = 2, .body = SV("{\"a\":1}") });

	CHECK(r.status == 200 && sv_starts(buf_view(&r.body), SV("POST /echo?q=1 HTTP/1.1\r\n")));
	CHECK(sv_find(buf_view(&r.body), SV("\r\nAuthorization: Bearer abc\r\n"), &x));
	CHECK(sv_find(buf_view(&r.body), SV("\r\nUser-Agent: tokenbooth/test\r\n"), &x));
	CHECK(sv_find(buf_view(&r.body), SV("\r\n\r\n{\"a\":1}"), &x));
	CHECK(!sv_find(buf_view(&r.body), SV("Expect:"), &x) && !sv_find(buf_view(&r.body), SV("Cookie"), &x));
	CLEANUP(net_reply_clear)
	struct net_reply d =
	    go(n, (struct net_call){ .method = SV("DELETE"), .url = sv_of(url), .user_agent = SV("other/1") });
	CHECK(sv_starts(buf_view(&d.body), SV("DELETE ")) &&
	      sv_find(buf_view(&d.body), SV("User-Agent: other/1\r\n"), &x));
	CHECK(!sv_find(buf_view(&d.body), SV("Authorization"), &x));
	peer_stop(p);
}

TEST(net_refuses_malformed_calls)
{
	CLEANUP(net_drop) struct net *n = net_local();
	struct net_header cut[] = { { SV("X-A"), SV("a\r\nX-B: b") } }, odd[] = { { SV("X A"), SV("a") } };
	struct net_call good = { .purpose = "test",
				 .method = SV("GET"),
				 .url = SV("http://127.0.0.1:9/"),
				 .timeout = SEC(1),
				 .max_reply = 10 };
	struct net_call t[9];
	struct net_reply r;

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		t[i] = good;
	t[0].timeout = 0;
	t[1].max_reply = 0;
	t[2].headers = cut;
	t[2].n_headers = 1;
	t[3].headers = odd;
	t[3].n_headers = 1;
	t[4].method = SV("GET /x HTTP/1.1\r\n");
	t[5].url = SV("ftp://127.0.0.1/");
	t[6].url = SV("http://user:pw@127.0.0.1/");
	t[7].user_agent = SV("a\nb");
	t[8].once = NET_ONCE;
	t[8].redirects = true;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		CHECK(IS_ERR(net_call(tt_ctx(), n, &t[i], &r)));
		net_reply_clear(&r);
	}
}

TEST(net_guard_holds_for_names_and_sockets)
{
	struct peer *p = peer_start(&(struct peer_how){ .tls = false });
	static struct sv tens[] = { SV_INIT("10.0.0.0/8") };
	CLEANUP(net_drop) struct net *none = net_with((struct net_how){ .development = false });
	CLEANUP(net_drop) struct net *dev = net_with((struct net_how){ .development = true });
	CLEANUP(net_drop) struct net *listed = net_with((struct net_how){ .ssrf_allowlist = { tens, 1 } });
	const char *url = at("http", "localhost", peer_port(p), "/ok");
	const struct {
		struct net *n;
		enum net_fate want;
	} t[] = { { none, NET_REFUSED }, { dev, NET_DONE }, { listed, NET_REFUSED } };

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		CLEANUP(net_reply_clear) struct net_reply r = go(t[i].n, (struct net_call){ .url = sv_of(url) });

		CHECK(r.fate == t[i].want && r.sent == (r.fate == NET_DONE) && r.detail[0] != '\0');
	}
	CHECK(peer_requests(p) == 1);
	peer_stop(p);
}

TEST(net_tells_what_left_this_machine)
{
	struct peer *p = peer_start(&(struct peer_how){ .tls = false });
	CLEANUP(net_drop) struct net *n = net_local();
	const struct {
		const char *path;
		int64_t timeout;
		size_t most;
		enum net_fate want;
	} t[] = { { "/slow", SEC(3), 0, NET_TIMEOUT }, { "/cut", 0, 0, NET_CUT }, { "/big", 0, 1000, NET_TOO_LARGE } };

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		CLEANUP(net_reply_clear)
		struct net_reply r =
		    go(n, (struct net_call){ .url = sv_of(at("http", "127.0.0.1", peer_port(p), t[i].path)),
					     .timeout = t[i].timeout,
					     .max_reply = t[i].most,
					     .once = NET_ONCE });

		CHECK_ROW(t[i].path, r.fate == t[i].want && r.sent && r.body.n <= 1000);
	}
	int port = peer_port(p);
	peer_stop(p);
	CLEANUP(net_reply_clear)
	struct net_reply r = go(n, (struct net_call){ .url = sv_of(at("http", "127.0.0.1", port, "/")) });
	CHECK(r.fate == NET_NO_CONNECT && !r.sent);
}

TEST(net_once_never_goes_twice_and_others_may)
{
	struct peer *p = peer_start(&(struct peer_how){ .tls = false });
	CLEANUP(net_drop) struct net *n = net_local();
	const char *url = at("http", "127.0.0.1", peer_port(p), "/second-cut");
	struct net_call call = { .method = SV("POST"), .url = sv_of(url), .body = SV("a=b") };
	CLEANUP(net_reply_clear) struct net_reply first = go(n, call);

	/* The kept connection dies under the second request: libcurl repeats it on a new one by itself. */
	CHECK(first.fate == NET_DONE && peer_requests(p) == 1);
	int calls = 1;
	for (; peer_requests(p) == calls && calls < 100; calls++) { /* on a slow machine it may have rested too long */
		CLEANUP(net_reply_clear) struct net_reply again = go(n, call);
		CHECK(again.fate == NET_DONE);
	}
	int before = peer_connections(p);
	CHECK(peer_requests(p) == calls + 1 && before == calls);
	/* A call that may not run twice takes no kept connection at all. */
	call.once = NET_ONCE;
	CLEANUP(net_reply_clear) struct net_reply once = go(n, call);
	CHECK(once.fate == NET_DONE && peer_requests(p) == calls + 2 && peer_connections(p) == before + 1);
	peer_stop(p);
}

TEST(net_unrepeated_takes_a_kept_connection_and_never_goes_twice)
{
	struct peer *p = peer_start(&(struct peer_how){ .tls = false });
	CLEANUP(net_drop) struct net *n = net_local();
	struct net_call call = { .method = SV("POST"),
				 .url = sv_of(at("http", "127.0.0.1", peer_port(p), "/second-cut")),
				 .body = SV("a=b"),
				 .once = NET_UNREPEATED };
	enum net_fate fate = NET_DONE;
	int calls = 0;

	/* On a slow machine the kept connection may have rested too long for the next call. */
	while (fate == NET_DONE && calls < 100) {
		CLEANUP(net_reply_clear) struct net_reply r = go(n, call);

		calls++;
		fate = r.fate;
		CHECK(r.sent && peer_requests(p) == calls);
	}
	/* Cut is the second request of a connection only; another may be open by now that nothing was sent over. */
	CHECK(fate == NET_CUT);
	peer_stop(p);
}

static bool never(void *arg)
{
	(*(int *)arg)++;
	return false;
}

TEST(net_asks_in_the_moment_of_sending)
{
	struct peer *p = peer_start(&(struct peer_how){ .tls = false });
	CLEANUP(net_drop) struct net *n = net_local();
	int asked = 0;
	CLEANUP(net_reply_clear)
	struct net_reply r = go(n, (struct net_call){ .url = sv_of(at("http", "127.0.0.1", peer_port(p), "/ok")),
						      .once = NET_ONCE,
						      .may_send = never,
						      .may_send_arg = &asked });

	CHECK(r.fate == NET_NOT_SENT && !r.sent && asked == 1 && peer_requests(p) == 0);
	peer_stop(p);
}

TEST(net_follows_redirects_only_when_told_and_keeps_credentials_at_home)
{
	struct peer *other = peer_start(&(struct peer_how){ .tls = false });
	struct peer *p =
	    peer_start(&(struct peer_how){ .location = at("http", "127.0.0.1", peer_port(other), "/echo") });
	struct peer *away = peer_start(&(struct peer_how){ .location = "http://169.254.169.254/latest" });
	struct peer *round = peer_start(&(struct peer_how){ .location = "/to" });
	CLEANUP(net_drop) struct net *n = net_local();
	struct net_header h[] = { { SV("Authorization"), SV("Bearer abc") }, { SV("Accept"), SV("text/plain") } };
	struct net_call call = { .url = sv_of(at("http", "127.0.0.1", peer_port(p), "/to")),
				 .headers = h,
				 .n_headers = 2 };
	size_t x;
	CLEANUP(net_reply_clear) struct net_reply stay = go(n, call);

	CHECK(stay.fate == NET_DONE && stay.status == 302);
	call.redirects = true;
	CLEANUP(net_reply_clear) struct net_reply r = go(n, call);
	CHECK(r.status == 200 && sv_starts(buf_view(&r.body), SV("GET /echo ")));
	CHECK(!sv_find(buf_view(&r.body), SV("Bearer"), &x) &&
	      sv_find(buf_view(&r.body), SV("Accept: text/plain"), &x));
	call.url = sv_of(at("http", "127.0.0.1", peer_port(away), "/to"));
	CLEANUP(net_reply_clear) struct net_reply refused = go(n, call);
	CHECK(refused.fate == NET_REFUSED);
	call.url = sv_of(at("http", "127.0.0.1", peer_port(round), "/to"));
	CLEANUP(net_reply_clear) struct net_reply endless = go(n, call);
	CHECK(endless.fate == NET_DONE && endless.status == 302 && peer_requests(round) == 4);
	peer_stop(other);
	peer_stop(p);
	peer_stop(away);
	peer_stop(round);
}

TEST(net_trusts_only_known_authorities_and_connects_where_told)
{
	struct peer *p = peer_start(&(struct peer_how){ .tls = true });
	struct sv to[] = { sv_of(arena_printf(tt_ctx()->arena, "peer.example:443:127.0.0.1:%d", peer_port(p))),
			   sv_of(arena_printf(tt_ctx()->arena, "wrong.example:443:127.0.0.1:%d", peer_port(p))) };
	CLEANUP(net_drop) struct net *stranger = net_with((struct net_how){ .connect_to = { to, 2 } });
	CLEANUP(net_drop) struct net *n = net_with((struct net_how){ .connect_to = { to, 2 }, .ca_file = peer_ca(p) });
	struct net_call call = { .url = SV("https://peer.example/echo"), .once = NET_ONCE };
	size_t x;
	CLEANUP(net_reply_clear) struct net_reply r = go(stranger, call);

	CHECK(r.fate == NET_NO_TLS && !r.sent && peer_requests(p) == 0);
	for (int i = 0; i < 2; i++) {
		CLEANUP(net_reply_clear) struct net_reply good = go(n, call);

		CHECK(good.fate == NET_DONE && good.status == 200);
		CHECK(sv_find(buf_view(&good.body), SV("\r\nHost: peer.example\r\n"), &x));
	}
	call.url = SV("https://wrong.example/echo");
	CLEANUP(net_reply_clear) struct net_reply wrong = go(n, call);
	CHECK(wrong.fate == NET_NO_TLS && !wrong.sent);
	peer_stop(p);
}

TEST(net_never_obeys_the_environments_proxy)
{
	struct peer *p = peer_start(&(struct peer_how){ .tls = false });

	CHECK(setenv("http_proxy", "http://127.0.0.1:9", 1) == 0 && setenv("all_proxy", "http://127.0.0.1:9", 1) == 0);
	CLEANUP(net_drop) struct net *n = net_local();
	CLEANUP(net_reply_clear)
	struct net_reply r = go(n, (struct net_call){ .url = sv_of(at("http", "127.0.0.1", peer_port(p), "/ok")) });
	CHECK(r.fate == NET_DONE && r.status == 200);
	CHECK(unsetenv("http_proxy") == 0 && unsetenv("all_proxy") == 0);
	peer_stop(p);
}

TEST(net_speaks_to_a_unix_socket)
{
	const char *path = arena_printf(tt_ctx()->arena, "/tmp/tb-net-%d.sock", (int)getpid());

	(void)unlink(path);
	struct peer *p = peer_start(&(struct peer_how){ .unix_path = path });
	CLEANUP(net_drop) struct net *n = net_with((struct net_how){ .development = false });
	CLEANUP(net_reply_clear)
	struct net_reply r = go(n, (struct net_call){ .url = SV("http://localhost/ok"), .unix_socket = path });

	CHECK(r.fate == NET_DONE && r.status == 200);
	peer_stop(p);
	CHECK(unlink(path) == 0);
}

TEST(net_start_names_what_is_wrong)
{
	static const struct {
		struct net_how how;
		const char *say;
	} t[] = {
		{ { .ca_file = "/nonexistent.pem" }, "network.ca_file: cannot read /nonexistent.pem" },
		{ { .ca_file = "/dev/null" }, "network.ca_file: /dev/null holds no PEM certificate" },
		{ { .proxy = "https://127.0.0.1:1" }, "network.proxy: must be" },
		{ { .proxy = "socks5://127.0.0.1:1" }, "network.proxy: must be" },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		struct net_how how = t[i].how;
		struct net *n = NULL;

		how.user_agent = "tokenbooth/test";
		CHECK_ROW(t[i].say, net_start(cx, &how, &n).code == E_CONFIG && n == NULL);
		CHECK_ROW(t[i].say, strncmp(cx->cause.say, t[i].say, strlen(t[i].say)) == 0);
	}
}
