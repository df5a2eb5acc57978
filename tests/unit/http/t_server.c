/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "world.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

TEST(keep_alive_answers_one_after_the_other)
{
	struct world w = { .value = 0 };

	world_start(&w);
	int fd = dial(&w);
	for (int i = 0; i < 50; i++) {
		struct reply r = ask(fd, GET("/fast"));
		CHECK(r.status == 200 && strcmp(r.body, "{\"fast\":true}") == 0);
		CHECK(has_line(&r, "Content-Type: application/json") && strstr(r.head, "\r\nDate: ") != NULL);
		CHECK(strstr(r.head, "Connection:") == NULL && strstr(r.head, "\r\nX-Request-Id: ") != NULL);
	}
	(void)close(fd);
	world_stop(&w);
}

TEST(head_is_get_without_body)
{
	struct world w = { .value = 0 };
	struct reply r;

	world_start(&w);
	int fd = dial(&w);
	say(fd, SV("HEAD /fast HTTP/1.1\r\nHost: x\r\n\r\n" GET("/fast")));
	struct wire *wire = on(fd);
	/* the length is announced, the body is not sent: the next answer follows at once */
	while (wire->n < 400 && strstr(wire->b, "{\"fast\"") == NULL) {
		ssize_t n = recv(fd, wire->b + wire->n, 4096, 0);
		CHECK(n > 0);
		wire->n += (size_t)n;
		wire->b[wire->n] = '\0';
	}
	size_t at;
	CHECK(sv_find((struct sv){ wire->b, wire->n }, SV("\r\n\r\nHTTP/1.1 200 OK"), &at));
	CHECK(strstr(wire->b, "Content-Length: 13\r\n") < wire->b + at);
	(void)close(fd);
	fd = dial(&w);
	r = ask(fd, "GET /fast HTTP/1.0\r\n\r\n");
	CHECK(r.status == 200 && has_line(&r, "Connection: close") && ended(&ear));
	(void)close(fd);
	fd = dial(&w);
	r = ask(fd, "GET /fast HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	CHECK(r.status == 200 && has_line(&r, "Connection: keep-alive"));
	r = ask(fd, "GET /fast HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	CHECK(r.status == 200);
	(void)close(fd);
	world_stop(&w);
}

TEST(pipelined_requests_are_answered_in_order)
{
	struct world w = { .value = 0 };

	world_start(&w);
	int fd = dial(&w);
	say(fd, SV("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\none"
		   "POST /pool/two HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n2"
		   "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
		   "chunked\r\n\r\n3\r\nthr\r\n2;x=y\r\nee\r\n0\r\nT: v\r\n\r\n"
		   "POST /slower/x HTTP/1.1\r\nHost: x\r\n\r\n" GET("/fast")));
	static const char *const want[] = { "one", "{\"runs\":1,\"id\":\"two\",\"body\":\"2\"}", "three",
					    "{\"runs\":3,\"id\":\"x\",\"body\":\"\"}", "{\"fast\":true}" };
	struct wire *wire = on(fd);
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		struct reply r;
		CHECK_ROW(want[i], hear(wire, &r));
		CHECK_ROW(want[i], r.status == 200 && strcmp(r.body, want[i]) == 0);
	}
	(void)close(fd);
	world_stop(&w);
}

TEST(a_body_comes_in_pieces)
{
	struct world w = { .value = 0 };
	char head[128];
	enum { BIG = 300000 };

	world_start(&w);
	char *body = malloc(BIG);
	CHECK(body != NULL);
	for (size_t i = 0; i < BIG; i++)
		body[i] = (char)('a' + i % 26);
	int fd = dial(&w);
	(void)snprintf(head, sizeof head, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", BIG);
	for (const char *p = head; *p != '\0'; p++)
		say(fd, (struct sv){ p, 1 });
	say(fd, (struct sv){ body, BIG });
	struct reply r;
	CHECK(hear(on(fd), &r) && r.status == 200 && r.n == BIG && memcmp(r.body, body, BIG) == 0);
	say(fd, SV("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"));
	for (size_t at = 0; at < BIG; at += 1000) {
		char size[16];
		(void)snprintf(size, sizeof size, "%x\r\n", 1000U);
		say(fd, sv_of(size));
		say(fd, (struct sv){ body + at, 1000 });
		say(fd, SV("\r\n"));
	}
	say(fd, SV("0\r\n\r\n"));
	CHECK(hear(on(fd), &r) && r.status == 200 && r.n == BIG && memcmp(r.body, body, BIG) == 0);
	free(body);
	(void)close(fd);
	world_stop(&w);
}

TEST(a_large_answer_waits_for_a_slow_reader)
{
	struct world w = { .value = 0 };
	int64_t got = 0;
	char b[65536];

	world_start(&w);
	int fd = dial(&w);
	say(fd, SV("GET /big HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
	(void)usleep(50000); /* let it fill the socket */
	for (ssize_t n; (n = recv(fd, b, sizeof b, 0)) > 0;)
		got += n;
	CHECK(got > 3700000 && got < 3700000 + 500);
	(void)close(fd);
	world_stop(&w);
}

TEST(expect_100_continue)
{
	struct world w = { .value = 0 };
	struct reply r;

	world_start(&w);
	int fd = dial(&w);
	r = ask(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
	CHECK(r.status == 100);
	r = ask(fd, "hi");
	CHECK(r.status == 200 && strcmp(r.body, "hi") == 0);
	r = ask(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok");
	CHECK(r.status == 200 && strcmp(r.body, "ok") == 0); /* the body was there already */
	r = ask(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n");
	CHECK(r.status == 413 && ended(&ear));
	(void)close(fd);
	world_stop(&w);
}

TEST(request_ids_and_targets)
{
	struct world w = { .value = 0 };
	struct reply r;

	world_start(&w);
	int fd = dial(&w);
	r = ask(fd, "GET /fast HTTP/1.1\r\nHost: x\r\nX-Request-Id: abc-1.2_3\r\n\r\n");
	CHECK(has_line(&r, "X-Request-Id: abc-1.2_3"));
	r = ask(fd, "GET /fast HTTP/1.1\r\nHost: x\r\nX-Request-Id: a b\r\n\r\n");
	CHECK(r.status == 200 && strstr(r.head, "a b") == NULL);
	r = ask(fd, "POST http://Other:99/echo?x=1 HTTP/1.1\r\nHost: x\r\n\r\n");
	CHECK(r.status == 200 && has_line(&r, "X-Host: other:99") && has_line(&r, "X-Path: /echo"));
	r = ask(fd, "POST /echo HTTP/1.1\r\nHost: EXAMPLE\r\nX-Forwarded-For: 9.9.9.9\r\n\r\n");
	CHECK(has_line(&r, "X-Host: example") && has_line(&r, "X-Client: 127.0.0.1"));
	r = ask(fd, GET("/nowhere"));
	CHECK(r.status == 404);
	r = ask(fd, GET("/wait/%zz"));
	CHECK(r.status == 400);
	r = ask(fd, "DELETE /fast HTTP/1.1\r\nHost: x\r\n\r\n");
	CHECK(r.status == 404);
	(void)close(fd);
	world_stop(&w);
}

TEST(trusted_proxies_say_who_asks)
{
	struct sv cidr[] = { SV_INIT("127.0.0.0/8"), SV_INIT("10.0.0.0/8") };
	struct world w = { .how = { .trusted_proxies = { cidr, 2 } } };
	struct reply r;

	world_start(&w);
	int fd = dial(&w);
	r = ask(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 6.6.6.6, 9.9.9.9, 10.1.2.3\r\n\r\n");
	CHECK(has_line(&r, "X-Client: 9.9.9.9"));
	(void)close(fd);
	world_stop(&w);
}

/* ---- deadlines ---- */
TEST(slow_clients_are_given_up)
{
	struct world w = { .how = { .read_timeout = MSEC(150), .idle_timeout = MSEC(150) } };
	struct reply r;

	world_start(&w);
	int fd = dial(&w);
	r = ask(fd, "GET /fast HTTP/1.1\r\nHost: x\r\nX-");
	CHECK(r.status == 408 && ended(&ear));
	(void)close(fd);
	fd = dial(&w);
	r = ask(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
	CHECK(r.status == 408 && ended(&ear));
	(void)close(fd);
	fd = dial(&w);
	CHECK(ended(on(fd)));
	(void)close(fd);
	fd = dial(&w);
	r = ask(fd, GET("/fast"));
	CHECK(r.status == 200 && ended(&ear));
	(void)close(fd);
	world_stop(&w);
}

TEST(a_reader_that_stops_is_given_up)
{
	struct world w = { .how = { .write_timeout = MSEC(150) } };
	struct server_stats s;

	world_start(&w);
	int fd = dial(&w);
	say(fd, SV(GET("/big") GET("/big") GET("/big")));
	int64_t end = clock_mono() + SEC(20);
	do {
		(void)usleep(2000);
		server_stats(w.server, &s);
	} while ((s.requests == 0 || s.connections_open > 0) && clock_mono() < end);
	CHECK(s.connections_open == 0);
	(void)close(fd);
	world_stop(&w);
}

TEST(too_many_connections)
{
	struct world w = { .how = { .connections = 2 } };
	struct reply r;

	world_start(&w);
	int a = dial(&w), b = dial(&w);
	say(a, SV(GET("/hold/a")));
	say(b, SV(GET("/hold/b")));
	world_until(&w.held, 2);
	int c = dial(&w);
	CHECK(hear(on(c), &r) && r.status == 503 && ended(&ear));
	world_release(&w);
	CHECK(hear(on(a), &r) && r.status == 200 && hear(on(b), &r) && r.status == 200);
	(void)close(a);
	(void)close(c);
	for (int i = 0; i < 1000; i++) { /* until the server has seen them go */
		int d = dial(&w);
		r = ask(d, GET("/fast"));
		(void)close(d);
		if (r.status == 200)
			break;
		(void)usleep(2000);
	}
	CHECK(r.status == 200);
	(void)close(b);
	world_stop(&w);
}

TEST(an_idle_connection_makes_room)
{
	struct world w = { .how = { .connections = 2, .loops = 1 } };
	struct reply r;

	world_start(&w);
	int oldest = dial(&w), idle = dial(&w);
	CHECK(ask(oldest, GET("/fast")).status == 200 && ask(idle, GET("/fast")).status == 200);
	int busy = dial(&w);
	say(busy, SV(GET("/hold/a")));
	world_until(&w.held, 1);
	CHECK(ended(on(oldest)));
	int fresh = dial(&w);
	CHECK(ask(fresh, GET("/fast")).status == 200);
	CHECK(ended(on(idle)));
	world_release(&w);
	CHECK(hear(on(busy), &r) && r.status == 200); /* whoever is served is left alone */
	(void)close(oldest);
	(void)close(idle);
	(void)close(busy);
	(void)close(fresh);
	world_stop(&w);
}

/* ---- lanes ---- */
TEST(a_full_lane_says_so)
{
	struct world w = { .how = { .calls = 3, .calls_per_peer = 2, .pool = 1 } };
	int fd[3];

	world_start(&w);
	for (int i = 0; i < 2; i++) {
		fd[i] = dial(&w);
		say(fd[i], SV(GET("/call/a")));
	}
	world_until(&w.held, 2);
	int other = dial(&w);
	struct reply r = ask(other, GET("/call/a"));
	CHECK(r.status == 503 && has_line(&r, "Retry-After: 1"));
	CHECK(strstr(strstr(r.head, "Retry-After:") + 1, "Retry-After:") == NULL); /* whoever refuses says it, once */
	fd[2] = dial(&w);
	say(fd[2], SV(GET("/call/b"))); /* another peer's call still runs */
	world_until(&w.held, 3);
	CHECK(ask(other, GET("/call/c")).status == 503);
	CHECK(ask(other, GET("/fast")).status == 200); /* nobody else waits */
	CHECK(ask(other, "POST /pool/p HTTP/1.1\r\nHost: x\r\n\r\n").status == 200);
	struct server_stats s;
	server_stats(w.server, &s);
	CHECK(s.calls_busy == 3 && s.refused == 2);
	world_release(&w);
	for (int i = 0; i < 3; i++) {
		CHECK(hear(on(fd[i]), &r) && r.status == 200);
		(void)close(fd[i]);
	}
	CHECK(ask(other, GET("/call/a")).status == 200);
	(void)close(other);
	world_stop(&w);
}

TEST(a_client_may_leave_while_its_request_runs)
{
	struct world w = { .how = { .pool = 1 } };

	world_start(&w);
	int fd = dial(&w);
	say(fd, SV(GET("/hold/a")));
	world_until(&w.held, 1);
	struct linger hard = { .l_onoff = 1 };
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
	(void)close(fd);
	fd = dial(&w);
	CHECK(ask(fd, GET("/fast")).status == 200);
	world_release(&w);
	CHECK(ask(fd, "POST /pool/p HTTP/1.1\r\nHost: x\r\n\r\n").status == 200);
	(void)close(fd);
	world_stop(&w);
}

/* ---- the end ---- */
TEST(draining_answers_what_runs_and_takes_nothing_new)
{
	struct world w = { .how = { .pool = 2 } };
	struct reply r;

	world_start(&w);
	int port = server_port(w.server, 0);
	int idle = dial(&w), parked = dial(&w), running = dial(&w);
	CHECK(ask(idle, GET("/fast")).status == 200);
	say(parked, SV(GET("/wait/x?ms=100000")));
	say(running, SV(GET("/hold/x")));
	world_until(&w.runs, 2);
	world_until(&w.held, 1);
	server_drain(w.server);
	CHECK(ended(on(idle)));
	CHECK(hear(on(parked), &r) && r.status == 200 && strstr(r.body, "\"over\":true") != NULL);
	CHECK(has_line(&r, "Connection: close"));
	CHECK(!server_wait(w.server, MSEC(30)));
	world_release(&w);
	CHECK(hear(on(running), &r) && r.status == 200 && has_line(&r, "Connection: close"));
	(void)close(idle);
	(void)close(parked);
	(void)close(running);
	CHECK(server_wait(w.server, SEC(20)));
	world_stop(&w);
	/* the port is free again */
	struct world next = { .at = { { "127.0.0.1", port } }, .how = { .n_listen = 1 } };
	world_start(&next);
	CHECK(server_port(next.server, 0) == port);
	world_stop(&next);
}

/* ---- what it tells ---- */
TEST(the_access_log_names_routes_not_queries)
{
	struct world w = { .how = { .access_log = true } };
	char text[4096] = "";
	FILE *f = tmpfile();
	int before = dup(STDERR_FILENO);

	CHECK(f != NULL && before >= 0);
	world_start(&w);
	CHECK(dup2(fileno(f), STDERR_FILENO) >= 0);
	int fd = dial(&w);
	bool answered = ask(fd, "POST /pool/secret1?q=secret2 HTTP/1.1\r\nHost: x\r\nCookie: secret3=secret4\r\n"
				"Authorization: secret5\r\nX-Request-Id: here\r\nContent-Length: 7\r\n\r\nsecret6")
			    .status == 200;
	int refused = ask(fd, "GET /secret7 HTTP/1.1\r\nHost: secret8\r\nHost: secret9\r\n\r\n").status;
	bool has_id = strstr(ear.b, "X-Request-Id: \r\n") == NULL;
	(void)close(fd);
	world_stop(&w);
	CHECK(dup2(before, STDERR_FILENO) >= 0);
	rewind(f);
	bool read_it = fread(text, 1, sizeof text - 1, f) > 0;
	(void)fclose(f);
	(void)close(before);
	CHECK(read_it && answered && refused == 400 && has_id && strstr(text, "secret") == NULL);
	CHECK(strstr(text, "http.request request_id=\"here\" trace_id=\"") != NULL);
	CHECK(strstr(text, " method=\"POST\" route=\"/pool/{id}\" status=200 bytes=") != NULL);
	CHECK(strstr(text, "route=\"-\" status=400") != NULL && strstr(text, "duration_us=") != NULL);
}
