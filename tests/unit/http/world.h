/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORLD_H
#define WORLD_H
/* world.h: a server with one handler a lane, and a plain client over real sockets. */
#include "core/hub.h"
#include "http/server.h"
#include "tt.h"
#include <pthread.h>
#include <stdatomic.h>

struct world {
	struct server *server;
	struct hub *hub;
	struct server_how how;
	struct listen at[2];
	atomic_int value;       /* what the long poll waits for: not 0 */
	atomic_int runs, overs; /* of the parking handler */
	atomic_int held;        /* handlers standing in /hold/… */
	atomic_bool let_go;
	pthread_mutex_t lock;
	pthread_cond_t change;
	char last[8192]; /* request as the handler saw it, for assertions */
};
void world_start(struct world *w) NONNULL(1); /* how: set limits before; starts on 127.0.0.1 */
void world_stop(struct world *w) NONNULL(1);
void world_release(struct world *w) NONNULL(1);        /* everything in /hold goes on */
void world_until(atomic_int *v, int least) NONNULL(1); /* waits (bounded) until *v >= least */

int dial(struct world *w) NONNULL(1);
int dial_port(int port);
void say(int fd, struct sv bytes);
struct reply {
	int status;
	char head[8192];
	char *body;
	size_t n;
	bool closed;
};
/* Reads one answer; what follows stays for the next call. false: the connection ended without one. */
struct wire {
	int fd;
	char b[1 << 20];
	size_t n;
};
bool hear(struct wire *in, struct reply *r) NONNULL(1, 2);
bool ended(struct wire *in) NONNULL(1); /* the server closes, nothing more comes */
/* One wire is enough for most tests: `on` listens at another socket from now on. */
extern struct wire ear;
struct wire *on(int fd) RETURNS_NONNULL;
struct reply ask(int fd, const char *request) NONNULL(2);
#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"
bool has_line(const struct reply *r, const char *line) NONNULL(1, 2);
#endif
