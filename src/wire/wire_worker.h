/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_WORKER_H
#define WIRE_WORKER_H
/* wire_worker.h: what is asked of a tool worker of kind http (contract 4.1, 4.2): health, catalogue, one call.
 *
 * Promises: every request but health carries a JWT of its own (HS256 with the worker's secret, aud "worker", ver "1"),
 *           which ends with the call; deadline and size cap always hold; a call that may run once is sent once.
 *           Nothing secret is in *out but what the worker itself answered.
 * Needs:    net/net.h (opaque here).
 */
#include "core/buf.h"
#include "core/node.h"
#include "core/secret.h"
struct net;
struct wire_worker {
	struct net *net;
	struct sv uri; /* base, without /worker */
	const struct secret *secret;
	int64_t timeout; /* microseconds */
};
enum wire_worker_fate {
	WORKER_ANSWERED,    /* 2xx with JSON */
	WORKER_UNREACHABLE, /* nothing was sent */
	WORKER_TIMEOUT,     /* sent, no answer in time: it may have run */
	WORKER_CUT,         /* sent, and the answer broke off: it may have run */
	WORKER_REFUSED,     /* another status; 401 means that the secrets differ */
	WORKER_BUSY,        /* 502, 503, 504: whatever stands before the worker says that it is not there */
	WORKER_UNREADABLE,  /* 2xx, but not JSON; or too large */
	WORKER_LOST         /* sent, and trouble of our own came between: it may have run */
};
struct wire_worker_answer {
	enum wire_worker_fate fate;
	bool sent; /* told also with an error return: bytes may have left */
	int status;
	const struct node *json; /* in cx->arena; NULL unless WORKER_ANSWERED */
	struct sv text;          /* the JSON as it came, in cx->arena */
	char say[240];           /* what is wrong, a sentence for the operator; "" when WORKER_ANSWERED */
};
/* All: an error return only for our own trouble; else OK and out->fate tells. */
struct err wire_worker_health(struct ctx *cx, const struct wire_worker *w, struct wire_worker_answer *out) MUST_USE
    NONNULL(1, 2, 3);
struct err wire_worker_tools(struct ctx *cx, const struct wire_worker *w, struct wire_worker_answer *out) MUST_USE
    NONNULL(1, 2, 3);
/* body: contract 4.4, as JSON. */
struct err wire_worker_invoke(struct ctx *cx, const struct wire_worker *w, struct sv body,
			      struct wire_worker_answer *out) MUST_USE NONNULL(1, 2, 4);
/* Is this the answer to a call as contract 4.5 has it: success, and output and error with fields of their types?  What
 * a worker leaves out or answers with null fits; a failure without an error fits only with an authorization that it
 * wants. */
bool wire_worker_fits(const struct node *answer);
#endif
