/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBLEM_H
#define PROBLEM_H
/* problem.h: an error as an answer (contract 1.5): the one switch from code to status and name.
 *
 * Promises: the body is a JSON object with name and message; field errors when a field is known; 409 and every other
 *           refusal that a repetition cannot mend says x-should-retry: false (contract 1.4); 429 and 503 carry
 *           Retry-After and retry-after-ms, 1 to 60 s.  What the pages serve is answered by pages_problem.
 */
#include "http/request.h"
int problem_status(enum err_code c);
const char *problem_name(enum err_code c) RETURNS_NONNULL;
/* The answer for `e`, from rq->cx->cause.  Whatever was written before is dropped. */
void problem_write(struct request *rq, struct err e) NONNULL(1);
/* An answer the server itself decides (http/server.h, refuse). */
void problem_refuse(struct request *rq, int status, const char *say) NONNULL(1, 3);
#endif
