/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_SERVE_H
#define SIM_SERVE_H
/* sim_serve.h: one request to the simulated provider: found in the definition, a fault applied, answered, noted. */
#include "http/request.h"
#include "sim/sim_world.h"
/* What a call turned out to be; filled while it is served, kept for GET /calls. */
struct sim_call {
	struct request *rq;
	struct sim_world *w;
	const struct sim_def *def;
	struct sv kind; /* authorize consent token refresh revoke api unknown */
	struct sv path; /* decoded, without query */
	struct sv client_id, grant_type;
	const struct sim_user *user;
	enum sim_twist twist; /* of the fault that is on */
};
struct err sim_serve_provider(struct request *rq) MUST_USE NONNULL(1); /* struct http_app: rq->app is the sim_world */
/* Parts; each answers in call->rq.  The world is locked. */
struct err sim_authorize_page(struct ctx *cx, struct sim_call *call) MUST_USE NONNULL(1, 2);
struct err sim_authorize_consent(struct ctx *cx, struct sim_call *call) MUST_USE NONNULL(1, 2);
struct err sim_token_serve(struct ctx *cx, struct sim_call *call) MUST_USE NONNULL(1, 2);
struct err sim_token_revoke(struct ctx *cx, struct sim_call *call) MUST_USE NONNULL(1, 2);
struct err sim_api_serve(struct ctx *cx, struct sim_call *call) MUST_USE NONNULL(1, 2);
/* {status, body} of the definition as the answer; how NULL: `status` and an empty object. */
struct err sim_answer_fixed(struct ctx *cx, struct sim_call *call, const struct node *how, int status) MUST_USE
    NONNULL(1, 2);
/* Values a template may name: "$access", "$user.email", … ; see sim_fill.c. */
struct sim_values {
	const struct sim_user *user;
	struct sv_list scopes;
	const struct node *more;
};
struct err sim_fill(struct ctx *cx, const struct node *template, const struct sim_values *v, struct node **out) MUST_USE
    NONNULL(1, 2, 3, 4);
struct err sim_answer_node(struct ctx *cx, struct sim_call *call, const struct node *n) MUST_USE NONNULL(1, 2, 3);
/* Form fields of a query or body as a map of texts; E_BAD_INPUT when malformed or a name comes twice. */
struct err sim_form(struct ctx *cx, struct sv text, struct node **out) MUST_USE NONNULL(1, 3);
struct sv sim_bearer(const struct request *rq) NONNULL(1); /* p NULL: none */
#endif
