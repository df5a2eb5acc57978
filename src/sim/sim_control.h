/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_CONTROL_H
#define SIM_CONTROL_H
/* sim_control.h: the control address: JSON in, JSON out, loopback only.
 *
 *   GET  /                        what can be done here
 *   POST /apps                    {client_id, client_secret, redirect_uri, provider?}
 *   GET  /users  POST /users      {name, …}: the data the API answers come from
 *   GET  /clock  POST /clock      {advance_s}
 *   GET  /faults POST /faults     {on: token|refresh|revoke|authorize|consent|api|all, times?, status?, body?,
 * content_type?, retry_after_s?, delay_ms?, hold_ms?, after?}; DELETE /faults clears.  delay_ms: before anything is
 *                               done; hold_ms: all is done, and the answer is held back; after: all is done, and the
 *                               odd answer is sent instead
 *   POST /knobs                 {token_lifetime_s?, rate_limit?}: -1 back to the definition's; {reuse_ends_family?}
 *   GET  /calls  DELETE /calls  what was called, without any token; how many refreshes ran at once
 *   GET  /grants                who consented to what, and the record of each consent
 *   POST /grants/adopt          {client_id, items: [{user, access_token, refresh_token, expires_in_s}]}
 *   POST /grants/end            {user, client_id}: the user removes the app
 *   POST /tokens                {tokens: [...]}: of whom each is, and whether it is good
 */
#include "http/request.h"
struct err sim_control_serve(struct request *rq) MUST_USE NONNULL(1); /* struct http_app: rq->app is the sim_world */
#endif
