/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "world.h"
#include <unistd.h>

TEST(a_parked_request_is_woken)
{
	static const char *const paths[] = { GET("/wait/a%2Fb?ms=20000"), GET("/pwait/a%2Fb?ms=20000") };

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct world w = { .value = 0 };
		struct server_stats s;
		world_start(&w);
		int fd = dial(&w);
		say(fd, sv_of(paths[i]));
		world_until(&w.runs, 2); /* read, subscribed, read again */
		do
			server_stats(w.server, &s);
		while (s.parked == 0);
		hub_publish(w.hub, hub_topic("value", SV("somebody else's")));
		hub_publish(w.hub, hub_topic("value", SV("a/b"))); /* nothing has changed: it sleeps on */
		world_until(&w.runs, 3);
		atomic_store(&w.value, 7);
		hub_publish(w.hub, hub_topic("value", SV("a/b")));
		struct reply r;
		CHECK(hear(on(fd), &r) && r.status == 200);
		CHECK(
		    strcmp(r.body,
			   "{\"value\":7,\"over\":false,\"who\":\"ada@example.com\",\"id\":\"a/b\",\"host\":\"x\"}") ==
		    0);
		server_stats(w.server, &s);
		CHECK(s.parked == 0);
		CHECK(ask(fd, GET("/fast")).status == 200);
		(void)close(fd);
		world_stop(&w);
	}
}

TEST(a_parked_request_ends_in_time)
{
	struct world w = { .value = 0 };

	world_start(&w);
	int fd = dial(&w);
	int64_t began = clock_mono();
	struct reply r = ask(fd, GET("/wait/x?ms=120"));
	CHECK(r.status == 200 && strstr(r.body, "\"over\":true") != NULL);
	CHECK(clock_mono() - began >= MSEC(119) && clock_mono() - began < SEC(10));
	say(fd, SV(GET("/wait/x?ms=50") GET("/fast"))); /* pipelined behind a sleeper */
	CHECK(hear(on(fd), &r) && strstr(r.body, "\"over\":true") != NULL);
	CHECK(hear(&ear, &r) && strstr(r.body, "fast") != NULL);
	r = ask(fd, GET("/wait/x?ms=0"));
	CHECK(strstr(r.body, "\"over\":true") != NULL);
	(void)close(fd);
	world_stop(&w);
}

TEST(a_sleeper_that_leaves_is_forgotten)
{
	struct world w = { .how = { .parked = 1 } };
	struct server_stats s;

	world_start(&w);
	int fd = dial(&w), other = dial(&w);
	say(fd, SV(GET("/wait/x?ms=100000")));
	world_until(&w.runs, 2);
	struct reply r = ask(other, GET("/wait/x?ms=100000"));
	CHECK(r.status == 503);
	(void)close(fd);
	int64_t end = clock_mono() + SEC(20);
	do
		server_stats(w.server, &s);
	while (s.parked > 0 && clock_mono() < end);
	CHECK(s.parked == 0);
	r = ask(other, GET("/wait/x?ms=10"));
	CHECK(r.status == 200);
	(void)close(other);
	world_stop(&w);
}

TEST(many_sleepers_wake_at_once)
{
	enum { MANY = 600 };
	static int fd[MANY];
	struct world w = { .value = 0 };
	struct reply r;

	world_start(&w);
	for (int i = 0; i < MANY; i++) {
		fd[i] = dial(&w);
		say(fd[i], SV(GET("/wait/x?ms=100000")));
	}
	world_until(&w.runs, 2 * MANY);
	atomic_store(&w.value, 1);
	hub_publish(w.hub, hub_topic("value", SV("x")));
	for (int i = 0; i < MANY; i++) {
		CHECK(hear(on(fd[i]), &r) && r.status == 200);
		(void)close(fd[i]);
	}
	CHECK(atomic_load(&w.overs) == 0);
	world_stop(&w);
}

/* A wake-up that comes between the read and the sleep must not be lost, whoever publishes when. */
static void *publisher(void *arg)
{
	struct world *w = arg;

	for (int i = 0; !atomic_load(&w->let_go); i++) {
		atomic_store(&w->value, i % 2);
		hub_publish(w->hub, hub_topic("value", SV("x")));
	}
	return NULL;
}

TEST(no_wake_up_is_lost)
{
	struct world w = { .value = 0 };
	pthread_t t;

	world_start(&w);
	int fd = dial(&w);
	CHECK(pthread_create(&t, NULL, publisher, &w) == 0);
	for (int i = 0; i < 300; i++) {
		struct reply r = ask(fd, GET("/wait/x?ms=100000"));
		CHECK(r.status == 200 && strstr(r.body, "\"over\":false") != NULL);
	}
	atomic_store(&w.let_go, true);
	(void)pthread_join(t, NULL);
	(void)close(fd);
	world_stop(&w);
}
