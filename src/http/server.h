/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_H
#define SERVER_H
/* server.h: accept, collect one bounded request, run it on its lane, send the answer (design 4).
 *
 * Owns:     listeners, event threads (one libuv loop each), connections, the lanes POOL and CALL, parked requests.
 * Promises: every row of tests/flow/http-cases.tsv is answered as it says; a connection never changes its loop; a full
 *           lane answers 503 with Retry-After; after server_drain no new connection is accepted, running requests are
 *           answered with Connection: close, parked ones are woken with park_over set, and server_free returns when
 *           everything is quiet or the grace time is over.
 * Needs:    core/hub.h for parked requests.
 */
#include "http/route.h"
struct hub;
struct server;

/* What the server asks of its user.  Both run `rq` one step; the answer is in rq->status/out/head.
 * serve:  the whole pipeline, on the event thread.  again: only `handle`, on the lane asked for.
 * Before `again`, out and head are empty, status is 0, content_type NULL and the cause forgotten: what serve wrote
 * ahead of E_TAKE_POOL, E_TAKE_CALL or E_PARK is gone.  After a sleep (E_PARK) the request's headers other than Host
 * are gone too. Return OK when the answer is complete (errors included: they have been written as an answer), or
 * E_TAKE_POOL, E_TAKE_CALL, E_PARK. done: an answer is out; on the event thread; NULL: nobody counts. refuse: write the
 * body for an answer the server itself decides: status, one sentence (400, 408, 413, 414, 431, 501, 503, 505), and its
 * Retry-After. */
struct http_done {
	size_t bytes; /* of the answer, head included */
	int64_t took; /* microseconds, from the request's first byte */
};
struct http_app {
	void *app;
	struct engine *en;
	struct err (*serve)(struct request *rq);
	struct err (*again)(struct request *rq);
	void (*refuse)(struct request *rq, int status, const char *say);
	void (*done)(const struct request *rq, const struct http_done *d);
};
struct listen {
	const char *host;
	int port;
}; /* host "localhost": both loopbacks; port 0: a free one, the same for both */
struct server_how {
	const struct http_app *app;
	struct hub *hub;
	const struct listen *listen;
	size_t n_listen;
	const char *control_path; /* unix socket, NULL: none; bound under umask 077; the peer's uid must be ours or 0 */
	size_t loops;             /* 0 = number of cores */
	size_t connections, parked, calls, calls_per_peer, pool; /* limits of design 4; 0 = default of design 15 */
	size_t header_bytes, body_bytes;
	int64_t read_timeout, write_timeout,
	    idle_timeout;                         /* microseconds; header+body must arrive within read_timeout */
	const char *tls_cert_file, *tls_key_file; /* PEM; NULL: plain HTTP */
	struct sv_list trusted_proxies;           /* CIDRs */
	bool access_log;         /* method, route pattern, status, bytes, microseconds; never the query */
	const char *server_name; /* Server header; NULL: none */
};
void server_free(struct server *s);
/* Binds and starts.  E_CONFIG names the address and what is wrong (in use, not permitted, not ours; the mend).  The
 * port is first bound once without SO_REUSEPORT so that a second engine is refused. */
struct err server_start(struct ctx *cx, const struct server_how *how, struct server **out) MUST_USE NONNULL(1, 2, 3);
int server_port(const struct server *s, size_t i) NONNULL(1); /* the port really bound for listen[i] */
void server_drain(struct server *s) NONNULL(1);               /* returns at once */
/* Waits until quiet or `grace` microseconds are over; true: quiet. */
bool server_wait(struct server *s, int64_t grace) NONNULL(1);
struct server_stats {
	uint64_t requests, connections_open, parked, pool_busy, calls_busy, refused;
	uint64_t connections_most, parked_most, pool_most, calls_most; /* how many are taken before 503 */
	bool draining;
};
void server_stats(struct server *s, struct server_stats *out) NONNULL(1, 2);
static inline void server_drop(struct server **s)
{
	server_free(*s);
	*s = NULL;
}

/* Runs one request without listening (the command line on a folder with no engine running, tests): pipeline, lanes and
 * parking in the calling thread.  method, target, headers, body as in struct request; the answer is left in rq. */
void server_run_here(struct request *rq, const struct http_app *app, struct hub *hub) NONNULL(1, 2);
#endif
