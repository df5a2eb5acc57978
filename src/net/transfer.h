/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TRANSFER_H
#define TRANSFER_H
/* transfer.h: one hop of one call: a libcurl handle, how it is set up, what came of it.
 *
 * Owns:     every option set on a handle (design 12), its callbacks, the meaning of libcurl's result codes.
 * Promises: `sent` is true only after PREREQFUNCTION let the request go; NET_ONCE never goes twice.
 *           transfer_prepare and transfer_finish run on the caller's thread, the callbacks on the egress thread.
 */
#include "net/guard.h"
#include "net/net.h"
#include "net/trust.h"
#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>

struct transfer_env { /* of the whole client; immutable */
	const struct guard *guard;
	struct trust *trust;
	const char *proxy, *user_agent;
	struct curl_slist *connect_to;
};
struct transfer {
	const struct transfer_env *env;
	const struct net_call *call; /* headers, body, caps; method and url are those of this hop: */
	struct sv method;
	const char *url;
	bool keep_headers, keep_body; /* false after a redirect elsewhere */
	int64_t deadline;             /* clock_mono() */
	struct net_reply *reply;
	/* With net_call.more: what came and the caller has not seen, under `lock`; `wake` tells him. */
	pthread_mutex_t *lock;
	pthread_cond_t *wake;
	struct buf fresh;
	bool begun;         /* status and headers are in the reply */
	atomic_bool enough; /* the caller has what he wanted */
	CURL *h;
	struct curl_slist *headers;
	enum guard_level level;
	CURLcode rc;
	int runs, opened;
	bool blocked, forbidden, repeated, stopped;
	char host[160]; /* host:port, for messages */
	char error[CURL_ERROR_SIZE];
};
struct err transfer_prepare(struct ctx *cx, struct transfer *t) MUST_USE NONNULL(1, 2);
void transfer_finish(struct transfer *t) NONNULL(1); /* fills the reply from rc and the handle; frees the headers */
void transfer_read(struct transfer *t) NONNULL(1);   /* status and headers into the reply, once they are there */
const char *transfer_next(struct ctx *cx, const struct transfer *t)
    NONNULL(1, 2); /* where a redirect leads; NULL: none; in cx->arena */
void transfer_follow(struct ctx *cx, struct transfer *t, const char *next) NONNULL(1, 2, 3);
#endif
