/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_H
#define NET_H
/* net.h: the one outbound client (design 12).
 *
 * Owns:     one egress thread on curl_multi_poll; libcurl is known only here.
 * Promises: net_call blocks its caller (lanes POOL and CALL only) until the answer is whole, the deadline passed or the
 * guard refused; the deadline, the size cap and the egress guard always hold; a call that may not run twice is never
 * run twice by libcurl; TLS verification cannot be turned off.  Redirects are off unless `redirects`. Non-2xx is not an
 * error here: OK with the status; the caller's protocol decides. Needs:    core; core/url.h is the only URL parser.
 * net_start once at a time: libcurl's memory is made to wipe itself.
 */
#include "core/buf.h"
#include "core/node.h"
struct net;
struct url;
struct net_how {
	struct sv_list ssrf_allowlist; /* exact host, *.wildcard, CIDR */
	struct sv_list connect_to;     /* as curl --connect-to; exempt from the guard */
	const char *ca_file;           /* trusted in addition to the system's; NULL: none */
	const char *proxy;             /* CONNECT proxy for everything; NULL: none (the environment is never obeyed) */
	bool development;              /* http to loopback is allowed */
	const char *user_agent;        /* "tokenbooth/VERSION" */
	const struct url *peers;       /* workers that engine.yaml declares; must outlive the net */
	size_t n_peers;
};
void net_free(struct net *n);
struct err net_start(struct ctx *cx, const struct net_how *how, struct net **out) MUST_USE
    NONNULL(1, 2, 3); /* E_CONFIG names what is wrong */

/* Whether libcurl may send the request again over another connection when a kept one has died under it. */
enum net_once {
	NET_MAY_REPEAT,
	NET_UNREPEATED, /* no: a second PREREQ run is refused.  A connection that was just used is used again: one that
			   has rested is the one a server closes */
	NET_ONCE        /* no, and it gets a connection of its own */
};
struct net_header {
	struct sv name, value;
}; /* values may be secret: never logged */
struct net_reply;
struct net_call {
	const char *purpose;   /* "token", "refresh", "revoke", "userinfo", … : for logs */
	struct sv method, url; /* https, or http where the guard allows it */
	const struct net_header *headers;
	size_t n_headers;
	struct sv body;       /* may be empty */
	struct sv user_agent; /* p NULL: net_how's */
	int64_t timeout;      /* microseconds from now; 0 is refused */
	size_t max_reply;     /* bytes; 0 is refused; more is NET_TOO_LARGE */
	enum net_once once;
	bool redirects;                  /* at most 3, each re-checked; only NET_MAY_REPEAT; on another origin only
					    Accept of the headers goes along */
	const char *want_header;         /* a header of the answer to keep; NULL: none */
	const char *const *want_headers; /* more of them, NULL at the end: every one goes to `headers` of the reply,
					    Location as an absolute address; NULL: none */
	/* The answer as it comes: called on the caller's thread with each further piece, which is not kept in `body`;
	 * false: that was enough, the call ends here and is NET_DONE.  Status and headers are in *so_far.  Not with
	 * redirects.  NULL: no. */
	bool (*more)(void *arg, const struct net_reply *so_far, struct sv piece);
	void *more_arg;
	const char *unix_socket; /* path: goes there instead of to the host (the command line); NULL: no */
	/* Called on the egress thread in the moment of sending (PREREQFUNCTION), once; false forbids it (deadline of a
	 * lease). */
	bool (*may_send)(void *arg);
	void *may_send_arg;
};
/* What happened to the request; `sent` is the line that decides whether a refresh token may have been used (design 8).
 */
enum net_fate {
	NET_DONE,
	NET_REFUSED,
	NET_NO_NAME,
	NET_NO_CONNECT,
	NET_NO_TLS,
	NET_TIMEOUT,
	NET_CUT,
	NET_TOO_LARGE,
	NET_NOT_SENT,
	NET_FAILED
};
struct net_reply {
	enum net_fate fate;
	bool sent;              /* PREREQFUNCTION ran and did not forbid: bytes may have left */
	int status;             /* HTTP status when NET_DONE */
	struct buf body;        /* wiped by net_reply_clear */
	struct sv content_type; /* in ct_ of this very reply: dies with it, not to be copied */
	int64_t retry_after_s;  /* from Retry-After (seconds or date); 0 = none */
	char detail[200];       /* for the log and the timeline: no URL query, no header, no body */
	int64_t server_date;    /* the answer's Date header; 0 = none */
	int64_t took;           /* microseconds, redirects included */
	struct buf headers;     /* those of want_headers: net_header_of */
	char header[128];       /* the first one named want_header; "" when absent or longer */
	char ct_[96];
};
void net_reply_clear(struct net_reply *r) NONNULL(1);
/* OK with *out filled whatever the fate; an error only when the call itself was wrong (bad URL, no deadline) or memory
 * ran out. */
struct err net_call(struct ctx *cx, struct net *n, const struct net_call *call, struct net_reply *out) MUST_USE
    NONNULL(1, 2, 3, 4);
/* The nth of that name among want_headers; p NULL: there is none.  Dies with the reply. */
struct sv net_header_of(const struct net_reply *r, const char *name, size_t nth) NONNULL(1, 2);
const char *net_fate_text(enum net_fate f) RETURNS_NONNULL; /* for people */
const char *net_fate_name(enum net_fate f) RETURNS_NONNULL; /* one word: "no_name" */
static inline void net_drop(struct net **n)
{
	net_free(*n);
	*n = NULL;
}
#endif
