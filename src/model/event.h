/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVENT_H
#define EVENT_H
/* event.h: one line of the timeline and the audit log (design 5, 8).  Append-only.
 * data is a JSON object, redacted by whoever writes it: never a token, code, verifier, secret, password, key. */
#include "core/base.h"
struct actor {
	const char *type;
	const char *id;
	const char *source;
	struct sv client_ip;
}; /* type: api_key account operator system end_user; source: API SDK CLI DASHBOARD SYSTEM BROWSER */
struct event {
	struct sv project_id;
	const char *kind; /* "authorization.created", "provider.updated", … */
	struct actor by;
	const char *resource_type;
	struct sv resource_id;
	struct sv authorization_id; /* when it belongs to a timeline */
	const char *step;           /* "link_opened", "code_exchange", "refresh", … ; NULL: not a flow step */
	const char *outcome;        /* ok, failed, refused, ignored */
	const char *reason;         /* reason_code() or NULL */
	struct sv data;             /* JSON object text; empty = {} */
};
#endif
