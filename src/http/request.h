/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REQUEST_H
#define REQUEST_H
/* request.h: one inbound request and the answer being made for it.
 *
 * Owns:     nothing itself: the server owns it; text points into the connection's buffer or rq->cx->arena and dies with
 *           the request.  A handler runs on one thread at a time.
 * Promises: path, headers and body are complete and within limits before any handler sees them; header values hold no
 * CR, LF or NUL; exactly one Host on HTTP/1.1. Needs:    core only.  Only http/server.c and its parts (conn, parse,
 * tls, lanes, park) know libuv and llhttp.
 */
#include "core/base.h"
#include "core/buf.h"
#include "core/digest.h"
#include "core/jout.h"
struct route;
struct server;
struct engine; /* domain's; http never looks inside */

enum method { M_OTHER, M_GET, M_HEAD, M_POST, M_PUT, M_PATCH, M_DELETE, M_OPTIONS };
const char *method_name(enum method m) RETURNS_NONNULL;

struct header {
	struct sv name, value;
};
enum { MAX_PARAMS = 4, MAX_HEADERS_IN = 128 };

/* Who is asking, as the pipeline found out.  role: see model/person.h; zero admits nobody. */
enum who { WHO_NOBODY, WHO_ANYONE, WHO_API_KEY, WHO_SESSION, WHO_OPERATOR, WHO_SCRAPER /* may read numbers only */ };
struct principal {
	enum who is;
	char id[40];           /* key id, account id, or "operator" */
	char project_id[40];   /* the project acted on, resolved; "" when the route is not in a project */
	char email[256];       /* of a session's account, else "" */
	int role;              /* enum role of model/person.h in that project */
	struct sha256 session; /* the keyed hash of a session's token: what is looked up again after a sleep */
};

/* Set by a handler before it returns E_PARK: sleep until the topic is published or `until` passes.  The struct survives
 * the sleep; `limit`, `name` and `slept` are the handler's own, for what it must still know afterwards: headers are
 * gone then.  topic 0: it never asked to sleep. */
struct park {
	uint64_t topic;
	int64_t until;
	int64_t limit;
	uint64_t name;
	bool slept;
};

struct request {
	struct ctx *cx;
	struct engine *en;
	struct server *server; /* that serves it; NULL: without listening */
	void *app;             /* whatever the server was given (the simulator's state, …) */
	const struct route *route;
	enum method method;
	struct sv target;                   /* as sent: path[?query] */
	struct sv path, query;              /* raw; query without '?', "" when absent */
	struct sv route_path;               /* path with the /orgs/{o}/projects/{p} part taken out; what routes match */
	struct sv scope_org, scope_project; /* decoded ids of that part; p NULL when the short form was used */
	struct sv host;                     /* Host header, lower-cased */
	const struct header *headers;
	size_t n_headers;
	struct sv body;
	struct sv params[MAX_PARAMS];
	size_t n_params;     /* {…} of the route's pattern, in order, percent-decoded */
	struct sv client_ip; /* text; after api.trusted_proxies */
	bool tls, control;   /* control: came over the control socket; the peer's uid was checked */
	struct principal by;
	int lane;       /* enum lane this run is on; set by the server before every run */
	int runs;       /* how many times `handle` was started for this request, from 1 */
	bool park_over; /* the wait is over: the handler must answer now */
	struct park park;
	uint64_t peer_key; /* before E_TAKE_CALL: which peer will be waited for (at most 128 calls each) */
	/* Set on lane POOL or CALL by a handler that answers: what remains to be done once the answer is on its way, by
	 * the same thread.  The request is gone by then.  NULL: nothing. */
	void (*after)(void *arg);
	void *after_arg;
	/* the answer */
	int status;               /* 0 = 200 */
	const char *content_type; /* NULL = application/json */
	struct buf *out;          /* body; capped by the server */
	struct buf *head;         /* extra header lines; use http_header() */
	struct sv date;           /* p NULL: now, as it should be */
	bool close;               /* close the connection after this answer */
	const char *log_name;     /* the route's pattern for the access log; set by match */
};

struct sv http_header_in(const struct request *rq, const char *name)
    NONNULL(1, 2); /* first, case-insensitive; p NULL absent */
struct sv http_cookie_in(const struct request *rq, const char *name)
    NONNULL(1, 2); /* exact name; p NULL absent; a name sent twice is absent */
/* Decoded query parameter; p NULL when absent; E_BAD_INPUT when malformed or given twice. */
struct err http_query(struct request *rq, const char *name, struct sv *out) MUST_USE NONNULL(1, 2, 3);
/* Adds a header line; a value with CR, LF or NUL is dropped and asserted against in tests. */
void http_header(struct request *rq, const char *name, struct sv value) NONNULL(1, 2);
/* 303 with Location, empty body, Cache-Control: no-store. */
void http_redirect(struct request *rq, struct sv url) NONNULL(1);
#endif
