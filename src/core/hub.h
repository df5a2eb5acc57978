/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HUB_H
#define HUB_H
/* hub.h: in-process publish and subscribe by topic, so that the domain can wake a parked request without knowing HTTP.
 *
 * Promises: thread-safe; a callback runs on the publisher's thread, may be called several times, must only post
 *           (never block, never publish); after hub_unsubscribe returns, the callback is not running and never will.
 */
#include "core/base.h"
struct hub;
void hub_free(struct hub *h);
struct hub *hub_new(void) MADE_BY(hub_free) MUST_USE;
uint64_t hub_topic(const char *kind, struct sv id) NONNULL(1); /* e.g. ("authorization", "ar_…") */
void hub_publish(struct hub *h, uint64_t topic) NONNULL(1);
typedef void hub_fn(void *arg);
/* Memory of the subscriber. */
struct hub_sub {
	uint64_t topic;
	hub_fn *fn;
	void *arg;
	struct hub_sub *next, **from; /* the hub's own: its list, and what points here */
};
void hub_subscribe(struct hub *h, struct hub_sub *s) NONNULL(1, 2);
void hub_unsubscribe(struct hub *h, struct hub_sub *s) NONNULL(1, 2);
static inline void hub_drop(struct hub **h)
{
	hub_free(*h);
	*h = NULL;
}
#endif
