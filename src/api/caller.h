/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CALLER_H
#define CALLER_H
/* caller.h: what handlers ask about who is asking, once the pipeline has found out. */
#include "domain/access.h"
#include "http/request.h"
#include "model/person.h"
/* For audit events; borrows from rq.  SDK and API are told apart by User-Agent (contract 7.14). */
struct actor caller_actor(const struct request *rq) NONNULL(1);
static inline struct sv caller_project(const struct request *rq) { return sv_of(rq->by.project_id); }
/* The role that bounds what a member may give to others (domain/people.h: by_role). */
enum role caller_role(const struct request *rq) NONNULL(1);
enum access_lane caller_lane(const struct request *rq) NONNULL(1); /* where this run is, as the domain calls it */
/* user_id of a body, trimmed.  Somebody signed in acts for himself when he names nobody (contract 1.1). */
struct sv caller_user(const struct request *rq, struct sv given) NONNULL(1);
#endif
