/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASK_H
#define ASK_H
/* ask.h: what commands that are one call of the API share: the call, the list of a page, the sentence at the end. */
#include "app/client.h"
#include "app/show.h"
/* One call over a way that is open. */
struct ask {
	const char *method;
	struct client_path at;
	struct sv body;
};
struct err ask_over(struct cli *cli, struct client *c, const struct ask *in, struct client_answer *out) MUST_USE
    NONNULL(1, 2, 3, 4);
/* Opens the way, makes the one call. */
struct err ask_once(struct cli *cli, const char *method, const struct client_path *at, struct sv body,
		    struct client_answer *out) MUST_USE NONNULL(1, 2, 3, 5);
bool ask_true(const struct node *n, const char *key) NONNULL(2); /* the key is there and says true */
/* Over a way that is open: of rest/ID/part. */
struct ask_part {
	const char *method, *base, *rest;
	struct sv id;
	const char *part;
};
struct err ask_part(struct cli *cli, struct client *c, const struct ask_part *p, struct client_answer *out) MUST_USE
    NONNULL(1, 2, 3, 4);
/* What the health of a server that answers says beside "ok" (workers_health); n 0: nothing. */
struct sv ask_beside_ok(const struct node *health);
struct err ask_list(struct cli *cli, const char *base, const char *rest, const struct show_table *t) MUST_USE
    NONNULL(1, 2, 3, 4);
/* DELETE of rest/ARG, and "Removed the WHAT ARG." */
struct err ask_remove(struct cli *cli, const char *rest, const char *what) MUST_USE NONNULL(1, 2, 3);
struct err ask_say(struct cli *cli, const char *fmt, ...) MUST_USE PRINTF_LIKE(2, 3);
#endif
