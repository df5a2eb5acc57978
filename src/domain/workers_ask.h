/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKERS_ASK_H
#define WORKERS_ASK_H
/* workers_ask.h: what workers.c needs of workers_ask.c beside workers.h. */
#include "domain/workers.h"
#include "wire/wire_worker.h"
#define WORKERS_ASK_TIMEOUT SEC(10) /* for health and catalogue, or the worker's own when that is shorter */
struct err workers_ask_health(struct ctx *cx, const struct wire_worker *at, struct worker_health *out) MUST_USE
    NONNULL(1, 2, 3);
#endif
