/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SESSIONS_H
#define SESSIONS_H
/* sessions.h: TLS sessions that handles share, since a handle lives for one call only. */
#include "core/base.h"
#include <curl/curl.h>
struct sessions;
void sessions_free(struct sessions *s); /* after every handle that uses them */
struct sessions *sessions_new(void) MADE_BY(sessions_free) MUST_USE;
/* A handle for one call; NULL: out of memory.  One that is kept would keep lines of the last answer's head, which may
 * say back what was sent; what is worth keeping, connections and TLS sessions, does not live in it. */
CURL *sessions_handle(struct sessions *s) NONNULL(1);
#endif
