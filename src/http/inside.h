/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INSIDE_H
#define INSIDE_H
/* inside.h: the structures that server.c and its parts (loop, conn, answer, tls, lanes, park) share; nobody else
 * includes it.
 *
 * Threads:  a loop, its connections and the works of its requests belong to that loop's thread.  A work that was pushed
 *           on a lane belongs to the lane's thread until it comes back through the loop's inbox; only work.c stays the
 *           loop's.  Other threads touch a loop only through `lock` (inbox, woken) and uv_async_send.
 * Memory:   an idle connection is a struct conn and its socket, nothing else; a request in progress has a work and an
 *           inbuf; an inline request uses the loop's spare ones, so that it allocates nothing.
 */
#include "core/hub.h"
#include "core/trace.h"
#include "http/chunk.h"
#include "http/parse.h"
#include "http/proxies.h"
#include "http/server.h"
#include <pthread.h>
#include <stdatomic.h>
#include <uv.h>

enum { REQUEST_ID = 65, ROOM_BEYOND_HEAD = 8192, RAW_BYTES = 32768, MAX_LISTENERS = 8 };

/* Bytes that came in, beginning with a request's; wiped when given back. */
struct inbuf {
	struct inbuf *next;
	size_t n, cap, high;
	char p[];
}; /* high: bytes ever used, to be wiped */

enum clock_list { CLOCK_NONE, CLOCK_READ, CLOCK_WRITE, CLOCK_IDLE, CLOCK_LINGER, CLOCK__COUNT };
enum conn_state {
	CONN_READ, /* between requests or in the middle of receiving one */
	CONN_RUN,  /* the request is on a lane */
	CONN_PARK,
	CONN_WRITE,
	CONN_LINGER, /* the last answer is out: wait until the client has read it */
	CONN_GONE    /* being closed */
};
struct tls_conn;
struct parked;
struct work;
struct conn {
	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_tcp_t tcp;
		uv_pipe_t pipe;
	} u;
	struct loop *loop;
	struct conn *prev, *next;     /* all of the loop's */
	struct conn *earlier, *later; /* in their clock list, by deadline */
	uint64_t deadline_ms;
	struct inbuf *in;
	size_t pos; /* unread input; the request being received begins at pos */
	struct work *work;
	struct parked *parked;
	struct tls_conn *tls;
	size_t unsent; /* when the write clock was wound */
	uint8_t state, clock;
	bool control, eof, reading;
	char ip[IP_TEXT];
};

/* One request from its first byte to the last of its answer. */
struct work {
	struct work *next;
	struct loop *loop;
	struct conn *c; /* NULL: the client has gone */
	struct request rq;
	struct scan scan;
	struct chunk chunk;
	struct parse parse;
	struct inbuf *in; /* the request's text, once it left the connection's buffer */
	const char *base; /* where the head was when it was parsed */
	size_t body_n, n; /* body bytes there; bytes of the whole request once complete */
	struct buf out, head, line;
	struct parked *park;
	struct err result;
	uint64_t peer_key;                                 /* counted while on_call */
	bool in_conn;                                      /* the request's text is still in the connection's buffer */
	bool on_lane, on_call, continued, logged, counted; /* counted: in the loop's woken_at_lanes */
	int64_t began;                                     /* clock_mono of its first byte */
	size_t sent;
	uv_write_t wreq;
	struct trace trace;
	char id[REQUEST_ID], ip[IP_TEXT];
	/* What is above is zeroed after each request; what is below is too large for that. */
	struct ctx cx;
	struct header headers[MAX_HEADERS_IN];
};

struct loop {
	uv_loop_t uv;
	uv_async_t wake;
	uv_timer_t tick;
	struct server *server;
	pthread_t thread;
	bool started, draining, stopped;
	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_tcp_t tcp;
		uv_pipe_t pipe;
	} listener[MAX_LISTENERS];
	bool is_control[MAX_LISTENERS];
	size_t n_listeners;
	struct conn *conns, *spare_conn; /* spare_conn: so that a connection can be taken and closed without memory */
	struct {
		struct conn *first, *last;
	} clocks[CLOCK__COUNT];
	struct work *spare_works;
	size_t n_spare_works;
	struct inbuf *spare_in;
	size_t n_spare_in;
	char *raw; /* ciphertext as read; NULL without TLS */
	int64_t date_s;
	char date[32]; /* the Date header of that second */
	char id_prefix[20];
	uint32_t id_next;
	uint64_t untrusted_ms; /* when a peer was last said to send X-Forwarded-For without being trusted; 0: never */
	uint64_t crowded_ms;   /* when that was last said in the log; 0: never */
	struct trace_source traces;
	_Atomic uint64_t requests, refused;
	size_t woken_at_lanes; /* works that hold a parked record and are on a lane */
	pthread_mutex_t lock;  /* guards the three below */
	struct work *inbox, *inbox_last;
	struct parked *woken, *woken_last;
	uint64_t starved_ms; /* 1 + the turn of the loop in which newcomers are closed for want of descriptors */
	uint64_t full_ms;    /* when it was last said that no descriptor is free; 0: never */
};

struct lanes;
struct tls_server;
struct server {
	const struct http_app *app;
	struct hub *hub;
	struct scan_limits scan;
	size_t max_connections, max_parked;
	uint64_t clock_ms[CLOCK__COUNT];
	struct proxies *proxies;
	struct tls_server *tls;
	struct lanes *lanes;
	bool access_log;
	char *server_name, *control_path;
	struct loop *loops;
	size_t n_loops;
	int ports[MAX_LISTENERS];
	size_t n_ports;
	_Atomic size_t open, parked, out; /* connections; parked requests; works on lanes */
	_Atomic bool draining, stopping;
	_Atomic bool crowded; /* many works were on lanes at once since the heap was last given back */
	pthread_mutex_t lock;
	pthread_cond_t quiet;
};

/* loop.c: threads, spare memory, deadlines, the inbox. */
struct err loop_start(struct ctx *cx, struct loop *l) MUST_USE NONNULL(1, 2);
struct err loop_init(struct ctx *cx, struct loop *l, struct server *s) MUST_USE NONNULL(1, 2, 3);
struct err loop_listen(struct ctx *cx, struct loop *l, int fd, bool control) MUST_USE NONNULL(1, 2); /* takes fd */
void loop_end(struct loop *l) NONNULL(1);   /* joins the thread and frees; the loop closes what it has */
void loop_nudge(struct loop *l) NONNULL(1); /* from any thread */
void loop_post(struct loop *l, struct work *w) NONNULL(1, 2);
struct inbuf *loop_in(struct loop *l, size_t cap) NONNULL(1); /* cap 0: the usual size; NULL: out of memory */
void loop_in_back(struct loop *l, struct inbuf *in) NONNULL(1);
struct work *loop_work(struct loop *l) NONNULL(1);
void loop_work_back(struct loop *l, struct work *w) NONNULL(1, 2);
void loop_clock(struct conn *c, enum clock_list list) NONNULL(1); /* leaves its list, joins another */
void loop_quiet(struct server *s) NONNULL(1);                     /* tells server_wait that something ended */

/* admit.c: new connections. */
void admit_starved(struct loop *l) NONNULL(1); /* libuv said UV_EMFILE or UV_ENFILE */
void admit_watch(struct loop *l) NONNULL(1);   /* says it when no descriptor is free, once a minute */
void admit_from(struct loop *l, uv_stream_t *listener, bool control) NONNULL(1, 2);

/* conn.c: a connection's life. */
void conn_refuse(struct conn *c, int status, const char *sentence) NONNULL(1, 3); /* before any request; no TLS */
void conn_listen(struct conn *c) NONNULL(1);              /* begins or stops reading, as is wanted */
void conn_input(struct conn *c) NONNULL(1);               /* goes on with what is in the buffer */
char *conn_room(struct conn *c, size_t *n) NONNULL(1, 2); /* where to put more bytes; NULL: no more are wanted */
bool conn_wants(const struct conn *c) NONNULL(1);         /* more bytes from the client */
void conn_close(struct conn *c) NONNULL(1);
void conn_late(struct conn *c) NONNULL(1); /* its deadline is over */
void conn_drain(struct conn *c) NONNULL(1);
void conn_ended(struct conn *c) NONNULL(1); /* the peer will send no more */
void conn_sent(struct conn *c) NONNULL(1);  /* the answer is out; conn_go_on or conn_input comes next */
void conn_go_on(struct conn *c) NONNULL(1); /* back from a lane, from sleep or from a slow write */
bool conn_detach(struct conn *c, struct work *w) MUST_USE NONNULL(1, 2); /* the request's text moves into the work */
void conn_forget(struct conn *c, struct work *w) NONNULL(1, 2);          /* the request's text is not needed any more */
void conn_work_done(struct work *w) NONNULL(1); /* back to the loop, with all that hangs on it */

/* collect.c: from bytes to a complete request. */
enum collect { COLLECT_MORE, COLLECT_READY, COLLECT_REFUSED };
enum collect collect_step(struct conn *c, struct work *w, struct refusal *why) MUST_USE NONNULL(1, 2, 3);
void collect_nothing(struct conn *c, struct work *w) NONNULL(1, 2); /* to be refused: makes what there is a request */

/* answer.c: the answer's bytes. */
void answer_send(struct work *w) NONNULL(1); /* w->c must be there */
void answer_refuse(struct work *w, int status, const char *say, bool last)
    NONNULL(1, 3);                               /* writes it into rq; not sent */
void answer_done(struct work *w) NONNULL(1);     /* it is out: counted and logged, once */
void answer_continue(struct conn *c) NONNULL(1); /* 100 Continue */

/* tls.c */
struct err tls_new(struct ctx *cx, const char *cert_file, const char *key_file, struct tls_server **out) MUST_USE
    NONNULL(1, 2, 3, 4);
void tls_free(struct tls_server *t);
bool tls_open(struct conn *c) MUST_USE NONNULL(1);
void tls_close(struct conn *c) NONNULL(1); /* close_notify, as far as it goes */
void tls_drop(struct conn *c) NONNULL(1);
void tls_feed(struct conn *c, const char *p, size_t n) NONNULL(1, 2); /* ciphertext from the wire */
void tls_pump(struct conn *c) NONNULL(1); /* decrypts what waits into the connection's buffer */
bool tls_writing(const struct conn *c) NONNULL(1);
int tls_send(struct conn *c, struct sv a, struct sv b)
    NONNULL(1);                               /* 1: out; 0: waits, conn_written follows; -1: broken */
void conn_written(struct conn *c) NONNULL(1); /* a write that had to wait is out: goes on */

/* lanes.c */
struct lanes_how {
	size_t pool, calls, calls_per_peer, cores;
};
struct lanes *lanes_new(const struct lanes_how *how) NONNULL(1);
void lanes_end(struct lanes *l) NONNULL(1);  /* runs what is queued and joins; from now on every lane is full */
void lanes_free(struct lanes *l);            /* after lanes_end */
void lanes_serve(struct work *w) NONNULL(1); /* the whole pipeline, here */
void lanes_again(struct work *w, enum lane lane) NONNULL(1);
void lanes_back(struct work *w) NONNULL(1);                                /* on the loop: a lane is through with it */
void lanes_stats(struct lanes *l, struct server_stats *out) NONNULL(1, 2); /* fills pool_*, calls_* */

/* park.c */
void park_ask(struct work *w) NONNULL(1);  /* the handler returned E_PARK */
void park_end(struct parked *p);           /* NULL is fine */
void park_turn(struct loop *l) NONNULL(1); /* runs woken ones, a bounded number of them */
void park_over(struct conn *c) NONNULL(1); /* draining: wake it for its last answer */
#endif
